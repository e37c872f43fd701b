"""Each mail goes to one mailbox, in its language, says what happened, and its links work."""

import re
from email.header import decode_header, make_header
from html import unescape

import pytest
from django.conf import settings as site
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult

from letters.emails import StaffMail
from signatories import emails, export, quotes, tokens
from signatories.contacts import ContactDetails
from signatories.emails import Mail, send_later
from signatories.invitations import InvitationMail
from signatories.models import Contact, Purpose, Signature, Token, Vouch
from tests.factories import make_co_contact, make_letter, make_quote, make_signature, make_version, make_vouch

pytestmark = pytest.mark.django_db

MAILBOX = "amina@kettle.example"
LANGUAGES = [code for code, _ in site.LANGUAGES]
FSI, PDI = "\u2068", "\u2069"
STATUS_OF = {
    Mail.CONFIRM: "unconfirmed",
    Mail.CONFIRMED: "awaiting_moderation",
    Mail.HELD: "held",
    Mail.REJECTED: "rejected",
    Mail.WITHDRAWN: "withdrawn",
}
WITHOUT_OWN_PAGE = {Mail.CONFIRM, Mail.REJECTED, Mail.WITHDRAWN, Mail.ASKED_TO_VOUCH}


def sent(mailbox, mail, *, name="Blue Kettle", language="en", letter=None, **fields):
    fields = {"status": STATUS_OF.get(mail, "published"), "reject_reason": "no_answer", **fields}
    signature = make_signature(
        letter or make_letter(languages=tuple(LANGUAGES)),
        name=name,
        email=MAILBOX,
        language=language,
        **fields,
    )
    make_true(mail, signature)
    emails.send(signature.pk, mail)
    (message,) = mailbox.messages()
    return signature, message


def make_true(mail, signature):
    """Bring about what a mail says of a signature, beyond its status."""
    if mail == Mail.ASKED_TO_VOUCH:
        asker = make_signature(signature.letter, name="CANARYASKER", status="awaiting_moderation")
        make_vouch(asker, signature, status="asked")
    elif mail == Mail.CO_CONTACT:
        standing = make_signature(signature.letter, name=signature.name)
        Signature.objects.filter(pk=signature.pk).update(status="superseded", superseded_by=standing)
    elif mail == Mail.CONTACTS_DISAGREE:
        disagreeing = {"question": "contacts_disagree", "asked_at": timezone.now()}
        Signature.objects.filter(pk=signature.pk).update(**disagreeing)
    elif mail in (Mail.QUOTE_APPROVED, Mail.QUOTE_REJECTED):
        make_quote(signature, words="CANARYWORDS", status=str(mail).removeprefix("quote_"))
    elif mail == Mail.TEXT_CHANGED:
        make_version(signature.letter)
    elif mail == Mail.TEXT_CHANGED_MATERIALLY:
        Signature.objects.filter(pk=signature.pk).update(status="to_agree_again")
        make_version(signature.letter, change="material")


def text_of(message):
    return message.get_body(("plain",)).get_content()


def html_of(message):
    return message.get_body(("html",)).get_content()


def links_in(text):
    return re.findall(r"https?://\S+", text)


# --- every mail, in every language -------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mail", list(Mail))
def test_every_mail_goes_to_one_mailbox_in_its_language(mailbox, mail, language):
    with translation.override("fr"):  # whatever the worker did before
        signature, message = sent(mailbox, mail, language=language)

    assert message["To"] == MAILBOX
    assert message["Cc"] is message["Bcc"] is message["Reply-To"] is None
    assert message["From"].addresses[0].domain
    assert message["Auto-Submitted"] == "auto-generated"
    assert len(message.get_all("Message-ID")) == len(message.get_all("Subject")) == 1
    # A long one begins on a line of its own, and what folds it is no part of it.
    subject = str(make_header(decode_header(message["Subject"]))).removeprefix(" ")
    assert subject == " ".join(subject.split()) != ""
    text, html = text_of(message), html_of(message)
    assert f"{FSI}Blue Kettle{PDI}" in text
    assert f'lang="{language}"' in html
    assert (f'dir="{"rtl" if language == "ar" else "ltr"}"') in html
    prefix = "" if language == "en" else f"/{language}"
    assert f"{site.SITE_URL}{prefix}/letters/asylum/" in text
    title = "Keep the door open" if language == "en" else f"Keep the door open ({language})"
    assert f"{FSI}{title}{PDI}" in text
    assert signature.contact is not None


