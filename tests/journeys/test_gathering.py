"""Twenty organisations sign behind the secret link; until the launch nobody else learns of it, then all at once."""

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine

from letters import revision
from letters.models import Letter
from signatories.models import Signature
from tests.factories import enter, make_letter, make_signature, make_staff, sign_form

pytestmark = pytest.mark.django_db

TITLE = "Quietly before the summit"
SLUG = "quiet-summit"
NAMES = [f"Ember Guild {number:02}" for number in range(1, 21)]
PREFIXES = ("", "/ar", "/fr", "/sw")

# What the contract names, and what a curious person tries.
ADDRESSES = [
    *(prefix + path for prefix in PREFIXES for path in ("/", "/hosts/harbour/")),
    *(
        f"{prefix}/letters/{SLUG}/{rest}"
        for prefix in PREFIXES
        for rest in (
            "",
            "sign/",
            "sign/sent/",
            "signatories/",
            "signatories/?page=1",
            "feed.atom",
            "embed/",
            "map.svg",
            "card.png",
            "wall/",
            "letter.pdf",
        )
    ),
    *(f"/letters/{SLUG}/{rest}" for rest in ("live.json", "signatories.json", "signatories.csv")),
    f"/g/{SLUG}/",
    f"/s/{SLUG}/",
    "/sitemap.xml",
    "/robots.txt",
    "/feed.atom",
    "/healthz",
]


