"""Invented organisations: pairs of names that are one organisation's, pairs that are not, and as many as one wants."""

from random import Random

# As two people would write down one organisation.
ONE_ORGANISATION = {
    "typos": [
        ("Rohingya Lantern Network", "Rohinga Lantern Netwrok"),
        ("Tumaini Youth Empowerment Organization", "Tumaini Yuoth Empowerement Organisation"),
        ("Blue Kettle Refugee Association", "Blue Ketle Refugee Asociation"),
        ("Nakivale Sunrise Foundation", "Nakivale Sunrice Foundation"),
        ("Umoja Women's Initiative", "Umoja Womens Initative"),
        ("Amber Bridge for Refugees", "Amber Brigde for Refugees"),
        ("Kalobeyei Farmers Group", "Kalobeyi Farmers Group"),
        ("Lanterns of Dadaab", "Lantens of Dadaab"),
        ("Lantern Street Newcomers", "Lantern St. New-Comers"),
    ],
    "transliteration": [
        ("Al-Amal Refugee Centre", "El Amel Refugee Center"),
        ("Mohamed Nour Foundation", "Muhammad Noor Foundation"),
        ("Tawakal Women Group", "Tawakkul Women Group"),
        ("Tesfa Selam Association", "Tesfaa Selaam Association"),
        ("Hayat Refugee Support", "Hayaat Refugees Support"),
        ("Nadiya Ukrainian Centre", "Nadia Ukrainian Center"),
        ("Berhan Eritrean Community", "Birhan Eritrean Community"),
        ("Jamiat Al Nur", "Jam'iyat Al-Noor"),
    ],
    "acronyms": [
        ("Lamp Advisory Board (LAB)", "LAB"),
        ("Youth Empowering Light Lanterns (YELL)", "YELL"),
        ("Youth Empowering Light Lanterns", "Y.E.L.L."),
        ("Kettle Refugee Organizations Network", "KRON"),
        ("KRON - Kettle Refugee Organizations Network", "Kettle Refugee Organizations Network"),
        ("DARUL Kenya", "Dawn Refugee Union of Lanterns (DARUL)"),
        ("Coalition of Amber Lamps and Lights", "CALL Network"),
        ("Réseau des Lampes Bleues (RLBX)", "Blue Lamps Network (RLBX)"),
    ],
    "more words, or fewer": [
        ("Blue Kettle Circle", "Blue Kettle Refugee-Led Circle"),
        ("Amani Lantern Organization", "Amani Lantern Refugee Led Organization (RLO)"),
        ("Poshe Community Based Organization", "Poshe CBO"),
        ("Sijutoya Initiative", "Sijutoya Refugee Initiative for Development"),
        ("Elena's Lamp Inc", "Elena’s Lamp"),
        ("The Lamp House Foundation, Inc.", "Lamp House"),
        ("Horizon Refugee Network", "Horizon Network of Refugees"),
    ],
    "order of words": [
        ("Network of Rohingya Women", "Rohingya Women's Network"),
        ("Association of Congolese Youth in Malmo", "Congolese Youth Association Malmo"),
        ("Hope for Kakuma Foundation", "Kakuma Hope Foundation"),
        ("Women of Nuer Union", "Nuer Women Union"),
        ("Foundation Blue Lamp", "Blue Lamp Foundation"),
    ],
    "one and many": [
        ("Bridge of Hands", "Bridges of Hand"),
        ("Kampala Lantern Communities", "Kampala Lanterns Community"),
        ("Olive Tree Families", "Olive Trees Family"),
        ("Voces de Mujeres Migrantes", "Voz de Mujer Migrante"),
    ],
    "countries": [
        ("Lamp Advisory Board (LAB) - Germany", "Lamp Advisory Board of Germany"),
        ("Blue Kettle Uganda", "Blue Kettle"),
        ("Lanterna Colombia", "Fundación Lanterna en Colombia"),
        ("Selam Association, South Sudan", "Selam Association"),
        ("Tibetan Lamp Society", "Tibetan Lamp Society (USA)"),
    ],
    "brackets and gaps": [
        ("Kin Egyesulet (She4Her)", "Kin Egyesulet [She 4 Her]"),
        ("(lumo) mujeres en camino", "Lumo Mujeres en Camino"),
        ("Lanterns (U) LTD (LL", "Lanterns Uganda Ltd"),
        ("Amber Kin (Refugee Women)", "Amber Kin - Refugee Women"),
        ("Lamp House", "LampHouse"),
        ("Mon y Qadow", "MonyQadow"),
        ("Sun Rise Youth", "Sunrise Youth"),
    ],
    "scripts": [
        ("جمعية الأمل للاجئين", "جمعيه امل اللاجئين"),
        ("منظمة النور للنساء السودانيات", "منظمة النور للمرأة السودانية"),
        ("مؤسسة الجسر", "الجسر"),
        ("انجمن می‌خواهیم", "انجمن میخواهیم"),
        ("አዲስ ተስፋ ማኅበር", "አዲስ ተስፋ የስደተኞች ማህበር"),
        ("ብርሃን ኤርትራ", "ብርሀን ኤርትራ ማኅበር"),
        ("Надежда беженцев", "Ассоциация «Надежда»"),
        ("Фонд Світло для біженців", "Світло"),
        ("希望难民协会", "希望协会"),
        ("光明之家", "光明之家支持中心"),
        ("မျှော်လင့်ချက် အဖွဲ့", "မျှော်လင့်ချက်အဖွဲ့"),
        ("ရိုဟင်ဂျာ လူငယ် ကွန်ရက်", "ရိုဟင်ဂျာလူငယ်ကွန်ရက်"),
        ("தமிழ் அகதிகள் சங்கம்", "தமிழ் சங்கம்"),
    ],
}
TWO_ORGANISATIONS = [
    ("Lampara Colombia", "Lampara Perú"),
    ("Lamp Advisory Board Bulgaria", "Lamp Advisory Board of Germany"),
    ("Kakuma Youth Network", "Dadaab Youth Network"),
    ("Kakuma Women Association", "Kakuma Youth Association"),
    ("Kakuma Hope Initiative", "Dadaab Hope Initiative"),
    ("Kakuma Peace Forum", "Kakuma Sports Forum"),
    ("Block 9 Committee", "Block 10 Committee"),
    ("Refugee Dream", "Refugee Congress"),
    ("Lamp House", "Oil House"),
    ("Somali Women Association", "Congolese Women Association"),
    ("Refugee Women Network", "Refugee Youth Network"),
    ("Rohingya Women Network", "Rohingya Youth Network"),
    ("Refugee Network", "Refugee Association"),
    ("African Refugee Network", "Asian Refugee Network"),
    ("Refugee Association of Kampala", "Refugee Association of Nairobi"),
    ("Sudanese Union in Cairo", "Syrian Union in Cairo"),
    ("Hope Foundation", "Light Foundation"),
    ("Amani Center", "Amari Center"),
    ("Rwanda Artists Band (RAB)", "Lamp Union of Bees"),
    ("جمعية النساء السودانيات", "جمعية النساء السوريات"),
    ("جمعية الأمل", "جمعية السلام"),
    ("ተስፋ ማኅበር", "ሰላም ማኅበር"),
    ("希望协会", "和平协会"),
    ("Ассоциация Надежда", "Ассоциация Рассвет"),
]

