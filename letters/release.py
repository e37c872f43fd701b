"""Which release this process runs: part of every ETag, so that a deployed change is seen at once."""

import hashlib
from pathlib import Path

from django.conf import settings

_MATTERS = (
    "config/*.py",
    "letters/**/*.py",
    "signatories/**/*.py",
    "templates/**/*",
    "static/**/*",
    "locale/**/*.po",
)


def _digest(base: Path) -> str:
    """Return a short hash over everything that decides what a page looks like."""
    digest = hashlib.sha256()
    for pattern in _MATTERS:
        for path in sorted(base.glob(pattern)):
            if path.is_file():
                digest.update(path.relative_to(base).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]


RELEASE = _digest(settings.BASE_DIR)
