"""A letter is passed on: pictures, a poster, links that ask nobody, a form half filled in, and what programs read."""

import io
import json
import re
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils.html import escape
from PIL import Image

from letters import revision
from letters.models import Letter, Text
from signatories import cards, tokens, withdrawal
from signatories.models import Purpose
from tests.config.test_queries import add_signatures
from tests.factories import make_letter, make_signature, make_text, make_version
from tests.pdf import facts_of, text_of

pytestmark = pytest.mark.django_db

LONG = "One ask of many organisations, written by a committee that gave up no word of it " * 4
TITLES = {
    "ar": "أبقوا باب اللجوء مفتوحًا",
    "my": "နိုင်ငံရေးခိုလှုံခွင့်ကို ထိန်းသိမ်းပါ",
    "am": "የጥገኝነት መብትን ጠብቁ",
    "zh": "守护庇护的权利",
}


def picture(answer):
    """The picture of an answer; it shows something."""
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/png"
    shown = Image.open(io.BytesIO(answer.content))
    assert len(shown.convert("RGB").getcolors(maxcolors=256)) > 8
    return shown.convert("RGB")


def is_dark(pixel):
    return sum(pixel) < 3 * 128


def ink(shown, box):
    """How much of a part of a picture is dark."""
    return sum(map(is_dark, shown.crop(box).get_flattened_data()))


def page_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return BeautifulSoup(answer.content, "html.parser")


# --- the letter's card -----------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", *TITLES])
def test_a_card_is_small_and_as_large_as_networks_want_it(client, language):
    letter = make_letter(languages=(), original_language=language)
    make_text(letter, language=language, title=TITLES.get(language, "Keep the door open"))
    make_signature(letter)
    answer = client.get("/letters/asylum/card.png")
    assert picture(answer).size == (1200, 630)
    assert len(answer.content) < 60_000


def test_a_card_begins_where_its_script_does(client):
    make_signature(make_letter(languages=("en", "ar"), title="Stay"))
    Text.objects.filter(language="ar").update(title="ابقوا")
    title = (0, 110, 600, 480), (600, 110, 1200, 480)
    for address, begins, ends in (
        ("/letters/asylum/card.png", *title),
        ("/ar/letters/asylum/card.png", *title[::-1]),
    ):
        shown = picture(client.get(address))
        assert ink(shown, begins) > 2 * ink(shown, ends), address


@pytest.mark.parametrize("title", [LONG[:200], "Ü" * 255, "የጥገኝነት መብትን ጠብቁ " * 15])
def test_a_title_however_long_stays_within_its_room(client, title):
    letter = make_letter(languages=())
    make_text(letter, title=title[:255])
    make_signature(letter)
    shown = picture(client.get("/letters/asylum/card.png"))
    for edge in ((0, 0, 60, 630), (1140, 0, 1200, 630), (0, 0, 1200, 40), (0, 600, 1200, 630)):
        assert ink(shown, edge) == 0


def test_a_card_changes_with_the_count_and_only_with_the_letter(client):
    letter = make_letter()
    before = client.get("/letters/asylum/card.png")
    again = client.get("/letters/asylum/card.png", headers={"If-None-Match": before["ETag"]})
    assert again.status_code == 304
    add_signatures(letter, 3)
    Letter.objects.update(revision=9)
    revision.forget()
    after = client.get("/letters/asylum/card.png")
    assert after.content != before.content
    revision.forget()
    assert client.get("/letters/asylum/card.png").content == after.content


@pytest.mark.parametrize("phase", ["draft", "gathering"])
@pytest.mark.parametrize("rest", ["card.png", "poster.pdf", "share/"])
def test_a_letter_that_is_not_public_has_nothing_to_share(client, phase, rest):
    make_letter(phase=phase)
    for prefix in ("", "/ar"):
        assert client.get(f"{prefix}/letters/asylum/{rest}").status_code == 404


# --- the poster ------------------------------------------------------------------------------------------