_PEOPLES = """
    Somali Congolese Sudanese Afghan Syrian Rohingya Eritrean Ethiopian Burundian Rwandan Oromo Venezuelan Ukrainian
    Iraqi Palestinian Yazidi Hazara Kurdish Karen Tamil Tibetan Chin Dinka Nuer Banyamulenge
""".split()
_PLACES = """
    Kakuma Dadaab Kalobeyei Nakivale Bidibidi Kyangwali Kiryandongo Adjumani Kampala Nairobi Goma Bukavu Juba Gambella
    Dzaleka Nyarugusu Mahama Zaatari Beirut Amman Athens Lesvos Berlin Calais Bogota Cucuta Quito Lima Tijuana Delhi
""".split()
_COUNTRIES = (
    "Kenya Uganda Tanzania Rwanda Germany Greece Colombia Peru Ecuador Mexico Lebanon Jordan Egypt".split()
)
_HOPES = """
    Hope Light Peace Unity Amani Umoja Tumaini Amal Salam Nour Tesfa Selam Bridge Lantern Sunrise Horizon Rainbow Olive
    Acacia Baobab Dove River Star Phoenix Wings Voice Hands Hearts Future New Open Living
""".split()
_SYLLABLES = "ka mba to ri no lu she fa de wa ngo si ra mu te ya ho zi ba le ki du sa ma ne po ju ge".split()
# Most are of the first few of these.
_WHO = [
    "Refugee",
    "Refugees",
    "Refugee-Led",
    "Women",
    "Women's",
    "Youth",
    "Community",
    "Migrant",
    "Displaced",
]
_WHAT = (
    "Empowerment Development Education Peace Rights Support Health Action Relief Justice Skills Media".split()
)
_TYPES = (
    "Organization Organisation Association Network Foundation Initiative Centre Group Union Forum".split()
)
_ELSEWHERE = [
    (
        ["جمعية", "منظمة", "شبكة", "مؤسسة"],
        ["اللاجئين", "النساء", "الشباب", "السودانيين", "الأمل", "السلام", "الوفاء"],
    ),
    (["ማኅበር", "ድርጅት", "ኅብረት"], ["ተስፋ", "ሰላም", "ስደተኞች", "ሴቶች", "ወጣቶች", "አዲስ", "ብርሃን", "ፍቅር"]),
    (
        ["Ассоциация", "Организация", "Фонд"],
        ["беженцев", "женщин", "надежда", "мир", "дом", "свет", "рассвет"],
    ),
    (
        ["Asociación", "Fundación", "Red"],
        ["Migrantes", "Refugiados", "Mujeres", "Esperanza", "Puente", "Camino"],
    ),
]


