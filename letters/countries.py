"""Countries: ISO 3166 alpha-2 codes with their names in every language, from CLDR."""

from functools import lru_cache

from babel import Locale
from django.utils.translation import get_language
from django.utils.translation import gettext as _

# Regions and test codes that CLDR lists beside the countries.
_NOT_COUNTRIES = {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}


@lru_cache(maxsize=64)
def names(language: str) -> dict[str, str]:
    """Return {code: name} in that language; Kosovo is XK."""
    territories = Locale.parse(language, sep="-").territories
    return {
        code: name
        for code, name in territories.items()
        if len(code) == 2 and code.isalpha() and code not in _NOT_COUNTRIES
    }


def name(code: str, language: str | None = None) -> str:
    """Return a country's name in that language (the active one unless told), or "" for an unknown code."""
    return names(language or get_language() or "en").get(code, "")


def choices() -> list[tuple[str, str]]:
    """Return (code, name) pairs for a select in the active language, by name."""
    pairs = names(get_language() or "en").items()
    return [("", _("Choose a country")), *sorted(pairs, key=lambda pair: pair[1].casefold())]
