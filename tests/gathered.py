"""Lists as form services and people export them, with their quirks. Every name in them is invented."""

import csv
import io
import zipfile
from datetime import datetime

from openpyxl import Workbook


def _at(*moment):
    """A moment as spreadsheets keep it, without a time zone."""
    return datetime(*moment)  # noqa: DTZ001


def csv_of(rows, *, separator=",", encoding="utf-8", quote_all=False, before=""):
    out = io.StringIO(newline="")
    quoting = csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    csv.writer(out, delimiter=separator, quoting=quoting).writerows(rows)
    return (before + out.getvalue()).encode(encoding)


def workbook_of(*sheets, merged=()):
    """A workbook of (title, rows)."""
    book = Workbook()
    book.remove(book.active)
    for title, rows in sheets:
        sheet = book.create_sheet(title)
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row, 1):
                if value is not None:
                    sheet.cell(number, place, value)
    for each in merged:
        book.worksheets[0].merge_cells(each)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def patched(data, member, *changes):
    """The same archive with bytes of one member replaced: what only another program would write."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            for before, after in changes if name == member else ():
                assert before in content
                content = content.replace(before, after)
            new.writestr(name, content)
    return out.getvalue()


def google_forms():
    return csv_of(
        [
            [
                "Timestamp",
                "Email Address",
                "Name of your organisation",
                "Country where you work",
                "Your name",
                "Your role",
                "Is your organisation refugee-led?",
                "May we publish the name of your organisation?",
            ],
            [
                "2026/03/01 10:15:22 AM GMT+3",
                "hope@lantern.example",
                "Lantern Street Newcomers (LSN)",
                "Kenya",
                "Hope Achieng",
                "Chair",
                "Yes",
                "Yes",
            ],
            [
                "2026/03/01 11:02:05 AM GMT+3",
                "sam@ferry.example",
                "Night Ferry School",
                "uganda",
                "Sam Okello",
                "",
                "No, but we work with refugees",
                "No, only count us",
            ],
        ]
    )


def google_forms_in_french():
    return workbook_of(
        (
            "Réponses au formulaire 1",
            [
                [
                    "Horodateur",
                    "Nom de l'organisation",
                    "Pays d'intervention",
                    "Nom et prénom",
                    "Fonction",
                    "Adresse e-mail",
                    "Pouvons-nous publier le nom de votre organisation ?",
                ],
                [
                    _at(2026, 3, 1, 10, 15, 22),
                    "Maison de l'Olivier",
                    "République démocratique du Congo",
                    "Aline Mbuyi",
                    "Présidente",
                    "aline@olivier.example",
                    "Oui",
                ],
                [
                    _at(2026, 3, 2),
                    "Femmes du Fleuve",
                    "Côte d'Ivoire",
                    "Awa Koné",
                    "Secrétaire",
                    "awa@fleuve.example",
                    "Non",
                ],
            ],
        )
    )


def google_forms_in_arabic():
    return csv_of(
        [
            [
                "طابع زمني",
                "اسم المنظمة",
                "البلد",
                "اسم الشخص المسؤول",
                "البريد الإلكتروني",
                "هل توافقون على نشر اسم المنظمة؟",
            ],
            ["2026/03/01 10:15:22 ص", "مطبخ الميناء", "لبنان", "سلمى حداد", "salma@minaa.example", "نعم"],
            ["2026/03/01 11:15:22 ص", "بيت الزيتون", "سوريا", "عمر نصر", "omar@zaytun.example", "لا"],
        ]
    )


def google_forms_in_swahili():
    return csv_of(
        [
            ["Muhuri wa muda", "Jina la shirika", "Nchi", "Jina kamili", "Barua pepe", "Simu"],
            [
                "01/03/2026 10:15:22",
                "Umoja wa Mto Mwekundu",
                "Tanzania",
                "Neema Juma",
                "neema@mto.example",
                "+255 712 345 678",
            ],
        ]
    )


def google_forms_in_spanish():
    return csv_of(
        [
            [
                "Marca temporal",
                "Nombre de la organización",
                "País",
                "Nombre completo",
                "Cargo",
                "Correo electrónico",
                "¿Podemos publicar el nombre?",
            ],
            [
                "1/3/2026 10:15:22",
                "Casa del Río",
                "Colombia",
                "Luz Marina Peña",
                "Directora",
                "luz@rio.example",
                "Sí",
            ],
        ]
    )


def microsoft_forms():
    """Who answered is unknown to the service; its own columns "Email" and "Name" hold nothing."""
    return workbook_of(
        (
            "Form1",
            [
                [
                    "ID",
                    "Start time",
                    "Completion time",
                    "Email",
                    "Name",
                    "What is the name of your organisation?",
                    "Country",
                    "Contact e-mail",
                    "Contact name",
                    "Website",
                ],
                [
                    1,
                    _at(2026, 3, 1, 9, 1),
                    _at(2026, 3, 1, 9, 9),
                    "anonymous",
                    None,
                    "Copper Bridge Collective",
                    "Jordan",
                    "rima@copper.example",
                    "Rima Saleh",
                    "www.copper.example",
                ],
                [
                    2,
                    _at(2026, 3, 1, 9, 3),
                    _at(2026, 3, 1, 9, 5),
                    "anonymous",
                    None,
                    "Salt Road Elders",
                    "Ethiopia",
                    "not an address",
                    "Abel T.",
                    "none",
                ],
            ],
        )
    )


def microsoft_forms_in_french():
    return workbook_of(
        (
            "Sheet1",
            [
                [
                    "ID",
                    "Heure de début",
                    "Heure de fin",
                    "Adresse de messagerie",
                    "Nom",
                    "Nom de votre organisation",
                    "Pays",
                    "Votre adresse e-mail",
                ],
                [
                    1,
                    _at(2026, 3, 1, 9, 1),
                    _at(2026, 3, 1, 9, 9),
                    "anonymous",
                    "",
                    "Cercle des Marées",
                    "Sénégal",
                    "ndeye@marees.example",
                ],
            ],
        )
    )


def kobotoolbox():
    """Semicolons, a mark of UTF-8, everything quoted, groups in the headings, one column for each choice."""
    return csv_of(
        [
            [
                "start",
                "end",
                "group_org/org_name",
                "group_org/country",
                "group_org/website",
                "group_contact/contact_name",
                "group_contact/contact_phone",
                "_id",
                "_uuid",
                "_submission_time",
                "_validation_status",
                "_submitted_by",
                "__version__",
                "_index",
            ],
            [
                "2026-03-01T10:00:00.000+03:00",
                "2026-03-01T10:04:00.000+03:00",
                "Tent City Teachers",
                "KE",
                "",
                "Joy Wanjiru",
                "254700000001",
                "101",
                "0c9e",
                "2026-03-01T07:04:11",
                "",
                "",
                "vX",
                "1",
            ],
            [
                "2026-03-01T11:00:00.000+03:00",
                "2026-03-01T11:04:00.000+03:00",
                "Quiet Well Women; Kakuma",
                "KE",
                "",
                "",
                "0700 000002",
                "102",
                "0c9f",
                "2026-03-01T08:04:11",
                "",
                "",
                "vX",
                "2",
            ],
        ],
        separator=";",
        encoding="utf-8-sig",
        quote_all=True,
    )


def odk_central():
    return csv_of(
        [
            [
                "SubmissionDate",
                "details-org_name",
                "details-country",
                "details-email",
                "meta-instanceID",
                "KEY",
                "SubmitterID",
                "SubmitterName",
                "AttachmentsPresent",
                "AttachmentsExpected",
                "Status",
                "ReviewState",
                "DeviceID",
                "Edits",
                "FormVersion",
            ],
            [
                "2026-03-01T07:04:11.000Z",
                "Broken Drum Youth",
                "South Sudan",
                "deng@drum.example",
                "uuid:1",
                "uuid:1",
                "7",
                "field-app",
                "0",
                "0",
                "",
                "",
                "collect:x",
                "0",
                "3",
            ],
        ]
    )


def typeform():
    return csv_of(
        [
            [
                "#",
                "What is your organisation called? (name of organisation)",
                "Which *country* do you work in?",
                "First name",
                "Last name",
                "Email",
                "Response Type",
                "Start Date (UTC)",
                "Stage Date (UTC)",
                "Submit Date (UTC)",
                "Network ID",
                "Tags",
                "Ending",
            ],
            [
                "k2j3",
                "Open Door Amman",
                "Jordan",
                "Lina",
                "Haddad",
                "lina@door.example",
                "completed",
                "2026-03-01 07:00:00",
                "",
                "2026-03-01 07:04:11",
                "9f2",
                "",
                "Thanks",
            ],
        ]
    )


def airtable():
    """An answer of several lines, and the mark of UTF-8."""
    return csv_of(
        [
            ["Organisation", "Country", "Contact", "Email", "Notes", "Created"],
            [
                "Second Harvest Sudan",
                "Sudan",
                "Hiba Osman",
                "hiba@harvest.example",
                "Called twice,\nwill sign.\n\nBoard agrees",
                "3/1/2026 7:04am",
            ],
            ["Silent Loom", "Türkiye", "", "", "", "3/1/2026 8:04am"],
        ],
        encoding="utf-8-sig",
    )


def surveymonkey():
    """Two rows of headings: the question, and below it what of it a column holds."""
    return workbook_of(
        (
            "Sheet",
            [
                [
                    "Respondent ID",
                    "Collector ID",
                    "Start Date",
                    "End Date",
                    "IP Address",
                    "Email Address",
                    "First Name",
                    "Last Name",
                    "Custom Data 1",
                    "What is the name of your organization?",
                    "Who signs for it?",
                    None,
                    "Country",
                ],
                [
                    None,
                    None,
                    None,
                    None,
                    None,
                    None,
                    None,
                    None,
                    None,
                    "Open-Ended Response",
                    "Full name",
                    "Position",
                    "Response",
                ],
                [
                    114,
                    42,
                    _at(2026, 3, 1),
                    _at(2026, 3, 1),
                    "203.0.113.9",
                    "musa@bridge.example",
                    None,
                    None,
                    None,
                    "River Bridge Initiative",
                    "Musa Keita",
                    "Coordinator",
                    "Guinea",
                ],
            ],
        )
    )


def jotform():
    return csv_of(
        [
            [
                "Submission Date",
                "Full Name",
                "E-mail",
                "Phone Number",
                "Organization Name",
                "Country",
                "Type of organization",
                "Submission ID",
                "IP",
            ],
            [
                "Mar 1, 2026",
                "Grace Atim",
                "grace@cedar.example",
                "(256) 700-000003",
                "Cedar Hill Mothers",
                "Uganda",
                "Refugee-led",
                "5512",
                "203.0.113.9",
            ],
        ]
    )


def framaforms():
    """Headings in the third row, below a title and the service's groups."""
    return workbook_of(
        (
            "Lettre ouverte",
            [
                ["Lettre ouverte"],
                ["Détails de la soumission", None, None, None, None, None, "Vous", None, None],
                [
                    "Numéro de série",
                    "SID",
                    "Heure de soumission",
                    "Brouillon",
                    "Adresse IP",
                    "Nom d'utilisateur",
                    "Nom de l'association",
                    "Pays",
                    "Courriel",
                ],
                [
                    1,
                    880,
                    "01/03/2026 - 10:15",
                    "Non",
                    "203.0.113.9",
                    "",
                    "Le Pas de Côté",
                    "France",
                    "contact@pas.example",
                ],
                [
                    2,
                    881,
                    "01/03/2026 - 11:15",
                    "Non",
                    "203.0.113.9",
                    "",
                    "Les Vents d’Est",
                    "Belgique",
                    "contact@vents.example",
                ],
            ],
        )
    )


