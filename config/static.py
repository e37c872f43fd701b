"""Style sheets and scripts, as they are served: without comments and blanks, named by their content, compressed."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rcssmin import cssmin
from rjsmin import jsmin
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Our own folders alone: what comes with a library is served as it came.
_SHORTENED: dict[str, Callable[[str], str]] = {"css": cssmin, "js": jsmin}


class ShortenedStaticFilesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # it has no types
    """Shortens our own files where they were collected, before their content names them."""

    def post_process(self, paths: dict[str, Any], **options: Any) -> Iterator[tuple[str, str, bool]]:
        if not options.get("dry_run"):
            for name in paths:
                shorten = _SHORTENED.get(name.partition("/")[0])
                if shorten is not None:
                    _rewrite(Path(self.path(name)), shorten)
                    paths[name] = (self, name)  # the copy goes on, not where it was collected from
        yield from super().post_process(paths, **options)


def _rewrite(file: Path, shorten: Callable[[str], str]) -> None:
    """Shorten a collected file. What was shortened may come again: collecting copies what is newer alone."""
    long = file.read_text()
    short = shorten(long)
    if short != long:
        file.write_text(short)