def test_a_poster_says_what_where_and_how_many(client, settings):
    letter = make_letter(languages=())
    make_text(letter, title="Keep the door open", subtitle="For the forum in Geneva")
    add_signatures(letter, 5)
    pdf = client.get("/letters/asylum/poster.pdf")
    assert pdf["Content-Type"] == "application/pdf"
    said = text_of(pdf.content)
    for words in (
        "Keep the door open",
        "For the forum in Geneva",
        "Harbour Coalition",
        "Sign for your organisation",
        "5 organisations have signed",
        "127.0.0.1:8000/letters/asylum",
    ):
        assert words in said
    facts = facts_of(pdf.content)
    assert (facts["Tagged"], facts["Pages"], facts["Title"]) == ("yes", "1", "Keep the door open")


@pytest.mark.parametrize("language", ["en", *TITLES])
@pytest.mark.parametrize("subtitle", ["", "An occasion that is told at length, " * 11])
def test_a_poster_is_one_sheet_whatever_it_says(client, language, subtitle):
    letter = make_letter(languages=(), original_language=language)
    title = TITLES.get(language, LONG)
    make_text(letter, language=language, title=(title * 12)[:255], subtitle=subtitle[:400])
    facts = facts_of(client.get("/letters/asylum/poster.pdf").content)
    assert (facts["Tagged"], facts["Pages"]) == ("yes", "1")


def test_a_poster_of_a_closed_letter_asks_nobody_to_sign(client):
    make_letter(phase="closed")
    said = text_of(client.get("/letters/asylum/poster.pdf").content)
    assert "Sign for your organisation" not in said
    assert "Read the letter, and who signed it" in said


# --- we have signed --------------------------------------------------------------------------------------


def own_page(client, signature):
    return page_of(client, f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/")


def test_a_named_signatory_finds_a_picture_of_its_own(client):
    signature = make_signature(name="مطبخ الميناء")
    address = own_page(client, signature).select_one("#signed ~ p img")["src"]
    answer = client.get(address)
    assert picture(answer).size == (1080, 1080)
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    other = make_signature(signature.letter, name="Night Ferry")
    assert client.get(cards.address_of(other)).content != answer.content


def test_the_address_of_the_picture_opens_nothing_else_and_is_made_by_nobody_else(client):
    signature = make_signature()
    address = cards.address_of(signature)
    key = address.split("/")[2]
    for page in ("", "confirm/", "agree/", "vouch/"):
        assert client.get(f"/s/{key}/{page}").status_code == 404
    data = (
        client.get("/letters/asylum/signatories/").content + client.get("/letters/asylum/live.json").content
    )
    assert key.encode() not in data
    public_id, _, proof = key.rpartition("-")
    for guessed in (public_id, f"{public_id}-", f"{public_id}-{'0' * 32}", f"{'0' * 16}-{proof}", "ü-ü"):
        assert client.get(f"/s/{guessed}/signed.png").status_code == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"visibility": "delivered_only"},
        {"visibility": "counted_only"},
        {"staff_cap": "counted_only"},
        {"status": "awaiting_moderation"},
        {"status": "withdrawn"},
        {"status": "to_agree_again"},
    ],
)
def test_who_is_not_named_has_no_picture(client, fields):
    named = make_signature()
    address = cards.address_of(named)
    assert client.get(address).status_code == 200
    other = make_signature(named.letter, name="Quiet House", **fields)
    assert cards.address_of(other) == ""
    assert not own_page(client, other).select(".card")
    forged = f"{other.public_id}-{cards._proof(other.public_id)}"
    assert client.get(f"/s/{forged}/signed.png").status_code == 404


def test_who_chose_not_to_be_named_is_told_why_there_is_none(client):
    page = own_page(client, make_signature(visibility="counted_only"))
    assert "Yours is not public, so there is none of you." in page.get_text()


def test_the_picture_is_gone_when_the_name_is(client):
    signature = make_signature()
    address = cards.address_of(signature)
    withdrawal.choose_visibility(signature, visibility="counted_only")
    assert client.get(address).status_code == 404
    withdrawal.choose_visibility(signature, visibility="public")
    signature.refresh_from_db()
    withdrawal.withdraw(signature)
    assert client.get(address).status_code == 404


# --- what programs read ----------------------------------------------------------------------------------


