"""The map: whoever signed is seen on it, whoever is withheld is not, and it says of itself where it is from."""

import base64
import gzip
import hashlib
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from django.conf import settings

from letters import countries, revision
from signatories import maps
from signatories.withdrawal import hide
from tests.factories import make_imported, make_letter, make_signature

SVG = "{http://www.w3.org/2000/svg}"
TOO_SMALL_TO_BE_SEEN = ["MT", "BH", "KM", "SG", "MV", "PS", "LB", "XK", "GM", "VA", "TV", "QA", "BI", "JM"]
WORLD = Path(settings.BASE_DIR) / "signatories" / "world.json"


# --- the world ---------------------------------------------------------------------------------------


def test_every_country_that_can_be_chosen_is_a_shape_or_a_dot():
    world = maps.world()
    assert world.shapes.keys() | world.dots.keys() == countries.names("en").keys()


def test_what_is_too_small_to_be_seen_is_a_dot():
    assert set(TOO_SMALL_TO_BE_SEEN) <= maps.world().dots.keys()


def test_nothing_stands_outside_the_drawing():
    for code, shape in maps.world().shapes.items():
        for begin in re.findall(r"M(\d+) (\d+)", shape):
            assert _is_inside(*map(int, begin)), code
    assert all(_is_inside(x, y) for x, y in maps.world().dots.values())


def _is_inside(x, y):
    return 0 <= x <= maps.WIDTH and 0 <= y <= maps.HEIGHT


def test_the_world_is_small_and_says_where_it_is_from():
    kept = WORLD.read_bytes()
    assert len(kept) < 60_000
    assert len(gzip.compress(kept)) < 25_000
    assert b"Natural Earth" in kept
    assert b"Public domain" in kept


# --- shades ------------------------------------------------------------------------------------------


def test_every_number_has_one_shade_and_there_are_five_at_most():
    for most in [*range(1, 300), 1_000, 4_711, 99_999, 1_000_000]:
        ranges = maps.shades(most)
        assert 1 <= len(ranges) <= 5
        assert ranges[0][0] == 1
        assert ranges[-1][1] == most
        assert all(least <= last for least, last in ranges)
        assert all(before[1] + 1 == after[0] for before, after in pairwise(ranges)), ranges
    assert maps.shades(0) == []


# --- what is drawn -----------------------------------------------------------------------------------


def drawn(client, address="/letters/asylum/map.svg"):
    revision.forget()
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/svg+xml"
    return ElementTree.fromstring(answer.content)


def labels(picture):
    return {title.text for shape in picture for title in shape.findall(f"{SVG}title")}


@pytest.mark.django_db
@pytest.mark.parametrize("code", TOO_SMALL_TO_BE_SEEN)
def test_a_small_country_that_signed_is_seen(client, code):
    make_signature(make_letter(), country=code)
    picture = drawn(client)
    (dot,) = picture.findall(f"{SVG}circle")
    assert (int(dot.get("cx")), int(dot.get("cy"))) == maps.world().dots[code]
    assert labels(picture) == {f"{countries.name(code, 'en')}: 1"}


@pytest.mark.django_db
def test_the_darkest_country_is_the_one_with_most(client):
    letter = make_letter()
    for number in range(12):
        make_signature(letter, name=f"Kettle {number}", country="KE")
    make_signature(letter, name="Lantern", country="UG")
    picture = drawn(client)
    shades = {
        shape.find(f"{SVG}title").text: shape.get("class")
        for shape in picture.findall(f"{SVG}path")
        if shape.find(f"{SVG}title") is not None
    }
    assert shades == {"Kenya: 12": "s4", "Uganda: 1": "s1"}
    key = [text.text for text in picture.iter(f"{SVG}text")]
    assert key == ["Organisations", "1", "2–4", "5–9", "10–12"]


@pytest.mark.django_db
def test_a_country_is_drawn_once_as_signed_or_not(client):
    make_signature(make_letter(), country="FR")
    picture = drawn(client)
    land = picture.find(f"{SVG}path[@class='s0']").get("d")
    for code, shape in maps.world().shapes.items():
        assert (shape in land) == (code != "FR"), code


