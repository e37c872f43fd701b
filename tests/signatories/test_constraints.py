"""The database refuses what the acts would refuse, each rule by its name."""

import threading
import time
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from letters.models import (
    Comment,
    DraftedText,
    HostText,
    Letter,
    PressContact,
    PressLink,
    Staff,
    Text,
    Version,
)
from signatories.models import (
    CoverText,
    Distinction,
    Evidence,
    ImportFile,
    ImportRow,
    Invalidated,
    Invalidation,
    Invitation,
    Notice,
    Organisation,
    PlaceKey,
    Pressure,
    Quote,
    Signature,
    Spokesperson,
    Statement,
    Token,
    Unsubscribed,
    Update,
    UpdateMail,
    UpdateText,
    Vouch,
    Workshop,
)
from tests.factories import (
    make_delivery,
    make_host,
    make_letter,
    make_organisation,
    make_rule,
    make_signature,
    make_staff,
    make_text,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = timedelta(days=1)


def letter_with(**dates):
    return Letter.objects.create(host=make_host(), slug="asylum", **dates)


def signature_with(**fields):
    letter = fields.pop("letter", None) or make_letter()
    return Signature.objects.create(
        **{"letter": letter, "text": letter.texts.get(), "name": "Blue Kettle", "language": "en", **fields}
    )


def text_with(**fields):
    return Text.objects.create(
        **{"letter": make_letter(), "language": "fr", "title": "T", "body": "B", **fields}
    )


def signed_twice(**fields):
    letter = make_letter()
    for number in (1, 2):
        each = {name: value(number) if callable(value) else value for name, value in fields.items()}
        signature_with(letter=letter, **each)


def version_with(**fields):
    letter = Letter.objects.first() or make_letter()
    by = Staff.objects.first() or make_staff()
    return Version.objects.create(letter=letter, by=by, **{"change": "editorial", **fields})


def drafted_twice():
    version = version_with()
    for _ in range(2):
        DraftedText.objects.create(version=version, language="en", standing="official", title="T", body="B")


def told_twice():
    version = version_with(number=2, published_at=NOW)
    signature = make_signature(version.letter)
    for _ in range(2):
        Notice.objects.create(version=version, signature=signature)


def told_apart(one, other, *, wrong=False, times=1):
    older, newer = (other, one) if wrong else (one, other)
    for _ in range(times):
        Distinction.objects.create(one=older, other=newer, by=Staff.objects.first() or make_staff())


def invalidated_twice(signature):
    rule = make_rule(signature.letter, domain="canary.example", by=make_staff())
    rule.save()
    for _ in range(2):
        Invalidated.objects.create(invalidation=rule, signature=signature, status="published")


def published(**fields):
    return {"status": "published", "published_at": NOW, **fields}


def comment_with(**fields):
    return Comment.objects.create(text=make_letter().texts.first(), language="en", **fields)


def delivery_with(**fields):
    delivery = make_delivery(Letter.objects.first() or make_signature().letter)
    for field, value in fields.items():
        setattr(delivery, field, value)
    delivery.save()
    return delivery


def named_twice():
    name = delivery_with().names.get()
    name.pk = None
    name.save(force_insert=True)


def list_with(**fields):
    return ImportFile.objects.create(letter=make_letter(), by=make_staff(), language="en", **fields)


def read_twice():
    file = list_with()
    for _ in range(2):
        ImportRow.objects.create(file=file, line=2, verdict="new")


def covered_twice():
    letter = make_letter()
    for _ in range(2):
        CoverText.objects.create(letter=letter, language="en", words="We met.")


def invitation_with(**fields):
    letter = fields.pop("letter", None) or make_letter()
    defaults = {"name": "Blue Kettle", "language": "en", "sent_at": NOW}
    return Invitation.objects.create(letter=letter, **{**defaults, **fields})


def update_with(**fields):
    by = Staff.objects.first() or make_staff()
    return Update.objects.create(letter=make_letter(), by=by, **fields)


def written_twice():
    update = update_with()
    for _ in range(2):
        UpdateText.objects.create(update=update, language="en", subject="S", body="B")


def mailed_twice():
    update = update_with()
    for _ in range(2):
        UpdateMail.objects.create(update=update, mailbox_key="k" * 64)


def unsubscribed_twice(**fields):
    for _ in range(2):
        Unsubscribed.objects.create(mailbox_key="k" * 64, **fields)


def press_contact_with(**fields):
    asked = {"name": "Desk", "email": "desk@harbour.example", "languages": ["en"]}
    return PressContact.objects.create(letter=make_letter(), **{**asked, **fields})


def quote_with(**fields):
    return Quote.objects.create(
        signature=make_signature(), **{"words": "We stand.", "language": "en", **fields}
    )


BROKEN = {
    "a_press_contact_can_be_reached": lambda: press_contact_with(email=""),
    "a_press_contact_speaks_a_language": lambda: press_contact_with(languages=[]),
    "hours_end_after_they_begin": lambda: press_contact_with(hours_from="09:00", hours_until="09:00"),
    "a_press_link_is_good_for_a_while": lambda: PressLink.objects.create(
        letter=make_letter(), by=make_staff(), good_until=NOW - DAY
    ),
    "a_quote_says_something": lambda: quote_with(words=""),
    "a_rejected_quote_and_no_other_has_a_reason": lambda: quote_with(status="rejected", decided_at=NOW),
    "a_quote_is_decided_or_waits": lambda: quote_with(status="approved"),
    "a_spokesperson_speaks_a_language": lambda: Spokesperson.objects.create(
        contact=make_signature().contact, languages=[]
    ),
    "a_revision_is_stated_once": lambda: [
        Statement.objects.create(letter=letter, revision=7, organisations=1, countries=0)
        for letter in [make_letter()] * 2
    ],
    "a_statement_counts_somebody": lambda: Statement.objects.create(
        letter=make_letter(), revision=7, organisations=0, countries=0
    ),
    "a_list_with_consent_says_how_it_was_given": lambda: list_with(consent="stated", channel=""),
    "a_list_without_consent_names_nobody": lambda: list_with(consent="unknown", visibility="public"),
    "a_row_of_a_list_is_read_once": read_twice,
    "a_delivery_that_left_says_since_when": lambda: delivery_with(status="sent", sha256="a" * 64),
    "a_delivery_that_left_has_a_hash": lambda: delivery_with(status="sent", sent_at=NOW),
    "a_public_answer_says_something": lambda: delivery_with(answer_is_public=True),
    "an_answer_has_a_date": lambda: delivery_with(answer_words="We read it."),
    "a_delivery_names_a_signature_once": named_twice,
    "a_letter_is_covered_once_in_a_language": covered_twice,
    "an_update_that_leaves_says_when": lambda: update_with(status="scheduled"),
    "an_update_under_way_has_a_next_round": lambda: update_with(status="sending", send_at=NOW),
    "an_update_speaks_once_in_a_language": lambda: written_twice(),
    "a_mailbox_gets_an_update_once": lambda: mailed_twice(),
    "a_mailbox_unsubscribes_from_a_letter_once": lambda: unsubscribed_twice(letter=make_letter()),
    "a_mailbox_unsubscribes_from_all_once": lambda: unsubscribed_twice(),
    "an_organisation_is_invited_once": lambda: invitation_with(letter=invitation_with().letter),
    "a_promise_and_nothing_else_has_a_day": lambda: invitation_with(status="will_sign"),
    "who_was_invited_was_so_on_a_day": lambda: invitation_with(status="invited", sent_at=None),
    "an_invitation_has_a_name_until_it_is_emptied": lambda: invitation_with(name=""),
    "a_workshop_gives_no_place_it_has_not_got": lambda: Workshop.objects.create(
        letter=make_letter(), label="Room", by=make_staff(), good_until=NOW, places=2, taken=3
    ),
    "a_comment_says_something": lambda: comment_with(words=""),
    "a_comment_knows_what_its_passage_said": lambda: comment_with(words="Hm.", passage=1),
    "a_letter_gathers_before_it_opens": lambda: letter_with(gathers_at=NOW, opens_at=NOW - DAY),
    "a_letter_closes_after_it_opens": lambda: letter_with(opens_at=NOW, closes_at=NOW - DAY),
    "a_letter_is_archived_after_it_closes": lambda: letter_with(
        opens_at=NOW - DAY, closes_at=NOW, archived_at=NOW - DAY
    ),
    "a_version_of_a_text_exists_once": lambda: text_with(language="en"),
    "the_first_version_changes_nothing": lambda: text_with(language="fr", change="editorial"),
    "a_version_of_a_letter_exists_once": lambda: [version_with(number=2, published_at=NOW) for _ in range(2)],
    "a_letter_has_one_draft_at_a_time": lambda: [version_with() for _ in range(2)],
    "a_version_has_a_number_once_it_is_published": lambda: version_with(published_at=NOW),
    "a_version_is_drafted_once_a_language": lambda: drafted_twice(),
    "a_contact_is_told_of_a_version_once": lambda: told_twice(),
    "a_host_speaks_once_in_a_language": lambda: [
        HostText.objects.create(host=make_host(), language="en", stands_for="Boats") for _ in range(2)
    ],
    "a_published_signature_has_an_organisation": lambda: signature_with(**published()),
    "a_published_signature_says_since_when": lambda: signature_with(
        status="published", organisation=make_organisation()
    ),
    "a_held_signature_has_a_reason": lambda: signature_with(status="held"),
    "a_signature_has_a_name_until_it_is_erased": lambda: signature_with(name=""),
    "a_name_can_be_searched_for": lambda: Signature.objects.filter(pk=make_signature().pk).update(
        search_text=""
    ),
    "an_erased_signature_has_ended": lambda: signature_with(erased_at=NOW, name=""),
    "an_organisation_signs_a_letter_once": lambda: signed_twice(
        organisation=make_organisation(), status="awaiting_moderation"
    ),
    "a_mailbox_signs_once_for_a_name": lambda: signed_twice(dedupe_key="k" * 64),
    "a_line_is_imported_once": lambda: signed_twice(
        **published(organisation=lambda n: make_organisation(f"House {n}")), channel="import", source_line=7
    ),
    "an_open_question_says_since_when": lambda: signature_with(
        **published(organisation=make_organisation()), question="correction"
    ),
    "only_a_superseded_signature_has_a_successor": lambda: signature_with(
        letter=make_letter("other"), superseded_by=make_signature()
    ),
    "evidence_says_something": lambda: Evidence.objects.create(
        organisation=make_organisation(), by=make_staff()
    ),
    "an_organisation_vouches_once": lambda: [
        Vouch.objects.create(signature=signature, voucher=voucher)
        for signature, voucher in [(make_signature(), make_organisation("Red Lantern"))] * 2
    ],
    "a_distinction_has_an_order": lambda: told_apart(
        make_organisation(), make_organisation("Red"), wrong=True
    ),
    "two_organisations_are_told_apart_once": lambda: told_apart(
        make_organisation(), make_organisation("Red"), times=2
    ),
    "an_invalidation_has_a_rule": lambda: Invalidation.objects.create(
        letter=make_letter(), why="A herd", by=make_staff()
    ),
    "a_goal_is_one_organisation_or_more": lambda: letter_with(goal=0),
    "an_invalidation_rejects_a_signature_once": lambda: invalidated_twice(make_signature()),
    "a_place_is_counted_once_a_window": lambda: [
        Pressure.objects.create(place="camp", since=NOW, seconds=300) for _ in range(2)
    ],
}


@pytest.mark.parametrize("rule", BROKEN)
def test_the_database_refuses_by_name(rule):
    with pytest.raises(IntegrityError, match=f'"{rule}"'), transaction.atomic():
        BROKEN[rule]()


def test_every_named_rule_is_tried():
    named = {
        constraint.name
        for app in ("letters", "signatories")
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, models.CheckConstraint | models.UniqueConstraint)
        and constraint.name != "letters_staff_username"
    }
    assert named == set(BROKEN)