def tags(page):
    """{name or property: content} of a page's meta tags."""
    found = {}
    for tag in page.select("meta[content]"):
        for kind in ("name", "property"):
            if tag.get(kind):
                found[tag[kind]] = tag["content"]
    return found


def test_a_letter_says_what_it_is_to_chat_apps_and_search_engines(client):
    letter = make_letter(languages=("en", "ar"), revision=12)
    letter.texts.update(subtitle="For the forum")
    make_signature(letter)
    page = page_of(client, "/ar/letters/asylum/")
    said = tags(page)
    assert said["og:title"] == said["og:image:alt"] == "Keep the door open (ar)"
    assert said["description"] == said["og:description"] == "For the forum"
    assert said["og:type"] == "article"
    assert said["twitter:card"] == "summary_large_image"
    assert said["og:image"] == "http://127.0.0.1:8000/ar/letters/asylum/card.png?v=12"
    picture(client.get(urlsplit(said["og:image"]).path))


def test_each_language_of_a_letter_names_the_others_and_one_for_everybody_else(client):
    make_letter(languages=("en", "ar"))
    site = "http://127.0.0.1:8000"
    for prefix in ("", "/ar"):
        page = page_of(client, f"{prefix}/letters/asylum/?utm_source=chat")
        assert page.select_one("[rel=canonical]")["href"] == f"{site}{prefix}/letters/asylum/"
        others = {one["hreflang"]: one["href"] for one in page.select("link[hreflang]")}
        assert others == {
            "en": f"{site}/letters/asylum/",
            "ar": f"{site}/ar/letters/asylum/",
            "x-default": f"{site}/letters/asylum/",
        }


def test_menus_in_another_language_make_no_other_page_of_a_letter(client):
    make_letter(languages=("ar",), original_language="ar")
    page = page_of(client, "/fr/letters/asylum/")
    assert page.select_one("[rel=canonical]")["href"] == "http://127.0.0.1:8000/ar/letters/asylum/"
    assert not page.select("link[hreflang]")
    make_letter("burmese", languages=("my",), original_language="my")
    page = page_of(client, "/fr/letters/burmese/")
    assert page.select_one("[rel=canonical]")["href"] == "http://127.0.0.1:8000/letters/burmese/"


def facts_for_programs(client, address="/letters/asylum/"):
    (script,) = page_of(client, address).select("script[type='application/ld+json']")
    return json.loads(script.string)


def test_programs_read_counts_and_no_name(client):
    letter = make_letter()
    make_signature(letter, name="Canary House")
    make_signature(letter, name="Quiet House", visibility="counted_only")
    facts = facts_for_programs(client)
    assert facts["headline"] == "Keep the door open"
    assert facts["interactionStatistic"]["userInteractionCount"] == 2
    assert facts["author"]["name"] == "Harbour Coalition"
    assert not re.search("House", json.dumps(facts))


def test_no_title_ends_what_programs_read(client):
    letter = make_letter(languages=())
    title = '</script><script>alert("1")</script> & <!-- "quoted"'
    make_text(letter, title=title)
    body = client.get("/letters/asylum/").content.decode()
    assert facts_for_programs(client)["headline"] == title
    assert "<script>alert" not in body
    assert tags(page_of(client, "/letters/asylum/"))["og:title"] == title


def test_secret_pages_tell_programs_nothing(client):
    letter = make_letter(phase="gathering")
    signature = make_signature(make_letter("open"))
    pages = [
        f"/g/{letter.gathering_key}/",
        f"/g/{letter.gathering_key}/sign/",
        f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/",
        "/letters/open/sign/",
    ]
    for address in pages:
        page = page_of(client, address)
        assert not page.select(
            "[property^='og:'], [rel=canonical], link[hreflang], [type='application/ld+json']"
        )


@pytest.mark.parametrize(
    "address", ["/", "/hosts/harbour/", "/letters/asylum/versions/", "/letters/asylum/share/"]
)
def test_other_pages_stand_in_every_language(client, address):
    make_version(make_letter())
    page = page_of(client, f"/sw{address}")
    assert page.select_one("[rel=canonical]")["href"] == f"http://127.0.0.1:8000/sw{address}"
    codes = [one["hreflang"] for one in page.select("link[hreflang]")]
    assert codes == ["en", "ar", "fr", "sw", "x-default"]