@pytest.mark.parametrize("mail", list(Mail))
def test_every_link_in_a_mail_leads_somewhere_here(mailbox, client, mail):
    _, message = sent(mailbox, mail)
    links = links_in(text_of(message))
    assert links
    for link in links:
        assert link.startswith(site.SITE_URL + "/")
        assert client.get(link.removeprefix(site.SITE_URL)).status_code == 200


@pytest.mark.parametrize("mail", list(Mail))
def test_both_parts_of_a_mail_hold_the_same_links(mailbox, mail):
    _, message = sent(mailbox, mail)
    linked = re.findall(r'href="([^"]+)"', html_of(message))
    assert [unescape(link) for link in linked] == links_in(text_of(message))


@pytest.mark.parametrize("mail", list(Mail))
def test_no_mail_fetches_anything(mailbox, mail):
    _, message = sent(mailbox, mail)
    assert not re.search(r"<img|<link|<script|<iframe|url\(|src=", html_of(message))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@pytest.mark.parametrize("mail", sorted(set(Mail) - WITHOUT_OWN_PAGE))
def test_its_own_page_is_one_link_away(mailbox, mail):
    signature, message = sent(mailbox, mail)
    (link,) = [link for link in links_in(text_of(message)) if "/s/" in link and not link.endswith("/agree/")]
    assert tokens.find(link.rstrip("/").rpartition("/")[2], Purpose.OWN_PAGE) == signature


@pytest.mark.parametrize("mail", [Mail.REJECTED, Mail.WITHDRAWN])
def test_what_has_ended_is_told_without_a_secret_link(mailbox, mail):
    _, message = sent(mailbox, mail)
    assert "/s/" not in text_of(message)
    assert Token.objects.count() == 0


def test_the_mail_to_confirm_carries_a_link_and_a_code(mailbox):
    signature, _ = sent(mailbox, Mail.CONFIRM)
    link = mailbox.link_to(MAILBOX, "/confirm/")
    assert tokens.find(link.split("/")[2], Purpose.CONFIRM) == signature
    assert tokens.redeem_code(signature.letter, address=MAILBOX, code=mailbox.code_to(MAILBOX)) == signature


def test_every_sending_mints_a_link_of_its_own(mailbox):
    signature, _ = sent(mailbox, Mail.CONFIRM)
    emails.send(signature.pk, Mail.CONFIRM)
    links = {link for message in mailbox.messages() for link in links_in(text_of(message)) if "/s/" in link}
    assert len(links) == 2


@pytest.mark.parametrize(
    ("reason", "words"), [("no_answer", "had no answer"), ("not_authorised", "did not sign")]
)
def test_who_is_rejected_is_told_why(mailbox, reason, words):
    _, message = sent(mailbox, Mail.REJECTED, reject_reason=reason)
    assert words in text_of(message)


def test_who_is_held_is_told_why(mailbox):
    _, message = sent(mailbox, Mail.HELD, hold_reason="pressure")
    assert "Many signatures came from one place" in text_of(message)


@pytest.mark.parametrize("mail", list(Mail))
def test_no_mail_tells_who_the_person_is_or_where_the_organisation_works(mailbox, mail):
    """A mailbox is read by others too."""
    contact = ContactDetails(name="CANARYPERSON", role="CANARYROLE", email=MAILBOX)
    status = STATUS_OF.get(mail, "published")
    signature = make_signature(status=status, contact=contact, country="TV", website="https://canary.example")
    make_true(mail, signature)
    emails.send(signature.pk, mail)
    everything = mailbox.messages()[0].as_string() + text_of(mailbox.messages()[0])
    assert "canary" not in everything.casefold()
    assert "Tuvalu" not in everything


