"""How likely two ways of writing are one organisation's: by words, letters, acronyms. It suggests, it never decides.

Pure: what is compared is handed in. signatories.matching finds in the database what is worth comparing.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import lru_cache
from hashlib import blake2b
from itertools import combinations
from typing import NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from letters.parsing.territories import country_code
from signatories import domains, names

ALIKE = 0.8  # from here on an import points two names of one list out
_TWIN_WORDS = 84
_TWIN_TEXTS = 88
_MISSPELT = 0.95
_HEARD = 0.85  # "Mohamed" and "Muhammad": the same consonants

# --- words ------------------------------------------------------------------------------------------------


class Tells(IntEnum):
    """How much a word tells about which organisation it is."""

    NOTHING = 0
    TYPE = 1  # what it is
    TOPIC = 2  # what it does, and for whom
    OFTEN = 3  # names that many give themselves: peoples, places, hopes
    NAME = 4


_WEIGHT = {Tells.NOTHING: 0.0, Tells.TYPE: 0.15, Tells.TOPIC: 0.4, Tells.OFTEN: 0.6, Tells.NAME: 1.0}
_ADDED = 0.6  # what one name says and the other leaves out weighs less than what they say differently

_NOTHING = """
    u based inc ltd limited llc the of for and in a an to at on by with from our we
    de la le les du des et en pour l d dans au aux el los las y e o os as da do das dos para por del
    und fur der die das den dem im von ya wa za la na kwa cha vya al ul в и на для з і في من و على
"""
# What an organisation is, and what all are that sign such letters.
_TYPES = """
    organization association foundation initiative network group project society centre union committee program
    institute council forum alliance coalition movement trust collective federation consortium league club agency
    body board circle cooperative team charity ministry ministries fund chapter branch office
    community faith local grassroots led nonprofit profit non governmental civil
    refugee displaced asylum seeker migrant immigrant diaspora person people stateless returnee idp
    asociacion fundacion organizacion red colectivo grupo centro union comite proyecto movimiento coalicion
    federacion sociedad corporacion refugiado migrante desplazado comunidad comunitaria personas civil
    association fondation reseau collectif groupe projet mouvement comite federation societe refugie deplace
    communaute communautaire coordination solidaires demandeur asile
    associacao fundacao organizacao rede coletivo grupo projeto movimento refugiada deslocado comunidade
    verein stiftung netzwerk gruppe projekt zentrum verband bund initiative fluchtling gefluchtete gemeinschaft
    shirika mtandao jumuiya kikundi chama wakimbizi mkimbizi taasisi mfuko
    منظمة جمعية مؤسسة شبكة مبادرة اتحاد مركز مجموعة مجلس لجنة رابطة هيئة تجمع ملتقى منتدى مشروع فريق
    لاجئين لاجئ لاجئات لاجئون لجوء نازحين مهاجرين نازحات مجتمع مجتمعية انجمن سازمان بنیاد پناهندگان مهاجران شبکه تنظیم
    ማኅበር ማኀበር ድርጅት ኔትወርክ ኅብረት ተቋም ፋውንዴሽን ስደተኞች ስደተኛ ማሕበረሰብ ማኅበረሰብ
    ассоциация организация фонд сеть союз общество объединение центр группа проект движение совет инициатива
    беженцев беженцы беженец переселенцев переселенцы мигрантов асоціація організація мережа спілка товариство
    об'єднання біженців переселенців спільнота громадська громадская благотворительный благодійний
    dernegi vakfi multeci siginmaci toplulugu dernek vakif ururka qaxooti qaxootiga urur
    အဖွဲ့ အဖွဲ့အစည်း အသင်း ကွန်ရက် ဒုက္ခသည် ဒုက္ခသည်များ
    协会 協会 協會 组织 組織 中心 基金会 基金會 联盟 聯盟 网络 网絡 难民 難民 社区 社區 团体 の会 支援会
    สมาคม มูลนิธิ ผู้ลี้ภัย เครือข่าย ສະມາຄົມ সমিতি সংগঠন সংস্থা শরণার্থী संगठन समूह शरणार्थी संघ சங்கம் அகதிகள்
