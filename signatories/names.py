"""Names of organisations, in any script: cleaned, compared, sorted, and questioned; never judged by how they look."""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache

from anyascii import anyascii
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from letters.parsing.phrases import is_furniture, is_sentence
from letters.parsing.territories import country_code
from letters.parsing.territories import fold as fold_words
from letters.parsing.written_dates import date_on_line

LONGEST = 255
_MOST_MARKS = 4

# --- what no name may contain -----------------------------------------------------------------------------

PROBLEMS: dict[str, Promise] = {
    "empty": _("Please write the name with at least one letter or digit."),
    "long": _("Please write the name with at most 255 characters."),
    "surrogate": _("The name has a broken character in it. Please type it again."),
    "control": _("The name has a control character in it. Please type it again."),
    "private": _("The name has a character in it that only one computer understands. Please type it again."),
    "unassigned": _("The name has a character in it that no script uses. Please type it again."),
    "invisible": _("The name has an invisible character in it. Please type it again."),
    "marks": _("The name has too many marks on one letter. Please write it plainly."),
}
_PROBLEM_OF_CATEGORY = {"Cc": "control", "Cs": "surrogate", "Co": "private", "Cn": "unassigned"}

_BIDI_CONTROLS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_FILLERS = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u200b\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
)
_TAGS = "\U0001d173-\U0001d17a\U000e0000-\U000e007f"
_INVISIBLE = re.compile(f"[{_BIDI_CONTROLS}{_FILLERS}{_TAGS}]")
# A blank Braille cell prints as a space, and is used to send a name that looks empty.
_SPACES = re.compile("[\\s\u2800\u180e]+")
_JOINERS = "\u200c\u200d"
# Scripts in which a joiner changes nothing that a reader sees, so that there it only hides.
_UNJOINED = {
    "LATIN",
    "GREEK",
    "CYRILLIC",
    "ARMENIAN",
    "GEORGIAN",
    "HEBREW",
    "ETHIOPIC",
    "HAN",
    "KANA",
    "HANGUL",
}


def clean(name: str) -> str:
    """Return the name as it is stored: NFC, plainly spaced, without characters that only hide or turn text."""
    name = _INVISIBLE.sub("", unicodedata.normalize("NFC", name))
    if any(joiner in name for joiner in _JOINERS):
        name = "".join(_without_idle_joiners(name))
    name = unicodedata.normalize("NFC", name)
    return " ".join(part for part in _SPACES.split(name) if part)


def problem_with(name: str) -> str | None:
    """Return the code of the first reason why no organisation can be called this, or None."""
    if len(name) > LONGEST:
        return "long"
    for letter in name:
        problem = _PROBLEM_OF_CATEGORY.get(unicodedata.category(letter))
        if problem:
            return problem
    if _INVISIBLE.search(name):
        return "invisible"
    if not any(_is_letter_or_digit(letter) for letter in name):
        return "empty"
    return "marks" if _piles_up_marks(name) else None


def sentence(code: str) -> Promise:
    """Return the translatable sentence that tells people what a problem's or lint's code means."""
    return PROBLEMS.get(code) or LINTS[code]


