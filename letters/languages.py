"""Languages a letter can be written in, with their own names and directions, from CLDR."""

from functools import lru_cache

from babel import Locale

# More than the pages speak: a letter may be published in a language before its menus are.
_CODES = """
    am ar bn ckb de el en es fa fr ha hi id it ja ka ko ku ln my ne nl om pl ps pt rn ro ru rw sn so sr
    sv sw ta th ti tr uk ur vi wo yo zh zu
""".split()


@lru_cache(maxsize=64)
def own_name(code: str) -> str:
    """Return a language's name in itself."""
    name = Locale.parse(code, sep="-").get_display_name() or code
    return name[:1].upper() + name[1:]


@lru_cache(maxsize=64)
def direction(code: str) -> str:
    """Return "rtl" or "ltr"."""
    return Locale.parse(code, sep="-").text_direction


CHOICES = [(code, own_name(code)) for code in _CODES]