class Links(HTMLParser):
    """Collects every address a page points to."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [
            value for name, value in attrs if name in ("href", "src", "action", "data-live") and value
        ]


def crawl(client, starts):
    """Return {address: answer} of everything reachable from these addresses on our own site, but the admin."""
    answers, waiting = {}, list(starts)
    while waiting:
        address = waiting.pop()
        if address in answers or address.startswith(("/admin/", "/static/")):
            continue
        answers[address] = answer = client.get(address)
        targets = [answer["Location"]] if "Location" in answer else []
        if "html" in answer.get("Content-Type", ""):
            links = Links()
            links.feed(answer.content.decode())
            targets += links.found
        for target in targets:
            url = urlsplit(urljoin(f"http://testserver{address}", target))
            if url.netloc == "testserver":
                waiting.append(url.path + (f"?{url.query}" if url.query else ""))
    return answers


def everything_said(answer):
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode(errors="replace") + "".join(f"{name}: {value}\n" for name, value in answer.items())


def gathering_letter(**fields):
    fields = {"phase": "gathering", "title": TITLE, "languages": ("en", "ar"), **fields}
    return make_letter(SLUG, **fields)


def collect(client, work, mailbox, letter, names):
    """Sign, confirm and approve each name, all by HTTP and mail."""
    alice = make_staff()
    for number, name in enumerate(names):
        address = f"ember{number}@guild.example"
        form = sign_form(organisation=name, contact_email=address)
        answer = client.post(f"/g/{letter.gathering_key}/sign/", form)
        assert (answer.status_code, answer["Location"]) == (303, f"/g/{letter.gathering_key}/sign/sent/")
        work()
        assert client.post(mailbox.link_to(address), {"visibility": "public"}).status_code == 200
    enter(client, alice)
    for signature in letter.signatures.all():
        client.post(f"/admin/signatories/signature/{signature.pk}/decide/", {"decision": "approve"})
    client.logout()
    assert letter.signatures.published().count() == len(names)


def schedule(client, letter, act, at=""):
    return client.post(f"/admin/letters/letter/{letter.pk}/act/", {"act": act, "at": at})


def test_twenty_sign_in_secret_and_appear_at_the_minute_of_the_launch_in_one_revision(
    client, work, mailbox, settings
):
    letter = gathering_letter(time_zone="Africa/Nairobi")
    make_letter("public", title="The one that is open")
    with time_machine.travel(datetime(2031, 3, 4, 6, 0, tzinfo=UTC), tick=True):
        collect(client, work, mailbox, letter, NAMES)
        enter(client, make_staff("launcher"))
        schedule(client, letter, "open", "2031-03-04T12:00")  # 09:00 UTC
        client.logout()
        letter.refresh_from_db()
    assert letter.opens_at == datetime(2031, 3, 4, 9, 0, tzinfo=UTC)
    before = letter.revision

    with time_machine.travel(letter.opens_at - timedelta(seconds=2), tick=False):
        revision.forget()
        assert client.get(f"/letters/{SLUG}/").status_code == 404
        assert client.get(f"/g/{letter.gathering_key}/").status_code == 200
        answers = crawl(client, ADDRESSES)
    assert len(answers) > 80
    assert "The one that is open" in everything_said(answers["/"])
    for address, answer in answers.items():
        said = everything_said(answer)
        assert not [name for name in NAMES if name in said], address
        assert TITLE not in said, address
        assert letter.gathering_key not in said, address

    with time_machine.travel(letter.opens_at, tick=False):
        revision.forget()
        page = client.get(f"/letters/{SLUG}/").content.decode()
        state = client.get(f"/letters/{SLUG}/live.json").json()
        home = client.get("/").content.decode()
        secret = client.get(f"/g/{letter.gathering_key}/")
    assert [name for name in NAMES if name not in page] == []
    assert (state["organisations"], state["revision"]) == (20, before)
    assert TITLE in home
    assert (secret.status_code, secret["Location"]) == (302, f"/letters/{SLUG}/")
    assert "no-store" in secret["Cache-Control"]


def test_a_secret_letter_answers_as_one_that_does_not_exist(client):
    gathering_letter()
    make_letter("not-yet", phase="draft")
    for rest in ("", "sign/", "sign/sent/", "signatories/"):
        unknown = client.get(f"/letters/nowhere/{rest}")
        assert unknown.status_code == 404
        for slug in (SLUG, "not-yet"):
            answer = client.get(f"/letters/{slug}/{rest}")
            assert answer.status_code == 404
            assert answer.content.replace(slug.encode(), b"nowhere") == unknown.content
            assert dict(answer.headers) == {
                **unknown.headers,
                "Content-Length": answer.headers["Content-Length"],
            }
    posted = client.post(f"/letters/{SLUG}/sign/", sign_form())
    assert posted.status_code == 404
    assert not Signature.objects.exists()


def test_asking_for_a_letter_too_early_does_not_keep_its_launch_from_a_shared_cache(client):
    gathering_letter()
    answer = client.get(f"/letters/{SLUG}/")
    assert answer.status_code == 404
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("prefix", ["", "/ar"])
@pytest.mark.parametrize("rest", ["", "sign/", "sign/sent/"])
def test_every_secret_page_is_stored_nowhere_indexed_nowhere_and_previews_nothing(client, prefix, rest):
    letter = gathering_letter()
    make_signature(letter, name="Ember Guild")
    answer = client.get(f"{prefix}/g/{letter.gathering_key}/{rest}")
    page = answer.content.decode()
    head = page[: page.index("</head>")]
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert "noindex" in answer["X-Robots-Tag"]
    assert "noindex" in head
    assert TITLE not in head
    assert not re.search(r'property="og:|name="description"', head)
    assert "ETag" not in answer
    assert "Ember Guild" not in page
    assert "live.json" not in page


def test_a_replaced_link_is_a_dead_end_and_the_new_one_works(client):
    letter = gathering_letter()
    old = letter.gathering_key
    enter(client, make_staff())
    schedule(client, letter, "link")
    letter.refresh_from_db()
    assert letter.gathering_key != old
    for rest in ("", "sign/", "sign/sent/"):
        assert client.get(f"/g/{old}/{rest}").status_code == 404
        assert client.get(f"/g/{letter.gathering_key}/{rest}").status_code == 200
    assert client.post(f"/g/{old}/sign/", sign_form()).status_code == 404
    assert not Signature.objects.exists()


@pytest.mark.parametrize("phase", ["draft", "closed", "archived"])
def test_the_secret_link_shows_nothing_of_a_draft_and_leads_on_from_a_letter_that_was_launched(client, phase):
    letter = make_letter(SLUG, phase=phase, title=TITLE)
    answer = client.get(f"/g/{letter.gathering_key}/")
    if phase == "draft":
        assert answer.status_code == 404
    else:
        assert (answer.status_code, answer["Location"]) == (302, f"/letters/{SLUG}/")


def test_the_form_that_was_opened_before_the_launch_can_be_sent_after_it(client, work, mailbox):
    letter = gathering_letter()
    form = f"/g/{letter.gathering_key}/sign/"
    assert client.get(form).status_code == 200
    Letter.objects.filter(pk=letter.pk).update(opens_at=datetime.now(UTC))

    assert client.get(form, follow=True).request["PATH_INFO"] == f"/letters/{SLUG}/sign/"
    answer = client.post(form, sign_form(), follow=True)
    assert answer.status_code == 200
    assert answer.request["PATH_INFO"] == f"/letters/{SLUG}/sign/sent/"
    work()
    assert client.get(mailbox.link_to("amina@kettle.example")).status_code == 200


def test_the_code_that_was_mailed_before_the_launch_can_be_typed_after_it(client, work, mailbox):
    letter = gathering_letter()
    sent = f"/g/{letter.gathering_key}/sign/sent/"
    client.post(f"/g/{letter.gathering_key}/sign/", sign_form())
    work()
    Letter.objects.filter(pk=letter.pk).update(opens_at=datetime.now(UTC))
    typed = {"contact_email": "amina@kettle.example", "code": mailbox.code_to("amina@kettle.example")}
    assert "/confirm/" in client.post(sent, typed, follow=True).request["PATH_INFO"]


def test_pages_of_those_who_signed_in_secret_lead_back_by_the_secret_link_alone(client, work, mailbox):
    letter = gathering_letter()
    client.post(f"/g/{letter.gathering_key}/sign/", sign_form())
    work()
    link = mailbox.link_to("amina@kettle.example")
    pages = [client.get(link), client.post(link, {"visibility": "public"})]
    work()
    pages.append(client.get(mailbox.link_to("amina@kettle.example")))
    for page in pages:
        assert f"/letters/{SLUG}/" not in page.content.decode()
        assert f"/g/{letter.gathering_key}/" in page.content.decode()
        assert "no-store" in page["Cache-Control"]


def test_a_draft_that_is_to_gather_from_a_date_gathers_from_that_date(client):
    letter = make_letter(SLUG, phase="draft", title=TITLE, gathers_at=datetime(2031, 1, 1, tzinfo=UTC))
    address = f"/g/{letter.gathering_key}/"
    with time_machine.travel(datetime(2030, 12, 31, 23, 59, 59, tzinfo=UTC), tick=False):
        assert client.get(address).status_code == 404
        assert client.post(f"{address}sign/", sign_form()).status_code == 404
    with time_machine.travel(datetime(2031, 1, 1, tzinfo=UTC), tick=False):
        assert client.get(address).status_code == 200