"""
# What it does, for whom, and where in general.
_TOPICS = """
    woman girl man boy youth young child family student teacher mother lady elder disability disabled
    support aid help relief assistance development empowerment education educational health rights right human
    humanitarian justice integration inclusion welfare livelihood protection advocacy action solidarity skill
    training innovation art culture cultural sport media climate agriculture environment economic social legal
    mental wellbeing resilience research learning school service services care research peacebuilding response
    international global national regional african africa european europe asia asian american worldwide
    lgbtiq lgbtq lgbtqi lgbt lgbtqia queer idp sos
    rebuilding resettlement self reliance leadership leader mentorship talent technology business
    mujer joven nino nina apoyo ayuda desarrollo educacion salud derecho derechos humano humanos justicia accion
    solidaridad integracion cultural social internacional latinoamericana
    femme jeune enfant fille aide appui developpement education sante droit humain action solidarite internationale
    mulher jovem crianca apoio desenvolvimento direito acao
    frau frauen jugend kinder hilfe bildung rechte entwicklung
    wanawake vijana watoto msaada maendeleo elimu afya haki
    نساء امرأة مرأة شباب اطفال طفل دعم تنمية تعليم صحة حقوق انسان اغاثة تمكين سلام عدالة دولية انسانية زنان جوانان
    ሴቶች ወጣቶች ልማት ሕፃናት ትምህርት ጤና መብት እርዳታ
    женщин женщины молодежи молодёжи помощь помощи помощ детей права жінок жінки молоді допомога допомоги дітей
    kadin genclik dumarka dhalinyarada haweenka
    အမျိုးသမီး အမျိုးသမီးများ လူငယ် ကူညီ
    妇女 婦女 女性 青年 儿童 支持 支援 互助 女子
"""
_OFTEN = """
    somali congolese sudanese afghan syrian rohingya eritrean ethiopian burundian rwandan oromo venezuelan
    ukrainian iraqi palestinian yazidi hazara kurdish karen tamil tibetan chin dinka nuer banyamulenge iranian yemeni
    haitian cuban
    nicaraguan colombian salvadoran honduran cameroonian nigerian malian ugandan kenyan tutsi hutu darfur arakan burmese
    kakuma dadaab kalobeyei nakivale bidibidi kyangwali kiryandongo adjumani kampala nairobi goma bukavu juba gambella
    dzaleka nyarugusu mahama zaatari beirut amman cairo athens lesvos berlin london paris bogota quito lima tijuana
    cox bazar delhi jakarta bangkok kyaka rwamwanja imvepi rhino kigali mombasa eldoret gaza cucuta lebanese
    hope light peace unity amani umoja tumaini matumaini upendo amal salam selam tesfa noor nour nur bridge lantern
    sunrise horizon rainbow star voice hand heart future new open life living vision dream freedom together united
    rising better home house world mission christian islamic muslim love faith
    esperanza luz puente camino vida nueva venezolano venezolana colombiano fronteras sin
    espoir lumiere paix avenir pont vie congolais congolaise rwandais burundais centrafricain
    venezuelano esperanca hoffnung brucke
    امل سلام نور حياة مستقبل كرامة بيت وفاء ياسمين سوري سوداني فلسطيني عراقي يمني افغاني اريتري
    ተስፋ ሰላም አዲስ ብርሃን ፍቅር አንድነት ኤርትራ ኢትዮጵያ ሕይወት
    надежда мир дом свет надія світло мрія україна украина
    ရိုဟင်ဂျာ ကရင် ချင်း 希望 和平 光明 自由 阳光