def invented_names(how_many, *, seed=7):
    """Names as organisations of refugees have them: nearly all of common words, a fifth with an acronym or in another
    script, and quite a few the same."""
    random = Random(seed)
    return [_name(random) if random.random() < 0.85 else _elsewhere(random) for _ in range(how_many)]


def _name(random):
    parts = [random.choice(_PLACES)] if random.random() < 0.35 else []
    parts += [random.choice(_PEOPLES)] if random.random() < 0.25 else []
    drawn = random.random()
    if drawn < 0.45:
        parts.append("".join(random.choices(_SYLLABLES, k=random.choice((2, 3, 3, 4)))).capitalize())
    elif drawn < 0.75:
        parts.append(random.choice(_HOPES))
    parts += [_mostly_first(random, _WHO)] if random.random() < 0.75 else []
    parts += [_mostly_first(random, _WHAT)] if random.random() < 0.45 else []
    parts += [_mostly_first(random, _TYPES)] if random.random() < 0.9 or len(parts) < 2 else []
    acronym = "".join(part[0] for part in parts)
    parts += ["in", random.choice(_COUNTRIES)] if random.random() < 0.12 else []
    parts += [f"({acronym})"] if random.random() < 0.17 and len(acronym) > 2 else []
    return " ".join(parts)


def _elsewhere(random):
    types, words = random.choice(_ELSEWHERE)
    return " ".join([random.choice(types), *random.sample(words, random.choice((1, 2, 3)))])


def _mostly_first(random, words):
    return words[min(int(random.paretovariate(0.8)) - 1, len(words) - 1)]