def excel_in_french():
    """Windows' Latin encoding, with the semicolons of a French Excel."""
    return csv_of(
        [
            ["Organisme", "Pays", "Téléphone"],
            ["Été des Familles – déjà là", "Sénégal", "+221 77 000 00 04"],
            ["L’Œuvre Ouverte", "Bénin", ""],
        ],
        separator=";",
        encoding="cp1252",
    )


def excel_in_arabic():
    """Windows' Arabic encoding; most of a row is addresses and numbers."""
    return csv_of(
        [
            ["اسم الجمعية", "الدولة", "الهاتف", "البريد"],
            ["نادي القمر", "الأردن", "+962 7 9000 0005", "moon@club-of-the-moon-and-stars.example"],
            ["بيت الضوء", "مصر", "+20 100 000 0006", "light@house-of-light-for-everybody.example"],
        ],
        separator=";",
        encoding="cp1256",
    )


def unicode_text():
    """What Excel calls Unicode text: UTF-16 with tabs."""
    return csv_of(
        [["Organisation", "Country"], ["Дом Света", "Ukraine"], ["ማህበር ብርሃን", "Ethiopia"]],
        separator="\t",
        encoding="utf-16",
    )


def told_its_separator():
    return csv_of(
        [["Organisation", "Country"], ["Blue, Red and Green", "Kenya"]], separator="|", before="sep=|\r\n"
    )


