"""The list of all names: narrowed, grouped, paged, at addresses that stay; and it tells nothing of who is not named."""

import re

import pytest
from django.db import transaction
from django.http import Http404, QueryDict
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from letters import countries
from signatories import names, wall
from signatories.listing import Listing, asked_for
from tests.crawling import crawl
from tests.factories import make_letter, make_signature
from tests.signatories.test_names import MANY_SCRIPTS

pytestmark = pytest.mark.django_db

ADDRESS = "/letters/asylum/signatories/"


def page_of(client, query=""):
    answer = client.get(f"{ADDRESS}{query}")
    assert answer.status_code == 200, query
    return answer.content.decode()


def names_on(page):
    return re.findall(r'<li[^>]*><bdi dir="auto">(.*?)</bdi>', page)


def headings_on(page):
    return re.findall(r'<h2 class="filed" id="[^"]+"><bdi>(.*?)</bdi>', page)


def jumps_on(page):
    nav = re.search(r'<nav class="jumps".*?</nav>', page, re.DOTALL)
    return re.findall(r'<a href="([^"]*)"[^>]*><bdi>(.*?)</bdi>', nav[0]) if nav else []


def sign(letter, *signed, **fields):
    for name in signed:
        make_signature(letter, name=name, **fields)


# --- narrowed ----------------------------------------------------------------------------------------


def test_the_list_is_narrowed_to_a_country_and_to_a_kind_and_to_both(client):
    letter = make_letter()
    sign(letter, "Kenyan", country="KE")
    sign(letter, "Kenyan friend", country="KE", kind="ally")
    sign(letter, "Ugandan friend", country="UG", kind="ally")

    assert names_on(page_of(client, "?country=KE")) == ["Kenyan", "Kenyan friend"]
    assert names_on(page_of(client, "?kind=ally")) == ["Kenyan friend", "Ugandan friend"]
    assert names_on(page_of(client, "?country=KE&kind=ally")) == ["Kenyan friend"]
    assert names_on(page_of(client, "?country=UG&kind=refugee_led")) == []


@pytest.mark.parametrize(
    ("query", "number"), [("?country=KE", 2), ("?kind=ally", 2), ("?kind=ally&country=UG", 1)]
)
def test_a_narrowed_list_says_how_many_it_has_and_leads_back_to_all(client, query, number):
    letter = make_letter()
    sign(letter, "Kenyan", country="KE")
    sign(letter, "Kenyan friend", country="KE", kind="ally")
    sign(letter, "Ugandan friend", country="UG", kind="ally")

    page = page_of(client, query)

    assert f"{number} name" in page
    assert '<a href="./">Show all names</a>' in page


def test_the_form_holds_what_was_chosen(client):
    sign(make_letter(), "Kenyan", country="KE")
    page = page_of(client, "?country=KE&kind=ally&q=ken")
    assert '<option value="KE" selected>Kenya (1)</option>' in page
    assert '<option value="ally" selected>' in page
    assert 'name="q" value="ken"' in page


def test_the_letters_of_a_country_may_be_small(client):
    sign(make_letter(), "Kenyan", country="KE")
    assert names_on(page_of(client, "?country=ke")) == ["Kenyan"]


@pytest.mark.parametrize(
    "query",
    [
        *(
            "?country=XX",
            "?country=%00",
            "?country=K",
            "?kind=nothing",
            "?kind=ALLY",
            "?initial=zz",
            "?initial=",
        ),
        *(
            "?by=alphabet",
            "?by=",
            "?q=",
            "?q=%20%20",
            "?page=",
            "?q=%00",
            "?utm_source=x",
            "?q",
            "?country[]=KE",
        ),
        *(
            "?initial=%EF%BF%AF",
            "?initial=%25",
            "?country=%F0%9F%87%B0%F0%9F%87%AA",
            "?initial=%00",
        ),
    ],
)
def test_what_nobody_could_have_meant_is_passed_over(client, query):
    sign(make_letter(), "Kenyan", country="KE")
    assert names_on(page_of(client, query)) == ["Kenyan"]


@given(
    st.text(max_size=200), st.text(max_size=5), st.text(max_size=20), st.text(max_size=5), st.text(max_size=8)
)
def test_any_address_is_understood_or_not_found(q, country, kind, initial, page):
    query = QueryDict(mutable=True)
    query.update({"q": q, "country": country, "kind": kind, "initial": initial, "page": page})
    try:
        listing = asked_for(query)
    except Http404:
        return
    assert asked_for(QueryDict(listing.address(page=listing.page).lstrip("./?"))) == listing


# --- addresses ---------------------------------------------------------------------------------------


