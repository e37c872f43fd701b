"""Inviting: each is asked once, answers by a button, is reminded as often as it bears, and counts by its own yes."""

import re
from datetime import timedelta
from html import unescape
from smtplib import SMTPRecipientsRefused

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.conf import settings as site
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django_tasks_db.models import DBTaskResult

from letters.models import Event, Letter
from signatories import (
    guests,
    invitation_mails,
    invitations,
    signing,
    tasks,
    tokens,
    verification,
    withdrawal,
)
from signatories.contacts import unseal
from signatories.invitations import Guest, InvitationMail
from signatories.models import (
    Invitation,
    InvitationLink,
    InvitedContact,
    Purpose,
    Signature,
    Token,
)
from tests.factories import (
    enter,
    make_claim,
    make_contact_details,
    make_host,
    make_invitation,
    make_letter,
    make_member,
    make_signature,
    make_staff,
    make_version,
    sign_form,
)
from tests.racing import at_once
from tests.ticking import outcomes, said, tick

pytestmark = pytest.mark.django_db

MAILBOX = "amina@kettle.example"
OTHER = "noor@elsewhere.example"
LANGUAGES = [code for code, _name in site.LANGUAGES]
DAY = timedelta(days=1)
FSI, PDI = "\u2068", "\u2069"


@pytest.fixture
def alice():
    return make_staff()


def again(invitation):
    return Invitation.objects.get(pk=invitation.pk)


def address_of(invitation, rest=""):
    return f"/i/{invitations.mint(invitation)}/{rest}"


def text_of(message):
    return message.get_body(("plain",)).get_content()


def html_of(message):
    return message.get_body(("html",)).get_content()


def links_in(text):
    return re.findall(r"https?://\S+", text)


# --- the list ----------------------------------------------------------------------------------------


def test_an_organisation_is_on_a_list_once(alice):
    there = make_invitation()
    guest = Guest(name=" blue KETTLE ", country="KE", email="another@kettle.example")
    with pytest.raises(invitations.AlreadyInvited) as refusal:
        invitations.invite(there.letter, guest=guest, by=alice)
    assert refusal.value.invitation == there
    invitations.invite(there.letter, guest=Guest(name="Blue Kettle", country="UG"), by=alice)
    invitations.invite(make_letter("other"), guest=Guest(name="Blue Kettle", country="KE"), by=alice)


def test_the_database_refuses_a_second_one_whatever_act_tries(alice):
    there = make_invitation()
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(letter=there.letter, name="Blue Kettle", country="KE", language="en")


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "will_sign"},
        {"status": "invited", "promised_on": "2026-01-01"},
        {"status": "invited", "sent_at": None},
        {"status": "to_send", "name": ""},
    ],
)
def test_the_database_refuses_what_cannot_be(wrong):
    row = {"letter": make_letter(), "name": "Blue", "language": "en", "sent_at": timezone.now(), **wrong}
    with pytest.raises(IntegrityError), transaction.atomic():
        Invitation.objects.create(**row)


def test_one_that_was_taken_off_can_be_invited_anew(alice):
    there = make_invitation()
    link = address_of(there)
    invitations.take_off(there, by=alice)
    invitations.take_off(there, by=alice)
    assert not InvitedContact.objects.exists()
    assert Client().get(link).status_code == 404
    assert Event.objects.filter(act="take_off").count() == 1
    invitations.invite(there.letter, guest=Guest(name="Blue Kettle", country="KE"), by=alice)


def test_inviting_an_address_tells_nothing_of_anybody_else(alice):
    """A moderator may see no contacts; what is already there is known by its name alone."""
    letter = make_letter()
    make_signature(letter, name="Red Lantern", email=MAILBOX)
    make_invitation(letter, name="Green Pot", email=MAILBOX)
    browser = enter(Client(), make_member("mo", "Moderator"))
    new = f"/admin/signatories/invitation/letter/{letter.pk}/new/"

    def told(email):
        with transaction.atomic():
            read = {"act": "read", "many-language": "en", "many-pasted": f"Blue Kettle;{email};;KE"}
            preview = browser.post(new, read)
            one = {"act": "one", "one-organisation": "Blue Kettle", "one-email": email, "one-language": "en"}
            added = browser.post(new, one, follow=True)
            row = Invitation.objects.get(name="Blue Kettle")
            page = browser.get(f"/admin/signatories/invitation/{row.pk}/change/")
            seen = [
                re.sub(
                    r'csrfmiddlewaretoken" value="\w+"|/\d+/|[\d:]+ UTC|nonce="[^"]+"',
                    "",
                    answer.content.decode(),
                )
                for answer in (preview, added, page)
            ]
            transaction.set_rollback(True)
        return [each.replace(email, "ADDRESS") for each in seen]

    with time_machine.travel(timezone.now(), tick=False):
        assert told(MAILBOX) == told("nobody@kettle.example")


@pytest.mark.parametrize("by_hand", [False, True])
def test_one_that_was_never_mailed_is_not_marked_by_who_signs(alice, by_hand):
    """Else a list of guessed addresses would tell whose they are."""
    guessed = make_invitation(name="Anything", status="to_send")
    if by_hand:
        invitations.mark(guessed, status="invited", by=alice)
    status = again(guessed).status
    signature = make_signature(guessed.letter, name="Red Lantern", email=MAILBOX, status="unconfirmed")
    verification.confirm(signature, visibility="public")
    assert again(guessed).status == status


def test_addresses_lie_sealed_and_nobody_stands_in_events_or_jobs(alice, work):
    invitation = make_invitation(name="Canary House", email="canary@kettle.example", status="to_send")
    invitations.send(invitation, by=alice)
    job = DBTaskResult.objects.get()
    assert job.args_kwargs == {"args": [invitation.pk, "invitation"], "kwargs": {}}
    work()
    with connection.cursor() as cursor:
        for table in ("invitation", "invitedcontact", "invitationlink"):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM signatories_{table} t")
            assert "canary@" not in (cursor.fetchone()[0] or "")
    assert "anary" not in " ".join(
        str(row) for row in (*Event.objects.values(), *DBTaskResult.objects.values())
    )
    assert str(invitation) == invitation.public_id
    assert "canary" not in repr(Guest(name="Canary", email="canary@kettle.example"))