@pytest.mark.django_db
def test_a_country_that_is_withheld_is_never_on_the_map(client):
    """Wherever two organisations are that want no name, the map is the same to the byte."""
    letter = make_letter()
    make_signature(letter, country="KE")
    hidden = [
        make_signature(letter, name=f"Quiet {number}", country="MT", visibility=visibility)
        for number, visibility in enumerate(("counted_only", "delivered_only"))
    ]
    revision.forget()
    seen = {client.get("/letters/asylum/map.svg").content}
    for code in ("BH", "SY", "RU"):
        for signature in hidden:
            signature.country = code
            signature.save()
        revision.forget()
        seen.add(client.get("/letters/asylum/map.svg").content)
    assert len(seen) == 1
    picture = drawn(client)
    assert labels(picture) == {"Kenya: 1"}
    assert "2 organisations are in countries that are withheld." in picture.find(f"{SVG}desc").text


@pytest.mark.django_db
def test_unnamed_ones_beside_named_ones_add_nothing_until_there_are_three(client):
    letter = make_letter()
    make_signature(letter, country="MT")
    for number in range(3):
        expected = "Malta: 4" if number == 2 else "Malta: 1"
        make_signature(letter, name=f"Quiet {number}", country="MT", visibility="counted_only")
        assert labels(drawn(client)) == {expected}, number


@pytest.mark.django_db
def test_of_whom_no_country_is_known_nothing_is_drawn(client):
    letter = make_letter()
    make_imported(letter, name="Long Ago")
    assert labels(drawn(client)) == set()
    assert drawn(client).find(f"{SVG}desc").text.startswith("1 organisation\n")


@pytest.mark.django_db
def test_who_leaves_leaves_the_map(client):
    signature = make_signature(make_letter(), country="MT")
    assert labels(drawn(client)) == {"Malta: 1"}
    hide(signature)
    assert labels(drawn(client)) == set()


@pytest.mark.django_db
def test_the_map_speaks_the_language_of_its_address_and_reads_from_its_side(client):
    letter = make_letter(languages=("en", "ar"))
    make_signature(letter, country="KE")
    make_signature(letter, name="Other", country="KE")
    english, arabic = drawn(client), drawn(client, "/ar/letters/asylum/map.svg")
    assert labels(english) == {"Kenya: 2"}
    assert countries.name("KE", "ar") in "".join(labels(arabic))
    assert "Keep the door open (ar)" in arabic.find(f"{SVG}title").text
    assert _is_left(english, "rect", of="text")
    assert _is_left(arabic, "text", of="rect")


def _is_left(picture, one, *, of):
    """Whether in the last row of the key one stands left of the other."""
    key = picture.find(f"{SVG}g/{SVG}g")
    return int(key.findall(f"{SVG}{one}")[-1].get("x")) < int(key.findall(f"{SVG}{of}")[-1].get("x"))


@pytest.mark.django_db
def test_a_title_is_only_words(client):
    make_signature(make_letter(title='<script>alert(1)</script> & "more"'))
    picture = drawn(client)
    assert '<script>alert(1)</script> & "more"' in picture.find(f"{SVG}title").text
    assert not list(picture.iter(f"{SVG}script"))


@pytest.mark.django_db
def test_it_takes_no_position_and_says_so(client):
    make_letter()
    assert "takes no position" in drawn(client).find(f"{SVG}desc").text


@pytest.mark.django_db
def test_its_policy_allows_its_own_style_and_no_other(client):
    make_letter()
    answer = client.get("/letters/asylum/map.svg")
    (style,) = re.findall("<style>(.*?)</style>", answer.content.decode(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    directives = answer["Content-Security-Policy"].split("; ")
    assert [one for one in directives if one.startswith("style-src")] == [f"style-src 'sha256-{digest}'"]
    assert "prefers-color-scheme: dark" in style


@pytest.mark.django_db
@pytest.mark.parametrize("phase", ["draft", "gathering"])
def test_of_a_letter_that_is_not_public_there_is_no_map(client, phase):
    make_signature(make_letter(phase=phase))
    assert client.get("/letters/asylum/map.svg").status_code == 404


@pytest.mark.django_db
def test_who_has_the_map_gets_no_byte_again(client):
    make_signature(make_letter())
    etag = client.get("/letters/asylum/map.svg")["ETag"]
    again = client.get("/letters/asylum/map.svg?r=7", headers={"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.django_db
def test_the_list_shows_the_map_with_a_table_beside_it_and_the_letter_only_when_asked(client):
    letter = make_letter()
    make_signature(letter, country="KE")
    make_signature(letter, name="Other", country="MT")
    whole = client.get("/letters/asylum/signatories/").content.decode()
    assert 'src="/letters/asylum/map.svg" loading="lazy"' in whole
    assert whole.index("map.svg") < whole.index("<table")
    page = client.get("/letters/asylum/").content.decode()
    assert re.search(r"<details><summary>On a map</summary>[^<]*<a [^>]*><img", page)