def _is_letter_or_digit(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LN"


def _without_idle_joiners(name: str) -> Iterator[str]:
    """Keep a joiner where it shapes letters or emoji, and nowhere else."""
    before = ""
    for here, letter in enumerate(name):
        if letter not in _JOINERS or _joins(before, letter, name[here + 1 : here + 2]):
            yield letter
            before = letter


def _joins(before: str, joiner: str, after: str) -> bool:
    if not before or before in _JOINERS:
        return False
    if unicodedata.combining(before) == 9:  # a virama: the joiner picks the form of the letter before it
        return True
    if joiner == "\u200d" and after and unicodedata.category(after) == "So":
        return unicodedata.category(before) in {"So", "Sk", "Mn"}
    kinds = {unicodedata.category(before)[0], unicodedata.category(after)[0]} if after else {"?"}
    return kinds <= {"L", "M"} and script(before) not in _UNJOINED and script(after) not in _UNJOINED


def _piles_up_marks(name: str) -> bool:
    """Tell whether a letter carries more marks than any language writes.

    Burmese, Tibetan and Thai build a syllable from several different marks of combining class 0, so of those
    only the repeated ones count.
    """
    pile: list[str] = []
    for letter in unicodedata.normalize("NFD", name):
        if unicodedata.category(letter) not in {"Mn", "Me", "Mc"}:
            pile = []
            continue
        pile.append(letter)
        repeated = len(pile) - len(set(pile))
        stacked = sum(1 for mark in pile if unicodedata.combining(mark) or unicodedata.category(mark) == "Me")
        if max(stacked, repeated + 1, len(pile) - _MOST_MARKS) > _MOST_MARKS:
            return True
    return False


# --- scripts ----------------------------------------------------------------------------------------------

# (first code point, script, place in a list that readers of many scripts share)
_SCRIPTS: list[tuple[int, str, int]] = [
    (0x0000, "COMMON", 0),
    (0x0041, "LATIN", 1),
    (0x0370, "GREEK", 2),
    (0x0400, "CYRILLIC", 3),
    (0x0530, "ARMENIAN", 5),
    (0x0590, "HEBREW", 6),
    (0x0600, "ARABIC", 7),
    (0x0700, "SYRIAC", 8),
    (0x0750, "ARABIC", 7),
    (0x0780, "THAANA", 9),
    (0x07C0, "NKO", 11),
    (0x0800, "SAMARITAN", 8),
    (0x0860, "SYRIAC", 8),
    (0x0870, "ARABIC", 7),
    (0x0900, "DEVANAGARI", 20),
    (0x0980, "BENGALI", 21),
    (0x0A00, "GURMUKHI", 22),
    (0x0A80, "GUJARATI", 23),
    (0x0B00, "ORIYA", 24),
    (0x0B80, "TAMIL", 25),
    (0x0C00, "TELUGU", 26),
    (0x0C80, "KANNADA", 27),
    (0x0D00, "MALAYALAM", 28),
    (0x0D80, "SINHALA", 29),
    (0x0E00, "THAI", 40),
    (0x0E80, "LAO", 41),
    (0x0F00, "TIBETAN", 42),
    (0x1000, "MYANMAR", 43),
    (0x10A0, "GEORGIAN", 4),
    (0x1100, "HANGUL", 63),
    (0x1200, "ETHIOPIC", 10),
    (0x13A0, "OTHER", 70),
    (0x1780, "KHMER", 44),
    (0x1800, "MONGOLIAN", 50),
    (0x18B0, "OTHER", 70),
    (0x1980, "TAI", 45),
    (0x19E0, "KHMER", 44),
    (0x1A00, "OTHER", 70),
    (0x1C80, "CYRILLIC", 3),
    (0x1C90, "GEORGIAN", 4),
    (0x1CC0, "OTHER", 70),
    (0x1D00, "LATIN", 1),
    (0x1F00, "GREEK", 2),
    (0x2000, "COMMON", 0),
    (0x2C60, "LATIN", 1),
    (0x2C80, "OTHER", 70),
    (0x2D00, "GEORGIAN", 4),
    (0x2D30, "TIFINAGH", 13),
    (0x2D80, "ETHIOPIC", 10),
    (0x2DE0, "CYRILLIC", 3),
    (0x2E00, "COMMON", 0),
    (0x2E80, "HAN", 60),
    (0x3000, "COMMON", 0),
    (0x3040, "KANA", 61),
    (0x3100, "BOPOMOFO", 62),
    (0x3130, "HANGUL", 63),
    (0x31F0, "KANA", 61),
    (0x3200, "COMMON", 0),
    (0x3400, "HAN", 60),
    (0xA000, "OTHER", 70),
    (0xA640, "CYRILLIC", 3),
    (0xA6A0, "OTHER", 70),
    (0xA720, "LATIN", 1),
    (0xA800, "OTHER", 70),
    (0xA8E0, "DEVANAGARI", 20),
    (0xA900, "OTHER", 70),
    (0xA960, "HANGUL", 63),
    (0xA980, "OTHER", 70),
    (0xA9E0, "MYANMAR", 43),
    (0xAA00, "OTHER", 70),
    (0xAA60, "MYANMAR", 43),
    (0xAA80, "OTHER", 70),
    (0xAB00, "ETHIOPIC", 10),
    (0xAB30, "LATIN", 1),
    (0xAB70, "OTHER", 70),
    (0xAC00, "HANGUL", 63),
    (0xD800, "OTHER", 70),
    (0xF900, "HAN", 60),
    (0xFB00, "LATIN", 1),
    (0xFB1D, "HEBREW", 6),
    (0xFB50, "ARABIC", 7),
    (0xFE00, "COMMON", 0),
    (0xFE70, "ARABIC", 7),
    (0xFF00, "COMMON", 0),
    (0x10000, "OTHER", 70),
    (0x10D00, "ROHINGYA", 12),
    (0x10D40, "OTHER", 70),
    (0x1E7E0, "ETHIOPIC", 10),
    (0x1E800, "OTHER", 70),
    (0x1E900, "ADLAM", 12),
    (0x1E960, "OTHER", 70),
    (0x1F000, "COMMON", 0),
    (0x20000, "HAN", 60),
    (0x40000, "OTHER", 70),
]
_SCRIPT_STARTS = [start for start, _name, _place in _SCRIPTS]


def script(letter: str) -> str:
    """Return the script a character belongs to ("LATIN", "MYANMAR"), or "COMMON" for what all scripts share."""
    return _script_entry(letter)[1]


def _script_entry(letter: str) -> tuple[int, str, int]:
    if unicodedata.category(letter)[0] not in "LM":
        return _SCRIPTS[0]
    return _SCRIPTS[bisect_right(_SCRIPT_STARTS, ord(letter)) - 1]


# --- comparing --------------------------------------------------------------------------------------------

# Marks that a reader can do without. Those of Burmese, Devanagari, Tamil, Thai or Ethiopic are not among them:
# there a mark is the vowel, and a name without it is another name.
_ACCENTS = re.compile(
    "[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640"
    "\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff"
    "\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef]"
)
# Amharic writes one sound with any of several letters.
_SAME_SOUND = {
    **{chr(0x1210 + vowel): chr(0x1200 + vowel) for vowel in range(7)},
    **{chr(0x1280 + vowel): chr(0x1200 + vowel) for vowel in range(7)},
    **{chr(0x1220 + vowel): chr(0x1230 + vowel) for vowel in range(7)},
    **{chr(0x12D0 + vowel): chr(0x12A0 + vowel) for vowel in range(7)},
    **{chr(0x1340 + vowel): chr(0x1338 + vowel) for vowel in range(7)},
    **dict.fromkeys("ሃሓኃ", "ሀ"),
    **dict.fromkeys("ኣዓ", "አ"),
}
_SAME_LETTER = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        **dict.fromkeys("ىیے", "ي"),
        **dict.fromkeys("ةەھہۀ", "ه"),
        "ک": "ك",
        "ؤ": "و",
        "ئ": "ي",
        "ı": "i",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ŋ": "n",
        "ɗ": "d",
        "ɓ": "b",
        "ƙ": "k",
        "ɛ": "e",
        "ɔ": "o",
        "ς": "σ",
        **_SAME_SOUND,
    }
)
# Apostrophes and joiners are left out without leaving a gap: "L'Afrika" and "LAfrika" are one word.
_UNWRITTEN = re.compile("['’‘`´\u02b9-\u02bf\u05f3\u200c\u200d]")
_INITIALS = re.compile(r"\b\w(?:\.\s?\w)+\b\.?")
_LEGAL_FORMS = frozenset(
    """
    inc incorporated ltd limited llc llp plc corp cic cio gmbh ggmbh ug ev ac sc scrl srl sarl sas iap
    asbl aisbl vzw osc ong ongs ongd ngo ngos npo cbo cbos rlo rlos cso csos onlus aps ets
""".split()
)


