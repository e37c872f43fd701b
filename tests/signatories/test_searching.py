"""A name is found by what people type for it; what they type stays theirs."""

import logging
from html.parser import HTMLParser
from importlib import import_module
from urllib.parse import quote

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st

from letters import countries, pages, revision
from signatories import names, wall
from signatories.listing import LONGEST_SEARCH, Listing
from signatories.models import Signature
from tests.factories import make_letter, make_signature
from tests.signatories.test_names import MANY_SCRIPTS

pytestmark = pytest.mark.django_db

ADDRESS = "/letters/asylum/signatories/"


def found(letter, searched, **narrowed):
    listing = Listing(q=searched, **narrowed)
    answer = wall.find(letter, listing, wall.by_country(letter))
    return [one.name for group in answer.groups for one in group.names], answer.is_close


def exactly(letter, searched, **narrowed):
    listed, is_close = found(letter, searched, **narrowed)
    return [] if is_close else listed


def has(name, searched):
    """What the database is asked, without it."""
    text = names.searchable(name)
    return all(any(way in text for way in ways) for ways in names.sought(searched))


# --- what is forgiven --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "searched"),
    [
        ("Réseau des Réfugiés", "RESEAU refugies"),
        ("Réseau des Réfugiés", "réfugiés"),
        ("L'Étoile", "letoile"),
        ("L'Étoile", "l’etoile"),
        ("Ŋɛ̈k Dëër Community", "nek deer"),
        ("Hội Người Tị Nạn", "hoi nguoi"),
        ("Ýldyz & Friends", "yldyz and friends"),
        ("R.A.B. Kitchen", "rab"),
        ("R.A.B. Kitchen", "R. A. B."),
        ("Group 9", "group ٩"),
        ("Надія для всіх", "надія"),
        ("Надія для всіх", "НАДІЯ"),
        ("Надія для всіх", "nadiya"),
        ("Nadiya House", "Надія"),
        ("Ελπίδα", "elpida"),
        ("Հույս", "howys"),
        ("იმედი", "imedi"),
        ("مُنَظَّمَةُ الأَمَل", "منظمة الامل"),
        ("انجمن می‌خواهیم", "می خواهیم"),
        ("جمعية الأمل – السودان", "الأمل"),
        ("ተስፋ ማኅበር", "tesfa"),
        ("難民支援中心", "支援"),
        ("難民支援中心", "民"),
        ("難民支援中心", "zhiyuan"),
        ("ヒカリの会", "ヒカリ"),
        ("မျှော်လင့်ချက် အဖွဲ့", "အဖွဲ့"),
        ("สมาคมผู้ลี้ภัย", "ผู้ลี้ภัย"),
        ("한국 난민 센터", "난민"),
        ("Kitchen of the Harbour", "harbour kitchen"),
        ("Kitchen of the Harbour", "  kitch  "),
    ],
)
def test_a_name_is_found_without_its_case_accents_and_script(name, searched):
    letter = make_letter()
    make_signature(letter, name=name)
    make_signature(letter, name="Quite Another")

    assert exactly(letter, searched) == [name]


def test_a_name_is_found_by_the_latin_form_its_signatory_gave():
    letter = make_letter()
    make_signature(letter, name="مطبخ الميناء", latin="Matbakh al-Mīnāʾ")

    assert exactly(letter, "matbakh mina") == ["مطبخ الميناء"]


@pytest.mark.parametrize(
    ("name", "mistyped"),
    [
        ("Lantern Street Kitchen", "lantren"),
        ("Lantern Street Kitchen", "Lanter Stret Kichen"),
        ("Refugee Advisory Board", "refuge advisry"),
        ("Solidarité sans frontières", "solidarite sans fronteires"),
        ("Організація Надія", "orhanizatsiia"),
        ("منظمة اللاجئين", "منظمة اللاجين"),
        ("Blue Kettle", "bleu ketle"),
    ],
)
def test_a_typing_error_finds_what_is_spelled_like_it_and_says_so(client, name, mistyped):
    letter = make_letter()
    make_signature(letter, name=name)
    make_signature(letter, name="Zebra Crossing")

    assert found(letter, mistyped) == ([name], True)
    assert "These are spelled like it" in client.get(ADDRESS, {"q": mistyped}).content.decode()