"""
_ONE_SPELLING = {
    "organisation": "organization",
    "org": "organization",
    "organizations": "organization",
    "organisations": "organization",
    "assoc": "association",
    "intl": "international",
    "int": "international",
    "center": "centre",
    "programme": "program",
    "foundations": "foundation",
    "women": "woman",
    "womens": "woman",
    "womxn": "woman",
    "men": "man",
    "children": "child",
    "childrens": "child",
    "rlo": "refugee",
    "امراه": "نساء",
    "مراه": "نساء",
    "asylees": "refugee",
    "pwd": "disability",
    "dev": "development",
    "devt": "development",
    # "St." is a street behind a name and a saint before one; nobody writes both out.
    "st": "street",
    "saint": "street",
    "rd": "road",
    "ave": "avenue",
}
_INITIALS_TELL_FROM = 3  # letters; two are anybody's
_JOINED_TELLS_FROM = 6
_SAID_AT_MOST = 5  # words; more would be a mark for each
_STILL_SAID = 0.6  # of the weight: who leaves more out says something else
_SHARED_BY_MOST = 20
_BRACKETED = re.compile(r"[(\[]\s*([^()\[\]]{2,24})\s*[)\]]")
_VOWELS = str.maketrans("", "", "aeiouyhw")
_ARABIC_PLURAL = re.compile("(?<=..ي)(?:ات|ين|ون|ه)$|(?<=...)(?:ات|ون)$")
_SHORT_COUNTRIES = frozenset({"uk", "usa", "uae", "drc", "rdc"})
_WITHOUT_SPACES = frozenset({"HAN", "KANA", "MYANMAR", "THAI", "LAO", "KHMER"})


@dataclass(frozen=True, slots=True)
class Portrait:
    """What a name is compared by."""

    words: frozenset[str]  # without countries and words that tell nothing
    name: str  # what it calls itself, without types, topics and gaps
    acronyms: frozenset[str]
    initials: frozenset[str]
    countries: frozenset[str]
    numbers: frozenset[str]

    @property
    def is_an_acronym(self) -> bool:
        """Whether it says nothing but an acronym: "LAB", "LAB Kenya", "LAB Network"."""
        said = {word for word in self.words if tells(word) > Tells.TYPE}
        return bool(said) and said <= self.acronyms


def portrait(name: str) -> Portrait:
    """Return what a name is compared by."""
    name = _spaced(names.clean(name))
    acronyms = {compact(inside) for inside in _BRACKETED.findall(name) if _is_acronym(inside)}
    main = _BRACKETED.sub(lambda found: " " if _is_acronym(found[1]) else found[0], name)
    acronyms |= _capitals_in(main)
    written, countries = _without_countries(names.words(main))
    content = [word for word in map(stem, written) if tells(word)] or written
    content, own = _without_own_initials(content)
    return Portrait(
        words=frozenset(content),
        name="".join(word for word in content if tells(word) > Tells.TOPIC),
        acronyms=frozenset(acronyms | own) - {""},
        initials=_initials(main),
        countries=countries,
        numbers=frozenset(word for word in content if word.isdigit()),
    )


class Likeness(NamedTuple):
    """How likely two names are one organisation's, from 0 to 1, and whether an acronym says so."""

    score: float
    by_acronym: bool = False


def likeness(one: Portrait, other: Portrait) -> Likeness:
    """Compare two names. Another country or another number is another organisation."""
    if one.numbers and other.numbers and one.numbers != other.numbers:
        return Likeness(0.0)
    if one.countries and other.countries and not one.countries & other.countries:
        return Likeness(0.0)
    by_words = _by_words(one, other)
    by_acronym = _by_acronym(one, other, by_words)
    score = max(by_words, by_acronym)
    return Likeness(score if one.countries == other.countries else 0.97 * score, by_acronym > by_words)


def _by_words(one: Portrait, other: Portrait) -> float:
    """Return the weight of the words they share, as a part of the weight of all."""
    shared = one.words & other.words
    ones, others = one.words - shared, other.words - shared
    if not ones and not others:
        return 1.0
    common, apart = _weight(shared), 0.0
    if _is_one_text(one.name, other.name):  # written in one word, or in two
        names_of_both = [word for word in (*ones, *others) if tells(word) > Tells.TOPIC]
        common += _MISSPELT * _weight(names_of_both) / 2
        ones, others = ones.difference(names_of_both), others.difference(names_of_both)
    twins, ones, others = _pair_up(ones, others)
    for weight, alike in twins:
        common += alike * weight
        apart += (1 - alike) * weight
    differ = all(any(tells(word) > Tells.TYPE for word in words) for words in (ones, others))
    apart += _weight(ones | others) * (1 if differ else _ADDED)
    return common / (common + apart) if common else 0.0