def key(name: str) -> str:
    """Return what two spellings of one name have in common; it suggests that they are one, it never says so.

    Never empty for a name that has a letter or a digit, and at most LONGEST characters.
    """
    return " ".join(words(name))[:LONGEST] or " ".join(name.casefold().split())[:LONGEST]


def words(name: str) -> list[str]:
    """Return the words of a name as they are compared: without its legal form, case, safe accents and punctuation."""
    return _without_legal_forms(_words(name))


def searchable(*written: str) -> str:
    """Return what a search looks through: every word once, as it is compared and in Latin letters, between blanks.

    Never empty for a name that is not.
    """
    found = dict.fromkeys(
        form for text in written for word in _words(text) for form in (_signs(word), _in_latin(word))
    )
    return f" {' '.join(filter(None, found)) or ' '.join(written).strip()} " if any(written) else ""


def sought(text: str) -> list[tuple[str, ...]]:
    """Return what somebody searches for: for each word what `searchable` may have for it, one of which is enough.

    A word of two letters is looked for where words begin, and one letter as a word, since all names have it in them.
    """
    return [tuple(dict.fromkeys(_ways_to_find(word))) for word in _words(text)]


def in_latin(text: str) -> str:
    """Return the words of a text as `searchable` has them in Latin letters, as far as they can be like others."""
    words = [_in_latin(word) for word in _words(text) if not _is_one_sign(word)]
    return " ".join(word for word in words if len(word) > 2)