def test_what_is_called_so_comes_without_what_is_only_spelled_like_it():
    letter = make_letter()
    for name in ("Lantern House", "Lanten House"):
        make_signature(letter, name=name)

    assert found(letter, "lantern") == (["Lantern House"], False)


def test_words_in_another_order_and_parts_of_words_find_a_name_and_all_of_them_must_be_in_it():
    letter = make_letter()
    for name in ("Harbour Kitchen", "Harbour School"):
        make_signature(letter, name=name)

    assert exactly(letter, "kitch harb") == ["Harbour Kitchen"]
    assert exactly(letter, "harbour") == ["Harbour Kitchen", "Harbour School"]
    assert exactly(letter, "harbour lantern") == []


@pytest.mark.parametrize("name", [name for name in MANY_SCRIPTS if len(name.split()) > 2])
def test_of_many_words_the_rare_ones_are_looked_up_and_the_others_must_be_there_too(name):
    letter = make_letter()
    make_signature(letter, name=name)
    for number in range(3):
        make_signature(letter, name=f"{name.split()[0]} {number}")
    words = name.split()
    for searched in (name, " ".join(reversed(words))):
        assert exactly(letter, searched) == [name]
    assert exactly(letter, f"{name} nowhere") == exactly(letter, f"nowhere {name}") == []


def test_the_rarest_words_are_looked_up():
    letter = make_letter()
    for number in range(5):
        make_signature(letter, name=f"Refugee Women {number}")
    make_signature(letter, name="Refugee Lantern")
    search = wall._search(letter, Listing(q="refugee women harbour lantern"))
    assert search.parameters[-4:] == ["%harbour%", "%lantern%", "women", "refugee"]


def test_two_letters_begin_a_word_and_one_letter_is_a_word():
    letter = make_letter()
    for name in ("Group A", "Group B", "Amal Group", "Namaste"):
        make_signature(letter, name=name)

    assert exactly(letter, "am") == ["Amal Group"]
    assert exactly(letter, "group a") == ["Group A"]


@pytest.mark.parametrize("searched", ["!!!", "–", "%", "_", "\\", "'", "猫", "x"])
def test_what_no_name_has_finds_nothing_and_is_no_error(client, searched):
    make_signature(name="Blue Kettle")

    answer = client.get(ADDRESS, {"q": searched})

    assert answer.status_code == 200
    assert "Blue Kettle" not in answer.content.decode()
    assert "No name is like that" in answer.content.decode()


def test_a_search_is_narrowed_like_the_list():
    letter = make_letter()
    make_signature(letter, name="Harbour Kitchen", country="KE")
    make_signature(letter, name="Harbour School", country="UG", kind="ally")

    assert exactly(letter, "harbour", country="UG") == ["Harbour School"]
    assert exactly(letter, "harbour", kind="refugee_led") == ["Harbour Kitchen"]
    assert exactly(letter, "harbour", country="UG", kind="refugee_led") == []
    assert found(letter, "harbuor", country="KE") == (["Harbour Kitchen"], True)


def test_more_than_are_counted_are_said_to_be_more_and_stand_in_reading_order(settings, client):
    settings.COUNTED_AT_MOST, settings.NAMES_PER_PAGE = 4, 2
    letter = make_letter()
    for number in (3, 1, 6, 2, 5, 4):
        make_signature(letter, name=f"House {number}")
        make_signature(letter, name=f"Дом {number}")

    assert exactly(letter, "house", page=2) == ["House 3", "House 4"]
    assert exactly(letter, "дом", page=1) == ["Дом 1", "Дом 2"]
    assert "More than 4 names" in client.get(ADDRESS, {"q": "house"}).content.decode()
    assert client.get(ADDRESS, {"q": "house", "page": 3})["Location"] == "?q=house&page=2"