def test_a_new_address_replaces_the_one_that_came_back(alice, work, mailbox):
    invitation = make_invitation(status="bounced")
    guest = Guest(name="Blue Kettle", country="KE", email=OTHER)
    changed = invitations.change(invitation, guest=guest, chased_by=alice, by=alice)
    assert (changed.status, changed.chased_by) == ("to_send", alice)
    invitations.send(changed, by=alice)
    work()
    assert [message["To"] for message in mailbox.messages()] == [OTHER]


def test_correcting_without_an_address_keeps_the_one_there_is(alice):
    invitation = make_invitation()
    invitations.change(invitation, guest=Guest(name="Blue Kettle Circle"), chased_by=None, by=alice)
    assert invitations.mailbox_of(again(invitation)).email == MAILBOX
    make_invitation(invitation.letter, name="Green Pot", country="")
    with pytest.raises(invitations.AlreadyInvited):
        invitations.change(invitation, guest=Guest(name="Green Pot"), chased_by=None, by=alice)


def test_a_contact_that_was_put_beside_another_invitation_is_never_written_to(alice, work, mailbox):
    one = make_invitation(status="to_send")
    other = make_invitation(one.letter, name="Green Pot", email=OTHER)
    InvitedContact.objects.filter(invitation=one).update(sealed=other.contact.sealed)
    invitations.send(one, by=alice)
    work()
    assert mailbox.messages() == []
    assert again(one).status == "bounced"


# --- networks ----------------------------------------------------------------------------------------


def test_a_network_counts_as_one_and_its_members_by_their_own_yes(alice):
    network = make_signature(name="Lake Network")
    member = make_invitation(network.letter, network="Lake network")
    other = make_invitation(network.letter, name="Green Pot", email=OTHER, network="Hill Network")
    assert (member.network, member.network_label) == (network, "")
    assert (other.network, other.network_name) == (None, "Hill Network")
    assert Signature.objects.live().filter(letter=network.letter).count() == 1
    withdrawal.erase(network)
    assert again(member).network_name == ""


# --- sending -----------------------------------------------------------------------------------------


def test_sending_mails_once_however_often_it_is_pressed(alice, work, mailbox):
    invitation = make_invitation(status="to_send")
    invitations.send(invitation, by=alice)
    with pytest.raises(invitations.NotToSend):
        invitations.send(invitation, by=alice)
    work()
    (message,) = mailbox.messages()
    assert message["To"] == MAILBOX
    assert again(invitation).status == "invited"


@pytest.mark.parametrize(
    "status", ["bounced", "will_sign", "declined", "wrong_person", "taken_off", "signed"]
)
def test_what_is_on_its_way_is_not_sent_again(alice, status):
    with pytest.raises(invitations.NotToSend):
        invitations.send(make_invitation(status=status), by=alice)


def test_one_without_an_address_is_asked_by_hand(alice):
    invitation = make_invitation(email="", status="to_send")
    with pytest.raises(invitations.NoAddress):
        invitations.send(invitation, by=alice)
    invitations.mark(invitation, status="invited", by=alice)
    assert again(invitation).status == "invited"
    assert again(invitation) in Invitation.objects.unanswered(timezone.now().date())
    with time_machine.travel(timezone.now() + 30 * DAY):
        assert invitations.remind_due() == 0


@pytest.mark.parametrize("phase", ["draft", "closed", "archived"])
def test_nothing_is_sent_for_a_letter_that_cannot_be_signed(alice, phase):
    invitation = make_invitation(make_letter(phase=phase), status="to_send")
    with pytest.raises(signing.LetterNotOpen):
        invitations.send(invitation, by=alice)
    Invitation.objects.filter(pk=invitation.pk).update(status="invited", sent_at=timezone.now() - 9 * DAY)
    with pytest.raises(signing.LetterNotOpen):
        invitations.remind(invitation, by=alice)
    assert invitations.remind_due() == 0


def test_an_answer_overtakes_a_mail_that_waits(alice, work, mailbox):
    invitation = make_invitation(status="to_send")
    invitations.send(invitation, by=alice)
    invitations.mark(invitation, status="declined", by=alice)
    work()
    assert mailbox.messages() == []


def test_a_mailbox_that_refuses_is_marked_and_a_server_that_is_away_is_not(
    alice, work, monkeypatch, settings
):
    invitation = make_invitation(status="to_send")
    invitations.send(invitation, by=alice)

    def refuse(*args):
        raise SMTPRecipientsRefused({MAILBOX: (550, b"no such mailbox")})

    with monkeypatch.context() as patch:
        patch.setattr(invitation_mails, "send", refuse)
        work()
    assert again(invitation).status == "bounced"
    with pytest.raises(invitations.NothingToRemindOf):
        invitations.remind(invitation, by=alice)

    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    away = make_invitation(invitation.letter, name="Green Pot", email=OTHER, status="to_send")
    invitations.send(away, by=alice)
    work()
    assert again(away).status == "invited"
    assert DBTaskResult.objects.filter(status="READY").count() == 1
    assert tasks.send_invitation.func(away.pk, "invitation", attempt=60) == "given up"
    assert again(away).status == "to_send"


@pytest.mark.parametrize("status", ["to_send", "declined", "wrong_person", "signed", "taken_off"])
def test_a_mail_that_comes_back_says_nothing_about_who_answered(status):
    invitation = make_invitation(status=status)
    invitations.bounced(invitation.public_id, permanent=True)
    assert again(invitation).status == status


def test_a_mail_that_comes_back_for_good_ends_writing_and_one_that_is_late_does_not():
    invitation, late = make_invitation(), make_invitation(make_letter("other"), status="will_sign")
    invitations.bounced(invitation.public_id, permanent=False)
    assert again(invitation).status == "invited"
    invitations.bounced(invitation.public_id, permanent=True)
    invitations.bounced(invitation.public_id, permanent=True)
    invitations.bounced(late.public_id, permanent=True)
    invitations.bounced("nobody", permanent=True)
    assert (again(invitation).status, again(late).status) == ("bounced", "bounced")
    assert Event.objects.filter(act="bounce").count() == 2


# --- mails -------------------------------------------------------------------------------------------