def by_hand():
    """A title, empty rows, a country that stands beside three names, numbers as numbers, and a second sheet."""
    rows = [
        ["Open letter: who signs"],
        [None, "as of March"],
        [],
        ["No.", "Country", "Organisation", "Phone", "E-mail"],
        [1, "Kenya", "Amber Path", 254700000007, "a@path.example"],
        [2, None, "Golden Nest", 254700000008.0, None],
        [],
        [3, None, "Mango Star", None, "c@star.example"],
        [4, "Uganda", "Cloud Boat", None, None],
    ]
    others = [["Organisation"], ["Harbour of Dreams"]]
    return workbook_of(("March", rows), ("Empty", []), ("April", others), merged=["A1:E1", "B5:B8"])


def with_formulas():
    """One name is calculated and its value kept, one never was; so is a country."""
    data = workbook_of(
        (
            "Sheet1",
            [
                ["Organisation", "Country", "E-mail"],
                ['="Night"&" Garden"', "Kenya", "n@garden.example"],
                ['="Never"&" Opened"', "Kenya", "x@garden.example"],
                ["Plain Garden", "=B2", "p@garden.example"],
            ],
        )
    )
    kept = (
        b'<c r="A2"><f>"Night"&amp;" Garden"</f><v></v></c>',
        b'<c r="A2" t="str"><f>"Night"&amp;" Garden"</f><v>Night Garden</v></c>',
    )
    return patched(data, "xl/worksheets/sheet1.xml", kept)