@pytest.mark.parametrize("mail", list(Mail))
def test_no_subject_tells_who_signed_what(mailbox, mail):
    _, message = sent(mailbox, mail, name="Canary House")
    assert "Canary" not in message["Subject"]
    assert "door" not in message["Subject"]


# --- while the letter gathers ------------------------------------------------------------------------


def test_a_gathering_letter_is_linked_where_those_who_were_invited_find_it(mailbox, client):
    letter = make_letter(phase="gathering")
    _, message = sent(mailbox, Mail.CONFIRMED, letter=letter)
    text = text_of(message)
    assert f"/g/{letter.gathering_key}/" in text
    assert "/letters/asylum/" not in text


# --- names that try something ------------------------------------------------------------------------

HOSTILE = [
    "Blue\r\nBcc: victim@elsewhere.example",
    "Blue\nSubject: You won",
    "Blue\n\nA new paragraph",
    "=?utf-8?q?Blue?=",
    "%0aBcc: victim@elsewhere.example",
    "<b>Blue</b><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ signature.contact }}{% load x %}",
    "Blue\u2028Bcc: victim@elsewhere.example",
    "\u202egnorw",
    "a" * 255,
]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("mail", [Mail.CONFIRM, Mail.PUBLISHED])
def test_a_name_changes_no_header_and_no_markup(mailbox, mail, name):
    _, message = sent(mailbox, mail, name=name)
    _, plain_message = sent_plain(mailbox, mail)
    assert sorted(message.keys()) == sorted(plain_message.keys())
    assert message["To"] == MAILBOX
    assert message["Subject"] == plain_message["Subject"]
    assert "victim" not in str(message["To"]) + str(message["Subject"])
    html = html_of(message)
    assert set(re.findall(r"<(\w+)", html)) == set(re.findall(r"<(\w+)", html_of(plain_message)))


def sent_plain(mailbox, mail):
    signature = make_signature(
        make_letter("plain"), email="plain@kettle.example", status=STATUS_OF.get(mail, "published")
    )
    emails.send(signature.pk, mail)
    return signature, mailbox.to("plain@kettle.example")[0]


def test_a_name_of_another_direction_turns_nothing_around_it(mailbox):
    _, message = sent(mailbox, Mail.PUBLISHED, name="بيت اللاجئين (BL)")
    assert f"{FSI}بيت اللاجئين (BL){PDI}" in text_of(message)
    assert text_of(message).count(FSI) == text_of(message).count(PDI)


def test_a_title_that_tries_something_changes_no_header(mailbox):
    letter = make_letter(title="Door\r\nBcc: victim@elsewhere.example")
    _, message = sent(mailbox, Mail.CONFIRM, letter=letter)
    assert message["Bcc"] is None
    assert message["To"] == MAILBOX


# --- several who speak for one signature -------------------------------------------------------------


@pytest.mark.parametrize("mail", [Mail.PUBLISHED, Mail.HELD, Mail.SETTLED, Mail.CORRECTION_ACCEPTED])
def test_everybody_who_speaks_for_a_signature_is_told(mailbox, work, mail):
    standing = make_signature(status=STATUS_OF.get(mail, "published"), email="a@kettle.example")
    make_co_contact(standing, email="b@kettle.example", language="ar", name="Blue Kettle, too")
    make_co_contact(standing, phone="+254700000000")
    send_later(standing, mail)
    work()
    told = sorted(message["To"] for message in mailbox.messages())
    assert told == ["a@kettle.example", "b@kettle.example"]
    (to_second,) = mailbox.to("b@kettle.example")
    assert 'lang="ar"' in html_of(to_second)
    assert f"{FSI}Blue Kettle{PDI}" in text_of(to_second)


@pytest.mark.parametrize("mail", [Mail.CONFIRM, Mail.ALREADY_SIGNED, Mail.ASKED_TO_VOUCH, Mail.CO_CONTACT])
def test_what_is_for_one_mailbox_goes_to_one(mail):
    standing = make_signature()
    make_co_contact(standing)
    send_later(standing, mail)
    assert [job.args_kwargs["args"] for job in DBTaskResult.objects.all()] == [[standing.pk, str(mail)]]


