"""What a first visit costs: one round trip of bytes, no cookie, nobody else."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone

from letters.models import Figure, Recipient
from signatories.models import Update
from tests.factories import make_letter, make_signature, make_update

pytestmark = pytest.mark.browser

PROJECT = Path(__file__).resolve().parents[2]
REAL_LETTER = PROJECT.parent / "shared" / "letters" / "refugee-led-organizations-2025.txt"
BUDGET = 14_000  # bytes: what a server may send before the first answer must have come back
# What a letter's page has beside its text and its names: all of it comes in the same bytes.
EVERYTHING_ELSE = (
    "meta[property='og:image']",
    "link[rel=canonical]",
    "link[hreflang=x-default]",
    "script[type='application/ld+json']",
    "a[href^='https://wa.me/']",
    "a[href$='/share/']",
    "a[href$='/press/']",
    "a[href$='/archive/']",
    "p.quiet a[href$='/news/']",
    ".goal progress",
    "#wall details img.map",
)
WORDS = 900
NAMES = 117
PREFIXES = {"en": "", "ar": "/ar", "fr": "/fr", "sw": "/sw"}
# The demonstration says less in Swahili than in the others.
MORE = {
    "sw": (
        "Tunaandika haya tukiwa pamoja, wazee kwa vijana, wanawake kwa wanaume. Kila mmoja wetu ana hadithi yake, "
        "lakini ombi letu ni moja. Tunataka shule kwa watoto, kazi kwa wazazi, na usalama kwa wote. "
        "Tunawashukuru majirani waliotufungulia milango yao usiku wa baridi na mvua. Tunaahidi kuendelea kufanya "
        "kazi nanyi, kujifunza lugha zenu, na kuwalea watoto wetu wawe raia wema wa dunia nzima. Asanteni kwa "
        "kutusoma; tunasubiri jibu lenu kwa matumaini."
    )
}


def test_a_letter_of_900_words_and_117_names_comes_in_one_round_trip(site, visit, capsys):
    _make_long_letter("first-visit")
    visits = {
        language: _Visit(visit(), f"{prefix}/letters/first-visit/") for language, prefix in PREFIXES.items()
    }
    with capsys.disabled():
        for language, one in visits.items():
            print(f"\nfirst visit, {language}: {one}", end="")
    for language, one in visits.items():
        assert one.page.locator(".names li").count() == NAMES
        assert len(_words(one.page.locator(".prose").inner_text())) >= WORDS
        assert one.page.locator("html").get_attribute("lang") == language
        assert all(one.page.locator(part).count() == 1 for part in EVERYTHING_ELSE), language
        assert one.cookies == []
        assert one.bytes <= BUDGET, f"{language}: {one}"


def test_the_real_letter_comes_in_one_round_trip(site, visit, capsys):
    if not REAL_LETTER.exists():
        pytest.skip(f"no {REAL_LETTER.name} beside the project")
    call_command("import_letter", str(REAL_LETTER), "--write", "--open", "--slug=real", stdout=io.StringIO())
    one = _Visit(visit(), "/letters/real/")
    with capsys.disabled():
        print(f"\nfirst visit, the real letter: {one}", end="")
    names = one.page.locator(".names bdi").all_inner_texts()
    assert len(names) == NAMES
    assert "Yes" in names
    assert one.page.locator("#wall .count").inner_text() == "117 organisations"
    assert not one.page.locator(".names small").count()
    assert one.page.locator(".call .button").is_visible()
    assert one.cookies == []
    assert one.bytes <= BUDGET, one


class _Visit:
    """A first visit, and what came over the line for it."""

    def __init__(self, page, path):
        self.page = page
        addresses, headers, sizes = {}, {}, {}
        cdp = page.context.new_cdp_session(page)
        cdp.on("Network.requestWillBeSent", lambda e: addresses.update({e["requestId"]: e["request"]["url"]}))
        cdp.on(
            "Network.responseReceived",
            lambda e: headers.update({e["requestId"]: e["response"]["encodedDataLength"]}),
        )
        cdp.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: e["encodedDataLength"]}))
        cdp.send("Network.enable")
        page.goto(path, wait_until="networkidle")
        self.parts = {
            addresses[one].rpartition("/")[2] or "page": (sizes[one], sizes[one] - headers[one])
            for one in sizes
        }
        self.cookies = page.context.cookies()

    @property
    def bytes(self):
        return sum(whole for whole, _ in self.parts.values())

    def __str__(self):
        body = sum(body for _, body in self.parts.values())
        return f"{self.bytes} bytes, bodies alone {body}: {self.parts}"


def _make_long_letter(slug):
    """Make a letter out of the demonstration's own words: 900 of them in each language, under which 117 stand."""
    content = json.loads((PROJECT / "signatories" / "demonstration.json").read_text())
    main = next(one for one in content["letters"] if one["slug"] == "right-to-asylum")
    letter = make_letter(slug, languages=(), goal=500)
    letter.recipients.all().delete()
    for recipient in main["recipients"]:
        Recipient.objects.create(letter=letter, **recipient)
    for language in PREFIXES:
        letter.texts.create(
            language=language, **{**main["texts"][language], "body": _long_body(content, main, language)}
        )
        for figure in main["figures"][language]:
            Figure.objects.create(letter=letter, language=language, **figure)
    update = make_update(letter, languages=tuple(PREFIXES))
    Update.objects.filter(pk=update.pk).update(published_at=timezone.now())
    for entry in _entries(content):
        make_signature(letter, **{field: entry[field] for field in ("name", "latin", "country", "kind")})


def _long_body(content, main, language):
    """Return the main letter's paragraphs, then others, until there are words enough."""
    bodies = [main["texts"][language]["body"]]
    bodies += [
        one["texts"][language]["body"]
        for one in content["letters"]
        if one is not main and language in one["texts"]
    ]
    bodies += [content["host"]["texts"][language]["stands_for"], MORE.get(language, "")]
    body = ""
    for paragraph in "\n\n".join(bodies).split("\n\n"):
        if len(_words(body)) < WORDS:
            body += f"{paragraph}\n\n"
    return body


def _words(text):
    return [word for word in text.split() if any(letter.isalnum() for letter in word)]


def _entries(content):
    """Return 117 different organisations, first those in Latin letters: of the real letter's names one is not."""
    different = {one["name"]: one for one in content["signatures"]}
    return sorted(different.values(), key=lambda one: bool(one["latin"]))[:NAMES]
