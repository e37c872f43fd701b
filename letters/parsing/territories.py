"""Countries as letters write them: a name in any of seven languages, or a usual short form, becomes a code."""

import re
import unicodedata
from functools import lru_cache

from babel import Locale

from letters.countries import names as country_names

LANGUAGES = ("en", "fr", "es", "pt", "de", "sw", "ar")

# Forms that CLDR does not have. "Congo" alone may be either of two states and stays unread.
_OTHER_FORMS = {
    "AE": "UAE, Emirates, Emirats arabes unis, EAU, الإمارات",
    "BA": "Bosnia, Bosnia Herzegovina, Bosnie, Bosnien",
    "BO": "Bolivia Plurinational State of, Plurinational State of Bolivia",
    "BN": "Brunei Darussalam",
    "CD": "DRC, DR Congo, D.R. Congo, D.R.C., RDC, R.D.C., RD Congo, RD Kongo, DRK, Congo DRC, DRC Congo, Congo RDC,"
    "Congo DR, Democratic Republic of Congo, Democratic Republic of the Congo, Congo Kinshasa, "
    "Congo Democratic Republic of the, Congo Democratic Republic, "
    "République démocratique du Congo, Rép. dém. du Congo, República Democrática del Congo, "
    "República Democrática do Congo, Demokratische Republik Kongo, DR Kongo, Kongo DRK, "
    "Jamhuri ya Kidemokrasia ya Kongo, JK Kongo, جمهورية الكونغو الديمقراطية, الكونغو الديمقراطية",
    "CF": "CAR, RCA, Central African Republic, République centrafricaine, Centrafrique",
    "CG": "Republic of the Congo, Republic of Congo, République du Congo, República del Congo, Congo Brazzaville",
    "CI": "Ivory Coast, Cote d'Ivoire, Costa de Marfil, Costa do Marfim, Elfenbeinküste, ساحل العاج",
    "CN": "People's Republic of China, PRC",
    "CV": "Cape Verde, Cabo Verde, Cap-Vert",
    "CZ": "Czech Republic, République tchèque, República Checa, Tschechische Republik",
    "DO": "Dominican Republic, Rep. Dominicana, República Dominicana",
    "EH": "Western Sahara, Sahrawi Arab Democratic Republic",
    "FM": "Micronesia",
    "GB": "UK, U.K., Great Britain, Britain, England, Scotland, Wales, Northern Ireland, Royaume-Uni, "
    "Angleterre, Inglaterra, Reino Unido, Großbritannien, Grossbritannien, Grande-Bretagne, Gran Bretaña, "
    "Grã-Bretanha, Vereinigtes Königreich, بريطانيا",
    "GM": "The Gambia",
    "GW": "Guinea-Bissau, Guinée-Bissau, Guiné-Bissau",
    "HK": "Hong Kong",
    "IR": "Iran, Islamic Republic of Iran, Iran Islamic Republic of",
    "KP": "North Korea, DPRK, Corée du Nord, Corea del Norte, Coreia do Norte, Nordkorea",
    "KR": "South Korea, Republic of Korea, Korea, Corée du Sud, Corea del Sur, Coreia do Sul, Südkorea, Korea Kusini",
    "LA": "Laos, Lao PDR, Lao People's Democratic Republic",
    "MD": "Moldova, Republic of Moldova, Moldavie, Moldavia, Moldau",
    "MK": "Macedonia, North Macedonia, FYROM",
    "MM": "Burma, Myanmar, Birmanie, Birmania, Birmânia, Birma, Myanmar Burma, Burma Myanmar, بورما",
    "MO": "Macau, Macao",
    "NL": "The Netherlands, Holland, Hollande, Pays-Bas, هولندا",
    "NZ": "Aotearoa, Aotearoa New Zealand",
    "PS": "Palestine, State of Palestine, Palestina, Palästina, Occupied Palestinian Territory, OPT, oPt, "
    "Occupied Palestinian Territories, Gaza, West Bank, فلسطين, فلسطين المحتلة, غزة",
    "RU": "Russia, Russian Federation",
    "SA": "Saudi Arabia, KSA, السعودية",
    "SD": "السودان",
    "SS": "South Sudan, Sud-Soudan, Soudan du Sud, Sudán del Sur, Sudão do Sul, Südsudan, Sudan Kusini, جنوب السودان",
    "SY": "Syria, Syrian Arab Republic, سوريا, سورية",
    "SZ": "Swaziland, Eswatini",
    "TL": "East Timor, Timor Leste, Timor-Leste",
    "TR": "Turkey, Türkiye, Turkiye, تركيا",
    "TT": "Trinidad, Trinidad and Tobago",
    "TW": "Taiwan",
    "TZ": "Tanzania, United Republic of Tanzania, Tanzania United Republic of, Tanzanie, Tansania",
    "US": "USA, U.S.A., US, U.S., United States, United States of America, EE.UU., EE. UU., EEUU, EUA, E.U.A., "
    "Estados Unidos de América, Estados Unidos da América, États-Unis d'Amérique, Etats-Unis, "
    "Vereinigte Staaten von Amerika, Marekani, أمريكا, الولايات المتحدة الأمريكية, الولايات المتحدة الامريكية",
    "VA": "Vatican, Holy See",
    "VE": "Venezuela, Bolivarian Republic of Venezuela, Venezuela Bolivarian Republic of, "
    "República Bolivariana de Venezuela",
    "VN": "Viet Nam, Vietnam",
    "XK": "Kosovo, Kosova",
}