def test_each_of_several_gets_a_link_of_its_own(mailbox, work):
    standing = make_signature(email="a@kettle.example")
    second = make_co_contact(standing, email="b@kettle.example")
    send_later(standing, Mail.PUBLISHED)
    work()
    links = [mailbox.link_to(address).split("/")[2] for address in ("a@kettle.example", "b@kettle.example")]
    assert [tokens.find(link, Purpose.OWN_PAGE) for link in links] == [standing, second]


def overtake(mail, signature):
    """Let something happen between the asking for a mail and its sending."""
    if mail == Mail.ASKED_TO_VOUCH:
        Vouch.objects.update(status="declined")
    elif mail in (Mail.QUOTE_APPROVED, Mail.QUOTE_REJECTED):
        quotes.take_back(signature)
    else:
        Signature.objects.filter(pk=signature.pk).update(
            status="withdrawn", superseded_by=None, question="", asked_at=None
        )


@pytest.mark.parametrize(
    "mail",
    [
        Mail.ASKED_TO_VOUCH,
        Mail.CO_CONTACT,
        Mail.ANOTHER_CONTACT,
        Mail.CONTACTS_DISAGREE,
        Mail.SETTLED,
        Mail.QUOTE_APPROVED,
        Mail.QUOTE_REJECTED,
    ],
)
def test_news_that_was_overtaken_is_not_sent(mailbox, mail):
    signature = make_signature(make_letter(), email=MAILBOX)
    make_true(mail, signature)
    overtake(mail, signature)
    emails.send(signature.pk, mail)
    assert mailbox.messages() == []


# --- whom we do not write to -------------------------------------------------------------------------


def test_a_phone_and_a_contact_that_is_gone_are_not_written_to(mailbox, work):
    letter = make_letter()
    send_later(make_signature(letter, phone="+254700000000"), Mail.PUBLISHED)
    gone = make_signature(letter, name="Gone")
    Contact.objects.filter(signature=gone).delete()
    send_later(gone, Mail.PUBLISHED)
    assert DBTaskResult.objects.count() == 0


def test_a_language_we_do_not_speak_is_written_to_in_ours(mailbox):
    _, message = sent(mailbox, Mail.CONFIRM, language="my")
    assert "Good day," in text_of(message)
    assert f"{site.SITE_URL}/letters/asylum/" in text_of(message)


def test_what_waits_in_the_queue_is_a_number_and_a_word():
    signature = make_signature(email=MAILBOX)
    send_later(signature, Mail.PUBLISHED)
    job = DBTaskResult.objects.get()
    assert job.args_kwargs == {"args": [signature.pk, "published"], "kwargs": {}}


def test_links_are_made_of_our_own_address_whatever_a_request_says(client, mailbox, work):
    make_letter()
    from tests.factories import sign_form

    client.post("/letters/asylum/sign/", sign_form(), HTTP_X_FORWARDED_HOST="evil.example")
    work()
    assert all(link.startswith(site.SITE_URL) for link in links_in(mailbox.text_to(MAILBOX)))


def test_every_mail_has_its_folder_and_every_folder_its_mail():
    folders = {folder.name for folder in (site.BASE_DIR / "templates/emails").iterdir() if folder.is_dir()}
    assert folders == {str(mail) for mail in (*Mail, *StaffMail, *InvitationMail, export.MAIL)} | {"update"}


def test_who_is_published_is_told_how_to_share_a_public_letter(mailbox):
    _, message = sent(mailbox, Mail.PUBLISHED)
    assert "http://127.0.0.1:8000/letters/asylum/share/" in text_of(message)
    assert 'href="http://127.0.0.1:8000/letters/asylum/share/"' in html_of(message)


def test_a_secret_letter_is_shared_by_nobody(mailbox):
    letter = make_letter("quiet", phase="gathering", languages=tuple(LANGUAGES))
    _, message = sent(mailbox, Mail.PUBLISHED, letter=letter)
    assert "/share/" not in text_of(message)