@pytest.mark.parametrize("dates", [{"closes_at": NOW}, {"archived_at": NOW}])
def test_a_date_needs_the_one_before_it(dates):
    with pytest.raises(IntegrityError), transaction.atomic():
        letter_with(**dates)


def test_what_has_ended_makes_room():
    letter, organisation = make_letter(), make_organisation()
    for status in ("rejected", "withdrawn", "superseded", "published"):
        signature_with(
            letter=letter,
            status=status,
            published_at=NOW,
            organisation=organisation,
            dedupe_key="k" * 64,
        )
    assert letter.signatures.count() == 4


def test_no_two_links_are_the_same():
    link = {"signature": make_signature(), "purpose": "confirm", "expires_at": NOW, "digest": "d" * 64}
    Token.objects.create(**link)
    with pytest.raises(IntegrityError), transaction.atomic():
        Token.objects.create(**link)


def test_a_day_has_one_key():
    PlaceKey.objects.create(day=NOW.date(), key=b"k")
    with pytest.raises(IntegrityError), transaction.atomic():
        PlaceKey.objects.create(day=NOW.date(), key=b"l")


@pytest.mark.parametrize("model", [Signature, Organisation])
def test_no_two_rows_share_a_public_id(model):
    first = make_signature() if model is Signature else make_organisation()
    second = make_signature(make_letter("other")) if model is Signature else make_organisation()
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.filter(pk=second.pk).update(public_id=first.public_id)