def test_one_view_has_one_address():
    listing = Listing(q="blue kettle", country="KE", kind="ally", by="country", page=3)
    assert listing.address(page=3) == "?q=blue+kettle&country=KE&kind=ally&by=country&page=3"
    assert listing.address() == "?q=blue+kettle&country=KE&kind=ally&by=country"
    assert Listing().address() == "./"
    assert Listing(page=2).address(page=1) == "./"


def test_what_an_address_asks_for_twice_or_in_another_order_is_kept_once(client):
    assert asked_for(QueryDict("kind=ally&country=ke&x=1")) == asked_for(QueryDict("country=KE&kind=ally"))


@pytest.mark.parametrize("page", ["0", "-1", "1.5", "١", "99999999999999999999", "x", "1e3", "+1", "%00"])
def test_a_page_that_is_no_number_is_not_found(client, page):
    sign(make_letter(), "Kenyan")
    assert client.get(f"{ADDRESS}?page={page}").status_code == 404


@pytest.mark.parametrize(
    ("query", "last"),
    [
        ("?page=4", "?page=3"),
        ("?page=99999", "?page=3"),
        ("?kind=refugee_led&page=7", "?kind=refugee_led&page=3"),
        ("?by=country&page=7", "?by=country&page=3"),
        ("?q=house&page=7", "?q=house&page=3"),
        ("?country=TV&page=2", "?country=TV"),
        ("?q=nothing&page=2", "?q=nothing"),
    ],
)
def test_a_page_behind_the_last_one_leads_to_that(client, settings, query, last):
    """Names are withdrawn, and what was the last page may be none when its link is followed."""
    settings.NAMES_PER_PAGE = 3
    sign(make_letter(), *(f"House {number}" for number in range(8)))

    answer = client.get(f"{ADDRESS}{query}")

    assert (answer.status_code, answer["Location"]) == (302, last)
    assert client.get(f"{ADDRESS}{last}").status_code == 200


def test_a_narrowed_list_is_paged_without_gap_or_repetition(client, settings):
    settings.NAMES_PER_PAGE = 2
    letter = make_letter()
    sign(letter, *(f"House {number}" for number in range(5)), country="KE")
    sign(letter, *(f"Ally {number}" for number in range(3)), country="UG", kind="ally")

    for query, expected in {
        "?country=KE": [f"House {number}" for number in range(5)],
        "?kind=ally": [f"Ally {number}" for number in range(3)],
        "?q=house": [f"House {number}" for number in range(5)],
        "?initial=H": [f"House {number}" for number in range(5)],
        "?by=country": [
            *(f"House {number}" for number in range(5)),
            *(f"Ally {number}" for number in range(3)),
        ],
    }.items():
        listed, page = [], query
        while page:
            html = page_of(client, page)
            listed += names_on(html)
            following = re.search(r'href="([^"]*)" rel="next"', html)
            page = following[1].replace("&amp;", "&") if following else ""
        assert listed == expected, query


# --- by alphabet and by country ----------------------------------------------------------------------


def test_a_long_page_is_grouped_by_alphabet_with_links_down_the_page(client):
    letter = make_letter()
    sign(
        letter,
        *(f"{letter_}{number}" for letter_ in ("alpha ", "Élan ", "بيت ") for number in range(15)),
        "9 lives",
    )

    page = page_of(client)

    assert headings_on(page) == ["0-9", "A", "E", "ب"]
    assert jumps_on(page) == [("#-0-9", "0-9"), ("#-A", "A"), ("#-E", "E"), ("#-ب", "ب")]
    for place, _heading in jumps_on(page):
        assert f'id="{place[1:]}"' in page


def test_a_short_list_has_no_headings(client):
    sign(make_letter(), "Alpha", "Beta")
    page = page_of(client)
    assert headings_on(page) == []
    assert jumps_on(page) == []


def test_on_a_list_of_many_pages_a_letter_leads_to_its_names(client, settings):
    settings.NAMES_PER_PAGE = 2
    sign(make_letter(), "Alpha", "Amal", "Atlas", "Beta", "Ост")

    page = page_of(client, "?page=2")

    assert jumps_on(page) == [("?initial=A", "A"), ("?initial=B", "B"), ("?initial=%D0%9E", "О")]
    assert names_on(page_of(client, "?initial=A")) == ["Alpha", "Amal"]
    assert names_on(page_of(client, "?initial=A&page=2")) == ["Atlas"]
    assert '<a href="?initial=A" aria-current="true">' in page_of(client, "?initial=A")