def filed_under(sort_key: str) -> tuple[str, str]:
    """Return what a name is filed under: (the beginning of its sort key, a heading).

    In scripts of thousands of signs the script is the heading; for what begins with no letter it is "0-9".
    """
    place, first = sort_key[:2], sort_key[3:5]
    if place in _WITHOUT_ALPHABET:
        return f"{place} ", _WITHOUT_ALPHABET[place]
    length = 2 if first[1:] == "\uffef" else 1
    return sort_key[: 3 + length], _LETTERS.get(first, first[:1]).title()


def beginning(heading: str) -> str:
    """Return the beginning of sort keys that are filed under a heading; "" where nothing can be."""
    for place, shown in _WITHOUT_ALPHABET.items():
        if shown == heading:
            return f"{place} "
    found, shown = filed_under(sort_key(heading))
    return found if shown == heading else ""


def _ways_to_find(word: str) -> Iterator[str]:
    yield f" {_signs(word)} " if _stands_alone(word[0]) else _way_to_find(word)
    if not _is_one_sign(word) and (latin := _in_latin(word)):
        yield _way_to_find(latin)


def _way_to_find(word: str) -> str:
    signs = _signs(word)
    return signs if len(word) > 2 else f" {signs}" if len(word) > 1 else f" {signs} "


def _is_one_sign(word: str) -> bool:
    """Whether a word is one sign of a script that sets no words apart: in Latin letters, a syllable of any name."""
    return _stands_alone(word[0]) and " " not in _signs(word)


def _signs(word: str) -> str:
    """Return a word whose script sets no words apart as its signs with blanks between, so that one can be found."""
    found, was_apart = "", False
    for letter in word:
        apart = _stands_alone(letter)
        # A vowel that is a mark belongs to the letter before it.
        begins = (apart and unicodedata.category(letter)[0] == "L") or (was_apart and not apart)
        found += f" {letter}" if begins and found else letter
        was_apart = apart
    return found


def _stands_alone(letter: str) -> bool:
    return not letter.isascii() and script(letter) in _WITHOUT_SPACES


def _in_latin(word: str) -> str:
    return word if word.isascii() else "".join(_words(anyascii(word)))


def _words(name: str) -> list[str]:
    """Return the words of a name without case, safe accents and punctuation."""
    bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", clean(name)).casefold())
    # Casefolding may leave a letter that NFKD takes apart further.
    bare = unicodedata.normalize("NFC", bare).translate(_SAME_LETTER)
    bare = _UNWRITTEN.sub("", bare).replace("&", " and ").replace("+", " and ")
    bare = _INITIALS.sub(lambda found: re.sub(r"[.\s]", "", found[0]) + " ", bare)
    return "".join(_plain(letter) for letter in bare).split()