def sent(mailbox, mail, **fields):
    letter = make_letter(languages=tuple(LANGUAGES))
    invitation = make_invitation(letter, **{"status": "invited", **fields})
    invitation_mails.send(invitation.pk, mail)
    (message,) = mailbox.messages()
    return invitation, message


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("mail", list(InvitationMail))
def test_every_mail_goes_to_one_mailbox_in_its_language(mailbox, mail, language):
    with translation.override("fr"):  # whatever the worker did before
        _invitation, message = sent(mailbox, mail, language=language)
    assert (message["To"], message["Cc"], message["Bcc"]) == (MAILBOX, None, None)
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = text_of(message), html_of(message)
    assert f"{FSI}Blue Kettle{PDI}" in text
    title = "Keep the door open" if language == "en" else f"Keep the door open ({language})"
    assert f"{FSI}{title}{PDI}" in text
    assert f'lang="{language}"' in html
    assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in html
    prefix = "" if language == "en" else f"/{language}"
    assert f"{site.SITE_URL}{prefix}/letters/asylum/" in text
    assert all(link.startswith(f"{site.SITE_URL}{prefix}/") for link in links_in(text))
    assert "door" not in message["Subject"]
    assert "Kettle" not in message["Subject"]


@pytest.mark.parametrize("mail", list(InvitationMail))
def test_both_parts_hold_the_same_links_and_each_leads_somewhere_here(mailbox, client, mail):
    _invitation, message = sent(mailbox, mail)
    linked = [unescape(link) for link in re.findall(r'href="([^"]+)"', html_of(message))]
    assert linked == links_in(text_of(message)) != []
    for link in linked:
        assert client.get(link.removeprefix(site.SITE_URL)).status_code == 200


@pytest.mark.parametrize("mail", list(InvitationMail))
def test_no_mail_fetches_anything_or_counts_a_click(mailbox, mail):
    _invitation, message = sent(mailbox, mail)
    assert not re.search(r"<img|<link|<script|<iframe|url\(|src=", html_of(message))
    assert [part.get_content_type() for part in message.walk()][1:] == ["text/plain", "text/html"]


@pytest.mark.parametrize("mail", list(InvitationMail))
@pytest.mark.parametrize("name", ["<b>Blue</b>", "Blue\nBcc: victim@elsewhere.example", '"><img src=x>'])
def test_a_name_changes_no_header_and_no_markup(mailbox, mail, name):
    invitation, message = sent(mailbox, mail)
    Invitation.objects.filter(pk=invitation.pk).update(name=name)
    invitation_mails.send(invitation.pk, mail)
    hostile = mailbox.messages()[-1]
    assert sorted(hostile.keys()) == sorted(message.keys())
    assert (hostile["To"], hostile["Subject"]) == (MAILBOX, message["Subject"])
    assert set(re.findall(r"<(\w+)", html_of(hostile))) == set(re.findall(r"<(\w+)", html_of(message)))


def test_a_gathering_letter_is_linked_where_those_who_were_invited_find_it(mailbox):
    letter = make_letter(phase="gathering")
    invitation_mails.send(make_invitation(letter).pk, InvitationMail.INVITATION)
    text = text_of(mailbox.messages()[0])
    assert f"/g/{letter.gathering_key}/" in text
    assert "/letters/" not in text


def test_a_reminder_of_a_promise_names_its_day(mailbox, alice):
    letter = make_letter()
    promised = timezone.now().date() - DAY
    invitation = make_invitation(letter, status="will_sign", promised_on=promised)
    invitation_mails.send(invitation.pk, InvitationMail.REMINDER)
    text = text_of(mailbox.messages()[0])
    assert f"would sign this open letter by {promised.day} " in text


# --- the page ----------------------------------------------------------------------------------------


def everything():
    """Return all that could have changed by looking."""
    rows = (Invitation, InvitationLink, InvitedContact, Signature, Token, Event, DBTaskResult)
    return [list(model.objects.order_by("pk").values()) for model in rows]


def test_a_scanner_that_follows_every_link_answers_nothing(mailbox, client):
    _invitation, message = sent(mailbox, InvitationMail.INVITATION)
    before = everything()
    for link in links_in(text_of(message)):
        for method in (client.get, client.head):
            answer = method(link.removeprefix(site.SITE_URL), headers={"Purpose": "prefetch"})
            assert answer.status_code == 200
            assert not answer.cookies
    for link in links_in(text_of(message)):
        if "/i/" in link:  # and one that presses the buttons as they are, without choosing anything
            client.post(link.partition("?")[0].removeprefix(site.SITE_URL), {})
    assert everything() == before


def test_a_scanner_that_sends_the_form_as_it_was_opened_promises_nothing(client):
    invitation = make_invitation()
    page = client.get(address_of(invitation, "?answer=will_sign"))
    form = BeautifulSoup(page.content, "html.parser").select_one("form")
    chosen = form.select_one("input[name=answer][checked]")["value"]
    assert chosen == "will_sign"
    assert client.post(address_of(invitation), {"answer": chosen, "promised_on": ""}).status_code == 422
    assert again(invitation).status == "invited"


@pytest.mark.parametrize("answer", ["will_sign", "declined", "wrong_person"])
def test_the_mails_button_chooses_the_answer_beforehand(client, answer):
    page = client.get(address_of(make_invitation(), f"?answer={answer}"))
    assert page.context["form"]["answer"].initial == answer
    assert "asylum" in page.content.decode()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_stored_nowhere_and_names_nobody(client, language):
    invitation = make_invitation(make_letter(languages=tuple(LANGUAGES)))
    prefix = "" if language == "en" else f"/{language}"
    for rest in ("", "sign/"):
        answer = client.get(prefix + address_of(invitation, rest))
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]
        assert not answer.cookies
        page = answer.content.decode()
        assert "amina" not in page.casefold()
        title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)[1]
        assert "door" not in title
        assert "Kettle" not in title


def test_a_promise_is_kept_and_can_be_changed(client):
    invitation = make_invitation()
    page = address_of(invitation)
    day = timezone.now().date() + 5 * DAY
    answer = client.post(page, {"answer": "will_sign", "promised_on": day.isoformat()})
    assert (answer.status_code, answer["Location"]) == (303, page)
    assert (again(invitation).status, again(invitation).promised_on) == ("will_sign", day)
    shown = client.get(page)
    assert "We remind you only after that day." in shown.content.decode()
    assert shown.context["form"]["promised_on"].initial == day
    client.post(page, {"answer": "declined"})
    assert (again(invitation).status, again(invitation).promised_on) == ("declined", None)
    client.post(page, {"answer": "wrong_person"})
    client.post(page, {"answer": "wrong_person"})
    assert again(invitation).status == "wrong_person"
    assert list(Event.objects.filter(by=None).values_list("act", flat=True)) == [
        "answer_wrong_person",
        "answer_declined",
        "answer_will_sign",
    ]