# What stands before the plain name in official forms: "Republic of Kenya", "Royaume de Belgique".
_STYLE = re.compile(
    r"^(?:the |la |le |les |l |el |o |a |die |der )?"
    r"(?:(?:federal |islamic |arab |democratic |united |hashemite )*(?:republic|kingdom|state) of (?:the )?"
    r"|(?:republique|royaume|etat) (?:du |de la |des |de l |de |d )"
    r"|(?:republica|reino|estado) (?:del |de la |de |do |da )"
    r"|(?:bundes)?republik |konigreich |jamhuri ya (?:muungano wa )?|جمهوريه |المملكه )?"
)

_REGION_CODES = """
    001 002 003 005 009 011 013 014 015 017 018 019 021 029 030 034 035 039 053 054 057 061 142 143 145
    150 151 154 155 202 419 EU UN
""".split()

_OTHER_REGIONS = """
    MENA, Middle East, Middle East and North Africa, MENA region, North Africa, Near East, Sub-Saharan Africa,
    Horn of Africa, East and Horn of Africa, East Africa, West Africa, Central Africa, Southern Africa,
    West and Central Africa, East and Southern Africa, Great Lakes, Sahel, Maghreb, The Americas, Americas,
    Latin America, Latin America and the Caribbean, LAC, Caribbean, North America, South America, Asia Pacific,
    Asia and the Pacific, Asia and Pacific, APAC, Pacific, Oceania, EMEA, Central Asia, South Asia, East Asia,
    Southeast Asia, South East Asia, Europe, European Union, EU, Western Balkans, Balkans, Western Europe,
    Eastern Europe, Global, International, Worldwide, Regional, Multi-country, Other countries, Other regions,
    Europe and Central Asia, Middle East North Africa,
    Afrique, Afrique de l'Est, Afrique de l'Ouest, Afrique centrale, Afrique australe, Afrique du Nord, Amériques,
    Amérique latine, Amérique latine et Caraïbes, Amérique du Nord, Moyen-Orient, Proche-Orient, Asie, Océanie,
    Moyen-Orient et Afrique du Nord, Asie-Pacifique, Internationales, Régional, Mondial,
    América Latina, América Latina y el Caribe, América del Norte, América del Sur, Centroamérica, Sudamérica,
    Norteamérica, Medio Oriente, Oriente Medio, Oriente Próximo, África, Asia, Europa, Oceanía, Caribe,
    Internacional, Internacionales, Global, Globales, América, Américas, América Central, América do Norte,
    América do Sul, América Latina e Caribe, Médio Oriente, Oriente Médio, Ásia, Internacionais, Globais,
    Afrika, Ostafrika, Westafrika, Nordafrika, Südliches Afrika, Zentralafrika, Lateinamerika, Nordamerika,
    Südamerika, Mittelamerika, Naher Osten, Nahost, Asien, Ozeanien, Weltweit, Amerika, Pazifik,
    Afrika Mashariki, Afrika Magharibi, Afrika ya Kati, Afrika Kusini mwa Sahara, Ulaya, Mashariki ya Kati,
    Amerika Kusini, Amerika ya Kusini, Kimataifa, Pembe ya Afrika,
    أفريقيا, إفريقيا, آسيا, أوروبا, الشرق الأوسط, شمال أفريقيا, الشرق الأوسط وشمال أفريقيا, أمريكا اللاتينية,
    الأمريكتان, شرق أفريقيا, غرب أفريقيا, القرن الأفريقي, دولي, دولية, المغرب العربي
"""