# --- the page to share by --------------------------------------------------------------------------------


def links_out(page):
    return {a.get_text(strip=True): a["href"] for a in page.select("main a[rel~=noreferrer]")}


def test_whatsapp_comes_first_with_words_ready_to_send(client):
    letter = make_letter(languages=("en", "ar"))
    make_signature(letter)
    for prefix in ("", "/ar"):
        page = page_of(client, f"{prefix}/letters/asylum/share/")
        place, address = next(iter(links_out(page).items()))
        assert place == "WhatsApp"
        assert address.startswith("https://wa.me/?text=")
        words = parse_qs(urlsplit(address).query)["text"][0]
        assert words == page.select_one("textarea").string.strip("\n")
        assert f"http://127.0.0.1:8000{prefix}/letters/asylum/" in words
        assert letter.text_for("ar" if prefix else "en").title in words


def test_every_way_to_share_is_a_plain_link_with_the_letter_in_it(client):
    make_signature(make_letter())
    page = page_of(client, "/letters/asylum/share/")
    ways = links_out(page)
    assert [*ways][:7] == ["WhatsApp", "Telegram", "E-mail", "Facebook", "X", "Bluesky", "Mastodon"]
    for place, address in ways.items():
        assert "http://127.0.0.1:8000/letters/asylum/" in unquote(address), place
    for link in page.select("main a[href*='//']"):
        assert set(link["rel"]) == {"noopener", "noreferrer"}
    fetched = [one.get("src") or one.get("href") for one in page.select("[src], link[rel=stylesheet]")]
    assert [one for one in fetched if "//" in one] == []


def test_a_letter_nobody_signed_yet_is_shared_without_a_number(client):
    make_letter()
    words = page_of(client, "/letters/asylum/share/").select_one("textarea").string
    assert "Read it, and sign it for yours" in words
    assert "No organisation" not in words


def test_the_letter_leads_to_its_ways_to_be_shared(client):
    make_letter()
    page = page_of(client, "/letters/asylum/")
    address = page.select_one("a[href^='https://wa.me/']")["href"]
    assert unquote(address) == "https://wa.me/?text=http://127.0.0.1:8000/letters/asylum/"
    assert page.select_one("a[href='/letters/asylum/share/']")


# --- a form half filled in -------------------------------------------------------------------------------

KNOWN = {
    "organisation": "مطبخ الميناء & Söhne <b>",
    "organisation_latin": "Matbakh al-Mina",
    "country": "JO",
    "kind": "refugee_led",
    "website": "https://kettle.example/a?b=c&d",
}


def shown_in_form(page):
    """{field: what stands in it} of the sign form."""
    shown = {
        field["name"]: field.get("value", "")
        for field in page.select("form input[type=text], form [type=tel]")
    }
    shown |= {select["name"]: select.select_one("[selected]")["value"] for select in page.select("select")}
    ticked = page.select("form [checked]")
    return {name: value for name, value in shown.items() if value} | {
        one["name"]: one["value"] for one in ticked
    }


def test_a_link_is_made_of_what_is_known_and_the_form_comes_filled_in(client):
    make_letter()
    made = page_of(client, "/letters/asylum/share/?" + "&".join(f"{k}={v}" for k, v in [("country", "JO")]))
    assert made.select_one(".done textarea").string.endswith("/letters/asylum/sign/?country=JO")
    page = BeautifulSoup(client.get("/letters/asylum/share/", KNOWN).content, "html.parser")
    link = page.select_one(".done textarea").string
    assert link.startswith("http://127.0.0.1:8000/letters/asylum/sign/?")
    by_chat = page.select_one(".done a")["href"]
    assert link in unquote(by_chat)
    form = page_of(client, link.removeprefix("http://127.0.0.1:8000"))
    assert shown_in_form(form) == KNOWN
    assert "Please check it" in form.get_text()


