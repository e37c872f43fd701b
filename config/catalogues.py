"""Compiles the translations with Babel, so that nobody needs gettext: ``python -m config.catalogues``."""

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_catalogues(locale: Path = LOCALE) -> list[str]:
    """Compile each catalogue that changed; return what is wrong in them, such as a lost placeholder."""
    errors: list[str] = []
    for source in sorted(locale.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime <= source.stat().st_mtime:
            errors += _compile(source, target)
    return errors


def _compile(source: Path, target: Path) -> list[str]:
    with source.open("rb") as file:
        catalogue = read_po(file, locale=source.parent.parent.name)
    errors = [
        f"{source}:{message.lineno}: {error}" for message, found in catalogue.check() for error in found
    ]
    if not errors:  # a catalogue with an error stays uncompiled, and is named again the next time
        with target.open("wb") as file:
            write_mo(file, catalogue)
    return errors


if __name__ == "__main__":
    sys.exit("\n".join(compile_catalogues()) or 0)