def _plain(letter: str) -> str:
    category = unicodedata.category(letter)
    if category == "Nd":
        return str(unicodedata.decimal(letter))
    return letter if category[0] in "LMN" else " "


def _without_legal_forms(words: list[str]) -> list[str]:
    """Return words without the legal forms at either end, unless nothing else is there."""
    first, last = 0, len(words)
    while last - first > 1 and words[last - 1] in _LEGAL_FORMS:
        last -= 1
    while last - first > 1 and words[first] in _LEGAL_FORMS:
        first += 1
    return words[first:last]


# --- sorting ----------------------------------------------------------------------------------------------

# Letters that their alphabets place right after another one, far from where their code points are.
_AFTER = str.maketrans(
    {
        here: f"{before}\uffef"
        for here, before in {
            **{"پ": "ب", "ٹ": "ت", "چ": "ج", "ڈ": "د", "ڑ": "ر", "ژ": "ز", "ڤ": "ف", "گ": "ك"},
            **{"ґ": "г", "ђ": "д", "є": "е", "і": "и", "ј": "и", "љ": "л", "њ": "н", "ћ": "т", "џ": "ч"},
        }.items()
    }
)

FOLLOWED = "بتجدرزفكгдеилнтч"  # the letters that have another one right after them
_LETTERS = {
    f"{before}\uffef": here
    for here, before in (
        *zip("پٹچڈڑژڤگ", "بتجدرزفك", strict=True),
        *zip("ґђєіјљњћџ", "гдеиилнтч", strict=True),
    )
}
_WITHOUT_ALPHABET = {"00": "0-9", "60": "漢字", "61": "かな", "62": "ㄅㄆㄇ", "63": "한글", "70": "…"}
_WITHOUT_SPACES = frozenset({"HAN", "KANA", "BOPOMOFO", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"})


def sort_key(name: str) -> str:
    """Return what a list of names is sorted by, bytewise: script, then words without case, accents or quotes.

    Numbers are in natural order ("Group 9" before "Group 10"); a script's names stay together.
    """
    spoken = _words(name)
    first = spoken[0][0] if spoken else ""
    place = 0 if not first or first.isdigit() else _script_entry(first)[2]
    spelled = re.sub(r"[0-9]+", _counted, " ".join(spoken) or name.casefold())
    return f"{place:02d} {spelled.translate(_AFTER)}"[:LONGEST]


def _counted(number: re.Match[str]) -> str:
    digits = number[0].lstrip("0") or "0"
    return f"{min(len(digits), 99):02d}{digits}"


# --- questioning ------------------------------------------------------------------------------------------

LINTS: dict[str, Promise] = {
    "placeholder": _("This looks like an answer or a placeholder, not like the name of an organisation."),
    "email": _("This is an email address, not the name of an organisation."),
    "address": _("This is a web address, not the name of an organisation."),
    "sentence": _("This looks like a sentence, not like the name of an organisation."),
    "single_letter": _("This is a single letter."),
    "number": _("This has no letter in it."),
    "country": _("This is the name of a country."),
    "date": _("This is a date."),
    "furniture": _("This looks like part of a web page, not like the name of an organisation."),
    "mixed_scripts": _("One word mixes letters of different scripts that look alike."),
}

_NO_NAMES = """
    yes, no, ok, okay, y, n, na, n a, none, nil, null, undefined, not applicable, nothing, unknown,
    anonymous, tbd, tbc,
    test, testing, test test, tester, example, sample, demo, dummy, asdf, qwerty, azerty, qwertz, abc, abcd,
    xyz, foo, bar,
    foo bar, blah, lorem ipsum, hello, hi, me, myself, self, individual, private, personal, same,
    same as above, see above,
    as above, idem, ditto, agree, agreed, i agree, signed, sign, true, false, my organisation, my organization,
    your organisation, your organization, your name, name, full name, organisation, organization, organisation name,
    organization name, name of organisation, name of organization, name of the organisation, name of the organization,
    name of your organisation, name of your organization, org name, company, company name, country, title, signature,
    no organisation, no organization, not an organisation, unaffiliated, independent,
    oui, non, aucun, aucune, neant, sans objet, inconnu, anonyme, essai, exemple, nom, mon organisation,
    votre organisation,
    nom de l organisation, nom de votre organisation, nom de l association, nom complet, pays, je signe,
    moi, d accord,
    si, ninguno, ninguna, nada, no aplica, desconocido, anonimo, anonima, prueba, ejemplo, nombre, mi organizacion,
    su organizacion, tu organizacion, nombre de la organizacion, nombre de su organizacion, nombre completo,
    organizacion,
    pais, yo, de acuerdo,
    sim, nao, nenhum, nenhuma, nao se aplica, desconhecido, teste, exemplo, nome, minha organizacao, sua organizacao,
    nome da organizacao, nome da sua organizacao, nome completo, organizacao, eu, concordo,
    ja, nein, keine, keiner, kein, unbekannt, anonym, beispiel, name der organisation, name ihrer organisation,
    meine organisation, ihre organisation, vollstandiger name, land, entfallt, ich, einverstanden,
    ndiyo, ndio, hapana, hakuna, haijulikani, jaribio, mfano, jina, jina la shirika, jina la shirika lako, shirika,
    shirika langu, shirika lako, jina kamili, nchi, mimi, nakubali, sawa,
    نعم, لا, لا يوجد, لا شيء, غير معروف, مجهول, تجربة, اختبار, مثال, اسم, الاسم, اسم المنظمة, اسم منظمتك, اسم الجمعية,
    المنظمة, منظمة, منظمتي, الاسم الكامل, البلد, الدولة, أنا, أوافق, موافق
"""
_MASHED_KEYS = re.compile(
    r"asdf|sdfg|dfgh|fghj|ghjk|qwert|qwertz|azert|zxcv|lorem ipsum|^test(?:ing)?\s?\d+$|^(?:test\s?)+$"
)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|[^\s@/]+\.(?:com|org|net|info|ngo|ong|int|eu|io)/\S*", re.IGNORECASE
)
_LOOKALIKE_SCRIPTS = {"LATIN", "GREEK", "CYRILLIC", "ARMENIAN"}
_SPEAKERS = frozenset(
    """
    we i nous je nosotros nosotras yo nos eu wir ich sisi mimi نحن انا our notre nuestra nossa unsere
""".split()
)


def lint(name: str) -> list[str]:
    """Return the codes of what makes a name worth a second look; a question for staff, never a refusal."""
    name = clean(name)
    words = fold_words(name)
    found = {
        "placeholder": _is_placeholder(name, words),
        "email": bool(_EMAIL.fullmatch(name)),
        "address": bool(_ADDRESS.fullmatch(name)),
        "sentence": _is_spoken(name, words),
        "single_letter": sum(1 for letter in name if _is_letter_or_digit(letter)) == 1,
        "number": not any(letter.isalpha() for letter in name),
        "country": bool(country_code(name)),
        "date": date_on_line(name) is not None,
        "furniture": is_furniture(name) and words not in _no_names(),
        "mixed_scripts": any(_mixes_scripts(word) for word in re.split(r"[\W\d_]+", name)),
    }
    return [code for code, is_so in found.items() if is_so]


def _is_placeholder(name: str, words: str) -> bool:
    if not words or words in _no_names() or _MASHED_KEYS.search(words):
        return True
    letters = [letter for letter in words if letter != " "]
    return len(letters) > 1 and len(set(letters)) == 1 and name.casefold() != "www"


def _is_spoken(name: str, words: str) -> bool:
    parts = words.split()
    return (
        is_sentence(name)
        or (len(parts) >= 6 and parts[0] in _SPEAKERS)
        or (len(parts) >= 3 and name.endswith(("?", "؟")))
    )


def _mixes_scripts(word: str) -> bool:
    return len({script(letter) for letter in word} & _LOOKALIKE_SCRIPTS) > 1


@lru_cache(maxsize=1)
def _no_names() -> frozenset[str]:
    return frozenset(fold_words(phrase) for phrase in re.split(r"[,\n]", _NO_NAMES) if phrase.strip())
