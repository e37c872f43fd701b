"""What the columns of a list hold, by their headings: as form services and people write them, in five languages."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from letters.parsing.territories import fold
from signatories.sheets import Row, Sheet

ANONYMOUS = frozenset(
    map(fold, "anonymous,anonyme,anónimo,anónima,مجهول,asiyejulikana,n/a,na,none,-".split(","))
)
_HEADINGS_STAND_WITHIN = 20  # rows that hold something
_LOOKED_AT = 200


class Holds(models.TextChoices):
    """What a column can hold for us."""

    NAME = "name", _("Name of the organisation")
    LATIN = "latin", _("Its name in Latin letters")
    COUNTRY = "country", _("Country")
    KIND = "kind", _("Led by refugees, or an ally")
    WEBSITE = "website", _("Website")
    PERSON = "person", _("Contact: name")
    FIRST_NAME = "first_name", _("Contact: first name")
    LAST_NAME = "last_name", _("Contact: family name")
    ROLE = "role", _("Contact: role")
    EMAIL = "email", _("Contact: e-mail")
    PHONE = "phone", _("Contact: phone")
    LANGUAGE = "language", _("Language of its mails")
    CONSENT = "consent", _("Agreed to be named")
    SIGNED_ON = "signed_on", _("When it signed")


@dataclass(frozen=True)
class Headings:
    """Where the headings of a sheet stand, and which column holds what."""

    row: int  # its number; 0 where there are none
    below: int  # the number of the last row that belongs to the headings
    labels: list[str]
    columns: dict[int, str]


def recognise(sheet: Sheet, *, row: int | None = None) -> Headings:
    """Return the headings of a sheet: those in the given row, else in the one that looks most like headings."""
    if sheet.labels:
        return Headings(0, 0, sheet.labels, _columns(sheet.labels, sheet.rows[:_LOOKED_AT]))
    if row is None:
        row = _likeliest_row(sheet.rows)
    here = next((place for place, each in enumerate(sheet.rows) if each.number == row), None)
    if here is None:
        return Headings(0, 0, [], {0: Holds.NAME} if len(sheet.rows) and _width(sheet.rows) == 1 else {})
    labels, below = sheet.rows[here].cells, row
    following = sheet.rows[here + 1] if here + 1 < len(sheet.rows) else None
    if following and _is_second_row_of_headings(following):
        labels, below = _joined(labels, following.cells), following.number
    data = [each for each in sheet.rows if each.number > below][:_LOOKED_AT]
    return Headings(row, below, labels, _columns(labels, data))


def _likeliest_row(rows: Sequence[Row]) -> int:
    """Return the number of the row in which most columns have a heading we know; 0 where none has."""
    known = [
        (len({holds for _place, holds, _ in _known(row.cells)}), -row.number)
        for row in rows[:_HEADINGS_STAND_WITHIN]
    ]
    most, number = max(known, default=(0, 0))
    return -number if most else 0


def _width(rows: Sequence[Row]) -> int:
    return max(len(row.cells) for row in rows)


# --- headings of two rows, as SurveyMonkey writes them --------------------------------------------------------

_OF_ANSWERS = frozenset(
    map(fold, "Response,Open-Ended Response,Réponse,Réponse ouverte,Respuesta,Respuesta abierta".split(","))
)


def _is_second_row_of_headings(row: Row) -> bool:
    return any(fold(cell) in _OF_ANSWERS for cell in row.cells)


def _joined(above: Sequence[str], below: Sequence[str]) -> list[str]:
    """Return both rows in one: a question above several columns heads each of them."""
    labels, question = [], ""
    for place in range(max(len(above), len(below))):
        over = above[place] if place < len(above) else ""
        under = below[place] if place < len(below) else ""
        question = over or question
        part = "" if fold(under) in _OF_ANSWERS else under
        labels.append(over if over and not part else part or question)
    return labels


# --- one column each ------------------------------------------------------------------------------------------


def _columns(labels: Sequence[str], data: Sequence[Row]) -> dict[int, str]:
    """Return {column: what it holds}: of several that could hold one thing, the likeliest and fullest."""
    known = list(_known(labels))
    sure = {holds for _place, holds, score in known if score > 1}
    best: dict[str, tuple[int, int, int]] = {}
    for place, holds, score in known:
        if holds == Holds.NAME and score == 1 and Holds.NAME in sure:
            holds = Holds.PERSON  # where another column names the organisation, "Name" is somebody's
        claim = (score, _filled(data, place), -place)
        best[holds] = max(best.get(holds, claim), claim)
    columns = {-claim[2]: str(holds) for holds, claim in best.items()}
    if Holds.NAME not in columns.values():
        columns = {place: Holds.NAME if holds == Holds.LATIN else holds for place, holds in columns.items()}
    return dict(sorted(columns.items()))


def _filled(data: Sequence[Row], place: int) -> int:
    cells = (row.cells[place] for row in data if place < len(row.cells))
    return sum(1 for cell in cells if cell and fold(cell) not in ANONYMOUS)


def _known(labels: Sequence[str]) -> Iterator[tuple[int, Holds, int]]:
    for place, label in enumerate(labels):
        found = _what(fold(label)) if len(label) < 400 else None
        if found:
            yield place, *found


# Columns of the services themselves, whose names could be taken for answers.
_OF_SERVICES = re.compile(
    r"(?:id|key|sid|uid|uuid|start|end|status|notes|tags|ending|index|form ?version|device ?id|edits|instance ?id"
    r"|(?:respondent|collector|network|submission|response|submitter) ?(?:id|type|name)|meta .*|attachments .*"
    r"|review ?state|custom data \d|user ?(?:name|id|agent)|nom d utilisateur|utilisateur|nombre de usuario|ip address"
    r"|(?:source|page|referr?er) url"
    r"|adresse ip|direccion ip|ip|numero de serie|serial|brouillon|draft|last modified time|start (?:time|date.*)"
    r"|heure de debut|hora de inicio|heure de la derniere modification|stage date utc|validation status|submitted by"
    r"|submission time|date modified|version|#)"
)
_SIGNED_ON = re.compile(
    r"timestamp|horodateur|marca temporal|طابع زمني|الطابع الزمني|muhuri wa (?:muda|saa)|tarehe|fecha|date|التاريخ"
    r"|(?:submission|submit|submitted|completion|completed|created|end) ?(?:date|time|on|at)(?: utc)?|created"
    r"|date (?:submitted|created|de (?:la )?(?:soumission|signature|reponse|creation)|of signature|signed)"
    r"|heure de (?:fin|soumission)|hora de finalizacion|fecha de (?:envio|firma)|تاريخ (?:التوقيع|الارسال)|وقت الاكتمال"
)
_ORGANISATION = (
    r"\b(?:organi[sz]ations?|organisme|orgs?|association|asbl|ongs?|ngos?|cbo|rlo|group|groupe|grupo|collective"
    r"|collectif|initiative|structure|institution|entity|company|asociacion|organizacion(?:es)?|colectivo|entidad"
    r"|iniciativa|shirika|mashirika|taasisi|jumuiya|kikundi)\b|منظم|جمعي|موسس|مبادر|الجهه|مجموع"
)
_NAME = r"\b(?:names?|nom|nombre|jina|denomination|raison sociale|razon social)\b|\bاسم|\bالاسم"
_WHO = (
    r"\b(?:contact|person(?:ne|a)?|representative|representant(?:e)?|signatory s|signer|respondent|responsable|referent"
    r"|mwakilishi|mhusika|msaini|contacto|firmante|signed by|focal point|leader s)\b|ممثل|المسوول|جهه الاتصال|شخص"
)
_IN_LATIN = r"\b(?:latin|english|anglais|ingles|kiingereza|transliteration|translit)\b|لاتين|انجليز|الانكليز"

_PUBLISHED = (
    r"\b(?:publish(?:ed|ing)?|publi(?:er|ee?|cation|quement)|publicar|publicad[oa]|public(?:a|amente|ly)?|displayed"
    r"|afficher|affichee?|mostrar|visible|be named|be listed|\w*chapish\w*|hadharani)\b|نشر|علنا"
)

# Asked in this order; 2 is as good as certain, 1 holds where nothing better is there.
_PATTERNS: list[tuple[Holds, int, str]] = [
    (
        Holds.CONSENT,
        2,
        rf"^(?!.*\b(?:logos?|photos?)\b)(?=.*(?:{_PUBLISHED})).*(?:{_NAME}|{_ORGANISATION}|be (?:named|listed))",
    ),
    (
        Holds.EMAIL,
        2,
        r"\b(?:e ?mails?|courriel|correo|mel|messagerie|adresse electronique|barua pepe)\b|البريد|بريد|ايميل",
    ),
    (
        Holds.PHONE,
        2,
        r"\b(?:phone|telephone|tel|mobile|whats ?app|gsm|portable|telefono|movil|celular|simu)\b|هاتف|جوال|موبايل|واتس",
    ),
    (
        Holds.PERSON,
        2,
        r"\b(?:nom et prenoms?|prenoms? et noms?|prenom nom|nom prenom|nombres? y apellidos?)\b",
    ),
    (
        Holds.FIRST_NAME,
        2,
        r"\b(?:first name|given name|name first|prenoms?|nombre de pila|primer nombre|jina la kwanza)\b|الاسم الاول",
    ),
    (
        Holds.LAST_NAME,
        2,
        r"\b(?:last name|surname|family name|name last|nom de famille|apellidos?|jina la (?:mwisho|ukoo|familia))\b"
        r"|العايله|اللقب",
    ),
    (
        Holds.COUNTRY,
        1,
        r"\b(?:country|pays|pais)\b.*\b(?:origin|origine|origen)\b|\bnchi ya asili\b|البلد الاصلي",
    ),
    (Holds.COUNTRY, 2, r"\b(?:country|countries|pays|pais|nchi)\b|\b(?:ال)?(?:بلد|دوله)\b"),
    (Holds.LANGUAGE, 2, r"\b(?:language|langue|idioma|lugha)\b|\b(?:ال)?لغه\b"),
    (
        Holds.KIND,
        2,
        r"\b(?:refugee led|led by|rlo or|dirigee?s? par|menee?s? par|liderad[oa]s? por|dirigid[oa]s? por|inaongozwa"
        r"|inayoongozwa|(?:kind|type|category|categorie|nature) (?:of|d|de|de l|de la)\b.*"
        r"|tipo de|aina ya)\b|يقود|بقياده|نوع",
    ),
    (Holds.KIND, 1, r"^(?:kind|type|tipo|aina|category|categorie|categoria|النوع)$"),
    (
        Holds.WEBSITE,
        2,
        r"\b(?:web ?sites?|web|site (?:web|internet)|sitio|pagina web|url|tovuti|facebook|social media)\b|موقع",
    ),
    (
        Holds.ROLE,
        2,
        r"\b(?:role|position|job title|title|function|fonction|titre|poste|qualite|cargo|puesto|cheo|wadhifa|nafasi)\b"
        r"|منصب|صفه|وظيف",
    ),
    (Holds.PERSON, 2, rf"(?:{_NAME}).*(?:{_WHO})|(?:{_WHO}).*(?:{_NAME})"),
    (
        Holds.PERSON,
        2,
        r"\b(?:full name|your name|votre nom|nom complet|nombre completo|(?:su|tu) nombre|jina (?:kamili|lako))\b"
        r"|الاسم الكامل|اسمك",
    ),
    (Holds.PERSON, 1, rf"^(?:{_WHO})$|^(?:contact person|personne de contact|persona de contacto)$"),
    (Holds.LATIN, 2, rf"(?:{_NAME}|{_ORGANISATION}).*(?:{_IN_LATIN})"),
    (Holds.NAME, 3, rf"(?:{_NAME}).*(?:{_ORGANISATION})|(?:{_ORGANISATION}).*(?:{_NAME})|\borg ?name\b"),
    (
        Holds.NAME,
        2,
        rf"^(?:your |votre |su |tu |the |l |la )?(?:{_ORGANISATION})(?:ه|ات)?(?: yako| lako)?$"
        r"|^(?:ال)?(?:منظمه|جمعيه)$",
    ),
    (Holds.NAME, 2, r"^(?:signator(?:y|ies)|signataires?|firmantes|signed|waliosaini|الموقعون)$"),
    (Holds.NAME, 1, rf"^(?:{_NAME})$|^الاسم$"),
]
_COMPILED = [(holds, score, re.compile(pattern)) for holds, score, pattern in _PATTERNS]


_REQUIRED = re.compile(
    r" (?:required|optional|obligatoire|facultatif|obligatori[oa]|opcional|lazima|مطلوب|اختياري)$"
)


def _what(words: str) -> tuple[Holds, int] | None:
    """Return what a folded heading says its column holds, and how surely."""
    words = _REQUIRED.sub("", words)
    if not words:
        return None
    if _SIGNED_ON.fullmatch(words):
        return Holds.SIGNED_ON, 2
    if _OF_SERVICES.fullmatch(words):
        return None
    return next(((holds, score) for holds, score, pattern in _COMPILED if pattern.search(words)), None)