def test_an_organisation_that_is_spoken_of_is_not_deleted():
    signature = make_signature()
    with pytest.raises(models.ProtectedError):
        signature.organisation.delete()


# --- signed texts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["unconfirmed", "published", "withdrawn"])
@pytest.mark.parametrize(
    "change",
    [
        lambda text: Text.objects.filter(pk=text.pk).update(body="Something else"),
        lambda text: Text.objects.filter(pk=text.pk).update(title="Something else"),
        lambda text: Text.objects.filter(pk=text.pk)._raw_delete("default"),
        lambda text: Text.objects.filter(pk=text.pk).update(standing="courtesy"),
    ],
)
def test_a_signed_text_never_changes(status, change):
    text = make_signature(status=status).text
    with pytest.raises(IntegrityError, match="this text was signed"), transaction.atomic():
        change(text)
    assert Text.objects.get().body == text.body


def test_a_text_nobody_signed_may_change_and_go():
    letter = make_letter(languages=("en", "fr"))
    make_signature(letter, text=letter.texts.get(language="en"))
    Text.objects.filter(language="fr").update(body="Autre chose")
    Text.objects.filter(language="fr").delete()
    assert [text.language for text in Text.objects.all()] == ["en"]


def test_a_new_version_stands_beside_the_signed_one():
    letter = make_letter()
    make_signature(letter)
    make_text(letter, version=2, change="editorial", body="Better.")
    assert letter.text_for("en").body == "Better."
    assert letter.signatures.get().text.version == 1