@given(st.sampled_from(MANY_SCRIPTS) | st.text(min_size=1, max_size=60).filter(lambda text: names.key(text)))
def test_any_name_is_found_by_each_of_its_words_and_by_itself(name):
    name = names.clean(name)
    assert has(name, name)
    for word in name.split():
        assert has(name, word) or not names.sought(word)
        assert has(name, word.upper()) or names.key(word.upper()) != names.key(word)


@given(st.sampled_from(MANY_SCRIPTS) | st.text(max_size=60))
def test_any_name_is_found_by_its_latin_form_and_without_its_accents(name):
    name = names.clean(name)
    assert all(has(name, word) for word in names.in_latin(name).split())
    assert has(name, names.key(name)) or not names.words(name)


@given(st.text(max_size=300), st.text(max_size=300))
def test_what_is_looked_through_is_never_empty_for_a_name(name, latin):
    assert bool(names.searchable(name, latin)) == bool(name or latin)


# --- what is typed stays who typed it -----------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)",
    "</title><svg/onload=alert(1)>",
    "{{ letter.host }}{% now 'Y' %}",
    "javascript:alert(1)",
    "&lt;b&gt;",
]


class Markup(HTMLParser):
    """What a browser makes of a page: its elements, and what stands in its boxes."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.handlers, self.boxes = [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.handlers += [name for name, _ in attributes if name.startswith("on")]
        if tag == "input":
            self.boxes.append(dict(attributes))

    def values_of(self, name):
        return [box.get("value") for box in self.boxes if box.get("name") == name]


@pytest.mark.parametrize("searched", HOSTILE)
def test_what_is_searched_for_is_repeated_in_its_box_and_nowhere_else_as_markup(client, searched):
    make_signature(name="Blue Kettle")

    answer = client.get(ADDRESS, {"q": searched})
    page = answer.content.decode()

    said = Markup(page)
    assert said.values_of("q") == [searched]
    assert said.tags == Markup(client.get(ADDRESS, {"q": "nothing at all"}).content.decode()).tags
    assert not said.handlers
    assert "script-src 'self'" in answer["Content-Security-Policy"]


def test_the_words_are_said_again_where_only_what_is_like_them_was_found(client):
    make_signature(name="Blue Kettle")
    page = client.get(ADDRESS, {"q": "<b>blue ketle"}).content.decode()
    assert "“&lt;b&gt;blue ketle”" in page
    assert "<b>blue" not in page


def test_a_search_for_a_book_is_cut_short(client):
    make_signature(name="Blue Kettle")
    page = client.get(ADDRESS, {"q": "Blue " + "x" * 5_000}).content.decode()
    assert f'value="Blue {"x" * (LONGEST_SEARCH - 5)}"' in page


def test_what_is_searched_for_is_kept_in_no_memory(client):
    make_signature(name="Blue Kettle")
    revision.forget()
    client.get(ADDRESS, {"q": "canary kettle"})
    client.get(ADDRESS, {"q": "canary kettle", "country": "KE"})
    assert pages._kept._pages == {}

    client.get(ADDRESS, {"country": "KE", "canary": "canary"})
    assert len(pages._kept._pages) == 1
    assert "canary" not in repr(pages._kept._pages)


def test_what_is_searched_for_is_in_no_log(client, caplog):
    make_signature(name="Blue Kettle")
    with caplog.at_level(logging.DEBUG):
        client.get(ADDRESS, {"q": "canary"})
        client.get(ADDRESS, {"q": "canary", "page": "x"})
        client.get("/letters/nowhere/signatories/", {"q": "canary"})
    from config.logs import redact  # what stands on every handler

    said = [
        redact(record.getMessage()) for record in caplog.records if not record.name.startswith("django.db")
    ]
    assert "canary" not in " ".join(said)


def test_a_search_is_not_indexed_and_a_page_of_the_list_is(client):
    make_signature(name="Blue Kettle")
    assert '<meta name="robots" content="noindex">' in client.get(ADDRESS, {"q": "kettle"}).content.decode()
    assert "noindex" not in client.get(ADDRESS).content.decode()


# --- nobody who is not named is found -----------------------------------------------------------------


@pytest.mark.parametrize(
    "fields", [{"visibility": "counted_only"}, {"visibility": "delivered_only"}, {"status": "held"}]
)
def test_who_is_not_named_is_found_by_nothing(client, fields):
    letter = make_letter()
    make_signature(letter, name="Blue Kettle")
    make_signature(letter, name="Quiet Lantern", latin="Stille Laterne", **fields)
    for searched in ("quiet", "laterne", "lantren", "Quiet Lantern", "qu"):
        page = client.get(ADDRESS, {"q": searched}).content.decode()
        assert "Lantern" not in page.replace(searched, "")
        assert "No name is like that" in page


def test_a_search_answers_alike_whoever_is_not_named():
    """One more name that is not told changes the counts above the list, and neither what is found nor its number."""
    letter = make_letter()
    make_signature(letter, name="Blue Kettle", country="KE")
    before = found(letter, "kettel"), found(letter, "lantern"), found(letter, "l", country="UG")
    make_signature(letter, name="Blue Kettel", country="KE", visibility="counted_only")
    make_signature(letter, name="Lantern", country="UG", visibility="counted_only")
    assert before == (found(letter, "kettel"), found(letter, "lantern"), found(letter, "l", country="UG"))


def test_a_name_that_was_erased_leaves_nothing_to_search_for():
    signature = make_signature(name="Quiet Lantern", status="withdrawn")
    signature.empty()
    signature.save()
    signature.refresh_from_db()
    assert (signature.name, signature.search_text) == ("", "")


# --- no name without it -------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", [{"search_text": ""}, {"name": ""}])
def test_the_database_takes_no_name_that_cannot_be_found_and_no_words_without_a_name(changed):
    signature = make_signature(name="Blue Kettle")
    with pytest.raises(IntegrityError, match="a_name_can_be_searched_for"), transaction.atomic():
        Signature.objects.filter(pk=signature.pk).update(**changed)


def test_a_corrected_name_is_found_by_the_new_one_alone():
    letter = make_letter()
    signature = make_signature(letter, name="Blue Kettle")
    signature.name = "Red Lantern"
    signature.save(update_fields=["name", *Signature.DERIVED])
    assert exactly(letter, "lantern") == ["Red Lantern"]
    assert exactly(letter, "kettle") == []


def test_names_that_were_there_before_are_filled_in_batches(monkeypatch):
    migration = import_module("signatories.migrations.0015_search_text_filled")
    monkeypatch.setattr(migration, "AT_ONCE", 2)
    letter = make_letter()
    for name in ("Blue Kettle", "Надія", "難民", "Zebra", "Ост"):
        make_signature(letter, name=name, latin="Latin" if name == "Zebra" else "")
    filled = dict(Signature.objects.values_list("pk", "search_text"))
    with connection.cursor() as cursor:
        cursor.execute(
            "SET CONSTRAINTS ALL IMMEDIATE;"
            "ALTER TABLE signatories_signature DROP CONSTRAINT a_name_can_be_searched_for"
        )
    Signature.objects.update(search_text="")

    with connection.schema_editor() as editor:
        migration.fill(apps, editor)

    assert dict(Signature.objects.values_list("pk", "search_text")) == filled


def test_every_country_can_be_asked_for_and_answers(client):
    make_signature(name="Blue Kettle", country="KE")
    for code in list(countries.names("en"))[::25]:
        assert client.get(f"{ADDRESS}?country={quote(code)}").status_code == 200