def _by_acronym(one: Portrait, other: Portrait, by_words: float) -> float:
    """Return what an acronym adds: one is nothing but the other's, or both give the same one."""
    for short, full in ((one, other), (other, one)):
        if short.is_an_acronym:
            if any(len(acronym) > 2 for acronym in short.acronyms & full.acronyms):
                return 0.85
            formed = short.acronyms & full.initials
            if formed:
                return 0.85 if max(map(len, formed)) > 3 else 0.7
    longest = max(map(len, one.acronyms & other.acronyms), default=0)
    if longest > 3:
        return 0.55 + 0.45 * by_words
    return 0.4 + 0.6 * by_words if longest == 3 else 0.0


def _weight(words: Iterable[str]) -> float:
    return sum(_WEIGHT[tells(word)] for word in words)


def _is_one_text(one: str, other: str) -> bool:
    return min(len(one), len(other)) > 5 and fuzz.ratio(one, other) >= _TWIN_TEXTS


def _pair_up(
    ones: frozenset[str], others: frozenset[str]
) -> tuple[list[tuple[float, float]], frozenset[str], frozenset[str]]:
    """Return (weight, how alike) of words that are one another's misspelling, and the words without such a twin."""
    twins: list[tuple[float, float]] = []
    alone: list[str] = []
    free = sorted(others)
    for word in sorted(ones):
        alike, twin = max(((twin_words(word, other), other) for other in free), default=(0.0, ""))
        if alike:
            free.remove(twin)
            twins.append((_WEIGHT[min(tells(word), tells(twin))], alike))
        else:
            alone.append(word)
    return twins, frozenset(alone), frozenset(free)


def twin_words(one: str, other: str) -> float:
    """Return how alike two spellings of one word are, 0 where they are two words."""
    shorter = min(len(one), len(other))
    if shorter < 3 or one.isdigit() or other.isdigit():
        return 0.0
    ratio = fuzz.ratio(one, other)
    if shorter > 3 and (ratio >= _TWIN_WORDS or _are_swapped(one, other)):
        return _MISSPELT
    heard = _consonants(one)
    if ratio < 55 or heard != _consonants(other):
        return 0.0
    return _HEARD if len(heard) > 2 or (len(heard) == 2 and one[0] == other[0]) else 0.0


def _are_swapped(one: str, other: str) -> bool:
    """Tell whether two neighbouring letters changed places: "yuoth"."""
    return len(one) == len(other) > 4 and sorted(one) == sorted(other) and OSA.distance(one, other) == 1


def _consonants(word: str) -> str:
    """Return what is heard of a word in Latin letters whoever writes it down: "mhmd" is "mmd"."""
    if not word.isascii():
        return ""
    return re.sub(r"(.)\1+", r"\1", word.translate(_VOWELS).replace("q", "k").replace("c", "k"))


# --- a list against itself --------------------------------------------------------------------------------


def resembling(written: Sequence[str]) -> list[tuple[int, int, float]]:
    """Return pairs of places in the list whose names look like one organisation, the likeliest first, from 0.8 to 1."""
    portraits = [portrait(name) for name in written]
    pairs = []
    for first, second in _candidates(portraits):
        score = likeness(portraits[first], portraits[second]).score
        if score >= ALIKE:
            pairs.append((first, second, round(score, 3)))
    return sorted(pairs, key=lambda pair: (-pair[2], pair[0], pair[1]))


def _candidates(portraits: Sequence[Portrait]) -> set[tuple[int, int]]:
    """Return the pairs worth a closer look, found without comparing each name with each other one in Python."""
    said = [sorted(word for word in each.words if tells(word) > Tells.TYPE) for each in portraits]
    return {
        *_with_like_text(["".join(words) for words in said], _TWIN_WORDS),
        *_with_like_text([each.name for each in portraits], _TWIN_TEXTS),
        *_with_one_acronym(portraits),
    }