_ARABIC_FOLD = str.maketrans("أإآٱىةکیە", "اااايهكيه")
_NO_WORD = re.compile(r"[\W_]+")
_FLAG = re.compile("([\U0001f1e6-\U0001f1ff])([\U0001f1e6-\U0001f1ff])")
_LONGEST = 80


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Return text as it is compared with word tables: no case, accents, harakat or punctuation."""
    if text.isascii():
        return _NO_WORD.sub(" ", text.lower()).strip()
    apart = unicodedata.normalize("NFKD", text).casefold().translate(_ARABIC_FOLD)
    bare = "".join(letter for letter in apart if not _is_accent(letter))
    return _NO_WORD.sub(" ", unicodedata.normalize("NFC", bare).translate(_ARABIC_FOLD)).strip()


def country_code(text: str, *, also_codes: bool = False) -> str:
    """Return the ISO 3166 code of a text that is a country's name and nothing else, or "".

    Bare codes ("KE", "KEN") are read only where a column is known to hold countries.
    """
    text = text.strip(" \t.,;:*[]()")
    if not text or len(text) > _LONGEST:
        return ""
    flag = _FLAG.fullmatch(text)
    if flag:
        return _code_of_flag(flag)
    key = fold(text)
    if also_codes and len(key) == 2 and key.upper() in country_names("en"):
        return key.upper()
    known = _countries()
    if key in known:
        return known[key]
    plain = _STYLE.sub("", key, count=1)
    return known.get(plain, "") if len(plain) > 3 else ""


def take_flag(text: str) -> tuple[str, str]:
    """Return the text without the one flag it carries at an end, and that flag's country code."""
    flags = list(_FLAG.finditer(text))
    if len(flags) != 1 or not _code_of_flag(flags[0]):
        return text, ""
    rest = (text[: flags[0].start()].strip(), text[flags[0].end() :].strip())
    if all(rest) or not any(rest):
        return text, ""
    return "".join(rest), _code_of_flag(flags[0])


def is_region(text: str) -> bool:
    """Tell whether a text is the name of a part of the world larger than a country, and nothing else."""
    return len(text) <= _LONGEST and fold(text) in _regions()


def _is_accent(letter: str) -> bool:
    return unicodedata.category(letter) in {"Mn", "Cf", "Lm"} and (
        "\u0300" <= letter <= "\u036f"
        or "\u0610" <= letter <= "\u065f"
        or letter in "\u0640\u0670\u200c\u200d\u00ad"
    )


def _code_of_flag(flag: re.Match[str]) -> str:
    code = "".join(chr(ord(half) - 0x1F1E6 + ord("A")) for half in flag.groups())
    return code if code in country_names("en") else ""


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    known: dict[str, str] = {}
    for language in LANGUAGES:
        for code, name in country_names(language).items():
            for form in (name, re.sub(r"\(.*?\)", "", name)):
                known.setdefault(fold(form), code)
    for code, forms in _OTHER_FORMS.items():
        known.update({fold(form): code for form in forms.split(",")})
    # A style that the table spells out ("Republic of Congo") is found before the style is taken off.
    for ambiguous in ("", "congo", "kongo", "الكونغو"):
        known.pop(ambiguous, None)
    return known


@lru_cache(maxsize=1)
def _regions() -> frozenset[str]:
    found = {fold(form) for form in _OTHER_REGIONS.split(",")}
    for language in LANGUAGES:
        territories = Locale.parse(language).territories
        found |= {fold(territories[code]) for code in _REGION_CODES if code in territories}
    return frozenset(found - {""} - _countries().keys())
