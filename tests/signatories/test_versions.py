"""When a text changes: who signed is told, or asked again; nobody counts under a text without having said yes to it."""

from contextlib import suppress
from datetime import date, timedelta
from random import Random

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from letters import lifecycle
from letters import versions as drafting
from letters.models import Event, Letter, Text, Version
from letters.parsing import ParsedLetter, ParsedSignatory
from letters.versions import Words
from signatories import (
    consent,
    emails,
    importing,
    invalidation,
    merging,
    moderation,
    on_behalf,
    signing,
    tasks,
    tokens,
    verification,
    versions,
    wall,
    withdrawal,
)
from signatories.emails import Mail
from signatories.locking import SignatureEnded
from signatories.models import Contact, DeliveredName, Notice, Purpose, Remark, Signature, SignatureStatus
from tests.factories import (
    make_claim,
    make_co_contact,
    make_contact_details,
    make_delivery,
    make_imported,
    make_letter,
    make_rule,
    make_signature,
    make_staff,
    make_version,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db

LIVE = ("unconfirmed", "awaiting_moderation", "held", "published", "to_agree_again")
ENDED = ("rejected", "withdrawn", "superseded")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def alice():
    return make_staff()


@pytest.fixture
def letter():
    return make_letter()


def words(text, **fields):
    said = {name: getattr(text, name) for name in ("language", "standing", "title", "subtitle", "body")}
    return Words(
        **{**said, "body": f"{text.body}\n\nAnd more.", "what_changed": "We ask for more.", **fields}
    )


def draft(letter, *, by, change="editorial", languages=None, **fields):
    texts = [text for text in letter.current_texts() if languages is None or text.language in languages]
    return drafting.draft(letter, by=by, change=change, texts=[words(text, **fields) for text in texts])


def publish(letter, *, by, **fields):
    return versions.publish(draft(letter, by=by, **fields), by=by)


def now(signature):
    return Signature.objects.get(pk=signature.pk)


def mails():
    """Return (signature, mail) of what is to be mailed, in order."""
    jobs = DBTaskResult.objects.filter(task_path=tasks.send_mail.module_path).order_by("enqueued_at")
    return sorted(tuple(job.args_kwargs["args"][:2]) for job in jobs)


def tell(version):
    while versions.tell(version.pk):
        pass


# --- publishing ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [*LIVE, *ENDED])
def test_after_an_editorial_change_everybody_stands_where_they_stood(status, letter, alice):
    make_version(letter, change="material")
    signature = make_signature(letter, status=status)
    version = publish(letter, by=alice)
    assert (now(signature).status, version.number) == (status, 3)
    told = {"to_agree_again": "text_changed_materially"}.get(status, "text_changed")
    tell(version)
    asked = [] if status in ("unconfirmed", *ENDED) else [(signature.pk, told)]
    assert mails() == asked


@pytest.mark.parametrize("status", [*LIVE, *ENDED])
def test_after_a_material_change_only_who_was_published_leaves_the_wall_and_all_confirmed_are_asked(
    status, letter, alice
):
    make_version(letter, change="material")
    signature = make_signature(letter, status=status)
    version = publish(letter, by=alice, change="material")
    becomes = {"published": "to_agree_again"}.get(status, status)
    assert now(signature).status == becomes
    assert wall.counts(letter).organisations == 0
    tell(version)
    asked = [] if status in ("unconfirmed", *ENDED) else [(signature.pk, "text_changed_materially")]
    assert mails() == asked


def test_publishing_gives_one_number_to_all_languages_and_what_is_not_drafted_stays(alice):
    letter = make_letter(languages=("en", "fr", "ar"))
    letter.texts.filter(language="ar").update(standing="courtesy")
    version = publish(letter, by=alice, change="material", languages=("en", "fr"))
    said = {text.language: (text.version, text.change, text.what_changed) for text in letter.current_texts()}
    assert said == {
        "ar": (1, "first", ""),
        "en": (2, "material", "We ask for more."),
        "fr": (2, "material", "We ask for more."),
    }
    assert (letter.version_number(), letter.binding_number(), version.number) == (2, 2, 2)


def test_a_material_change_concerns_everybody_whatever_language_they_read(alice):
    letter = make_letter(languages=("en", "fr"))
    letter.texts.filter(language="fr").update(standing="courtesy")
    reads_french = make_signature(letter, text=letter.texts.get(language="fr"), language="fr")
    publish(letter, by=alice, change="material", languages=("en",))
    assert now(reads_french).status == "to_agree_again"


def test_a_material_change_is_said_in_every_official_language(alice):
    letter = make_letter(languages=("en", "fr"))
    version = draft(letter, by=alice, change="material", languages=("en",))
    with pytest.raises(versions.TranslationsMissing) as refusal:
        versions.publish(version, by=alice)
    assert refusal.value.languages == ["fr"]
    assert letter.version_number() == 1
    versions.publish(draft(letter, by=alice, languages=("en",)), by=alice)  # an editorial one need not be


def test_a_draft_is_seen_by_nobody(letter, alice, client):
    before = client.get("/letters/asylum/").content
    draft(letter, by=alice, title="Secret title", change="material")
    assert client.get("/letters/asylum/").content == before
    assert client.get("/letters/asylum/versions/2/").status_code == 404
    assert not Text.objects.filter(title="Secret title").exists()


def test_drafting_again_replaces_the_draft_and_what_was_previewed_is_not_published_then(letter, alice):
    bob = make_staff("bob")
    first = draft(letter, by=alice)
    seen = versions.what_is_drafted(first)
    second = draft(letter, by=bob, change="material", title="Another title")
    assert Version.objects.get() == first == second
    with pytest.raises(versions.DraftedMeanwhile):
        versions.publish(first, by=alice, seen=seen)
    assert letter.version_number() == 1
    versions.publish(first, by=bob, seen=versions.what_is_drafted(second))
    assert letter.text_for("en").title == "Another title"


def test_a_draft_says_something_new(letter, alice):
    text = letter.text_for("en")
    with pytest.raises(drafting.NothingChanged):
        drafting.draft(letter, by=alice, change="editorial", texts=[words(text, body=text.body)])
    assert not Version.objects.exists()


def test_a_draft_can_be_thrown_away_twice_and_what_is_published_cannot(letter, alice):
    version = draft(letter, by=alice)
    drafting.discard(version, by=alice)
    drafting.discard(version, by=alice)
    assert not Version.objects.exists()
    with pytest.raises(drafting.NotADraft):
        drafting.discard(publish(letter, by=alice), by=alice)


@pytest.mark.parametrize("phase", ["closed", "archived"])
def test_a_letter_that_takes_no_signatures_stands_as_it_is(phase, alice):
    letter = make_letter(phase=phase)
    with pytest.raises(lifecycle.WrongPhase):
        draft(letter, by=alice)


def test_what_was_drafted_before_the_letter_closed_is_not_published_after(letter, alice):
    version = draft(letter, by=alice)
    lifecycle.close_letter(letter, by=alice)
    with pytest.raises(lifecycle.WrongPhase):
        versions.publish(version, by=alice)


def test_publishing_twice_is_harmless(letter, alice):
    signature = make_signature(letter)
    version = publish(letter, by=alice, change="material")
    again = versions.publish(version, by=make_staff("bob"))
    assert (again.number, again.published_at) == (version.number, version.published_at)
    assert Event.objects.filter(act="publish_version").count() == 1
    assert Event.objects.filter(act="ask_again", subject_id=signature.public_id).count() == 1


def test_publishing_is_one_revision_with_one_event_and_a_job_that_waits(letter, alice, settings):
    settings.UNDO_FOR = 5 * MINUTE
    for number in range(3):
        make_signature(letter, name=f"House {number}")
    before = Letter.objects.get().revision
    publish(letter, by=alice, change="material")
    assert Letter.objects.get().revision == before + 1
    event = Event.objects.get(act="publish_version")
    assert (event.by, event.subject_kind, event.subject_id, event.reason) == (
        alice,
        "letter",
        "asylum",
        "material 2",
    )
    job = DBTaskResult.objects.get(task_path=tasks.tell_of_version.module_path)
    assert job.run_after > timezone.now() + 4 * MINUTE
    assert mails() == []


# --- taking it back --------------------------------------------------------------------------------------


def test_what_was_published_a_moment_ago_is_taken_back_with_all_it_did(letter, alice, settings):
    settings.UNDO_FOR = 5 * MINUTE
    signature = make_signature(letter)
    published_at = now(signature).published_at
    version = versions.take_back(publish(letter, by=alice, change="material"), by=alice)
    assert (now(signature).status, now(signature).published_at) == ("published", published_at)
    assert (letter.version_number(), letter.texts.count()) == (1, 1)
    assert version.drafted.count() == 1  # it is a draft again
    tell(version)
    versions.tell_who_is_due()
    assert mails() == []
    assert versions.publish(version, by=alice).number == 2


def test_who_was_asked_about_an_earlier_change_stays_asked_when_a_later_one_is_taken_back(
    letter, alice, settings
):
    settings.UNDO_FOR = 5 * MINUTE
    make_version(letter, change="material")
    asked = make_signature(letter, status="to_agree_again")
    versions.take_back(publish(letter, by=alice, change="material"), by=alice)
    assert now(asked).status == "to_agree_again"


def test_it_is_not_taken_back_after_its_time_nor_once_somebody_said_yes(letter, alice, settings):
    settings.UNDO_FOR = 5 * MINUTE
    signature = make_signature(letter)
    version = publish(letter, by=alice, change="material")
    with time_machine.travel(timezone.now() + 6 * MINUTE), pytest.raises(versions.NothingToTakeBack):
        versions.take_back(version, by=alice)
    versions.agree(signature, version=2)
    with pytest.raises(versions.NothingToTakeBack):
        versions.take_back(version, by=alice)
    assert letter.version_number() == 2


def test_it_is_not_taken_back_when_somebody_signed_it_or_was_handed_it(letter, alice, settings):
    settings.UNDO_FOR = 5 * MINUTE
    version = publish(letter, by=alice)
    make_delivery(letter)
    with pytest.raises(versions.NothingToTakeBack):
        versions.take_back(version, by=alice)
    version = publish(letter, by=alice, title="Once more")
    signing.sign(letter, text=letter.text_for("en"), claim=make_claim(), contact=make_contact_details())
    with pytest.raises(versions.NothingToTakeBack):
        versions.take_back(version, by=alice)
    with pytest.raises(versions.NothingToTakeBack):  # only the last one is
        versions.take_back(Version.objects.get(number=2), by=alice)


# --- the new yes -----------------------------------------------------------------------------------------


def test_the_new_yes_counts_again_in_one_revision_and_nothing_else_of_it_changes(letter, alice):
    signature = make_signature(letter, visibility="delivered_only")
    version = publish(letter, by=alice, change="material")
    before, was = Letter.objects.get().revision, now(signature)
    agreed = versions.agree(signature, version=version.number)
    assert (agreed.status, agreed.visibility, agreed.agreed_version) == ("published", "delivered_only", 2)
    assert (agreed.organisation_id, agreed.published_at) == (was.organisation_id, was.published_at)
    assert agreed.text == letter.text_for("en")
    assert Letter.objects.get().revision == before + 1
    versions.agree(signature, version=version.number)
    assert Letter.objects.get().revision == before + 1
    assert Event.objects.filter(act="agree").count() == 1


def test_a_yes_to_an_older_text_is_no_yes(letter, alice):
    signature = make_signature(letter)
    publish(letter, by=alice, change="material")
    publish(letter, by=alice, change="material", title="Again")
    for read in (2, 7):
        with pytest.raises(consent.TextChangedMeanwhile):
            versions.agree(signature, version=read)
    assert now(signature).status == "to_agree_again"
    assert versions.agree(signature, version=3).status == "published"


def test_a_yes_holds_through_editorial_changes(letter, alice):
    signature = make_signature(letter)
    publish(letter, by=alice, change="material")
    publish(letter, by=alice, title="Better worded")
    assert versions.agree(signature, version=2).status == "published"  # read before the wording changed
    assert consent.news(now(signature), "en").number == 3


def test_who_left_or_never_confirmed_is_not_asked(letter, alice):
    gone, unconfirmed = make_signature(letter), make_signature(letter, name="New", status="unconfirmed")
    publish(letter, by=alice, change="material")
    withdrawal.withdraw(gone)
    with pytest.raises(SignatureEnded):
        versions.agree(gone, version=2)
    with pytest.raises(versions.NotConfirmedYet):
        versions.agree(unconfirmed, version=2)


def test_there_is_as_much_time_as_for_confirming(letter, alice):
    signature = make_signature(letter)
    publish(letter, by=alice, change="material")
    lifecycle.close_letter(letter, by=alice)
    with time_machine.travel(timezone.now() + 4 * DAY), pytest.raises(versions.AgreeingIsOver):
        versions.agree(signature, version=2)
    assert versions.agree(signature, version=2).status == "published"


def test_any_of_several_contacts_says_yes_and_all_are_asked(letter, alice):
    signature = make_signature(letter)
    other = make_co_contact(signature)
    version = publish(letter, by=alice, change="material")
    tell(version)
    assert mails() == [(signature.pk, "text_changed_materially"), (other.pk, "text_changed_materially")]
    assert versions.agree(other, version=2).pk == signature.pk
    assert now(signature).status == "published"


@pytest.mark.parametrize("status", ["awaiting_moderation", "held"])
def test_who_waits_for_a_moderator_may_agree_first_or_be_approved_first(status, letter, alice):
    agrees, approved = make_signature(letter, status=status), make_signature(letter, name="B", status=status)
    publish(letter, by=alice, change="material")
    assert versions.agree(agrees, version=2).status == status
    assert moderation.approve(agrees, by=alice).status == "published"
    assert moderation.approve(approved, by=alice).status == "to_agree_again"
    assert wall.counts(letter).organisations == 1
    assert versions.agree(approved, version=2).status == "published"
    assert wall.counts(letter).organisations == 2


def test_confirming_says_yes_to_the_text_as_it_is_now(letter, alice):
    signature = make_signature(letter, status="unconfirmed")
    publish(letter, by=alice, change="material")
    confirmed = verification.confirm(signature, visibility="public", version=2)
    assert (confirmed.agreed_version, confirmed.text) == (2, letter.text_for("en"))
    assert moderation.approve(confirmed, by=alice).status == "published"


def test_a_confirm_page_opened_before_the_change_confirms_nothing(letter, alice):
    signature = make_signature(letter, status="unconfirmed")
    publish(letter, by=alice, change="material")
    with pytest.raises(consent.TextChangedMeanwhile):
        verification.confirm(signature, visibility="public", version=1)
    assert now(signature).status == "unconfirmed"


def test_a_phone_that_confirmed_the_older_text_is_asked_again(letter, alice):
    signature = make_signature(letter, status="unconfirmed", phone="+254700000000")
    publish(letter, by=alice, change="material")
    code = tokens.mint(signature, Purpose.PHONE, by=alice).code
    bob = make_staff("bob")
    confirmed = verification.confirm_by_hand(signature, by=bob, code=code)
    assert moderation.approve(confirmed, by=alice).status == "to_agree_again"
    agreed = versions.record_yes(signature, by=bob, channel="phone", evidence="They called back.")
    assert agreed.status == "published"


def test_what_was_entered_on_behalf_before_the_change_is_a_yes_to_what_was_read_then(letter, alice):
    said = {"visibility": "public", "language": "en", "channel": "paper", "evidence": "A sheet."}
    entered = on_behalf.enter(letter, text=letter.text_for("en"), claim=make_claim(), by=alice, **said)
    publish(letter, by=alice, change="material")
    bob = make_staff("bob")
    seconded = on_behalf.second(entered, by=bob)
    assert moderation.approve(seconded, by=bob).status == "to_agree_again"


def test_staff_write_down_a_yes_with_its_evidence_once(letter, alice):
    signature = make_imported(letter)
    publish(letter, by=alice, change="material")
    agreed = versions.record_yes(signature, by=alice, channel="paper", evidence="Signed sheet, folder 3.")
    versions.record_yes(signature, by=alice, channel="paper", evidence="Signed sheet, folder 3.")
    assert agreed.status == "published"
    assert Remark.objects.get().words == "Signed sheet, folder 3."
    event = Event.objects.get(act="record_yes")
    assert (event.by, event.reason) == (alice, "paper")


# --- what happens to them meanwhile ------------------------------------------------------------------------


@pytest.fixture
def asked(letter, alice):
    """A signature that was published until the letter changed."""
    signature = make_signature(letter)
    publish(letter, by=alice, change="material")
    return now(signature)


def test_it_may_be_held_rejected_withdrawn_or_erased_like_a_published_one(letter, alice):
    acts = (
        lambda one: moderation.hold(one, by=alice),
        lambda one: moderation.reject(one, by=alice),
        withdrawal.withdraw,
        withdrawal.erase,
    )
    signatures = [make_signature(letter, name=f"House {number}") for number in range(len(acts))]
    publish(letter, by=alice, change="material")
    for act, signature in zip(acts, signatures, strict=True):
        before = Letter.objects.get().revision
        act(now(signature))
        assert Letter.objects.get().revision == before + 1  # so many of so many have agreed
    assert {now(one).status for one in signatures} == {"held", "rejected", "withdrawn"}


def test_a_correction_is_proposed_and_moderated_as_a_published_ones_is(asked, alice):
    facts = {"latin": "", "country": "UG", "kind": "ally", "website": ""}
    withdrawal.correct(asked, correction=withdrawal.Correction(name="Spam Kettle", **facts))
    assert now(asked).name == "Blue Kettle"
    assert now(asked).queued_at is not None
    versions.agree(asked, version=2)
    assert now(asked).name == "Blue Kettle"
    assert moderation.accept_correction(asked, by=alice).name == "Spam Kettle"


def test_taking_a_decision_back_brings_nobody_onto_the_wall_who_has_not_agreed(letter, alice, settings):
    settings.UNDO_FOR = 5 * MINUTE
    held, rejected = make_signature(letter), make_signature(letter, name="Red Kettle")
    moderation.hold(held, by=alice)
    moderation.reject(rejected, by=alice)
    publish(letter, by=alice, change="material")
    for signature in (held, rejected):
        assert moderation.undo(signature, by=alice).status == "to_agree_again"
    assert wall.counts(letter).organisations == 0


def test_nor_does_undoing_an_invalidation(letter, alice):
    signature = make_signature(letter, name="Spam one")
    rule = invalidation.begin(make_rule(letter, name_pattern="spam*"), counted=1, by=alice)
    invalidation.work_on(rule.pk)
    publish(letter, by=alice, change="material")
    invalidation.undo(rule, by=alice)
    invalidation.work_on(rule.pk)
    assert now(signature).status == "to_agree_again"


def test_nor_does_undoing_a_merge(letter, alice):
    one, other = make_signature(letter), make_signature(letter, name="Blue Kettle Circle")
    merge = merging.merge(one.organisation, other.organisation, by=alice)
    publish(letter, by=alice, change="material")
    versions.agree(one, version=2)
    merging.undo(merge, by=alice)
    assert sorted([now(one).status, now(other).status]) == ["published", "to_agree_again"]


def test_a_merge_lets_the_one_stay_that_has_agreed(letter, alice):
    asked, agreed = make_signature(letter), make_signature(letter, name="Blue Kettle Circle")
    publish(letter, by=alice, change="material")
    versions.agree(agreed, version=2)
    merging.merge(asked.organisation, agreed.organisation, by=alice)
    assert (now(agreed).status, now(asked).status) == ("published", "superseded")


def test_signing_again_takes_an_imported_place_that_was_asked(letter, alice):
    place = make_imported(letter)
    publish(letter, by=alice, change="material")
    signature = make_signature(letter, status="awaiting_moderation", agreed_version=2)
    claimed = moderation.approve(signature, by=alice, organisation=place.organisation)
    assert (claimed.pk, claimed.status) == (place.pk, "published")


def test_a_second_contact_that_is_added_is_asked_and_can_say_yes(asked, alice):
    newcomer = make_signature(asked.letter, name="Kettle", status="awaiting_moderation")
    moderation.approve(newcomer, by=alice, organisation=asked.organisation, as_co_contact=True)
    assert now(asked).status == "to_agree_again"
    assert versions.agree(newcomer, version=2).status == "published"


def test_who_signs_after_the_change_has_agreed_to_it(letter, alice):
    publish(letter, by=alice, change="material")
    signed = signing.sign(
        letter, text=letter.text_for("en"), claim=make_claim(), contact=make_contact_details()
    )
    assert signed.agreed_version == 2


def test_a_translation_that_comes_later_is_one_of_the_text_as_it_is(letter, alice, client):
    publish(letter, by=alice, change="material")
    Text.objects.create(letter=letter, language="ar", version=2, title="A", body="B")
    assert versions.publish(draft(letter, by=alice, title="C"), by=alice).number == 3


def test_names_imported_under_an_older_text_are_asked(alice):
    parsed = ParsedLetter(
        title="Imported",
        subtitle="",
        date=date(2020, 1, 1),
        body="We ask.",
        asks=(),
        closing="",
        preface="",
        signatories=(ParsedSignatory(name="One", country="KE", person="", role="", line=1, raw="One"),),
        language="en",
    )
    found = importing.Found(letter=parsed, doubts=[], likenesses=[])
    letter = importing.import_letter(found, slug="imported", open_for_signing=True).letter
    Signature.objects.all().delete()
    publish(letter, by=alice, change="material")
    importing.import_letter(found, slug="imported")
    assert Signature.objects.get().status == "to_agree_again"


def test_what_was_handed_over_stays_so_and_keeps_its_version(letter, alice):
    signature = make_signature(letter)
    made = make_delivery(letter, status="sent")
    publish(letter, by=alice, change="material")
    made.refresh_from_db()
    assert (made.text.version, made.organisations) == (1, 1)
    assert DeliveredName.objects.still_standing().count() == 1  # under the text it agreed to
    assert make_delivery(letter).organisations == 0
    withdrawal.withdraw(signature)
    assert DeliveredName.objects.removed().count() == 1


# --- telling and reminding -----------------------------------------------------------------------------------


def test_everybody_with_a_mailbox_is_told_once(letter, alice):
    told = make_signature(letter)
    make_signature(letter, name="Phone", phone="+254700000000")
    make_imported(letter, name="Old Guard", line=3)
    version = publish(letter, by=alice)
    assert versions.outlook(draft(letter, by=alice, title="X")).mails == 1
    for _ in range(3):
        tell(version)
        versions.tell_who_is_due()
    assert mails() == [(told.pk, "text_changed")]
    assert Notice.objects.get().signature == told


def test_the_preview_says_how_many_leave_and_how_many_are_written_to(letter, alice):
    make_co_contact(make_signature(letter))
    make_signature(letter, name="Held", status="held")
    make_signature(letter, name="Phone", phone="+254700000000")
    make_signature(letter, name="New", status="unconfirmed")
    version = draft(letter, by=alice, change="material")
    assert versions.outlook(version) == versions.Outlook(counted=2, waiting=1, mails=3, without_mailbox=1)
    tell(versions.publish(version, by=alice))
    assert len(mails()) == 3


def test_many_are_told_some_at_a_time(letter, alice, settings):
    settings.LIST_MAILS = (2, MINUTE)
    for number in range(5):
        make_signature(letter, name=f"House {number}")
    version = publish(letter, by=alice)
    assert versions.tell(version.pk)
    assert len(mails()) == 2
    tell(version)
    assert len(mails()) == len(set(mails())) == 5


def test_who_is_silent_is_reminded_three_times_two_days_apart_and_nobody_else(letter, alice):
    silent, agreed = make_signature(letter), make_signature(letter, name="Red Kettle")
    version = publish(letter, by=alice, change="material")
    tell(version)
    versions.agree(agreed, version=2)
    start, days = timezone.now(), []
    for day in range(12):
        with time_machine.travel(start + day * DAY + day * MINUTE, tick=False):
            before = len(mails())
            versions.tell_who_is_due()
            versions.tell_who_is_due()
            days += [day] * (len(mails()) - before)
    assert days == [2, 4, 6]
    assert {one for one, _ in mails()} == {silent.pk, agreed.pk}
    assert mails().count((agreed.pk, "text_changed_materially")) == 1


def test_who_is_silent_two_days_before_the_end_is_reminded_once_more(letter, alice):
    make_signature(letter)
    lifecycle.close_letter(letter, by=alice, at=timezone.now() + 20 * DAY)
    tell(publish(letter, by=alice, change="material"))
    start, days = timezone.now(), []
    for day in range(1, 22):
        with time_machine.travel(start + day * DAY, tick=False):
            before = len(mails())
            versions.tell_who_is_due()
            days += [day] * (len(mails()) - before)
    assert days[-1] in (18, 19)
    assert len(days) == 4


def test_after_an_editorial_change_nobody_is_reminded(letter, alice):
    make_signature(letter)
    tell(publish(letter, by=alice))
    with time_machine.travel(timezone.now() + 9 * DAY):
        versions.tell_who_is_due()
    assert len(mails()) == 1


def test_a_mail_that_is_overtaken_is_not_sent(letter, alice, mailbox):
    signature = make_signature(letter)
    publish(letter, by=alice, change="material")
    emails.send(signature.pk, Mail.TEXT_CHANGED_MATERIALLY)
    assert len(mailbox.messages()) == 1
    versions.agree(signature, version=2)
    emails.send(signature.pk, Mail.TEXT_CHANGED_MATERIALLY)
    assert len(mailbox.messages()) == 1


# --- at the same moment --------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_editors_publish_at_once_and_it_happens_once():
    letter = make_letter()
    alice, bob = make_staff(), make_staff("bob")
    signature = make_signature(letter)
    version = draft(letter, by=alice, change="material")
    one, other = at_once(
        lambda: versions.publish(version, by=alice), lambda: versions.publish(version, by=bob)
    )
    assert one.number == other.number == 2
    assert Event.objects.filter(act="publish_version").count() == 1
    assert DBTaskResult.objects.filter(task_path=tasks.tell_of_version.module_path).count() == 1
    assert now(signature).status == "to_agree_again"


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_everybody_once():
    letter = make_letter()
    for number in range(12):
        make_signature(letter, name=f"House {number}")
    version = publish(letter, by=make_staff())
    at_once(*[lambda: tell(version)] * 4)
    assert len(mails()) == len(set(mails())) == 12


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(4))
def test_who_is_approved_while_it_is_published_counts_only_with_a_yes(round_):
    letter = make_letter()
    alice = make_staff()
    waiting = [make_signature(letter, name=f"House {n}", status="awaiting_moderation") for n in range(4)]
    version = draft(letter, by=alice, change="material")
    approvals = [lambda one=one: moderation.approve(one, by=alice) for one in waiting]
    outcomes = at_once(lambda: versions.publish(version, by=alice), *approvals)
    assert not [one for one in outcomes if isinstance(one, Exception)]
    assert {now(one).status for one in waiting} == {"to_agree_again"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_", range(4))
def test_a_yes_and_the_next_change_at_once_never_count_an_older_yes(round_):
    letter = make_letter()
    alice = make_staff()
    signature = make_signature(letter)
    publish(letter, by=alice, change="material")
    version = draft(letter, by=alice, change="material", title="Again")
    at_once(lambda: versions.agree(signature, version=2), lambda: versions.publish(version, by=alice))
    assert now(signature).status == "to_agree_again"


def test_the_database_counts_nobody_who_has_not_agreed(letter, alice):
    signature = make_signature(letter)
    publish(letter, by=alice, change="material")
    with transaction.atomic():
        Signature.objects.filter(pk=signature.pk).update(status="published")
        with pytest.raises(IntegrityError, match="has not agreed"):
            connection.check_constraints()
        transaction.set_rollback(True)


# --- the promise ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_done_who_is_counted_has_agreed_to_the_last_material_text(seed, alice, settings):
    """Any acts in any order; after each, nobody counts with an older yes, and nobody is asked who has agreed."""
    settings.UNDO_FOR = 5 * MINUTE
    random = Random(seed)
    letter = make_letter()
    signatures = [
        make_signature(letter, name=f"House {number}", status=status)
        for number, status in enumerate(SignatureStatus.values)
        if status not in ("superseded", "to_agree_again")
    ]

    def change():
        kind = random.choice(["editorial", "material"])
        publish(letter, by=alice, change=kind, title=f"Title {random.random()}")

    def take_back():
        for version in letter.versions.in_force().order_by("-number")[:1]:
            versions.take_back(version, by=alice)

    acts = [
        change,
        take_back,
        *[
            lambda act=act: act(random.choice(signatures))
            for act in (
                lambda one: versions.agree(one, version=letter.version_number()),
                lambda one: versions.record_yes(one, by=alice, channel="chat", evidence="A chat."),
                lambda one: verification.confirm(one, visibility="public"),
                lambda one: moderation.approve(now(one), by=alice),
                lambda one: moderation.hold(now(one), by=alice),
                lambda one: moderation.reject(now(one), by=alice),
                lambda one: moderation.undo(now(one), by=alice),
                withdrawal.withdraw,
            )
        ],
    ]
    refusals = (
        *(versions.NothingToTakeBack, versions.NotConfirmedYet, moderation.NotAwaitingModeration),
        *(moderation.NothingToUndo, SignatureEnded),
    )
    for _ in range(60):
        with suppress(*refusals):
            random.choice(acts)()
        binding = letter.binding_number()
        for one in Signature.objects.filter(letter=letter):
            if one.status == "published":
                assert one.agreed_version >= binding
            if one.status == "to_agree_again":
                assert one.agreed_version < binding


def test_a_contact_that_left_is_not_written_to(letter, alice):
    signature = make_signature(letter)
    version = publish(letter, by=alice)
    Contact.objects.all().delete()
    tell(version)
    assert mails() == []
    assert now(signature).status == "published"


def test_staff_are_asked_about_one_whose_organisation_became_doubtful_while_it_was_asked(asked, alice):
    verification.verify(asked.organisation, by=alice, verification="doubtful")
    assert now(asked).question == "organisation_doubted"
    assert now(asked).queued_at is not None