def _with_like_text(given: Sequence[str], cutoff: float) -> Iterator[tuple[int, int]]:
    """Compare each text with those not much longer: names of very different lengths cannot be alike."""
    order = sorted((place for place, text in enumerate(given) if text), key=lambda place: len(given[place]))
    texts = [given[place] for place in order]
    lengths = [len(text) for text in texts]
    for here, text in enumerate(texts):
        longest = len(text) * (200 / cutoff - 1)
        others = texts[here + 1 : bisect_right(lengths, longest)]
        for _text, _score, there in process.extract(
            text, others, scorer=fuzz.ratio, processor=None, limit=None, score_cutoff=cutoff
        ):
            yield _pair(order[here], order[here + 1 + there])


def _with_one_acronym(portraits: Sequence[Portrait]) -> Iterator[tuple[int, int]]:
    holders: dict[str, list[int]] = defaultdict(list)
    for place, each in enumerate(portraits):
        for acronym in each.acronyms | each.initials:
            holders[acronym].append(place)
    for places in holders.values():
        # An acronym that many share tells nothing, and its pairs would be too many to look at.
        if len(places) <= _SHARED_BY_MOST:
            yield from (_pair(first, second) for first, second in combinations(places, 2))


def _pair(first: int, second: int) -> tuple[int, int]:
    return (first, second) if first < second else (second, first)


# --- what is looked for -----------------------------------------------------------------------------------


class _Mark(StrEnum):
    """What a mark says, in one letter."""

    NOTHING_BUT_ACRONYM = "a"
    ACRONYM = "b"
    INITIALS = "c"
    JOINED = "d"
    HEARD = "e"
    SAID = "f"
    SAID_LESS = "g"


@dataclass(frozen=True)
class Lookup:
    """What of a row's spellings makes it worth comparing: a text written alike, or one of the marks."""

    texts: list[str]
    marks: list[str]
    weak_marks: list[str]  # of names that say a word more or less, or are written as they are heard


def spellings(*written: str, latin: str = "", website: str = "") -> str:
    """Return every way an organisation is written, a line each, and a last line of marks: what rows are found by.

    A line holds all words of a name, its own first, so that what tells most stands together.
    """
    every = _different(*written, latin)
    lines = [" ".join([*own, *others]) for own, others in map(_words_by_owner, every)]
    marks = _different(
        domains.of_website(website), *(mark for name in every for mark in _marks(portrait(name)))
    )
    return "\n".join(_different(*lines, " ".join(marks)))


def lookup(*written: str, website: str = "") -> Lookup:
    """Return how to find, among spellings, what resembles these names."""
    texts, marks, weak = [], [domains.of_website(website)], []
    for name in _different(*written):
        seen = portrait(name)
        own, _others = _words_by_owner(name)
        spoken = own if seen.is_an_acronym else [word for word in own if word not in seen.acronyms]
        texts.append(" ".join(spoken))
        marks += _marks_sought(seen)
        weak += _weak_marks_sought(seen)
    return Lookup(_different(*texts), _different(*marks), _different(*weak))


def _different(*written: str) -> list[str]:
    return list(dict.fromkeys(filter(None, written)))


def _marks(seen: Portrait) -> list[str]:
    """Return the marks of a name. One that has no word of its own is found by all it says, or all but one word."""
    said, less = _said(seen)
    acronyms = sorted(seen.acronyms)
    return [
        *(_mark(_Mark.NOTHING_BUT_ACRONYM, letters) for letters in acronyms if seen.is_an_acronym),
        *(_mark(_Mark.ACRONYM, letters) for letters in acronyms),
        *(_mark(_Mark.INITIALS, letters) for letters in sorted(seen.initials)),
        *_marks_of_sound(seen),
        *(_mark(_Mark.SAID, words) for words in said),
        *(_mark(_Mark.SAID_LESS, words) for words in less),
    ]


