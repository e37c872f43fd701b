"""The desk, through its own pages: the queue, the decisions, who may see what, and what nobody may type."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from letters.models import Event, Host, Letter, Recipient, Staff, Text
from signatories.contacts import unseal
from signatories.models import Contact, Purpose, Signature
from signatories.tokens import mint
from tests.factories import (
    enter,
    make_contact_details,
    make_host,
    make_imported,
    make_letter,
    make_organisation,
    make_proposal,
    make_signature,
    make_staff,
)
from tests.ticking import tick

pytestmark = pytest.mark.django_db

QUEUE = "/admin/signatories/signature/"
ORGANISATIONS = "/admin/signatories/organisation/"
DECIDING = ("view_signature", "change_signature", "view_organisation")


def desk_of(username, *permissions):
    """Return somebody at the desk who may do these things and no others."""
    staff = make_staff(username, is_superuser=not permissions)
    staff.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    enter(client, staff)
    return client


@pytest.fixture
def alice():
    """She may do everything."""
    return desk_of("alice")


@pytest.fixture
def bob():
    """He moderates, and sees no contact."""
    return desk_of("bob", *DECIDING)


@pytest.fixture
def carol():
    """She may look, and nothing else."""
    return desk_of("carol", "view_signature", "view_organisation", "view_letter", "view_text", "view_event")


def case(signature):
    return f"{QUEUE}{signature.pk}/change/"


def decide(client, signature, decision, **fields):
    answer = client.post(f"{QUEUE}{signature.pk}/decide/", {"decision": decision, **fields}, follow=True)
    assert answer.status_code == 200
    signature.refresh_from_db()
    return [str(message) for message in answer.context["messages"]]


def act_on(client, action, signatures, page=f"{QUEUE}?queue=all", **fields):
    return tick(client, action, signatures, page=page, **fields)


def listed(answer):
    return [row.pk for row in answer.context["cl"].result_list]


# --- the queue -----------------------------------------------------------------------------------------


def test_the_queue_shows_what_waits_for_staff_the_oldest_first_and_nothing_else(alice):
    letter = make_letter()
    now = timezone.now()
    waiting = [
        make_signature(letter, name="A", status="awaiting_moderation", confirmed_at=now - timedelta(days=5)),
        make_signature(letter, name="B", status="held", confirmed_at=now - timedelta(days=4)),
        make_signature(letter, name="C", status="awaiting_moderation", confirmed_at=now - timedelta(days=1)),
        make_proposal(make_signature(letter, name="D")).signature,
    ]
    call = make_signature(letter, name="E", status="unconfirmed", phone="+254712345678")
    for number, status in enumerate(("unconfirmed", "published", "rejected", "withdrawn", "superseded")):
        make_signature(letter, name=f"Z{number}", status=status)
    answer = alice.get(QUEUE)
    assert [pk for pk in listed(answer) if pk != call.pk] == [one.pk for one in waiting]
    assert call.pk in listed(answer)
    for status in ("published", "rejected", "unconfirmed"):
        shown = Signature.objects.filter(pk__in=listed(alice.get(f"{QUEUE}?queue={status}")))
        assert {one.status for one in shown} == {status}
    assert len(listed(alice.get(f"{QUEUE}?queue=all"))) == Signature.objects.count()


@pytest.mark.parametrize(
    ("hours", "level"),
    [(0, "fresh"), (23, "fresh"), (25, "amber"), (71, "amber"), (73, "red"), (2000, "red")],
)
def test_what_waits_is_amber_after_a_day_and_red_after_three(alice, hours, level):
    signature = make_signature(
        status="awaiting_moderation", confirmed_at=timezone.now() - timedelta(hours=hours)
    )
    for address, inside in ((QUEUE, "#result_list"), (case(signature), "#content-main")):
        page = BeautifulSoup(alice.get(address).content, "html.parser")
        assert level in page.select_one(f"{inside} .waits")["class"]


# --- one case ------------------------------------------------------------------------------------------


def test_a_moderator_approves_and_is_shown_the_next_case(bob, client, work, mailbox):
    letter = make_letter()
    first = make_signature(letter, name="Blue Kettle", email="a@kettle.example", status="awaiting_moderation")
    second = make_signature(letter, name="Red Kettle", status="awaiting_moderation")
    answer = bob.post(f"{QUEUE}{first.pk}/decide/", {"decision": "approve"})
    assert (answer.status_code, answer["Location"]) == (302, case(second))
    assert "Blue Kettle" in client.get("/letters/asylum/").content.decode()
    work()
    assert "approved and counted" in " ".join(mailbox.text_to("a@kettle.example").split())
    event = Event.objects.get(act="approve")
    assert (event.subject_id, event.by.username) == (first.public_id, "bob")
    answer = bob.post(f"{QUEUE}{second.pk}/decide/", {"decision": "approve"})
    assert answer["Location"] == QUEUE


@pytest.mark.parametrize(
    ("decision", "reason", "status", "words"),
    [
        ("hold", "doubtful_name", "held", "We could not tell which organisation this is"),
        ("reject", "not_an_organisation", "rejected", "The name is not the name of an organisation"),
    ],
)
@pytest.mark.parametrize("before", ["awaiting_moderation", "published"])
def test_a_reason_is_asked_for_and_mailed(
    bob, client, work, mailbox, decision, reason, status, words, before
):
    signature = make_signature(email="a@kettle.example", status=before)
    for missing in ({}, {"reason": ""}, {"reason": "because"}):
        decide(bob, signature, decision, **missing)
        assert signature.status == before
    decide(bob, signature, decision, reason=reason)
    assert signature.status == status
    work()
    assert words in mailbox.text_to("a@kettle.example")
    assert "Blue Kettle" not in client.get("/letters/asylum/").content.decode()


def test_of_two_colleagues_the_second_is_told_what_the_first_did(bob):
    signature = make_signature(status="awaiting_moderation")
    decide(bob, signature, "approve")
    told = decide(bob, signature, "approve")
    assert "Approved by you" in told[0]
    signature = make_signature(signature.letter, name="Red Kettle", status="withdrawn")
    for decision in ("approve", "hold", "reject"):
        decide(bob, signature, decision, reason="other" if decision == "hold" else "no_answer")
        assert signature.status == "withdrawn"


def test_an_organisation_that_has_signed_is_named_with_its_signature(bob):
    first = make_signature()
    again = make_signature(first.letter, status="awaiting_moderation")
    told = decide(bob, again, "approve", organisation=first.organisation.public_id)
    assert first.public_id in told[0]
    assert again.status == "awaiting_moderation"


@pytest.mark.parametrize("decision", ["", "publish", "delete", "approve ", "\x00"])
def test_a_decision_that_is_none_does_nothing(bob, decision):
    signature = make_signature(status="awaiting_moderation")
    assert "no such decision" in decide(bob, signature, decision)[0]
    assert signature.status == "awaiting_moderation"


def test_cases_and_organisations_that_do_not_exist_are_not_found(bob):
    signature = make_signature(status="awaiting_moderation")
    for pk in (0, signature.pk + 1, 10**30):
        assert bob.post(f"{QUEUE}{pk}/decide/", {"decision": "approve"}).status_code == 404
    for chosen in ("nobody", "0" * 16, "%00"):
        form = {"decision": "approve", "organisation": chosen}
        assert bob.post(f"{QUEUE}{signature.pk}/decide/", form).status_code == 404
    for odd in ("x", "1_0", "99999999999999999999999", "' OR 1=1"):
        assert bob.get(f"{QUEUE}{odd}/change/").status_code in (302, 404)
    signature.refresh_from_db()
    assert signature.status == "awaiting_moderation"


def test_a_signature_corrected_while_a_moderator_read_it_is_looked_at_again(bob):
    signature = make_signature(status="awaiting_moderation")
    page = BeautifulSoup(bob.get(case(signature)).content, "html.parser")
    seen = page.select_one("input[name=seen]")["value"]
    Signature.objects.filter(pk=signature.pk).update(name="Something Else")
    decide(bob, signature, "approve", seen=seen)
    assert signature.status == "awaiting_moderation"


def test_names_stand_harmlessly_on_every_page_of_the_desk(alice):
    hostile = '"><script>alert(1)</script>{{ 7|add:7 }}'
    letter = make_letter()
    signature = make_signature(letter, name=hostile, latin=hostile, status="awaiting_moderation")
    published = make_signature(letter, name=f"{hostile} 2")
    make_proposal(published, name=f"{hostile} 3")
    pages = [alice.get(address) for address in (QUEUE, case(signature), case(published), ORGANISATIONS)]
    pages.append(alice.get(f"{ORGANISATIONS}{published.organisation_id}/change/"))
    for page in pages:
        assert page.status_code == 200
        assert b"<script>alert" not in page.content


def test_staff_complete_an_imported_name(bob, client):
    place = make_imported(make_letter())
    decide(bob, place, "complete", country="UG", kind="ally", latin="", website="kettle.example")
    assert (place.country, place.kind) == ("UG", "ally")
    assert client.get("/letters/asylum/live.json").json()["countries"] == 1
    decide(bob, place, "complete", country="ZZ", kind="ally")
    assert place.country == "UG"


def test_the_longest_facts_that_can_be_signed_can_be_approved(bob):
    website = "https://kettle.example/" + "k" * 277
    signature = make_signature(name="ﷺ" * 255, latin="K" * 255, website=website, status="awaiting_moderation")
    decide(bob, signature, "approve")
    assert signature.status == "published"
    assert signature.organisation.website == website


# --- contacts ------------------------------------------------------------------------------------------

SECRETS = ("Zaynab Private", "zaynab-private@kettle.example", "zaynab-private", "secretary-private")


@pytest.fixture
def private():
    """A signature whose contact must not show."""
    details = make_contact_details(
        email="zaynab-private@kettle.example", name="Zaynab Private", role="secretary-private"
    )
    return make_signature(status="awaiting_moderation", contact=details)


def test_a_contact_is_shown_only_to_who_may_see_it_and_that_is_written_down(private, bob):
    dora = desk_of("dora", *DECIDING, "view_contact")
    address = f"{QUEUE}{private.pk}/contact/"
    assert bob.post(address).status_code == 403
    assert dora.get(address).status_code == 405
    assert not Event.objects.filter(act="show_contact").exists()

    answer = dora.post(address)
    assert answer.status_code == 200
    assert all(secret in answer.content.decode() for secret in SECRETS)
    assert "no-store" in answer["Cache-Control"]
    event = Event.objects.get(act="show_contact")
    assert (event.subject_id, event.by.username) == (private.public_id, "dora")


def test_no_other_page_of_the_desk_shows_a_contact(private, alice):
    Signature.objects.filter(pk=private.pk).update(status="held", hold_reason="other")
    mint(private, Purpose.OWN_PAGE)
    pages = [
        QUEUE,
        f"{QUEUE}?queue=all&q=zaynab",
        case(private),
        f"{QUEUE}{private.pk}/history/",
        "/admin/",
        "/admin/letters/event/",
        ORGANISATIONS,
        "/admin/django_tasks_database/dbtaskresult/",
    ]
    for address in pages:
        page = alice.get(address).content.decode().replace("q=zaynab", "").replace('value="zaynab"', "")
        assert [secret for secret in SECRETS if secret in page] == [], address


def test_a_moderator_without_the_right_is_offered_no_contact(private, bob):
    page = bob.get(case(private)).content.decode()
    assert f"{private.pk}/contact/" not in page
    assert bob.get("/admin/signatories/contact/").status_code == 404


# --- who may do what -----------------------------------------------------------------------------------


def test_who_may_only_look_does_nothing(carol):
    signature = make_signature(status="awaiting_moderation")
    organisation = make_organisation()
    assert carol.get(QUEUE).status_code == 200
    assert carol.get(case(signature)).status_code == 200
    assert b'name="decision"' not in carol.get(case(signature)).content
    for decision in ("approve", "hold", "reject", "confirm", "lower", "complete", "accept", "decline"):
        answer = carol.post(f"{QUEUE}{signature.pk}/decide/", {"decision": decision, "reason": "other"})
        assert answer.status_code == 403
    for action in ("approve_many", "hold_many", "reject_many", "delete_selected"):
        act_on(carol, action, [signature], reason="other")
    for action in ("verify_many", "doubt_many", "delete_selected"):
        act_on(carol, action, [organisation], page=ORGANISATIONS)
    carol.post(f"{ORGANISATIONS}{organisation.pk}/change/", {"verification": "verified"})
    for act in ("gather", "open", "close", "reopen", "archive", "link"):
        assert (
            carol.post(f"/admin/letters/letter/{signature.letter_id}/act/", {"act": act}).status_code == 403
        )
    before = signature.letter.gathering_key, signature.letter.closes_at
    signature.refresh_from_db()
    organisation.refresh_from_db()
    letter = Letter.objects.get()
    assert (signature.status, organisation.verification) == ("awaiting_moderation", "unverified")
    assert (letter.gathering_key, letter.closes_at) == before
    assert not Event.objects.exists()


def test_a_moderator_has_no_way_to_more_rights(bob):
    admin = Staff.objects.get(username="bob")
    for address in (
        "/admin/letters/staff/",
        "/admin/letters/staff/add/",
        f"/admin/letters/staff/{admin.pk}/change/",
        f"/admin/letters/staff/{admin.pk}/password/",
        "/admin/auth/group/",
        "/admin/letters/letter/",
        "/admin/letters/host/add/",
        "/admin/django_tasks_database/dbtaskresult/",
    ):
        assert bob.get(address).status_code == 403, address
        assert bob.post(address, {"is_superuser": "on", "password1": "x"}).status_code == 403, address
    admin.refresh_from_db()
    assert not admin.is_superuser
    assert admin.user_permissions.count() == len(DECIDING)


@pytest.mark.parametrize("page", ["add/", "{pk}/change/", "{pk}/delete/"])
@pytest.mark.parametrize(
    "model", ["signatories/signature", "letters/event", "django_tasks_database/dbtaskresult"]
)
def test_not_even_a_superuser_types_into_what_only_acts_may_change(alice, model, page):
    signature = make_signature(status="awaiting_moderation")
    Event.objects.create(act="sign", subject_kind="signature", subject_id=signature.public_id)
    pk = {"signatories/signature": signature.pk, "letters/event": Event.objects.get().pk}.get(
        model, "00000000-0000-0000-0000-000000000000"
    )
    rows = Signature.objects.values().get(), Event.objects.values().get()
    form = {"name": "Typed", "status": "published", "act": "typed", "post": "yes", "staff_cap": "public"}
    answer = alice.post(f"/admin/{model}/{page.format(pk=pk)}", form)
    assert answer.status_code == 403
    assert (Signature.objects.values().get(), Event.objects.values().get()) == rows


def test_organisations_are_neither_added_nor_deleted_and_only_their_verification_is_typed(alice):
    organisation = make_organisation()
    address = f"{ORGANISATIONS}{organisation.pk}/change/"
    assert alice.post(f"{ORGANISATIONS}add/", {"name": "Typed"}).status_code == 403
    assert alice.post(f"{ORGANISATIONS}{organisation.pk}/delete/", {"post": "yes"}).status_code == 403
    act_on(alice, "delete_selected", [organisation], page=ORGANISATIONS, post="yes")
    form = {"verification": "verified", "name": "Typed", "country": "CH", "aliases": "Typed", "kind": "ally"}
    assert alice.post(address, form).status_code == 302
    organisation.refresh_from_db()
    assert (organisation.verification, organisation.name, organisation.country, organisation.aliases) == (
        "verified",
        "Blue Kettle",
        "KE",
        [],
    )
    event = Event.objects.get(act="verify")
    assert (event.subject_id, event.reason, event.by.username) == (
        organisation.public_id,
        "verified",
        "alice",
    )


# --- letters -------------------------------------------------------------------------------------------


def schedule(client, letter, act, at=""):
    address = f"/admin/letters/letter/{letter.pk}/act/"
    answer = client.post(address, {"act": act, "at": at}, follow=True)
    assert answer.status_code == 200
    letter.refresh_from_db()
    return " ".join(str(message) for message in answer.context["messages"])


def test_a_letter_goes_its_way_by_buttons(alice, client):
    letter = make_letter(phase="draft")
    for act, phase in (("gather", "gathering"), ("open", "open"), ("close", "closed"), ("reopen", "open")):
        assert schedule(alice, letter, act) == "Done."
        assert letter.phase == phase
    assert schedule(alice, letter, "close") == "Done."
    assert schedule(alice, letter, "archive") == "Done."
    assert letter.phase == "archived"
    assert client.get("/letters/asylum/").status_code == 200
    acts = list(Event.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["gather", "open", "close", "reopen", "close", "archive"]


@pytest.mark.parametrize(
    ("zone", "typed", "meant"),
    [
        ("Asia/Kathmandu", "2031-05-01T12:00", datetime(2031, 5, 1, 6, 15, tzinfo=UTC)),
        ("Europe/Zurich", "2031-01-15T12:00", datetime(2031, 1, 15, 11, 0, tzinfo=UTC)),
        ("Europe/Zurich", "2031-07-15T12:00", datetime(2031, 7, 15, 10, 0, tzinfo=UTC)),
        ("Pacific/Auckland", "2031-01-01T00:00", datetime(2030, 12, 31, 11, 0, tzinfo=UTC)),
        (
            "Europe/Zurich",
            "2031-03-30T02:30",
            datetime(2031, 3, 30, 1, 30, tzinfo=UTC),
        ),  # the hour that is skipped
    ],
)
def test_a_date_is_meant_in_the_letters_own_time_zone(alice, zone, typed, meant):
    letter = make_letter(time_zone=zone)
    assert schedule(alice, letter, "close", typed) == "Done."
    assert letter.closes_at == meant
    page = alice.get(f"/admin/letters/letter/{letter.pk}/change/").content.decode()
    assert typed[11:] in page or typed.endswith(("12:00", "00:00", "02:30"))


@pytest.mark.parametrize(
    "typed",
    [
        "tomorrow",
        "2031-13-01T00:00",
        "2031-02-30T00:00",
        "0001-01-01T00:00",
        "9999-12-31T23:59",
        "99999-01-01T00:00",
        "\x00",
    ],
)
def test_a_date_that_is_none_changes_nothing(alice, client, typed):
    letter = make_letter(time_zone="America/New_York")
    assert "Nothing was done" in schedule(alice, letter, "close", typed)
    assert letter.closes_at is None
    for address in ("/", "/letters/asylum/", "/hosts/harbour/"):
        assert client.get(address).status_code == 200


def test_what_does_not_fit_is_told(alice):
    letter = make_letter(phase="draft")
    assert "must follow each other" in schedule(alice, letter, "close")
    assert "does not fit" in schedule(alice, letter, "reopen")
    assert "Nothing was done" in schedule(alice, letter, "publish")
    bare = Letter.objects.create(host=make_host(), slug="bare")
    assert "no text yet" in schedule(alice, bare, "open")
    opened = make_letter("opened")
    assert "does not fit" in schedule(alice, opened, "gather")
    assert "must follow each other" in schedule(alice, opened, "close", "2001-01-01T00:00")
    assert letter.phase == "draft"


def text_form(letter, **fields):
    form = {"letter": letter.pk, "language": "en", "standing": "official", "title": "New", "subtitle": ""}
    return {**form, "body": "We ask.", **fields}


@pytest.mark.parametrize("phase", ["gathering", "open", "closed", "archived"])
def test_a_text_that_may_have_been_signed_is_not_edited_but_followed_by_a_new_version(alice, client, phase):
    letter = make_letter(phase=phase)
    text = letter.texts.get()
    address = f"/admin/letters/text/{text.pk}"
    assert alice.post(f"{address}/change/", text_form(letter)).status_code == 403
    assert alice.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    act_on(alice, "delete_selected", [text], page="/admin/letters/text/", post="yes")
    assert Text.objects.get().title == "Keep the door open"

    answer = alice.post("/admin/letters/text/add/", text_form(letter))
    assert answer.status_code == 200
    assert "speaks this language already" in answer.content.decode()
    assert letter.texts.get() == text


def test_the_text_of_a_draft_is_edited_and_seen_by_staff_alone(alice, client):
    letter = make_letter(phase="draft")
    text = letter.texts.get()
    assert alice.post(f"/admin/letters/text/{text.pk}/change/", text_form(letter)).status_code == 302
    assert Text.objects.get().title == "New"
    preview = f"/admin/letters/letter/{letter.pk}/preview/en/"
    answer = alice.get(preview)
    assert "New" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert client.get(preview).status_code == 302


def test_a_letter_that_was_read_is_not_deleted(alice):
    for number, phase in enumerate(("gathering", "open", "closed", "archived")):
        letter = make_letter(f"letter-{number}", phase=phase)
        assert alice.post(f"/admin/letters/letter/{letter.pk}/delete/", {"post": "yes"}).status_code == 403
        act_on(alice, "delete_selected", [letter], page="/admin/letters/letter/", post="yes")
    host = Host.objects.get()
    alice.post(f"/admin/letters/host/{host.pk}/delete/", {"post": "yes"})
    act_on(alice, "delete_selected", [host], page="/admin/letters/host/", post="yes")
    assert (Letter.objects.count(), Host.objects.count()) == (4, 1)


def letter_form(letter, recipients=()):
    form = {
        "host": letter.host_id,
        "slug": letter.slug,
        "original_language": "en",
        "time_zone": letter.time_zone,
    }
    form |= {"figures-TOTAL_FORMS": "0", "figures-INITIAL_FORMS": "0"}
    form |= {"recipients-TOTAL_FORMS": str(len(recipients)), "recipients-INITIAL_FORMS": "0"}
    for number, office in enumerate(recipients):
        prefix = f"recipients-{number}"
        form |= {f"{prefix}-office": office, f"{prefix}-style_of_address": "Your Excellency"}
        form |= {f"{prefix}-mission": office, f"{prefix}-country": "KE", f"{prefix}-language": "en"}
        form |= {f"{prefix}-channel": "email", f"{prefix}-letter": str(letter.pk), f"{prefix}-id": ""}
    return form


def test_a_letter_has_as_many_recipients_as_there_are_missions(alice):
    letter = make_letter(phase="draft")
    Recipient.objects.all().delete()
    offices = [f"Permanent Mission of Country {number} to the United Nations" for number in range(60)]
    answer = alice.post(f"/admin/letters/letter/{letter.pk}/change/", letter_form(letter, offices))
    assert answer.status_code == 302
    assert letter.recipients.count() == 60


def test_a_long_letter_in_a_script_of_three_bytes_can_be_saved(alice):
    letter = make_letter(phase="draft")
    body = "ကျွန်ုပ်တို့ တောင်းဆိုသည်။ " * 700
    form = text_form(letter, language="my", body=body)
    answer = alice.post("/admin/letters/text/add/", form)
    assert answer.status_code == 302
    assert letter.texts.get(language="my").body.split() == body.split()


# --- pictures ------------------------------------------------------------------------------------------


@pytest.fixture
def _pictures_in_memory(settings):
    in_memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": in_memory}


def picture(kind="PNG", size=(40, 30), **options):
    out = BytesIO()
    Image.new("RGB", size, "teal").save(out, kind, **options)
    return out.getvalue()


def upload(client, content, name="picture.png", content_type="image/png"):
    host = make_host()
    form = {"name": host.name, "slug": host.slug, "website": "", "picture_credit": "Somebody"}
    form |= {"texts-TOTAL_FORMS": "1", "texts-INITIAL_FORMS": "0", "links-TOTAL_FORMS": "0"}
    form |= {"links-INITIAL_FORMS": "0", "texts-0-language": "en", "texts-0-stands_for": "Harbour."}
    form |= {"texts-0-picture_alt": "A boat", "texts-0-host": str(host.pk), "texts-0-id": ""}
    file = SimpleUploadedFile(name, content, content_type)
    return client.post(f"/admin/letters/host/{host.pk}/change/", {**form, "picture": file})


@pytest.mark.usefixtures("_pictures_in_memory")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_picture_is_written_anew_without_what_it_hides(alice, client, kind):
    exif = Image.Exif()
    exif[0x010E] = "taken at the safe house"
    assert upload(alice, picture(kind, exif=exif)).status_code == 302
    page = BeautifulSoup(client.get("/hosts/harbour/").content, "html.parser").find("img")
    assert (page["alt"], page["width"], page["height"]) == ("A boat", "40", "30")
    answer = client.get(page["src"])
    shown = b"".join(answer.streaming_content)
    assert answer["Content-Type"] == "image/jpeg"
    assert b"safe house" not in shown
    assert not Image.open(BytesIO(shown)).getexif()


@pytest.mark.usefixtures("_pictures_in_memory")
@pytest.mark.parametrize(
    ("content", "name", "content_type"),
    [
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            "x.svg",
            "image/svg+xml",
        ),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "x.png", "image/png"),
        (b"<html><script>alert(1)</script>", "x.png", "image/png"),
        (b"", "x.png", "image/png"),
        (b"\x89PNG\r\n\x1a\n", "x.png", "image/png"),
        (picture()[:40], "x.png", "image/png"),
        (picture("GIF"), "x.gif", "image/gif"),
        (picture("BMP"), "x.bmp", "image/bmp"),
        (picture("JPEG", (3, 3)) + b"x" * 2_200_000, "x.jpg", "image/jpeg"),
        (picture(size=(8_000, 6_000)), "x.png", "image/png"),
        (picture(), "x.html", "text/html"),
    ],
)
def test_what_is_no_picture_is_refused(alice, content, name, content_type):
    answer = upload(alice, content, name, content_type)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors.keys() == {"picture"}
    assert not Host.objects.get().picture


@pytest.mark.usefixtures("_pictures_in_memory")
def test_a_name_that_climbs_out_of_its_folder_does_not(alice):
    upload(alice, picture(), "../../../evil.png")
    assert Host.objects.get().picture.name.startswith("hosts/picture")


def test_a_contact_outlives_no_move(private, bob):
    """The seal holds the signature's id, so a row put beside another signature does not open."""
    assert unseal(Contact.objects.get()).email == "zaynab-private@kettle.example"
