"""The list in frames of other sites: it alone may stand there, and it shows what the letter's page shows."""

import re
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from letters import revision
from signatories import withdrawal
from tests.config.test_queries import add_signatures
from tests.crawling import CRAWLED, addresses
from tests.desk import make_world, names_of_the_desk
from tests.factories import enter, make_letter, make_signature, make_staff

pytestmark = pytest.mark.django_db

FRAME = "/letters/asylum/embed/"
CODE = "/letters/asylum/embed/code/"


def fetch(path, **options):
    revision.forget()
    answer = Client().get(path, **options)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def shown(page):
    return re.findall(r'<li[^>]*><bdi dir="auto">(.*?)</bdi>', page)


def code_of(page, name):
    """What stands in a field to be pasted."""
    return unescape(re.search(rf'<textarea[^>]* id="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1])


# --- the rules of frames ---------------------------------------------------------------------------------


def may_be_framed(answer):
    policy = answer["Content-Security-Policy"]
    return "frame-ancestors 'none'" not in policy or answer.get("X-Frame-Options") != "DENY"


def test_of_all_public_addresses_the_frame_alone_may_be_framed(client):
    make_signature(make_letter(languages=("en", "ar")))
    framed = {path for path in addresses(CRAWLED) if may_be_framed(client.get(path))}
    prefixes = ("", "/ar", "/fr", "/sw")
    assert {path.partition("?")[0] for path in framed} == {f"{prefix}{FRAME}" for prefix in prefixes}


def test_no_address_of_the_desk_may_be_framed(client):
    world = make_world()
    for browser in (client, enter(Client(), make_staff("zora"))):
        for name in names_of_the_desk():
            if name != "admin:logout":
                assert not may_be_framed(browser.get(world.address(name))), name


def test_the_frame_may_stand_anywhere_and_has_no_other_rule_less(client):
    make_letter()
    answer = client.get(FRAME)
    usual = client.get("/letters/asylum/")
    assert "X-Frame-Options" not in answer
    asked = set(answer["Content-Security-Policy"].split("; "))
    assert asked ^ set(usual["Content-Security-Policy"].split("; ")) == {
        "frame-ancestors *",
        "frame-ancestors 'none'",
    }


def test_a_frame_of_no_letter_is_refused_like_any_page(client):
    make_letter(phase="gathering")
    for path in (FRAME, "/letters/nowhere/embed/"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert not may_be_framed(answer)


def test_a_frame_that_is_asked_for_again_keeps_its_rules(client):
    make_letter()
    etag = client.get(FRAME)["ETag"]
    again = client.get(FRAME, headers={"If-None-Match": etag})
    assert again.status_code == 304
    assert "frame-ancestors *" in again["Content-Security-Policy"]
    assert "X-Frame-Options" not in again


def test_the_page_with_the_codes_may_frame_our_own_pages_and_be_framed_by_nobody(client):
    make_letter()
    answer = client.get(CODE)
    assert "frame-src 'self'" in answer["Content-Security-Policy"]
    assert not may_be_framed(answer)


# --- what stands in the frame ----------------------------------------------------------------------------


def test_a_frame_shows_count_and_newest_names_and_leads_to_the_letter(client):
    letter = make_letter()
    for number in range(12):
        make_signature(letter, name=f"Kettle {number:02}")
    page = fetch(FRAME)
    assert "<b>12</b> organisations" in page
    assert shown(page) == [f"Kettle {number:02}" for number in reversed(range(2, 12))]
    links = re.findall(r"<a [^>]*>", page)
    assert len(links) == 3
    assert all('target="_blank" rel="noopener"' in link for link in links)
    assert 'href="/letters/asylum/sign/"' in page


def test_a_frame_has_no_form_and_asks_nobody_but_us(client):
    make_signature()
    page = fetch(FRAME)
    assert "<form" not in page
    assert "<input" not in page
    assert not re.search(r'(src|href)="(https?:)?//', page)


def test_a_letter_that_is_closed_offers_no_form_in_its_frame():
    make_letter(phase="closed")
    assert "/sign/" not in fetch(FRAME)


@pytest.mark.parametrize(("names", "expected"), [(0, 0), (1, 1), (30, 30), (200, 40)])
def test_somebody_may_choose_how_many_names(names, expected):
    add_signatures(make_letter(), 40)
    assert len(shown(fetch(f"{FRAME}?names={names}"))) == expected


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_somebody_may_choose_the_colours(theme):
    make_letter()
    assert f'data-theme="{theme}"' in fetch(f"{FRAME}?theme={theme}")


@pytest.mark.parametrize("path", [FRAME, CODE, f"/ar{FRAME}"])
@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("names=10", ""),
        ("theme=auto&names=10", ""),
        ("theme=dark&names=5", "?names=5&theme=dark"),
        ("names=5&names=7", "?names=7"),
        ("names=007", "?names=7"),
        ("names=5000", "?names=200"),
        ("names=99999999999999999999", ""),
        ("names=-1", ""),
        ("names=%D9%A3", ""),
        ("theme=pink", ""),
        ("utm_source=x", ""),
        ("theme=dark&x=<script>", "?theme=dark"),
    ],
)
def test_a_look_has_one_address_and_others_lead_to_it(client, path, query, canonical):
    make_letter()
    answer = client.get(f"{path}?{query}")
    assert (answer.status_code, answer["Location"]) == (301, f"{path}{canonical}")
    assert client.get(answer["Location"]).status_code == 200


def test_who_is_not_named_is_in_no_frame_and_who_leaves_is_gone_at_once():
    letter = make_letter()
    make_signature(letter, name="Lantern Street", visibility="counted_only")
    leaving = make_signature(letter, name="Harbour Kitchen")
    assert shown(fetch(FRAME)) == ["Harbour Kitchen"]
    withdrawal.hide(leaving)
    page = fetch(FRAME)
    assert shown(page) == []
    assert "<b>2</b> organisations" in page


# --- what is pasted --------------------------------------------------------------------------------------


def test_the_code_of_the_frame_leads_to_it_as_it_was_chosen_and_tells_us_no_page():
    make_letter()
    frame = code_of(fetch(f"{CODE}?names=5&theme=dark"), "frame")
    assert 'src="http://127.0.0.1:8000/letters/asylum/embed/?names=5&amp;theme=dark"' in frame
    assert 'referrerpolicy="no-referrer"' in frame
    assert 'loading="lazy"' in frame
    assert 'title="Keep the door open"' in frame
    assert frame.startswith("<iframe ")
    assert frame.endswith("></iframe>")


def test_the_page_shows_the_frame_it_gives_the_code_of():
    make_letter()
    page = fetch(f"{CODE}?names=5&theme=dark")
    assert '<iframe class="preview" src="/letters/asylum/embed/?names=5&amp;theme=dark"' in page


def test_the_lines_hold_no_script_and_say_how_many_signed_on_which_day():
    make_signature(make_letter())
    now = timezone.now()
    lines = code_of(fetch(CODE), "snippet")
    assert f"as of {now.day} {now:%B %Y}" in lines
    assert "<b>1</b> organisation from <b>1</b> country" in lines
    assert 'href="http://127.0.0.1:8000/letters/asylum/"' in lines
    assert 'src="http://127.0.0.1:8000/letters/asylum/card.png"' in lines
    assert not re.search(r"<script|<iframe|<form|\son\w+=|\n", lines)
    assert lines.count("<blockquote") == lines.count("</blockquote>") == 1


def test_the_lines_say_another_day_tomorrow_without_anybody_signing(client):
    letter = make_letter()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        today = client.get(CODE)
        clock.shift(24 * 3600)
        revision.forget()
        tomorrow = client.get(CODE)
    assert today.content != tomorrow.content
    assert today["ETag"] != tomorrow["ETag"]
    assert type(letter).objects.get().revision == letter.revision


def test_a_title_breaks_out_of_no_code():
    make_letter(title='"><script>alert(1)</script></textarea>')
    page = fetch(CODE)
    assert "<script>alert" not in page
    for name in ("frame", "snippet"):
        assert "<script" not in code_of(page, name)


def test_the_codes_speak_the_readers_language():
    make_signature(make_letter(languages=("en", "ar")))
    page = fetch(f"/ar{CODE}")
    assert "http://127.0.0.1:8000/ar/letters/asylum/embed/" in code_of(page, "frame")
    lines = code_of(page, "snippet")
    assert 'lang="ar" dir="rtl"' in lines
    assert "http://127.0.0.1:8000/ar/letters/asylum/card.png" in lines


def test_nothing_of_the_page_around_it_is_kept_or_answered(client, caplog):
    make_letter()
    plain = client.get(FRAME)
    around = client.get(
        FRAME,
        headers={
            "Referer": "https://secret.example/meeting",
            "Origin": "https://secret.example",
            "Sec-Fetch-Dest": "iframe",
            "Sec-Fetch-Site": "cross-site",
        },
    )
    assert around.content == plain.content
    assert around.headers == plain.headers
    assert "secret.example" not in caplog.text