def test_a_text_stays_signed_when_its_signature_is_erased():
    signature = make_signature(status="withdrawn")
    signature.empty()
    signature.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        Text.objects.update(body="Something else")


@pytest.mark.django_db(transaction=True)
def test_a_text_changing_while_it_is_signed_waits_and_is_refused():
    """Two connections: the signature is not committed yet when the change begins."""
    letter = make_letter()
    text = letter.texts.get()
    signed = threading.Event()

    def sign_slowly():
        with transaction.atomic():
            signature_with(letter=letter)
            signed.set()
            time.sleep(0.5)

    def change_meanwhile():
        signed.wait(60)
        return Text.objects.filter(pk=text.pk).update(body="Something else")

    _, outcome = at_once(sign_slowly, change_meanwhile)

    assert isinstance(outcome, IntegrityError), outcome
    assert Text.objects.get().body == text.body


@pytest.mark.django_db(transaction=True)
def test_signing_while_the_text_changes_waits_and_signs_the_changed_text():
    letter = make_letter()
    text = letter.texts.get()
    changed, moments = threading.Event(), {}

    def change_slowly():
        with transaction.atomic():
            Text.objects.filter(pk=text.pk).update(body="Something else")
            changed.set()
            time.sleep(0.5)
            moments["changed"] = time.monotonic()

    def sign_meanwhile():
        changed.wait(60)
        signature = signature_with(letter=letter)
        moments["signed"] = time.monotonic()
        return signature

    _, outcome = at_once(change_slowly, sign_meanwhile)

    assert isinstance(outcome, Signature), outcome
    assert moments["signed"] > moments["changed"]
    with pytest.raises(IntegrityError), transaction.atomic():
        Text.objects.update(body="Once more")


@pytest.mark.django_db(transaction=True)
def test_eight_signers_of_one_text_do_not_wait_for_each_other():
    letter = make_letter()
    inside = threading.Barrier(8)

    def sign_slowly():
        with transaction.atomic():
            signature_with(letter=letter)
            inside.wait(timeout=60)  # passes only when all eight are inside at once

    outcomes = at_once(*[sign_slowly] * 8)
    assert outcomes == [None] * 8
    assert letter.signatures.count() == 8


@pytest.mark.parametrize("hours", [{"hours_from": "09:00"}, {"hours_until": "17:00"}])
def test_a_press_contact_has_both_hours_or_neither(hours):
    with pytest.raises(IntegrityError, match="hours_end_after_they_begin"), transaction.atomic():
        press_contact_with(**hours)


def test_an_approved_quote_has_no_reason():
    with pytest.raises(IntegrityError, match="a_rejected_quote"), transaction.atomic():
        quote_with(status="approved", decided_at=NOW, reason="attacks")
