"""Every address there is, with the headers it must answer with; an address that is in no table fails."""

from io import BytesIO

import pytest
from django.contrib import admin
from django.contrib.sessions.models import Session
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import get_resolver, reverse
from PIL import Image

from letters.models import Host
from signatories import cards, invitations, statements, tokens, unsubscribing
from signatories.models import Purpose
from tests.desk import make_world, names_of_the_desk
from tests.factories import (
    code_of,
    enter,
    make_factor,
    make_invitation,
    make_letter,
    make_press_link,
    make_signature,
    make_staff,
    make_workshop,
    sign_form,
)

pytestmark = pytest.mark.django_db

# Exactly these on every answer, whatever its status.
CSP = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
}
ALWAYS = {
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
MAY_COME_TOO = {
    "Content-Type",
    "Content-Length",
    "Content-Encoding",
    "Content-Language",
    "Content-Disposition",
    "Cache-Control",
    "Vary",
    "ETag",
    "X-Robots-Tag",
    "Access-Control-Allow-Origin",
    "Location",
    "Expires",
    "Allow",
}

NAMES = "public, max-age=0, s-maxage=5, must-revalidate, proxy-revalidate"  # 5 s and never stale
PICTURE = "public, max-age=604800"
NOT_STORED = "not stored"

PUBLIC = {
    "home": NAMES,
    "host": NAMES,
    "letter": NAMES,
    "signatories": NAMES,
    "signatories_json": NAMES,
    "signatories_csv": NAMES,
    "map": NAMES,
    "event_wall": NAMES,
    "letter_pdf": NAMES,
    "deliveries": NAMES,
    "news": NAMES,
    "feed": NAMES,
    "embed": NAMES,
    "embed_code": NAMES,
    "archive": NAMES,
    "letter_html": NAMES,
    "letter_docx": NAMES,
    "letter_txt": NAMES,
    "sitemap": NAMES,
    "robots": NAMES,
    "press": NAMES,
    "counting": NAMES,
    "statement": NAMES,
    "share": NAMES,
    "card": NAMES,
    "poster": NAMES,
    "embargoed": NOT_STORED,
    "own_press": NOT_STORED,
    "versions": NAMES,
    "version": NAMES,
    "live": NAMES,
    "host_picture": PICTURE,
    "healthz": NOT_STORED,
    "sign": NOT_STORED,
    "sign_sent": NOT_STORED,
    "gathering_letter": NOT_STORED,
    "gathering_sign": NOT_STORED,
    "gathering_sent": NOT_STORED,
    "gathering_comments": NOT_STORED,
    "workshop": NOT_STORED,
    "workshop_sign": NOT_STORED,
    "workshop_sent": NOT_STORED,
    "unsubscribe": NOT_STORED,
    "confirm": NOT_STORED,
    "invitation": NOT_STORED,
    "invitation_sign": NOT_STORED,
    "own_page": NOT_STORED,
    "signed_card": NOT_STORED,
    "vouch": NOT_STORED,
    "agree": NOT_STORED,
}
DATA = {"live", "signatories_json", "signatories_csv"}  # which other sites' pages may read
NOT_INDEXED = {
    "embargoed",
    "own_press",
    "signed_card",
    "sign",
    "sign_sent",
    "gathering_letter",
    "gathering_sign",
    "gathering_sent",
    "gathering_comments",
    "workshop",
    "workshop_sign",
    "workshop_sent",
    "unsubscribe",
    "confirm",
    "invitation",
    "invitation_sign",
    "own_page",
    "vouch",
    "agree",
}

# What is registered at the desk. Its addresses are in tests/signatories/test_roles.py, with who may use them.
REGISTERED = {
    "auth_group",
    "letters_staff",
    "letters_event",
    "letters_host",
    "letters_letter",
    "letters_text",
    "signatories_signature",
    "signatories_organisation",
    "signatories_invalidation",
    "signatories_delivery",
    "signatories_invitation",
    "django_tasks_database_dbtaskresult",
}
# The way to the desk: what a stranger is told there.
WAY_IN = "the way in"
ACCOUNT = {
    "account_login": 200,
    "account_reset_password": 200,
    "account_new_password": 410,  # a link that is none
    "account_nowhere": 404,
    "account_logout": 405,  # by POST alone
    **dict.fromkeys(
        (
            "mfa_index",
            "mfa_authenticate",
            "mfa_login_webauthn",
            "mfa_reauthenticate",
            "mfa_reauthenticate_webauthn",
            "mfa_activate_totp",
            "mfa_deactivate_totp",
            "mfa_add_webauthn",
            "mfa_remove_webauthn",
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
            "account_reauthenticate",
            "account_change_password",
        ),
        WAY_IN,
    ),
}


def named(resolver, namespace=""):
    """Return the name of every address below a resolver; the admin's two without a name lead on or nowhere."""
    for pattern in resolver.url_patterns:
        if hasattr(pattern, "url_patterns"):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from named(pattern, inner)
        elif pattern.name is not None or namespace != "admin:":
            yield f"{namespace}{pattern.name}"


def test_every_address_is_in_a_table():
    named_here = {name for name in named(get_resolver()) if not name.startswith("admin:")}
    at_the_desk = (
        names_of_the_desk().keys() - ACCOUNT.keys()
    )  # whose table is tests/signatories/test_roles.py
    assert named_here - at_the_desk == PUBLIC.keys() | ACCOUNT.keys()


@pytest.fixture
def places(settings):
    """One working address for every public name."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    }
    signature = make_signature(make_letter(languages=("en", "ar")))
    pending = make_signature(signature.letter, name="Red Kettle", status="unconfirmed")
    secret = make_letter("secret", phase="gathering")
    invited = invitations.mint(make_invitation(signature.letter))
    room = make_workshop(signature.letter)
    picture = BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "JPEG")
    Host.objects.get().picture.save("picture.jpg", ContentFile(picture.getvalue()))
    arguments = {
        "home": [],
        "healthz": [],
        **{name: [] for name in ("sitemap", "robots")},
        **{name: ["asylum"] for name in ("news", "feed", "embed", "embed_code")},
        **{name: ["asylum"] for name in ("archive", "letter_html", "letter_docx", "letter_txt")},
        "host": ["harbour"],
        "host_picture": ["harbour"],
        **{name: ["asylum"] for name in ("signatories_json", "signatories_csv")},
        **{name: ["asylum"] for name in ("letter", "signatories", "sign", "sign_sent", "live")},
        **{name: ["asylum"] for name in ("letter_pdf", "deliveries", "versions", "map", "event_wall")},
        **{name: [secret.gathering_key] for name in ("gathering_letter", "gathering_sign", "gathering_sent")},
        "gathering_comments": [secret.gathering_key],
        **{name: [room.code] for name in ("workshop", "workshop_sign", "workshop_sent")},
        **{name: [invited] for name in ("invitation", "invitation_sign")},
        "unsubscribe": [unsubscribing.link("0" * 64, signature.letter_id)],
        "confirm": [tokens.mint(pending, Purpose.CONFIRM).value],
        "own_page": [tokens.mint(signature, Purpose.OWN_PAGE).value],
        **{name: ["asylum"] for name in ("press", "counting")},
        **{name: ["asylum"] for name in ("share", "card", "poster")},
        "signed_card": [cards.address_of(signature).split("/")[2]],
        "statement": ["asylum", statements.state(signature.letter).public_id],
        "embargoed": [make_press_link(secret).key],
        "own_press": [tokens.mint(signature, Purpose.OWN_PAGE).value],
        "version": ["asylum", 1],
        "agree": [tokens.mint(signature, Purpose.AGREE).value],
        "vouch": [tokens.mint(signature, Purpose.VOUCH).value],
    }
    return {name: reverse(name, args=arguments[name]) for name in PUBLIC}


def read(answer):
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def check_always(answer, address):
    may_be_framed = address.endswith("/embed/") and answer.status_code == 200
    for name, value in ALWAYS.items():
        wanted = None if name == "X-Frame-Options" and may_be_framed else value
        assert answer.get(name) == wanted, (address, name)
    directives = answer["Content-Security-Policy"].split("; ")
    # A map and a letter to keep bring the style they are drawn with, which their tests hold against its hash.
    brings_style = address.endswith(("map.svg", "letter.html"))
    expected = {one for one in CSP if not one.startswith("style-src")} if brings_style else CSP
    directives = [one for one in directives if not brings_style or not one.startswith("style-src")]
    if may_be_framed:
        expected = expected - {"frame-ancestors 'none'"} | {"frame-ancestors *"}
    if address.endswith("/embed/code/"):
        expected = expected | {"frame-src 'self'"}  # it shows the frame
    assert (set(directives), len(directives)) == (expected, len(expected)), address


def check(answer, address, cache):
    check_always(answer, address)
    assert set(answer.headers) <= {"Content-Security-Policy", *ALWAYS, *MAY_COME_TOO}, address
    assert not answer.cookies, address
    assert answer.get("Vary", "Accept-Encoding") == "Accept-Encoding", address
    if cache == NOT_STORED:
        said = {directive.strip() for directive in answer["Cache-Control"].split(",")}
        assert "no-store" in said, address
        assert not [one for one in said if one.startswith(("public", "s-maxage", "immutable"))], address
        assert "ETag" not in answer, address
        assert "Last-Modified" not in answer, address
    else:
        assert answer["Cache-Control"] == cache, address


@pytest.mark.parametrize(
    "cookies", [{}, {"sessionid": "x" * 32, "csrftoken": "y" * 32, "django_language": "ar"}]
)
def test_a_public_page_answers_with_exactly_these_headers(client, places, cookies):
    client.cookies.load(cookies)
    for name, address in places.items():
        plain = {"healthz", "host_picture", "sitemap", "robots"} | DATA
        prefixes = [""] if name in plain else ["", "/ar"]
        for path in [prefix + address for prefix in prefixes]:
            for method in (client.get, client.head):
                answer = method(path)
                assert answer.status_code == 200, path
                check(answer, path, PUBLIC[name])
                assert ("noindex" in answer.get("X-Robots-Tag", "")) == (name in NOT_INDEXED), path
                assert answer.get("Access-Control-Allow-Origin") == ("*" if name in DATA else None), path


def test_a_session_of_the_desk_changes_no_public_page(client, places):
    anonymous = {name: client.get(address) for name, address in places.items()}
    enter(client, make_staff())
    for name, address in places.items():
        answer = client.get(address)
        assert answer.get("Vary", "Accept-Encoding") == "Accept-Encoding"
        assert not answer.cookies
        if name != "host_picture":
            assert read(answer) == read(anonymous[name])


def test_what_is_posted_sets_no_cookie_and_is_not_stored(client, places):
    posts = {
        "sign": sign_form(),
        "gathering_sign": sign_form(),
        "sign_sent": {"contact_email": "a@kettle.example", "code": "123456"},
        "gathering_sent": {},
        "gathering_comments": {"words": "Say it more gently.", "version": "1"},
        "workshop_sign": sign_form(contact_email="b@kettle.example"),
        "workshop_sent": {},
        "confirm": {"visibility": "public"},
        "invitation": {"answer": "declined"},
        "invitation_sign": sign_form(contact_email="c@kettle.example"),
        "unsubscribe": {"what": "letter"},
        "vouch": {"act": "answer", "about": "nobody"},
        "own_press": {"act": "offer", "words": "We stand by it.", "language": "en"},
        "press": {"ask": "again"},
        "own_page": {"act": "erase", "sure": "on"},
    }
    for name, form in posts.items():
        for data in ({}, form):
            answer = client.post(places[name], data)
            assert answer.status_code in (200, 303, 409, 422), name
            check(answer, name, NOT_STORED)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/nowhere/", 404),
        ("/letters/nowhere/", 404),
        ("/letters/nowhere/live.json", 404),
        ("/hosts/nowhere/", 404),
        ("/hosts/nowhere/picture.jpg", 404),
        ("/s/nowhere/", 404),
        ("/ar/s/nowhere/confirm/", 404),
        ("/g/nowhere/", 404),
        ("/u/nowhere/", 404),
        ("/i/nowhere/", 404),
        ("/ar/i/nowhere/sign/", 404),
        ("/p/nowhere/", 404),
        ("/ar/p/nowhere/", 404),
        ("/s/nowhere/press/", 404),
        ("/letters/asylum/as-of/nowhere/", 404),
        ("/letters/nowhere/press/", 404),
        ("/letters/nowhere/counting/", 404),
        ("/g/nowhere/comments/", 404),
        ("/w/nowhere/", 404),
        ("/ar/w/nowhere/sign/", 404),
        ("/letters/closed/sign/", 410),
        ("/letters/asylum/?" + "&".join(f"f{number}" for number in range(3_000)), 200),
        ("/letters/asylum/signatories/?" + "&".join(f"f{number}" for number in range(3_000)), 400),
    ],
)
def test_what_is_not_there_says_as_little_and_is_not_stored(client, places, address, status):
    make_letter("closed", phase="closed")
    answer = client.get(address)
    assert answer.status_code == status
    check(answer, address, NAMES if status == 200 else NOT_STORED)


def test_a_wrong_host_is_told_nothing(client, places):
    answer = client.get("/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert b"evil.example" not in answer.content
    assert not answer.cookies


def test_no_address_is_made_of_what_a_sender_says_the_host_is(client, work, mailbox, places):
    spoofed = {
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
        "X-Original-URL": "https://evil.example/",
        "X-Rewrite-URL": "/admin/",
    }
    for name, address in places.items():
        answer = client.get(address, headers=spoofed)
        assert answer.status_code == 200
        if name != "host_picture":
            assert b"evil.example" not in read(answer)
    client.post(places["sign"], sign_form(), headers={**spoofed, "Host": "127.0.0.1"})
    work()
    for message in mailbox.to("amina@kettle.example"):
        assert "evil.example" not in message.as_string()
        assert "http://127.0.0.1:8000/s/" in message.get_body(("plain",)).get_content()


def test_moved_addresses_are_kept_by_no_shared_cache(client, places):
    for name in ("own_page", "gathering_letter", "home"):
        answer = client.get(f"/en{places[name]}")
        assert answer.status_code == 301
        assert "public" not in answer["Cache-Control"]
        assert answer.get("Vary") is None


# --- the desk ------------------------------------------------------------------------------------------


def desk_addresses():
    """One address for every name of the desk."""
    world = make_world()
    return {name: world.address(name) for name in names_of_the_desk() if name not in ACCOUNT}


def account_addresses():
    """One address for every name on the way to the desk."""
    world = make_world()
    return {name: world.address(name) for name in ACCOUNT}


def come_in(browser, **fields):
    """Come in through the pages; return the last answer."""
    browser.post("/admin/account/login/", {"login": "alice", "password": "correct horse battery", **fields})
    return browser.post("/admin/account/login/code/", {"code": code_of()})


def check_cookies(answer, address):
    for cookie in answer.cookies.values():
        assert cookie["path"] == "/admin/", (address, cookie.key)
        assert cookie["samesite"] == "Strict", (address, cookie.key)
        is_gone = not cookie.value
        assert cookie["httponly"] or cookie.key == "csrftoken" or is_gone, (address, cookie.key)


def test_the_desk_is_closed_to_everyone_else(client):
    """Nothing but the way in: not for strangers, not for people who are no staff."""
    addresses = desk_addresses()
    visitor = Client()
    enter(visitor, make_staff("carol", is_staff=False, is_superuser=False))
    for someone in (client, visitor):
        for name, address in addresses.items():
            for answer in (someone.get(address), someone.post(address)):
                way_in = answer.status_code == 302 and answer["Location"].startswith(
                    "/admin/login/?next=/admin/"
                )
                opened = name in ("admin:login", "admin:logout", "admin:jsi18n")
                assert way_in or opened, (name, answer.status_code)
                check_cookies(answer, address)
                check_always(answer, address)


def test_the_way_in_is_all_a_stranger_sees(client):
    make_staff()
    for name, address in account_addresses().items():
        answer = client.get(address)
        if ACCOUNT[name] == WAY_IN:
            assert answer.status_code == 302, name
            assert answer["Location"].startswith("/admin/account/login/"), name
        else:
            assert answer.status_code == ACCOUNT[name], name
        assert not Session.objects.exists(), name
        check_cookies(answer, address)
        check_always(answer, address)
        if answer.status_code == 200:
            assert "no-store" in answer["Cache-Control"], name


def test_the_desks_cookies_stay_at_the_desk_and_its_pages_are_not_stored():
    make_factor(make_staff())
    browser = Client()
    answer = come_in(browser)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert answer.cookies.keys() == {"sessionid", "csrftoken", "desk_browser"}
    check_cookies(answer, "/admin/account/login/code/")
    world = make_world()
    for name in names_of_the_desk():
        address = world.address(name)
        if name == "admin:logout":
            continue
        answer = browser.get(address)
        assert answer.status_code in (200, 302, 400, 403, 404, 405, 410), name
        check_cookies(answer, address)
        check_always(answer, address)
        said = answer.get("Cache-Control", "no-store")
        assert "public" not in said, name
        if answer.status_code == 200 and name != "admin:jsi18n":
            assert "no-store" in said or "max-age=0" in said, name


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "http:evil.example",
        "/letters/asylum/",
        "/admin/../letters/asylum/",
        "/admin/%2e%2e/letters/asylum/",
    ],
)
def test_the_way_in_leads_to_the_desk_alone(client, target):
    make_factor(make_staff())
    answer = come_in(client, next=target)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_every_model_at_the_desk_is_meant_to_be_there():
    assert {
        f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry
    } == REGISTERED


def test_the_way_out_forgets_the_session(client):
    enter(client, make_staff())
    assert client.get("/admin/").status_code == 200
    client.post("/admin/logout/")
    assert client.get("/admin/").status_code == 302


def test_a_desk_left_alone_for_half_an_hour_asks_again(client):
    import time_machine
    from django.utils import timezone

    enter(client, make_staff())
    start = timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        client.get("/admin/")
        clock.shift(29 * 60)
        assert client.get("/admin/").status_code == 200
        clock.shift(29 * 60)
        assert client.get("/admin/").status_code == 200
        clock.shift(31 * 60)
        assert client.get("/admin/").status_code == 302
