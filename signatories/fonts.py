"""What documents are set in: Noto's fonts as far as this machine has them. Fonts are found, never fetched."""

from functools import lru_cache
from typing import Any

import typst
from django.conf import settings
from django.core import checks

# What the families that matter most are called in Debian. Other scripts are found by themselves where fonts are.
PACKAGES = {
    "fonts-noto-core": (
        "Noto Serif",
        "Noto Sans",
        "Noto Naskh Arabic",
        "Noto Sans Arabic",
        "Noto Serif Ethiopic",
        "Noto Serif Devanagari",
        "Noto Serif Hebrew",
        "Noto Serif Myanmar",
    ),
    "fonts-noto-cjk": ("Noto Serif CJK SC", "Noto Sans CJK SC"),
}
_ARABIC = ("ar", "ckb", "fa", "ps", "ur")
_CHARACTERS = {"ja": "JP", "ko": "KR"}  # the same character is drawn otherwise there


@lru_cache(maxsize=1)
def found() -> typst.Fonts:
    """Return the fonts of this machine and of settings.FONT_DIRS, looked for once a process."""
    return typst.Fonts(font_paths=[str(folder) for folder in settings.FONT_DIRS])


@lru_cache(maxsize=64)
def families(language: str) -> dict[str, list[str]]:
    """Return the families a document in that language is set in, the first that has a letter coming first."""
    here = set(found().families())
    return {
        style: [family for family in wanted if family in here]
        for style, wanted in (("serif", _wanted("Serif", language)), ("sans", _wanted("Sans", language)))
    }


def _wanted(style: str, language: str) -> list[str]:
    latin = f"Noto {style}"
    arabic = "Noto Naskh Arabic" if style == "Serif" else "Noto Sans Arabic"
    first = [arabic, latin] if language in _ARABIC else [latin, arabic]
    scripts = ("Ethiopic", "Devanagari", "Hebrew", "Myanmar", f"CJK {_CHARACTERS.get(language, 'SC')}")
    # The last of them comes with typst: without any Noto, Latin letters are still set.
    return [*first, *(f"{latin} {script}" for script in scripts), "Libertinus Serif"]


def check(**kwargs: Any) -> list[checks.CheckMessage]:
    """Name the packages whose fonts are missing: their scripts would stand as boxes in documents."""
    here = set(found().families())
    return [
        checks.Warning(
            f"Fonts for documents are missing: {', '.join(missing)}.",
            hint=f"On Debian: apt-get install {package}. Fonts elsewhere: FONT_DIRS=/folder,/another",
            id="signatories.W001",
        )
        for package, wanted in PACKAGES.items()
        if (missing := [family for family in wanted if family not in here])
    ]