def test_a_link_fills_in_nothing_that_is_for_the_signatory_to_say(client):
    make_letter()
    private = {
        "contact_name": "Amina Canary",
        "contact_role": "chair",
        "contact_email": "amina@canary.example",
        "contact_phone": "+254700000000",
        "visibility": "public",
        "consent": "on",
        "keep": "on",
        "nickname": "trap",
        "version": "7",
    }
    answer = client.get("/letters/asylum/sign/", {"organisation": "Blue Kettle", **private})
    page = BeautifulSoup(answer.content, "html.parser")
    assert shown_in_form(page) == {"organisation": "Blue Kettle"}
    assert page.select_one("[name=version]")["value"] == "1"
    assert b"anary" not in answer.content
    assert "no-store" in answer["Cache-Control"]
    plain = client.get("/letters/asylum/sign/")
    assert shown_in_form(BeautifulSoup(plain.content, "html.parser")) == {}
    assert plain.content == client.get("/letters/asylum/sign/", private).content


@pytest.mark.parametrize(
    "wrong",
    [
        {"country": "XX"},
        {"country": "<script>"},
        {"kind": "government"},
        {"website": "javascript:alert(1)"},
        {"website": "https://name:word@kettle.example/"},
        {"organisation": "\x00"},
        {"organisation": "x" * 5_000},
        {"organisation": "https://spam.example/buy"},
    ],
)
def test_what_cannot_be_true_is_left_out(client, wrong):
    make_letter()
    page = BeautifulSoup(
        client.get("/letters/asylum/sign/", {"organisation_latin": "Kettle", **wrong}).content, "html.parser"
    )
    (value,) = wrong.values()
    name = next(iter(wrong))
    assert shown_in_form(page).get(name) in (
        None,
        "https://spam.example/buy",
    )  # a name is a moderator's to judge
    assert shown_in_form(page)["organisation_latin"] == "Kettle"
    shared = client.get("/letters/asylum/share/", wrong)
    assert shared.status_code == 200
    assert "<script>" not in shared.content.decode() or escape(value) != value


def test_nobody_is_invited_to_sign_what_is_closed(client):
    make_letter(phase="closed")
    page = BeautifulSoup(client.get("/letters/asylum/share/", KNOWN).content, "html.parser")
    assert not page.select("form")
    assert client.get("/letters/asylum/sign/", KNOWN).status_code == 410


def test_one_invitation_is_kept_for_nobody_else(client):
    make_letter()
    with_name = client.get("/letters/asylum/share/", {"organisation": "Canary House"})
    assert b"Canary" in with_name.content
    assert b"Canary" not in Client().get("/letters/asylum/share/").content


# --- after signing ---------------------------------------------------------------------------------------


def confirmed(client, signature):
    return page_of(client, f"/s/{tokens.mint(signature, Purpose.CONFIRM).value}/confirm/")


def test_who_is_published_is_one_of_so_many(client):
    letter = make_letter()
    add_signatures(letter, 4)
    page = confirmed(client, make_signature(letter, name="Canary House"))
    assert (
        " ".join(page.select_one(".count").get_text().split())
        == "You are one of 5 organisations from 4 countries."
    )
    alone = make_letter("alone")
    assert (
        "Your organisation is the first." in confirmed(client, make_signature(alone, name="One")).get_text()
    )


def test_who_waits_is_told_what_comes_and_no_number(client):
    letter = make_letter()
    add_signatures(letter, 4)
    page = confirmed(client, make_signature(letter, name="Canary House", status="awaiting_moderation"))
    assert not page.select(".count")
    assert "we write to you" in page.get_text()
    assert page.select_one("a[href^='https://wa.me/']")


def test_the_next_form_on_the_same_device_is_empty(client):
    signature = make_signature(name="Canary House")
    page = confirmed(client, signature)
    address = page.select_one(".sign-off a")["href"]
    form = client.get(address)
    assert address == "/letters/asylum/sign/"
    assert b"Canary" not in form.content
    assert shown_in_form(BeautifulSoup(form.content, "html.parser")) == {}
    assert "Canary" not in " ".join(a["href"] for a in page.select("a"))


def test_a_secret_letter_is_shared_with_nobody(client):
    letter = make_letter(phase="gathering")
    page = confirmed(client, make_signature(letter))
    assert not page.select("a[href^='https://wa.me/'], .count")
    assert page.select_one(".sign-off a")["href"] == f"/g/{letter.gathering_key}/sign/"
