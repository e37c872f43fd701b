"""Dates as letters write them, in seven languages; day before month where only numbers are given."""

import re
from datetime import date
from functools import lru_cache

from babel.dates import get_day_names, get_month_names

from letters.parsing.territories import LANGUAGES, country_code, fold

# Months that CLDR does not have: the Levant's and the Maghreb's, and forms that people write.
_OTHER_MONTHS = {
    1: "كانون الثاني, جانفي, jan, janv, ene",
    2: "شباط, فيفري, feb, febr, fev",
    3: "آذار, اذار, mar, marz, maerz, mrz",
    4: "نيسان, أفريل, apr, avr, abr",
    5: "أيار, ماي, mei, mai, may",
    6: "حزيران, جوان, jun, juin",
    7: "تموز, جويلية, يوليوز, jul, juil",
    8: "آب, أوت, غشت, aug, ago, aout",
    9: "أيلول, شتنبر, sept, sep, set, setiembre",
    10: "تشرين الأول, تشرين الاول, oct, okt, out",
    11: "تشرين الثاني, نونبر, nov",
    12: "كانون الأول, كانون الاول, دجنبر, dec, dez, dic, des",
}

_LITTLE_WORDS = """
    le la el los a de del da do den der dem am vom on of the at in to em en um dated date dato datum
    fecha data tarehe mnamo تاريخ التاريخ بتاريخ في يوم الموافق م published posted updated publication
    publie publiee publicado publicada veroffentlicht released release issued embargoed until fait hecho
    dado stand st nd rd th er ber er o mwezi wa اليوم صدر نشر نشرت issued last
""".split()

_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>[0-3]?\d)"
_LONGEST_LINE = 120
_MOST_PLACE_WORDS = 4


def date_on_line(text: str) -> date | None:
    """Return the date a line gives when the line is a date, with at most a place beside it."""
    if len(text) > _LONGEST_LINE:
        return None
    found, rest = _first_date(text)
    return found if found and _is_place(rest) else None


def date_in(text: str) -> date | None:
    """Return the first full date written anywhere in a short text."""
    return _first_date(text[:400])[0]


def dateline(text: str) -> date | None:
    """Return the date that a paragraph opens with, as press releases do: "Geneva, 20 June 2024 - Today"."""
    opening = re.match(r"[\s(\[*]*(.{6,80}?)(?:\s[-–—]+\s|[)\]]|\s?[–—]|:\s|\s\|\s)", text[:120])
    return date_on_line(opening[1]) if opening else None


def _first_date(text: str) -> tuple[date | None, str]:
    """Return the first date in a text and the text without it."""
    text = text.translate(_DIGITS)
    for pattern in _patterns():
        for found in pattern.finditer(text):
            when = _as_date(found)
            if when:
                return when, text[: found.start()] + " , " + text[found.end() :]
    return None, text


def _as_date(found: re.Match[str]) -> date | None:
    year, month, day = found["year"], found["month"], int(found["day"])
    number = int(month) if month.isdigit() else _months().get(fold(month), 0)
    if month.isdigit() and number > 12 >= day:
        number, day = day, number
    try:
        return date(int(year), number, day)
    except ValueError:
        return None


def _is_place(rest: str) -> bool:
    """Tell whether what stands beside a date is nothing but a place, a weekday or little words."""
    if any(mark in rest for mark in ";?!@") or any(letter.isdigit() for letter in rest):
        return False
    words = [word for word in fold(rest).split() if word not in _LITTLE_WORDS and word not in _weekdays()]
    capital = all(not word[:1].islower() or fold(word) in _LITTLE_WORDS for word in _own_words(rest))
    return len(words) <= _MOST_PLACE_WORDS and (capital or bool(country_code(rest)) or not words)


def _own_words(rest: str) -> list[str]:
    return [word for word in re.split(r"[\W\d_]+", rest) if word and fold(word) not in _weekdays()]


@lru_cache(maxsize=1)
def _months() -> dict[str, int]:
    months = {fold(form): number for number, forms in _OTHER_MONTHS.items() for form in forms.split(",")}
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context=context, locale=language).items():
                    months[fold(name)] = number
    return months


@lru_cache(maxsize=1)
def _weekdays() -> frozenset[str]:
    days = set()
    for language in LANGUAGES:
        for width in ("wide", "abbreviated"):
            for name in get_day_names(width, locale=language).values():
                days |= set(fold(name).split())
    return frozenset(days)


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    month = r"(?P<month>[^\W\d_]{2,12}(?:\s(?:الأول|الاول|الثاني))?)"
    ordinal = r"\s?(?:st|nd|rd|th|er|º|°|ª|\.)?"
    link = r"[\s\-./,]{0,2}(?:\b(?:of|de|del|do|da|mwezi wa|ya|min|من)\s)?"
    return tuple(
        re.compile(pattern, re.IGNORECASE)
        for pattern in (
            rf"(?<!\d){_YEAR}[-/.](?P<month>[01]?\d)[-/.]{_DAY}(?!\d)",
            rf"(?<!\d){_DAY}{ordinal}\s?{link}{month}\.?,?{link}\s?{_YEAR}(?!\d)",
            rf"\b{month}\.?\s{_DAY}{ordinal}\s?,?\s?{link}{_YEAR}(?!\d)",
            rf"(?<!\d){_DAY}\s?[-/.]\s?(?P<month>[01]?\d|[0-3]\d)\s?[-/.]\s?{_YEAR}(?!\d)",
        )
    )