# What is read of each: (name, country, e-mail or phone, who signs).
def limesurvey():
    question = (
        "G01Q01. Name of your organisation",
        "G01Q02. In which country do you work?",
        "G01Q03. Your name",
    )
    service = "id. Response ID", "submitdate. Date submitted", "lastpage. Last page", "seed. Seed"
    return csv_of(
        [
            [
                *service,
                *question,
                "G01Q04. E-mail address",
                "G01Q05. May we publish the name of your organisation?",
            ],
            [
                "7",
                "2026-03-01 10:00:00",
                "2",
                "81",
                "Blue Kettle",
                "Kenya",
                "Amina",
                "a@kettle.example",
                "Yes [Y]",
            ],
        ],
        quote_all=True,
    )


def gravity_forms():
    """A form of WordPress: its own columns stand behind the answers."""
    person = "Name (First)", "Name (Last)", "Email"
    service = "Entry Id", "Entry Date", "Source Url", "User Agent", "User IP", "Created By (User Id)"
    return csv_of(
        [
            ["Organisation name", "Country", *person, "Consent (Consent)", *service],
            [
                *("Blue Kettle", "Kenya", "Amina", "Yusuf", "a@kettle.example", "Checked"),
                *("12", "2026-03-01 10:00:00", "https://form.example/", "Mozilla", "", "0"),
            ],
        ],
        before="\ufeff",
    )