def _marks_sought(seen: Portrait) -> list[str]:
    said, _less = _said(seen)
    acronyms = sorted(letters for letters in seen.acronyms if len(letters) >= _INITIALS_TELL_FROM)
    return [
        *(_mark(_Mark.ACRONYM, letters) for letters in acronyms),
        *(_mark(_Mark.INITIALS, letters) for letters in acronyms if seen.is_an_acronym),
        *(_mark(_Mark.NOTHING_BUT_ACRONYM, letters) for letters in sorted(seen.initials)),
        *(_mark(_Mark.SAID, words) for words in said),
    ]


def _weak_marks_sought(seen: Portrait) -> list[str]:
    said, less = _said(seen)
    return [
        *(_marks_of_sound(seen) if not said else []),
        *(_mark(_Mark.SAID_LESS, words) for words in said),
        *(_mark(_Mark.SAID, words) for words in less),
    ]


def _marks_of_sound(seen: Portrait) -> list[str]:
    """Return the marks of a name as it is heard: without its gaps, and in consonants alone."""
    heard = " ".join(
        sorted(filter(None, (_consonants(word) for word in seen.words if tells(word) > Tells.TOPIC)))
    )
    return [
        *([_mark(_Mark.JOINED, seen.name)] if len(seen.name) >= _JOINED_TELLS_FROM else []),
        *([_mark(_Mark.HEARD, heard)] if len(heard) > 1 else []),
    ]