@pytest.mark.parametrize(
    ("day", "words"),
    [("", "Please choose the day"), ("soon", "like this"), (-1, "from today to"), (400, "from today to")],
)
def test_a_day_that_is_none_is_asked_for_again_and_nothing_is_lost(client, day, words):
    invitation = make_invitation()
    typed = day if isinstance(day, str) else (timezone.now().date() + day * DAY).isoformat()
    answer = client.post(address_of(invitation), {"answer": "will_sign", "promised_on": typed})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert 'value="will_sign"' in answer.content.decode()
    assert again(invitation).status == "invited"


def test_nobody_promises_a_day_after_signing_has_ended(client, alice):
    letter = make_letter(closes_at=timezone.now() + 3 * DAY)
    invitation = make_invitation(letter)
    late = timezone.now().date() + 6 * DAY
    answer = client.post(address_of(invitation), {"answer": "will_sign", "promised_on": late.isoformat()})
    assert answer.status_code == 422
    for day in (late, None, timezone.now().date() - 2 * DAY):
        with pytest.raises(invitations.NotADay):
            invitations.mark(invitation, status="will_sign", promised_on=day, by=alice)


@pytest.mark.parametrize("said", ["", "signed", "invited", "taken_off", "to_send", "nonsense"])
def test_only_an_answer_is_an_answer(client, said):
    invitation = make_invitation()
    assert client.post(address_of(invitation), {"answer": said}).status_code == 422
    assert again(invitation).status == "invited"