def contact_form_7():
    """Another one, whose columns are called as its fields are."""
    return csv_of(
        [
            ["your-name", "your-email", "organisation-name", "country", "date"],
            ["Amina", "a@kettle.example", "Blue Kettle", "Kenya", "2026-03-01"],
        ],
        separator=";",
        encoding="cp1252",
    )


EXPECTED = {
    limesurvey: [("Blue Kettle", "KE", "a@kettle.example", "Amina")],
    gravity_forms: [("Blue Kettle", "KE", "a@kettle.example", "Amina Yusuf")],
    contact_form_7: [("Blue Kettle", "KE", "a@kettle.example", "Amina")],
    google_forms: [
        ("Lantern Street Newcomers (LSN)", "KE", "hope@lantern.example", "Hope Achieng"),
        ("Night Ferry School", "UG", "sam@ferry.example", "Sam Okello"),
    ],
    google_forms_in_french: [
        ("Maison de l'Olivier", "CD", "aline@olivier.example", "Aline Mbuyi"),
        ("Femmes du Fleuve", "CI", "awa@fleuve.example", "Awa Koné"),
    ],
    google_forms_in_arabic: [
        ("مطبخ الميناء", "LB", "salma@minaa.example", "سلمى حداد"),
        ("بيت الزيتون", "SY", "omar@zaytun.example", "عمر نصر"),
    ],
    google_forms_in_swahili: [("Umoja wa Mto Mwekundu", "TZ", "neema@mto.example", "Neema Juma")],
    google_forms_in_spanish: [("Casa del Río", "CO", "luz@rio.example", "Luz Marina Peña")],
    microsoft_forms: [
        ("Copper Bridge Collective", "JO", "rima@copper.example", "Rima Saleh"),
        ("Salt Road Elders", "ET", "", "Abel T."),
    ],
    microsoft_forms_in_french: [("Cercle des Marées", "SN", "ndeye@marees.example", "")],
    kobotoolbox: [
        ("Tent City Teachers", "KE", "+254700000001", "Joy Wanjiru"),
        ("Quiet Well Women; Kakuma", "KE", "+254700000002", ""),
    ],
    odk_central: [("Broken Drum Youth", "SS", "deng@drum.example", "")],
    typeform: [("Open Door Amman", "JO", "lina@door.example", "Lina Haddad")],
    airtable: [
        ("Second Harvest Sudan", "SD", "hiba@harvest.example", "Hiba Osman"),
        ("Silent Loom", "TR", "", ""),
    ],
    surveymonkey: [("River Bridge Initiative", "GN", "musa@bridge.example", "Musa Keita")],
    jotform: [("Cedar Hill Mothers", "UG", "grace@cedar.example", "Grace Atim")],
    framaforms: [
        ("Le Pas de Côté", "FR", "contact@pas.example", ""),
        ("Les Vents d’Est", "BE", "contact@vents.example", ""),
    ],
    excel_in_french: [
        ("Été des Familles – déjà là", "SN", "+221770000004", ""),
        ("L’Œuvre Ouverte", "BJ", "", ""),
    ],
    excel_in_arabic: [
        ("نادي القمر", "JO", "moon@club-of-the-moon-and-stars.example", ""),
        ("بيت الضوء", "EG", "light@house-of-light-for-everybody.example", ""),
    ],
    unicode_text: [("Дом Света", "UA", "", ""), ("ማህበር ብርሃን", "ET", "", "")],
    told_its_separator: [("Blue, Red and Green", "KE", "", "")],
    by_hand: [
        ("Amber Path", "KE", "a@path.example", ""),
        ("Golden Nest", "KE", "+254700000008", ""),
        ("Mango Star", "KE", "c@star.example", ""),
        ("Cloud Boat", "UG", "", ""),
    ],
    with_formulas: [
        ("Night Garden", "KE", "n@garden.example", ""),
        ("", "KE", "x@garden.example", ""),
        ("Plain Garden", "", "p@garden.example", ""),
    ],
}