def _mark(kind: _Mark, text: str) -> str:
    """Return eight capitals that stand for a text found whole: their trigrams are rare, whatever words it is made of.

    Who searches for words, which are written small, never finds a mark by chance.
    """
    number = int.from_bytes(blake2b(f"{kind}{text}".encode(), digest_size=5).digest())
    return "".join(chr(ord("A") + number // 26**place % 26) for place in range(8))


def _said(seen: Portrait) -> tuple[list[str], list[str]]:
    """Return all that a name without a word of its own says, and what it says when it leaves one word out."""
    if any(tells(word) == Tells.NAME for word in seen.words):
        return [], []
    said = sorted(word for word in seen.words if tells(word) > Tells.TYPE) or sorted(seen.words)
    less = combinations(said, len(said) - 1) if 1 < len(said) <= _SAID_AT_MOST else ()
    enough = _STILL_SAID * _weight(said)
    return [" ".join(said)], [" ".join(words) for words in less if _weight(words) >= enough]


def _words_by_owner(name: str) -> tuple[list[str], list[str]]:
    """Return the words of a name that are its own, and those that are everybody's, sorted."""
    words = names.words(_spaced(names.clean(name)))
    without_countries = set(_without_countries(words)[0])
    own = {word for word in without_countries if tells(stem(word)) == Tells.NAME}
    return sorted(own), sorted(set(words) - own)


# --- what a name says -------------------------------------------------------------------------------------


def compact(text: str) -> str:
    """Return the letters of an acronym: "R.A.B." is "rab"."""
    return "".join(names.words(text))


def _spaced(name: str) -> str:
    """Set words apart that everybody uses, where a script writes without spaces."""
    return _unspaced_words().sub(r" \1 ", name)


def _is_acronym(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha()]
    return (
        2 <= len(letters) <= 12
        and sum(letter.isupper() for letter in letters) * 2 > len(letters)
        and " " not in text.strip()
    )


def _capitals_in(text: str) -> set[str]:
    """Return words in capitals that are no common word: "CODE CBO" has one, "SOMALI WOMEN" shouts."""
    folded = {compact(word) for word in text.split() if _is_acronym(word) and word.upper() == word}
    found = {word for word in folded if tells(stem(word)) == Tells.NAME and word not in _SHORT_COUNTRIES}
    return set() if len(found) > 1 and text.upper() == text else found


def _without_countries(words: list[str]) -> tuple[list[str], frozenset[str]]:
    """Return words without the names of countries, unless nothing else is there, and the countries' codes."""
    rest, codes, here = [], set(), 0
    while here < len(words):
        for length in (3, 2, 1):
            code = _country_of(" ".join(words[here : here + length]))
            if code and here + length <= len(words):
                codes.add(code)
                here += length
                break
        else:
            rest.append(words[here])
            here += 1
    return (rest if any(tells(stem(word)) for word in rest) else words), frozenset(codes)


def _without_own_initials(content: list[str]) -> tuple[list[str], set[str]]:
    """Return words without the one that is the others' initials, and that one."""
    for here in (0, len(content) - 1):
        others = content[:here] + content[here + 1 :]
        if len(others) > 1 and content[here] == "".join(word[0] for word in others):
            return others, {content[here]}
    return content, set()


def _initials(name: str) -> frozenset[str]:
    """Return what its acronym could be, with its countries and without."""
    words = [word for word in names.words(name) if tells(word)]
    formed = ("".join(word[0] for word in each) for each in (words, _without_countries(words)[0]))
    # Only scripts that have capitals have acronyms.
    return frozenset(
        letters
        for letters in formed
        if _INITIALS_TELL_FROM <= len(letters) <= 12 and letters.upper() != letters
    )


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """Return the form under which a word is known: singular, without article, as most people spell it."""
    word = _ONE_SPELLING.get(word, word)
    if word in _known():
        return word
    return next((form for form in _forms(word) if form in _known()), None) or _spelled_right(_singular(word))


def tells(word: str) -> Tells:
    """Return how much a stem tells about which organisation it is."""
    return _known().get(word, Tells.TYPE if len(word) < 3 and word.isascii() else Tells.NAME)


def _forms(word: str) -> Iterator[str]:
    singular = _singular(word)
    yield singular
    if word.endswith("es"):
        yield word[:-2]
    yield _ONE_SPELLING.get(singular, singular)
    for article in ("ال", "وال", "بال", "لل", "ل", "و", "የ"):
        if word.startswith(article):
            bare = word.removeprefix(article)
            yield _ONE_SPELLING.get(bare, bare)
            yield "ل" + bare


def _singular(word: str) -> str:
    if len(word) < 5:
        return word
    if not word.isascii():
        return _ARABIC_PLURAL.sub("", word.removeprefix("ال"))
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _spelled_right(word: str) -> str:
    """Return the common word this one is a misspelling of, or itself."""
    swapped = _known_by_letters().get("".join(sorted(word)), "")
    if _are_swapped(word, swapped):
        return _ONE_SPELLING.get(swapped, swapped)
    if len(word) < 6:
        return word
    found = process.extractOne(word, _long_words(), scorer=fuzz.ratio, score_cutoff=_TWIN_WORDS)
    return _ONE_SPELLING.get(found[0], found[0]) if found else word


@lru_cache(maxsize=1)
def _known() -> dict[str, Tells]:
    """Return {stem: how much it tells} of the words everybody uses."""
    known: dict[str, Tells] = {}
    tables = {_NOTHING: Tells.NOTHING, _TYPES: Tells.TYPE, _TOPICS: Tells.TOPIC, _OFTEN: Tells.OFTEN}
    for table, tells_ in tables.items():
        for word in names.words(table):
            known.setdefault(_ONE_SPELLING.get(word, word), tells_)
    return known


@lru_cache(maxsize=1)
def _long_words() -> list[str]:
    return sorted(word for word in {*_known(), *_ONE_SPELLING} if len(word) > 4)


@lru_cache(maxsize=1)
def _known_by_letters() -> dict[str, str]:
    return {"".join(sorted(word)): word for word in _long_words()}


@lru_cache(maxsize=1)
def _unspaced_words() -> re.Pattern[str]:
    words = [word for word in (_TYPES + _TOPICS + _OFTEN).split() if names.script(word[0]) in _WITHOUT_SPACES]
    return re.compile(f"({'|'.join(sorted(words, key=len, reverse=True))})")


@lru_cache(maxsize=65536)
def _country_of(words: str) -> str:
    return country_code(words) if len(words) > 3 or words in _SHORT_COUNTRIES else ""