def test_a_letter_and_the_one_that_follows_it_in_its_alphabet_are_two():
    letter = make_letter()
    sign(letter, "باب", "پروین", "Галя", "Ґанок")

    def under(initial):
        found = wall.find(letter, Listing(initial=initial), wall.by_country(letter))
        return [one.name for group in found.groups for one in group.names]

    assert wall.initials(letter) == ["Г", "Ґ", "ب", "پ"]
    assert [under(initial) for initial in wall.initials(letter)] == [["Галя"], ["Ґанок"], ["باب"], ["پروین"]]


def test_names_of_one_letter_that_no_other_follows_are_passed_in_one_step(django_assert_num_queries):
    """An alphabet beyond the first 65,536 characters once kept the database going for ever."""
    letter = make_letter()
    sign(
        letter,
        "\U0001e900\U0001e901",
        "\U0001e900\U0001e902",
        "\U0001e90a",
        "b\U0001e901",
        "г\U0001e901",
        "Га",
    )
    with django_assert_num_queries(1):
        assert [names.beginning(initial)[:2] for initial in wall.initials(letter)] == ["01", "03", "12", "12"]


def test_each_name_is_under_the_letter_that_leads_to_it():
    letter = make_letter()
    sign(letter, *MANY_SCRIPTS)
    shown = wall.by_country(letter)

    under = {
        initial: [
            one.name
            for group in wall.find(letter, Listing(initial=initial), shown).groups
            for one in group.names
        ]
        for initial in wall.initials(letter)
    }

    assert sorted(name for listed in under.values() for name in listed) == sorted(
        map(names.clean, MANY_SCRIPTS)
    )
    assert [name for listed in under.values() for name in listed] == [
        one.name for one in wall.every_name(letter)
    ]


@given(st.text(min_size=1, max_size=40))
def test_any_name_is_filed_under_a_heading_that_leads_to_it(name):
    key = names.sort_key(name)
    beginning, heading = names.filed_under(key)
    assert key.startswith(beginning)
    assert names.beginning(heading) == beginning


def test_by_country_each_has_its_heading_in_the_readers_language_and_its_names(client):
    letter = make_letter(languages=("en", "fr"))
    sign(letter, "Zed", "Able", country="UG")
    sign(letter, "Berlin House", country="DE")
    sign(letter, "Nowhere", country="")

    page = page_of(client, "?by=country")
    french = client.get("/fr/letters/asylum/signatories/?by=country").content.decode()

    assert headings_on(page) == ["Germany", "Uganda", "No country given"]
    assert names_on(page) == ["Berlin House", "Able", "Zed", "Nowhere"]
    assert jumps_on(page) == [("#DE", "Germany"), ("#UG", "Uganda"), ("#-", "No country given")]
    assert headings_on(french)[:2] == ["Allemagne", "Ouganda"]


def test_by_country_a_link_leads_to_the_page_a_country_begins_on(client, settings):
    settings.NAMES_PER_PAGE = 2
    letter = make_letter()
    sign(letter, "A", "B", "C", country="DE")
    sign(letter, "D", "E", country="KE")

    page = page_of(client, "?by=country")

    assert jumps_on(page) == [("?by=country#DE", "Germany"), ("?by=country&amp;page=2#KE", "Kenya")]
    second = page_of(client, "?by=country&page=2")
    assert (headings_on(second), names_on(second)) == (["Germany", "Kenya"], ["C", "D"])


def test_the_table_says_how_many_from_each_country(client):
    letter = make_letter()
    sign(letter, "A", "B", country="DE")
    sign(letter, "C", country="KE")
    page = page_of(client)
    table = re.findall(r'<th scope="row"><a href="\?country=(\w+)">(.*?)</a></th><td>(\d+)</td>', page)
    assert table == [("DE", "Germany", "2"), ("KE", "Kenya", "1")]


def test_an_empty_list_says_so(client):
    make_letter()
    assert "No organisation has been published yet" in page_of(client)
    assert "No organisation has been published yet" in page_of(client, "?by=country")


# --- what stands beside a name -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verification", "is_marked"),
    [
        ("verified", True),
        ("peer_verified", True),
        ("unverified", False),
        ("doubtful", False),
        ("rejected", False),
    ],
)
def test_a_verified_organisation_is_marked_and_the_mark_is_explained(client, verification, is_marked):
    signature = make_signature(name="Blue Kettle", latin="Kettle")
    signature.organisation.verification = verification
    signature.organisation.save()

    page = page_of(client)

    assert ('aria-label="verified"' in page) == is_marked
    assert ("Verified: " in page) == is_marked


def test_a_name_stands_in_its_own_direction_with_its_latin_form(client):
    make_signature(name="مطبخ الميناء", latin="Matbakh al-Mina", is_network=True, country="LB")
    page = page_of(client)
    assert '<bdi dir="auto">مطبخ الميناء</bdi>' in page
    assert '<bdi dir="auto">Matbakh al-Mina</bdi> · Lebanon · network' in page