def test_a_form_of_another_site_answers_nothing_and_shows_what_it_sent(client):
    invitation = make_invitation()
    for rest, form in (("", {"answer": "declined"}), ("sign/", sign_form())):
        answer = client.post(address_of(invitation, rest), form, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        assert "Nothing is lost" in answer.content.decode()
    assert again(invitation).status == "invited"
    assert not Signature.objects.exists()


def test_a_link_of_one_kind_is_none_of_another(client):
    invitation = make_invitation()
    signature = make_signature(invitation.letter)
    value = invitations.mint(invitation)
    for purpose in Purpose:
        other = tokens.mint(signature, purpose).value
        assert client.get(f"/i/{other}/").status_code == 404
        with pytest.raises(tokens.LinkUnknown):
            tokens.find(value, purpose)
    for path in ("/s/{}/", "/s/{}/confirm/", "/s/{}/vouch/", "/g/{}/", "/w/{}/"):
        assert client.get(path.format(value)).status_code == 404
    assert client.get("/i/nowhere/").status_code == 404
    assert client.get("/i/%ED%A0%80/sign/").status_code == 404
    assert not InvitationLink.objects.filter(digest__contains=value).exists()


def test_a_link_ends_with_its_letter(client):
    invitation = make_invitation(make_letter(closes_at=timezone.now() + DAY))
    page, form = address_of(invitation), address_of(invitation, "sign/")
    with time_machine.travel(timezone.now() + 2 * DAY):
        for address, typed in ((page, {"answer": "declined"}), (form, sign_form())):
            assert client.get(address).status_code == 410
            assert client.post(address, typed).status_code == 410
    assert again(invitation).status == "invited"


# --- signing -----------------------------------------------------------------------------------------


def sign_at(invitation, browser=None, **fields):
    return (browser or Client()).post(address_of(invitation, "sign/"), sign_form(**fields))


def test_the_form_knows_what_the_invitation_knows_and_tells_no_address(client):
    page = client.get(address_of(make_invitation(country="UG"), "sign/"))
    form = page.context["form"]
    assert form.initial == {"organisation": "Blue Kettle", "country": "UG"}
    assert '<option value="UG" selected' in page.content.decode()
    assert "checked" not in page.content.decode()


def test_the_yes_of_the_invited_mailbox_needs_no_second_confirmation(work, mailbox):
    invitation = make_invitation()
    answer = sign_at(invitation, contact_email=" Amina@KETTLE.example ", visibility="delivered_only")
    assert answer.status_code == 303
    signature = Signature.objects.get()
    assert (signature.status, signature.visibility) == ("awaiting_moderation", "delivered_only")
    assert signature.confirmed_at is not None
    row = again(invitation)
    assert (row.status, row.signature) == ("signed", signature)
    work()
    (message,) = mailbox.messages()
    assert "/s/" in text_of(message)
    assert "/confirm/" not in text_of(message)
    assert "You have signed" in Client().get(answer["Location"]).content.decode()
    assert sign_at(invitation).status_code == 303
    assert Signature.objects.count() == 1


def test_a_form_that_was_opened_before_the_text_changed_is_shown_again_with_the_new_one(client):
    invitation = make_invitation()
    read = client.get(address_of(invitation, "sign/")).content.decode()
    assert '<input type="hidden" name="version" value="1"' in read
    make_version(invitation.letter, change="material", body="Another ask.")
    answer = sign_at(invitation, version="1")
    assert answer.status_code == 409
    assert "Blue Kettle Women" in answer.content.decode()  # nothing typed is lost
    assert not Signature.objects.exists()
    assert sign_at(invitation, version="2").status_code == 303


@pytest.mark.parametrize("missing", ["visibility", "consent", "kind", "contact_name", "contact_email"])
def test_nothing_of_it_is_chosen_beforehand_so_a_scanner_signs_nothing(missing):
    invitation = make_invitation()
    answer = sign_at(invitation, **{missing: ""})
    assert answer.status_code == 422
    assert "Blue Kettle Women" in answer.content.decode()  # nothing typed is lost
    assert not Signature.objects.exists()


def test_a_forwarded_link_signs_as_usual_and_the_invited_mailbox_is_told_once_a_day(work, mailbox):
    invitation = make_invitation()
    answer = sign_at(invitation, contact_email=OTHER)
    assert answer["Location"] == "/letters/asylum/sign/sent/"
    signature = Signature.objects.get()
    assert signature.status == "unconfirmed"
    assert again(invitation).status == "invited"
    sign_at(invitation, contact_email="third@elsewhere.example", organisation="Green Pot")
    work()
    assert [message["Subject"] for message in mailbox.to(MAILBOX)] == ["Your invitation was used"]
    assert OTHER not in mailbox.text_to(MAILBOX)
    assert Client().post(mailbox.link_to(OTHER), {"visibility": "public"}).status_code == 200


def test_who_confirms_what_was_signed_through_an_invitation_has_answered_it(work, mailbox):
    invitation = make_invitation()
    sign_at(invitation, contact_email=OTHER)
    verification.confirm(Signature.objects.get(), visibility="public")
    row = again(invitation)
    assert (row.status, row.signature) == ("signed", Signature.objects.get())


def test_what_a_stranger_typed_for_the_mailbox_before_is_not_what_it_confirms(work):
    invitation = make_invitation()
    name = sign_form()["organisation"]
    signing.sign(
        invitation.letter,
        text=invitation.letter.texts.first(),
        claim=make_claim(name, website="https://evil.example", country="RU"),
        contact=make_contact_details(name="Mallory"),
        keep_contact=True,
    )
    sign_at(invitation)
    signature = Signature.objects.get()
    assert (signature.country, signature.website, signature.keep_contact) == ("KE", "", False)
    assert unseal(signature.contact).name == "Amina Yusuf"
    assert signature.status == "awaiting_moderation"


def test_a_trap_and_a_herd_are_held_by_this_way_too(settings):
    invitation = make_invitation()
    sign_at(invitation, nickname="bot")
    assert Signature.objects.get().status == "held"


def test_signing_by_another_way_from_the_invited_mailbox_answers_the_invitation():
    invitation = make_invitation(status="will_sign")
    invitations.mint(invitation)
    signature = make_signature(invitation.letter, name="BK Circle", email=MAILBOX, status="unconfirmed")
    verification.confirm(signature, visibility="public")
    verification.confirm(signature, visibility="public")
    assert (again(invitation).status, again(invitation).promised_on) == ("signed", None)
    assert Event.objects.filter(act="answer_signed").count() == 1


def test_a_mailbox_that_was_invited_for_two_answers_for_the_one_it_names():
    letter = make_letter()
    one, other = make_invitation(letter), make_invitation(letter, name="Green Pot")
    for each in (one, other):
        invitations.mint(each)
    unclear = make_signature(letter, name="Somebody Else", email=MAILBOX, status="unconfirmed")
    verification.confirm(unclear, visibility="public")
    assert {again(one).status, again(other).status} == {"invited"}
    named = make_signature(letter, name="Green Pot", email=MAILBOX, status="unconfirmed")
    verification.confirm(named, visibility="public")
    assert (again(one).status, again(other).status) == ("invited", "signed")


def test_the_same_name_from_another_mailbox_is_for_staff_to_decide(alice):
    invitation = make_invitation()
    signature = make_signature(invitation.letter, email=OTHER, status="unconfirmed")
    verification.confirm(signature, visibility="public")
    assert again(invitation).status == "invited"
    page = enter(Client(), alice).get(f"/admin/signatories/invitation/{invitation.pk}/change/")
    assert page.context["proposed"] == signature
    invitations.match(invitation, signature=signature, by=alice)
    assert again(invitation).signature == signature
    with pytest.raises(invitations.AnsweredAlready):
        invitations.match(invitation, signature=signature, by=alice)


@pytest.mark.parametrize("status", ["unconfirmed", "withdrawn", "rejected"])
def test_what_is_not_signed_answers_nothing(alice, status):
    invitation = make_invitation()
    signature = make_signature(invitation.letter, status=status)
    with pytest.raises(invitations.NotOfThisLetter):
        invitations.match(invitation, signature=signature, by=alice)
    elsewhere = make_signature(make_letter("other"))
    with pytest.raises(invitations.NotOfThisLetter):
        invitations.match(invitation, signature=elsewhere, by=alice)


@pytest.mark.parametrize("status", ["signed", "taken_off"])
def test_what_has_ended_is_answered_no_more(alice, client, status):
    invitation = make_invitation(status=status)
    for answer in invitations.BY_HAND:
        with pytest.raises(invitations.AnsweredAlready):
            invitations.mark(invitation, status=answer, promised_on=timezone.now().date(), by=alice)
    client.post(address_of(invitation), {"answer": "declined"})
    assert again(invitation).status == status


# --- reminding ---------------------------------------------------------------------------------------

REMINDED = {
    "silent for five days": ({"sent_at": -5}, True),
    "silent for four": ({"sent_at": -4.9}, False),
    "reminded five days ago": ({"sent_at": -10, "reminded_at": -5, "reminders": 1}, True),
    "reminded four days ago": ({"sent_at": -10, "reminded_at": -4.9, "reminders": 1}, False),
    "reminded twice": ({"sent_at": -20, "reminded_at": -9, "reminders": 2}, False),
    "promised for today": ({"status": "will_sign", "promised_on": 0}, False),
    "promised for yesterday": ({"status": "will_sign", "promised_on": -1}, True),
    "late, and reminded today": (
        {"status": "will_sign", "promised_on": -1, "reminded_at": -0.5, "reminders": 1},
        False,
    ),
    "late, and invited today": ({"status": "will_sign", "promised_on": -1, "sent_at": -0.5}, False),
    "late for a week": (
        {"status": "will_sign", "promised_on": -7, "reminded_at": -6, "reminders": 1},
        True,
    ),
    "to send": ({"status": "to_send", "sent_at": None}, False),
    "bounced": ({"status": "bounced"}, False),
    "declined": ({"status": "declined"}, False),
    "wrong person": ({"status": "wrong_person"}, False),
    "signed": ({"status": "signed"}, False),
    "taken off": ({"status": "taken_off"}, False),
}


def _moments(fields):
    """Make times of numbers of days."""
    now = timezone.now()
    known = {
        name: now + days * DAY for name, days in fields.items() if name.endswith("_at") and days is not None
    }
    if "promised_on" in fields:
        known["promised_on"] = (
            invitations.today(Letter(time_zone="Europe/Zurich")) + fields["promised_on"] * DAY
        )
    return {**fields, **known}


@pytest.mark.parametrize("case", REMINDED)
def test_the_clock_reminds_exactly_those(case, work, mailbox):
    fields, is_reminded = REMINDED[case]
    invitation = make_invitation(**_moments(fields))
    assert invitations.remind_due() == int(is_reminded)
    assert invitations.remind_due() == 0  # and nobody twice
    work()
    assert len(mailbox.messages()) == int(is_reminded)
    assert again(invitation).reminders == fields.get("reminders", 0) + int(is_reminded)


def test_staff_remind_now_but_never_twice_a_day_and_not_for_ever(alice, work, mailbox):
    invitation = make_invitation(sent_at=timezone.now() - 2 * DAY)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _time in range(2):
            invitations.remind(invitation, by=alice)
            with pytest.raises((invitations.MailedToday, invitations.RemindedEnough)):
                invitations.remind(invitation, by=alice)
            clock.shift(DAY)
        with pytest.raises(invitations.RemindedEnough):
            invitations.remind(invitation, by=alice)
        work()
    assert len(mailbox.messages()) == 2


@pytest.mark.parametrize(
    "status", ["to_send", "bounced", "will_sign", "declined", "wrong_person", "signed", "taken_off"]
)
def test_who_answered_or_was_never_asked_is_not_reminded(alice, status):
    with pytest.raises(invitations.NothingToRemindOf):
        invitations.remind(make_invitation(status=status), by=alice)


def test_a_new_answer_is_reminded_of_anew(work):
    invitation = make_invitation(reminders=2, reminded_at=timezone.now() - 3 * DAY)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        invitations.answer(invitation, said="will_sign", promised_on=timezone.now().date() + 2 * DAY)
        clock.shift(4 * DAY)
        assert invitations.remind_due() == 1


def test_one_that_signed_before_the_reminder_left_is_not_reminded(work, mailbox):
    invitation = make_invitation()
    invitations.remind_due()
    sign_at(invitation)
    work()
    assert [message["Subject"] for message in mailbox.messages() if "hear from" in message["Subject"]] == []


# --- many at once ------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_four_workers_and_two_colleagues_write_one_mail_each():
    alice = make_staff()
    letter = make_letter()
    silent = [make_invitation(letter, name=f"Guild {number}") for number in range(8)]
    fresh = make_invitation(letter, name="Fresh", status="to_send")
    by_hand = [lambda one=one: invitations.remind(one, by=alice) for one in silent[:2]]
    outcomes = at_once(
        *[invitations.remind_due] * 4,
        *[lambda: invitations.send(fresh, by=alice)] * 2,
        *by_hand,
    )
    odd = [one for one in outcomes if isinstance(one, Exception)]
    assert {type(one) for one in odd} <= {invitations.NotToSend, invitations.MailedToday}
    jobs = [tuple(job.args_kwargs["args"]) for job in DBTaskResult.objects.all()]
    assert sorted(jobs) == sorted(
        [(one.pk, "invitation_reminder") for one in silent] + [(fresh.pk, "invitation")]
    )
    assert set(Invitation.objects.exclude(pk=fresh.pk).values_list("reminders", flat=True)) == {1}


@pytest.mark.django_db(transaction=True)
def test_many_taps_sign_once_whichever_way_they_come():
    make_staff()
    invitation = make_invitation()
    link, form = address_of(invitation, "sign/"), sign_form()
    by_form = "/letters/asylum/sign/"
    answers = at_once(
        *[lambda: Client().post(link, form)] * 4,
        *[lambda: Client().post(by_form, form)] * 2,
        lambda: Client().post(link.removesuffix("sign/"), {"answer": "declined"}),
    )
    assert [answer.status_code for answer in answers] == [303] * 7, answers
    signature = Signature.objects.get()
    assert signature.status == "awaiting_moderation"
    assert (again(invitation).status, again(invitation).signature) == ("signed", signature)


# --- who has not answered ----------------------------------------------------------------------------


def test_who_has_not_answered_is_told_by_names_alone(alice):
    letter = make_letter()
    make_invitation(letter, name="مطبخ (LSN)", email="", network="Lake Network", status="invited")
    make_invitation(letter, name="Green Pot", country="UG", status="bounced")
    late = timezone.now().date() - 2 * DAY
    make_invitation(letter, name="Late House", status="will_sign", promised_on=late)
    for number, status in enumerate(
        ("to_send", "will_sign", "signed", "declined", "wrong_person", "taken_off")
    ):
        make_invitation(letter, name=f"Answered {number}", status=status)
    said_in_english = invitations.words_for_chat(letter, language="en")
    assert said_in_english.startswith("3 organisations have not answered yet.")
    assert f"*{FSI}Lake Network{PDI}*\n– {FSI}مطبخ (LSN){PDI} (Kenya)" in said_in_english
    assert f"– {FSI}Green Pot{PDI} (Uganda, our mail came back)" in said_in_english
    assert f"– {FSI}Late House{PDI} (Kenya, said: by {late.day} " in said_in_english
    assert "Answered" not in said_in_english
    assert "@" not in said_in_english
    assert "door" not in said_in_english  # the letter may be secret
    by_country = invitations.words_for_chat(letter, language="fr", by_country=True)
    assert by_country.index("*Kenya*") < by_country.index("*Ouganda*")


def test_its_page_speaks_the_language_that_is_chosen(alice):
    invitation = make_invitation(make_letter(languages=("en", "ar")))
    desk = enter(Client(), alice)
    page = desk.get(f"/admin/signatories/invitation/letter/{invitation.letter_id}/unanswered/?language=ar")
    area = BeautifulSoup(page.content, "html.parser").select_one("textarea#said")
    assert (area["lang"], area["dir"]) == ("ar", "rtl")
    odd = f"/admin/signatories/invitation/letter/{invitation.letter_id}/unanswered/?language=xx&by=nothing"
    assert desk.get(odd).status_code == 200


# --- a follow-up -------------------------------------------------------------------------------------


def test_only_those_who_agreed_to_be_kept_are_invited_to_a_follow_up(alice):
    earlier, letter = make_letter("earlier"), make_letter()
    kept = make_signature(earlier, name="Kept", keep_contact=True, language="fr", email=MAILBOX)
    make_signature(earlier, name="Not Kept")
    make_signature(earlier, name="By Phone", keep_contact=True, phone="+254700000000")
    for status in ("withdrawn", "rejected", "unconfirmed", "awaiting_moderation", "held"):
        make_signature(earlier, name=f"Is {status}", keep_contact=True, status=status)
    make_signature(earlier, name="Signed Again", keep_contact=True)
    make_signature(letter, name="Signed again")
    make_signature(earlier, name="On The List", keep_contact=True)
    make_invitation(letter, name="On the list")

    expected = invitations.FollowUp(invited=1, there=2, not_kept=2)
    assert invitations.outlook(letter, earlier) == expected
    assert invitations.follow_up(letter, earlier=earlier, by=alice) == expected
    invitation = Invitation.objects.get(name="Kept")
    assert (invitation.status, invitation.language, invitation.country) == ("to_send", "fr", kept.country)
    assert invitations.mailbox_of(invitation).email == MAILBOX
    assert not Signature.objects.filter(letter=letter, name="Kept").exists()
    assert invitations.follow_up(letter, earlier=earlier, by=alice).invited == 0


def test_signatories_agreed_to_hear_from_their_host_alone(alice):
    earlier, letter = make_letter("earlier", host=make_host("elsewhere")), make_letter()
    make_signature(earlier, keep_contact=True)
    for other in (earlier, letter):
        with pytest.raises(invitations.NotAFollowUp):
            invitations.follow_up(letter, earlier=other, by=alice)
    desk = enter(Client(), alice)
    page = f"/admin/signatories/invitation/letter/{letter.pk}/follow-up/"
    assert earlier not in desk.get(page).context["choices"]
    assert desk.post(page, {"earlier": earlier.pk}).status_code == 200
    assert not Invitation.objects.exists()


# --- what does not stay ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["declined", "wrong_person", "signed"])
def test_the_address_of_who_answered_goes_after_a_week(status):
    invitation = make_invitation(status=status, answered_at=timezone.now())
    with time_machine.travel(timezone.now() + 6 * DAY):
        invitations.forget()
        assert InvitedContact.objects.exists()
    with time_machine.travel(timezone.now() + 8 * DAY):
        invitations.forget()
    assert not InvitedContact.objects.exists()
    assert again(invitation).name == "Blue Kettle"


def test_addresses_go_with_the_letter_and_the_list_half_a_year_later(client):
    invitation = make_invitation(make_letter(closes_at=timezone.now() + DAY))
    link = address_of(invitation)
    with time_machine.travel(timezone.now() + 3 * DAY):
        invitations.forget()
        assert InvitedContact.objects.exists()  # a signature made in time can still be confirmed
    with time_machine.travel(timezone.now() + 5 * DAY):
        invitations.forget()
        assert not InvitedContact.objects.exists()
        assert client.get(link).status_code == 404
        assert Invitation.objects.exists()
    with time_machine.travel(timezone.now() + 190 * DAY):
        invitations.forget()
    assert not Invitation.objects.exists()


def test_erasing_a_signature_empties_the_invitation_it_came_from(alice):
    invitation = make_invitation(words="A note", network="Lake Network")
    sign_at(invitation)
    withdrawal.erase(Signature.objects.get())
    row = again(invitation)
    assert (row.name, row.name_key, row.sort_key, row.country, row.words, row.network_name) == ("",) * 6
    assert not InvitedContact.objects.exists()
    assert not InvitationLink.objects.exists()
    with pytest.raises(invitations.AnsweredAlready):
        invitations.change(row, guest=Guest(name="Blue Kettle"), chased_by=None, by=alice)
    assert enter(Client(), alice).get(f"/admin/signatories/invitation/{row.pk}/change/").status_code == 200


# --- what is pasted ----------------------------------------------------------------------------------


def understood(pasted, letter=None):
    return guests.understood(letter or make_letter(), pasted, language="fr", network="Lake Network")


def test_lines_are_read_in_the_order_we_ask_for():
    line, short = understood(
        "Blue Kettle; a@kettle.example; Amina; Kenya; Kiswahili; Hill Network\nGreen Pot"
    )
    assert line.guest == Guest(
        name="Blue Kettle",
        email="a@kettle.example",
        person="Amina",
        country="KE",
        language="sw",
        network="Hill Network",
    )
    assert short.guest == Guest(name="Green Pot", language="fr", network="Lake Network")


def test_a_spreadsheet_is_read_by_its_headings():
    (line,) = understood("Country\tNetwork\tContact e-mail\tOrganisation\nUG\tHill\tb@pot.example\tGreen Pot")
    assert line.guest == Guest(
        name="Green Pot", email="b@pot.example", country="UG", language="fr", network="Hill"
    )


def test_each_line_says_what_it_is():
    letter = make_letter()
    make_invitation(letter, name="There")
    make_signature(letter, name="Signed")
    pasted = "New;no address;;Nowhereland;Klingon\nNew;;;;\nthere;;;KE\nSIGNED\n;x@y.example"
    lines = understood(pasted, letter)
    assert [line.verdict for line in lines] == ["new", "repeated", "there", "signed", "unreadable"]
    assert len(lines[0].doubts) == 3


def test_a_name_that_sounds_like_a_heading_is_a_name():
    pasted = "The Organisation of Women;a@b.example;Joy;Kenya\nCountry Club;c@d.example;X;Uganda"
    assert [line.guest.name for line in understood(pasted)] == ["The Organisation of Women", "Country Club"]


def test_a_list_that_nobody_reads_through_is_refused(settings):
    settings.INVITATION_LINES = 3
    with pytest.raises(guests.TooManyLines):
        understood("\n".join(f"Guild {number}" for number in range(4)))


# --- the desk ----------------------------------------------------------------------------------------

LIST = "/admin/signatories/invitation/"


def page_of(invitation, act=""):
    return f"{LIST}{invitation.pk}/{act or 'change'}/"


def test_many_are_sent_at_once_and_each_says_what_became_of_it(alice, work, mailbox):
    letter = make_letter()
    fresh = make_invitation(letter, status="to_send")
    mute = make_invitation(letter, name="Mute", email="", status="to_send")
    done = make_invitation(letter, name="Done", email=OTHER)
    desk = enter(Client(), alice)
    told = outcomes(tick(desk, "send_many", [fresh, mute, done], page=LIST))
    assert told["Blue Kettle"] == ""
    assert "No address is known" in told["Mute"]
    assert "sent or answered already" in told["Done"]
    work()
    assert [message["To"] for message in mailbox.messages()] == [MAILBOX]


@pytest.mark.parametrize("action", ["remind_many", "chase_many", "take_off_many"])
def test_the_other_acts_on_many(alice, action):
    invitation = make_invitation()
    assert outcomes(tick(enter(Client(), alice), action, [invitation], page=LIST)) == {"Blue Kettle": ""}
    row = again(invitation)
    assert {"remind_many": row.reminders == 1, "chase_many": row.chased_by == alice}.get(
        action, row.status == "taken_off"
    )


def test_a_row_that_was_not_shown_is_not_touched(alice):
    shown, hidden = (
        make_invitation(status="to_send"),
        make_invitation(name="Green Pot", letter=make_letter("b")),
    )
    desk = enter(Client(), alice)
    page = f"{LIST}?letter__id__exact={shown.letter_id}"
    tick(desk, "take_off_many", [hidden], page=page)
    answer = tick(desk, "take_off_many", [hidden], page=page, shown="forged")
    assert "Nothing was done" in said(answer)
    assert again(hidden).status == "invited"


def test_the_list_counts_where_they_are_and_is_asked_for_parts(alice):
    letter = make_letter()
    make_invitation(letter, network="Lake Network", chased_by=alice)
    make_invitation(letter, name="Green Pot", country="UG", status="declined")
    make_invitation(letter, name="Gone", status="taken_off")
    desk = enter(Client(), alice)
    page = f"{LIST}?letter__id__exact={letter.pk}"
    parts = {str(part["label"]): part["count"] for part in desk.get(page).context["parts"]}
    assert parts == {
        "All": 2,
        "Not answered yet": 1,
        "Invited": 1,
        "Will not sign": 1,
        "Taken off the list": 1,
    }
    for question, names in {
        "": ["Blue Kettle", "Green Pot"],
        "&status=unanswered": ["Blue Kettle"],
        "&status=taken_off": ["Gone"],
        "&status=nonsense": ["Blue Kettle", "Green Pot"],
        "&country=UG": ["Green Pot"],
        "&network=%3DLake+Network": ["Blue Kettle"],
        "&network=none": ["Green Pot"],
        "&network=99999": [],
        f"&chased_by={alice.pk}": ["Blue Kettle"],
        "&chased_by=none": ["Green Pot"],
        "&q=kettle+BLUE": ["Blue Kettle"],
    }.items():
        rows = desk.get(page + question).context["cl"].result_list
        assert [row.name for row in rows] == names, question
    assert desk.get(f"{LIST}?contact__address_key__startswith=a").status_code == 400  # is not answered


def test_a_list_of_thirty_asks_no_more_than_one_of_three(alice):
    letter = make_letter()
    desk, page = enter(Client(), alice), f"{LIST}?letter__id__exact={letter.pk}"
    asked = []
    for numbers in (range(3), range(3, 30)):
        for number in numbers:
            signature = make_signature(letter, name=f"Guild {number}")
            make_invitation(
                letter, name=f"Guild {number}", status="signed", signature=signature, chased_by=alice
            )
        desk.get(page)
        with CaptureQueriesContext(connection) as queries:
            desk.get(page)
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 20


def test_an_invitation_is_looked_after_on_its_page(alice):
    invitation = make_invitation()
    desk = enter(Client(), alice)
    day = (timezone.now().date() + DAY).isoformat()
    acts = [
        ({"act": "remind"}, "invited"),
        ({"act": "mark", "status": "will_sign", "promised_on": day}, "will_sign"),
        ({"act": "mark", "status": "", "promised_on": day}, "will_sign"),
        ({"act": "mark", "status": "will_sign", "promised_on": "2020-01-01"}, "will_sign"),
        ({"act": "mark", "status": "invited"}, "invited"),
        ({"act": "change", "organisation": "Blue Kettle Circle", "language": "ar", "email": ""}, "invited"),
        ({"act": "match", "signature": "99"}, "invited"),
        ({"act": "nonsense"}, "invited"),
        ({"act": "send"}, "invited"),
        ({"act": "take_off"}, "taken_off"),
    ]
    for form, status in acts:
        assert desk.post(page_of(invitation, "act"), form).status_code == 302, form
        assert again(invitation).status == status, form
    assert (again(invitation).name, again(invitation).language) == ("Blue Kettle Circle", "ar")
    wrong = desk.post(
        page_of(make_invitation(make_letter("b")), "act"), {"act": "change", "email": "no address"}
    )
    assert wrong.status_code == 422
    assert "no address" in wrong.content.decode()


def test_an_address_is_shown_to_who_may_see_contacts_and_that_they_looked_stays():
    invitation = make_invitation()
    for role, status in (("Moderator", 403), ("Data officer", 200), ("Editor", 403)):
        browser = enter(Client(), make_member(role[0], role))
        answer = browser.post(page_of(invitation, "contact"))
        assert answer.status_code == status
        assert (MAILBOX in answer.content.decode()) == (status == 200)
        assert MAILBOX not in browser.get(page_of(invitation)).content.decode()
    events = Event.objects.filter(act="show_contact", subject_kind="invitation")
    assert [(event.by.username, event.subject_id) for event in events] == [("D", invitation.public_id)]


def test_one_is_added_by_the_form_and_a_slip_loses_nothing(alice):
    letter = make_letter()
    desk = enter(Client(), alice)
    new = f"{LIST}letter/{letter.pk}/new/"
    form = {"act": "one", "one-organisation": "Blue Kettle", "one-language": "en", "one-email": "no address"}
    wrong = desk.post(new, form)
    assert (wrong.status_code, Invitation.objects.count()) == (422, 0)
    assert "no address" in wrong.content.decode()
    assert desk.post(new, {**form, "one-email": MAILBOX}).status_code == 302
    assert desk.post(new, {**form, "one-email": MAILBOX}).status_code == 422
    assert Invitation.objects.get().status == "to_send"
    assert desk.post(new, {"act": "read", "many-pasted": "", "many-language": "en"}).status_code == 422
    assert desk.post(new, {"act": "read", "many-pasted": "%PDF-1", "many-language": "en"}).status_code == 422