@pytest.mark.parametrize("phase", ["draft", "gathering"])
def test_a_letter_that_is_not_public_has_no_list(client, phase):
    make_signature(make_letter(phase=phase))
    for query in ("", "?q=kettle", "?country=KE", "?by=country"):
        assert client.get(f"{ADDRESS}{query}").status_code == 404


# --- small cells: nothing tells where somebody is who is not named -------------------------------------


VIEWS = [
    "",
    "?by=country",
    "?country=TV",
    "?country=NR",
    "?country=KE",
    "?kind=ally",
    "?q=quiet",
    "?q=tuvalu",
]


def views(client):
    return {view: page_of(client, view) for view in VIEWS}


@pytest.mark.parametrize("how_many", [1, 2])
def test_no_view_tells_in_which_country_a_small_cell_is(client, how_many):
    """The same letter twice: in one, those who are not named are in Tuvalu; in the other, in Nauru."""
    seen = []
    for slug, country in (("one", "TV"), ("other", "NR")):
        letter = make_letter(slug)
        sign(letter, "Blue Kettle", country="KE")
        for number in range(how_many):
            make_signature(
                letter, name=f"Quiet {number}", country=country, kind="ally", visibility="counted_only"
            )
        seen.append(
            {
                view: client.get(f"/letters/{slug}/signatories/{view}")
                .content.decode()
                .replace(f"/{slug}/", "/x/")
                for view in VIEWS
            }
        )
    assert _without_revision(seen[0]) == _without_revision(seen[1])


def _without_revision(seen):
    return {view: re.sub(r"one|other", "x", page) for view, page in seen.items()}


def test_counts_of_a_country_and_a_kind_are_of_named_ones_alone(client):
    letter = make_letter()
    sign(letter, "Blue Kettle", country="KE")
    sign(letter, "Red Lantern", country="UG")
    for number in range(2):
        make_signature(letter, name=f"Quiet {number}", country="KE", kind="ally", visibility="counted_only")

    page = page_of(client, "?country=KE")

    assert "Kenya (1)" in page
    assert '<p class="found">' in page
    assert re.search(r"\b1 name\b", page)
    assert re.findall(r'<a href="\?country=KE">Kenya</a></th><td>(\d+)', page) == ["1"]
    assert names_on(page_of(client, "?kind=ally")) == []
    assert not re.search(r"[123] names?\b", page_of(client, "?kind=ally"))


def test_from_three_on_a_country_is_counted_and_its_names_still_are_nobodys(client):
    letter = make_letter()
    sign(letter, "Blue Kettle", country="KE")
    for number in range(3):
        make_signature(letter, name=f"Quiet {number}", country="TV", visibility="counted_only")

    page = page_of(client)

    assert '<th scope="row">Tuvalu</th><td>3</td>' in page
    assert '<option value="TV"' not in page
    assert '<option value="TV" selected>Tuvalu (0)' in page_of(client, "?country=TV")
    assert '<option value="NR" selected>Nauru (0)' in page_of(client, "?country=NR")
    assert names_on(page_of(client, "?country=TV")) == []
    assert headings_on(page_of(client, "?by=country")) == ["Kenya"]


@settings(deadline=None, max_examples=25)  # each makes a letter with its signatures
@given(st.lists(st.tuples(st.sampled_from(["KE", "UG", "TV", ""]), st.booleans()), max_size=14))
def test_what_is_told_of_countries_never_shows_a_small_cell(cells):
    with transaction.atomic():
        letter = make_letter()
        for number, (country, is_named) in enumerate(cells):
            visibility = "public" if is_named else "counted_only"
            make_signature(letter, name=f"House {number}", country=country, visibility=visibility)
        counts, shown = wall.counts_and_countries(letter)
        transaction.set_rollback(True)
    for country in shown:
        unnamed = sum(1 for code, is_named in cells if code == country.code and not is_named)
        named = sum(1 for code, is_named in cells if code == country.code and is_named)
        assert country.named == named == sum(country.kinds.values())
        assert country.organisations == named + (unnamed if unnamed >= 3 else 0)
        assert named or unnamed >= 3
    assert counts.organisations == len(cells)
    assert counts.countries == len([country for country in shown if country.code])


def test_every_language_has_the_list(client):
    make_signature(make_letter(languages=("en", "ar")), name="Blue Kettle")
    answers = crawl({"signatories"})
    assert {answer.status for path, answer in answers.items() if "page=2" not in path} == {200}
    with translation.override("ar"):
        kenya = countries.name("KE")
    assert kenya in answers["/ar/letters/asylum/signatories/?by=country"].body.decode()
