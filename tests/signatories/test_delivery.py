"""Handing over: a snapshot for each recipient that never changes, outlives no removal, and says what became of it."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from letters.models import Event, Letter, Recipient
from signatories import delivery, invalidation, moderation, wall, withdrawal
from signatories.delivery import Answer
from signatories.merging import merge
from signatories.merging import undo as undo_merge
from signatories.models import CoverText, DeliveredName, Delivery, DeliveryStatus, Order, Signature
from tests.factories import (
    make_delivery,
    make_imported,
    make_letter,
    make_recipient,
    make_rule,
    make_signature,
    make_staff,
    make_text,
)
from tests.pdf import text_of
from tests.racing import at_once

pytestmark = pytest.mark.django_db

CORRECTION = withdrawal.Correction(name="Green Kettle", latin="", country="UG", kind="ally", website="")


@pytest.fixture
def alice():
    return make_staff()


@pytest.fixture
def letter():
    return make_letter()


def names_in(made):
    return [row.name for row in made.names.all()]


def words_in(made):
    return text_of(delivery.document(made).pdf)


# --- making snapshots ----------------------------------------------------------------------------------


def test_each_recipient_is_frozen_its_own_list(letter, alice):
    kenya, uganda = letter.recipients.get(), make_recipient(letter)
    make_signature(letter, name="Anchor")
    make_signature(letter, name="Bell", visibility="delivered_only")
    shy = make_signature(letter, name="Circle", visibility="delivered_only")
    shy.excluded_recipients.add(kenya)
    make_signature(letter, name="Door", visibility="counted_only")
    make_signature(letter, name="Early", status="awaiting_moderation")

    to_kenya, to_uganda = delivery.deliver(letter, recipients=[kenya, uganda], by=alice)

    assert names_in(to_kenya) == ["Anchor", "Bell"]
    assert names_in(to_uganda) == ["Anchor", "Bell", "Circle"]
    assert to_kenya.organisations == to_uganda.organisations == 4
    assert (to_kenya.named, to_uganda.named) == (2, 3)
    assert to_kenya.status == DeliveryStatus.TO_SEND
    assert to_kenya.revision == Letter.objects.get().revision


def test_an_excluded_missions_document_lacks_the_name(letter, alice):
    kenya = letter.recipients.get()
    shy = make_signature(letter, name="Secret Circle", latin="Secret Latin", visibility="delivered_only")
    make_signature(letter, name="Anchor")
    shy.excluded_recipients.add(kenya)

    (made,) = delivery.deliver(letter, recipients=[kenya], by=alice)
    words = words_in(made)

    assert "Anchor" in words
    assert "Secret" not in words
    assert "2 organisations" in words
    assert "Counted but not named: 1 organisation." in words
    assert "Secret" not in str(made.content)
    assert not DeliveredName.objects.filter(signature=shy).exists()
    assert "Secret" not in text_of(delivery.preview(letter, kenya, by=alice).pdf)


def test_a_recipient_added_later_sees_no_name_meant_for_the_recipients_there_were(letter, alice):
    make_signature(letter, name="Anchor")
    make_signature(letter, name="Bell", visibility="delivered_only")
    newcomer = Recipient.objects.create(letter=letter, office="The Envoy", country="UG")
    (made,) = delivery.deliver(letter, recipients=[newcomer], by=alice)
    assert names_in(made) == ["Anchor"]
    assert made.organisations == 2


def test_a_recipient_that_comes_to_stand_for_another_government_is_a_new_one(letter, alice):
    make_signature(letter, name="Bell", visibility="delivered_only")
    kenya = letter.recipients.get()
    kenya.office = "The Permanent Mission of Kenya"
    kenya.save()
    assert delivery.deliver(letter, recipients=[kenya], by=alice)[0].named == 1
    kenya.country = "ER"
    kenya.save()
    assert delivery.deliver(letter, recipients=[kenya], by=alice)[0].named == 0


def test_an_office_of_no_government_that_becomes_another_office_is_a_new_one(letter, alice):
    make_signature(letter, name="Bell", visibility="delivered_only")
    office = make_recipient(letter, country="", office="The High Commissioner", mission="")
    assert delivery.deliver(letter, recipients=[office], by=alice)[0].named == 1
    office.office = "The Minister"
    office.save()
    assert delivery.deliver(letter, recipients=[office], by=alice)[0].named == 0


def test_a_name_staff_lowered_goes_no_further(letter, alice):
    make_signature(letter, name="Bell", staff_cap="counted_only")
    assert make_delivery(letter).named == 0


def test_making_letters_twice_leaves_one_of_each(letter, alice):
    delivery.deliver(letter, recipients=letter.recipients.all(), by=alice)
    (made,) = delivery.deliver(letter, recipients=letter.recipients.all(), by=alice)
    assert Delivery.objects.get() == made


def test_a_letter_that_left_the_house_stays_beside_a_new_one(letter, alice):
    sent = make_delivery(letter, status="sent")
    taken = make_delivery(letter)
    delivery.release(taken, by=alice)
    (made,) = delivery.deliver(letter, recipients=letter.recipients.all(), by=alice)
    assert set(Delivery.objects.all()) == {sent, taken, made}


def test_recipients_of_another_letter_are_not_addressed(letter, alice):
    other = make_letter("other")
    assert delivery.deliver(letter, recipients=other.recipients.all(), by=alice) == []


@pytest.mark.parametrize("phase", ["draft", "gathering"])
def test_a_letter_that_is_not_public_is_not_handed_over(alice, phase):
    letter = make_letter(phase=phase)
    with pytest.raises(delivery.LetterNotPublic):
        delivery.deliver(letter, recipients=letter.recipients.all(), by=alice)
    assert not Delivery.objects.exists()


def test_a_letter_without_a_text_is_not_handed_over(letter, alice):
    letter.texts.all().delete()
    with pytest.raises(delivery.LetterHasNoText):
        delivery.deliver(letter, recipients=letter.recipients.all(), by=alice)


def test_making_letters_changes_nothing_public_and_is_written_down(letter, alice):
    before = Letter.objects.get().revision
    made = make_delivery(letter)
    assert Letter.objects.get().revision == before
    event = Event.objects.get(act="deliver")
    assert (event.subject_kind, event.subject_id, event.by) == ("delivery", made.public_id, alice)


def test_looking_first_makes_nothing_and_is_written_down(letter, alice):
    make_signature(letter, name="Anchor")
    assert "Anchor" in text_of(delivery.preview(letter, letter.recipients.get(), by=alice).pdf)
    assert not Delivery.objects.exists()
    assert Event.objects.get(act="preview_delivery").by == alice


def test_what_each_would_be_handed_is_told_before(letter):
    make_signature(letter, name="Anchor")
    make_signature(letter, name="Quiet", visibility="counted_only")
    french = make_recipient(letter, language="fr")
    outlooks, missing = delivery.outlook(letter, list(letter.recipients.all()))
    assert [(one.recipient, one.named, one.counts.organisations) for one in outlooks] == [
        (letter.recipients.first(), 1, 2),
        (french, 1, 2),
    ]
    assert [one.is_in_its_language for one in outlooks] == [True, False]
    assert missing == frozenset()


def test_questions_asked_grow_by_a_few_for_each_recipient_and_not_with_names(
    letter, alice, django_assert_max_num_queries
):
    for number in range(30):
        make_signature(letter, name=f"Kettle {number}")
    for _number in range(9):
        make_recipient(letter)
    with django_assert_max_num_queries(15 + 10 * 3):
        delivery.deliver(letter, recipients=letter.recipients.all(), by=alice)


# --- the document --------------------------------------------------------------------------------------


def test_the_covering_letter_is_addressed_in_the_recipients_own_language(letter):
    make_text(letter, language="fr", title="Gardez la porte ouverte", body="Nous demandons.")
    make_signature(letter, name="Anchor")
    paris = make_recipient(
        letter,
        country="FR",
        language="fr",
        office="Représentant permanent",
        style_of_address="Monsieur l’Ambassadeur",
        mission="Mission permanente de la France",
    )
    CoverText.objects.create(letter=letter, language="fr", words="Nous étions **{organisations}** à Genève.")
    CoverText.objects.create(letter=letter, language="en", words="We met.")
    words = words_in(make_delivery(letter, recipient=paris))
    for part in (
        "Représentant permanent",
        "Mission permanente de la France",
        "Monsieur l’Ambassadeur",
        "Gardez la porte ouverte",
        "1 organisation dans 1 pays",
        "Nous étions 1 à Genève.",
        "Nous demandons.",
        "Harbour Coalition",
    ):
        assert part in words, part
    assert "We met." not in words


def test_a_recipient_whose_language_the_letter_lacks_is_written_to_in_the_original(letter):
    tokyo = make_recipient(letter, country="JP", language="ja")
    assert make_delivery(letter, recipient=tokyo).text.language == "en"


def test_the_list_stands_in_the_order_that_was_chosen(letter):
    make_signature(letter, name="Anchor", country="AF")
    make_signature(letter, name="Zebra", country="KE")
    alphabet = words_in(make_delivery(letter))
    own_first = words_in(make_delivery(letter, order=Order.OWN_COUNTRY_FIRST))
    assert alphabet.rindex("Anchor") < alphabet.rindex("Zebra")
    assert own_first.rindex("Zebra") < own_first.rindex("Anchor")


def test_a_document_is_the_same_bytes_whenever_it_is_made(letter):
    make_signature(letter, name="Anchor")
    made = make_delivery(letter)
    assert delivery.document(made) == delivery.document(Delivery.objects.get(pk=made.pk))


def test_what_was_frozen_stays_as_it_was_whatever_changes_later(letter, alice):
    signature = make_signature(letter, name="Anchor")
    make_signature(letter, name="Bell")
    made = make_delivery(letter)
    before = delivery.document(made)

    withdrawal.correct(signature, correction=CORRECTION)
    moderation.accept_correction(signature, by=alice)
    make_signature(letter, name="Latecomer")
    make_text(letter, version=2, change="editorial", title="Another title")
    letter.host.name = "Another host"
    letter.host.save()
    recipient = made.recipient
    recipient.style_of_address = "Madam"
    recipient.save()
    CoverText.objects.create(letter=letter, language="en", words="More.")

    assert delivery.document(Delivery.objects.get(pk=made.pk)) == before


def test_the_hash_is_kept_until_the_letter_leaves_and_for_good_from_then_on(letter, alice):
    one = make_signature(letter, name="Anchor")
    other = make_signature(letter, name="Bell")
    made = make_delivery(letter)
    _, first = delivery.sealed(made)
    withdrawal.withdraw(one)
    _, second = delivery.sealed(made)
    made.refresh_from_db()
    assert first != second == made.sha256
    delivery.mark(made, status="sent", by=alice)
    withdrawal.withdraw(other)
    _, third = delivery.sealed(made)
    made.refresh_from_db()
    assert third != second == made.sha256


# --- no snapshot outlives a removal --------------------------------------------------------------------


@pytest.mark.parametrize(
    "remove",
    [
        lambda one, by: withdrawal.withdraw(one),
        lambda one, by: withdrawal.hide(one),
        lambda one, by: withdrawal.erase(one),
        lambda one, by: moderation.reject(one, by=by),
        lambda one, by: moderation.hold(one, by=by),
        lambda one, by: moderation.lower(one, by=by, to="counted_only"),
    ],
    ids=["withdraw", "hide", "erase", "reject", "hold", "lower"],
)
@pytest.mark.parametrize("status", ["to_send", "sent"])
def test_a_name_that_was_taken_off_is_in_no_document_made_afterwards(letter, alice, remove, status):
    gone = make_signature(letter, name="Anchor", latin="Ankara")
    make_signature(letter, name="Bell")
    made = make_delivery(letter, status=status)
    remove(gone, alice)
    words = words_in(made)
    assert "Bell" in words
    assert "Anchor" not in words
    assert "Ankara" not in words
    assert "1 organisation has had its name taken off this list since." in words
    assert [row.signature for row in made.names.removed()] == [gone]


def test_a_name_that_is_public_no_more_may_still_stand_where_recipients_alone_read(letter):
    signature = make_signature(letter, name="Anchor")
    made = make_delivery(letter)
    withdrawal.choose_visibility(signature, visibility="delivered_only")
    assert "Anchor" in words_in(made)
    assert not made.names.removed().exists()


def test_erasing_empties_every_copy(letter):
    signature = make_signature(letter, name="Anchor", latin="Ankara", is_network=True)
    make_delivery(letter)
    make_delivery(letter, recipient=make_recipient(letter), status="sent")
    withdrawal.erase(signature)
    copies = DeliveredName.objects.filter(signature=signature)
    assert (
        list(copies.values_list("name", "latin", "country", "kind", "is_network"))
        == [("", "", "", "", False)] * 2
    )


def test_a_signature_that_is_emptied_when_its_place_is_claimed_leaves_no_copy(letter, alice):
    """It was handed over, held, and then approved as the organisation that an imported list named."""
    imported = make_imported(letter, name="Anchor House")
    signature = make_signature(letter, name="Anchor")
    made = make_delivery(letter, status="sent")
    moderation.hold(signature, by=alice)
    moderation.approve(Signature.objects.get(pk=signature.pk), by=alice, organisation=imported.organisation)
    assert set(made.names.values_list("signature", "name")) == {
        (imported.pk, "Anchor House"),
        (signature.pk, ""),
    }


def test_the_recipient_is_told_in_the_language_of_its_letter_and_once(letter, alice):
    make_text(letter, language="fr", title="Gardez la porte ouverte")
    paris = make_recipient(letter, country="FR", language="fr")
    gone, erased = make_signature(letter, name="Anchor"), make_signature(letter, name="Bell")
    make_signature(letter, name="Door")
    made = make_delivery(letter, recipient=paris, status="sent")
    assert delivery.sentence_about_removed(made) == ""
    withdrawal.withdraw(gone)
    withdrawal.erase(erased)

    said = delivery.sentence_about_removed(made)
    assert "Gardez la porte ouverte" in said
    assert "Anchor" in said
    assert "Bell" not in said
    assert "Door" not in said
    assert delivery.tell_removed(made, by=alice) == 2
    assert delivery.tell_removed(made, by=alice) == 0
    assert delivery.sentence_about_removed(made) == ""
    assert Event.objects.filter(act="tell_removed").count() == 1


# --- what happens at the desk afterwards ---------------------------------------------------------------


def standing_in(made):
    return sorted(made.names.still_standing().values_list("name", flat=True))


def removed_from(made):
    return sorted(made.names.removed().values_list("name", flat=True))


def two_that_are_one(letter, **other):
    """Two signatures of what turns out to be one organisation, each with a contact of its own."""
    return make_signature(letter, name="Anchor House"), make_signature(letter, name="Anchor", **other)


def test_a_merge_keeps_both_names_in_what_was_handed_over_until_the_one_left_is_hidden(letter, alice):
    stays, goes = two_that_are_one(letter)
    made = make_delivery(letter, status="sent")
    merge(stays.organisation, goes.organisation, by=alice)
    assert standing_in(made) == ["Anchor", "Anchor House"]
    assert names_in(make_delivery(letter)) == ["Anchor House"]
    withdrawal.hide(Signature.objects.get(pk=goes.pk))
    assert standing_in(made) == []
    assert removed_from(made) == ["Anchor", "Anchor House"]
    assert "Anchor" not in words_in(made)


def test_whom_one_of_the_merged_excluded_is_handed_neither_any_more(letter, alice):
    stays, goes = two_that_are_one(letter)
    kenya, uganda = letter.recipients.get(), make_recipient(letter)
    goes.excluded_recipients.add(kenya)
    to_kenya, to_uganda = (make_delivery(letter, recipient=one, status="sent") for one in (kenya, uganda))
    assert names_in(to_kenya) == ["Anchor House"]
    done = merge(stays.organisation, goes.organisation, by=alice)
    assert removed_from(to_kenya) == ["Anchor House"]
    assert "Anchor" not in words_in(to_kenya)
    assert removed_from(to_uganda) == []
    undo_merge(done, by=alice)
    assert removed_from(to_kenya) == []


def test_what_a_merge_put_behind_is_named_again_once_it_is_undone(letter, alice):
    stays, goes = two_that_are_one(letter)
    done = merge(stays.organisation, goes.organisation, by=alice)
    sent = make_delivery(letter, status="sent")
    with pytest.raises(delivery.NobodySignedSince):
        delivery.supplement(sent, by=alice)
    undo_merge(done, by=alice)
    assert names_in(delivery.supplement(sent, by=alice)) == ["Anchor"]


@pytest.mark.parametrize(
    "dispute", [withdrawal.withdraw, withdrawal.disown, withdrawal.erase, withdrawal.hide]
)
@pytest.mark.parametrize("who", [0, 1], ids=["the standing one", "the joined one"])
def test_one_of_several_contacts_takes_the_name_out_of_every_document(letter, alice, dispute, who):
    both = two_that_are_one(letter)
    made = make_delivery(letter, status="sent")
    merge(both[0].organisation, both[1].organisation, by=alice)
    dispute(Signature.objects.get(pk=both[who].pk))
    assert standing_in(made) == []
    assert len(removed_from(made)) == 2
    assert make_delivery(letter).named == 0
    assert "Anchor" not in words_in(made)


def test_a_name_that_contacts_settle_on_stands_again_and_one_that_was_erased_does_not(letter, alice):
    stays, goes = two_that_are_one(letter)
    made = make_delivery(letter, status="sent")
    merge(stays.organisation, goes.organisation, by=alice)
    withdrawal.erase(Signature.objects.get(pk=goes.pk))
    moderation.settle(Signature.objects.get(pk=stays.pk), by=alice, outcome="show_again")
    assert standing_in(made) == ["Anchor House"]
    assert removed_from(made) == [""]
    withdrawal.erase(Signature.objects.get(pk=stays.pk))
    assert removed_from(made) == ["", ""]


def test_what_an_invalidation_rejects_is_taken_off_and_what_it_gives_back_is_not(letter, alice, work):
    make_signature(letter, name="Spam Kettle")
    make_signature(letter, name="Anchor")
    made = make_delivery(letter, status="sent")
    rule = invalidation.begin(make_rule(letter, name_pattern="*spam*"), counted=1, by=alice)
    work()
    assert (standing_in(made), removed_from(made)) == (["Anchor"], ["Spam Kettle"])
    invalidation.undo(rule, by=alice)
    work()
    assert removed_from(made) == []


def test_a_decision_that_is_taken_back_takes_the_name_off(letter, alice, settings):
    settings.UNDO_FOR = timedelta(minutes=5)
    signature = make_signature(letter, name="Anchor", status="awaiting_moderation")
    moderation.approve(signature, by=alice)
    made = make_delivery(letter, status="sent")
    moderation.undo(Signature.objects.get(pk=signature.pk), by=alice)
    assert removed_from(made) == ["Anchor"]


def test_a_question_that_is_open_takes_no_name_off(letter, alice):
    signature = make_signature(letter, name="Anchor")
    made = make_delivery(letter, status="sent")
    withdrawal.correct(signature, correction=CORRECTION)
    assert standing_in(made) == ["Anchor"]


def test_whom_a_signatory_excludes_later_is_handed_its_name_no_more(letter, alice):
    signature = make_signature(letter, name="Anchor")
    made = make_delivery(letter, status="sent")
    signature.excluded_recipients.add(made.recipient)
    assert removed_from(made) == ["Anchor"]
    assert "Anchor" in delivery.sentence_about_removed(made)
    assert "Anchor" not in words_in(made)


def test_a_name_that_becomes_one_for_recipients_alone_leaves_those_that_were_added_later(letter, alice):
    signature = make_signature(letter, name="Anchor")
    newcomer = Recipient.objects.create(letter=letter, office="The Envoy", country="UG")
    to_kenya, to_uganda = (make_delivery(letter, recipient=one) for one in letter.recipients.order_by("pk"))
    assert to_uganda.recipient == newcomer
    withdrawal.choose_visibility(signature, visibility="delivered_only")
    assert standing_in(to_kenya) == ["Anchor"]
    assert removed_from(to_uganda) == ["Anchor"]


def test_a_name_the_recipient_was_told_to_take_off_comes_back_by_a_supplement_alone(letter, alice):
    signature = make_signature(letter, name="Anchor")
    sent = make_delivery(letter, status="sent")
    moderation.hold(signature, by=alice)
    delivery.tell_removed(sent, by=alice)
    moderation.approve(Signature.objects.get(pk=signature.pk), by=alice)
    assert "Anchor" not in words_in(sent)
    more = delivery.supplement(sent, by=alice)
    assert names_in(more) == ["Anchor"]
    withdrawal.withdraw(Signature.objects.get(pk=signature.pk))
    assert removed_from(more) == ["Anchor"]


# --- supplements ---------------------------------------------------------------------------------------


def test_a_supplement_names_those_who_came_later_and_nobody_else(letter, alice):
    make_signature(letter, name="Anchor")
    sent = make_delivery(letter, status="sent", order=Order.BY_COUNTRY)
    make_signature(letter, name="Bell")
    make_signature(letter, name="Quiet", visibility="counted_only")
    more = delivery.supplement(sent, by=alice)
    assert names_in(more) == ["Bell"]
    assert (more.supplement_to, more.order, more.organisations, more.named) == (sent, "by_country", 3, 1)
    words = words_in(more)
    assert "Bell" in words
    assert "Anchor" not in words
    assert "3 organisations" in words
    assert "We, 3 from" not in words


def test_a_supplement_to_a_supplement_carries_on_the_same_list(letter, alice):
    make_signature(letter, name="Anchor")
    sent = make_delivery(letter, status="sent")
    make_signature(letter, name="Bell")
    second = delivery.supplement(sent, by=alice)
    delivery.sealed(second)
    delivery.mark(second, status="sent", by=alice)
    make_signature(letter, name="Circle")
    for earlier in (sent, second):
        third = delivery.supplement(earlier, by=alice)
        assert names_in(third) == ["Circle"]
        assert third.supplement_to == sent
    assert Delivery.objects.count() == 3


def test_nothing_is_added_where_nobody_came(letter, alice):
    make_signature(letter, name="Anchor")
    sent = make_delivery(letter, status="sent")
    with pytest.raises(delivery.NobodySignedSince):
        delivery.supplement(sent, by=alice)
    withdrawal.withdraw(Signature.objects.get())
    with pytest.raises(delivery.NobodySignedSince):
        delivery.supplement(sent, by=alice)


def test_a_letter_that_was_not_sent_is_made_again_rather_than_supplemented(letter, alice):
    made = make_delivery(letter)
    make_signature(letter, name="Bell")
    with pytest.raises(delivery.NotSentYet):
        delivery.supplement(made, by=alice)


def test_whoever_stands_in_the_place_of_a_name_that_was_handed_over_is_nobody_new(letter, alice):
    imported = make_imported(letter, name="Anchor House")
    claimed = make_signature(letter, name="Anchor", status="awaiting_moderation")
    sent = make_delivery(letter, status="sent")
    moderation.approve(claimed, by=alice, organisation=imported.organisation)
    with pytest.raises(delivery.NobodySignedSince):
        delivery.supplement(sent, by=alice)


# --- what became of them -------------------------------------------------------------------------------


def test_a_letter_goes_its_way_and_each_step_is_written_down(letter, alice):
    made = make_delivery(letter)
    delivery.sealed(made)
    yesterday = timezone.now() - timedelta(days=1)
    for status in ("sent", "acknowledged", "met"):
        made = delivery.mark(made, status=status, by=alice, at=yesterday if status == "sent" else None)
    assert (made.status, made.sent_at) == ("met", yesterday)
    acts = Event.objects.filter(subject_id=made.public_id).order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["deliver", "mark_sent", "mark_acknowledged", "mark_met"]


def test_a_mistake_is_taken_back(letter, alice):
    made = make_delivery(letter, status="sent")
    made = delivery.mark(made, status="to_send", by=alice)
    assert made.sent_at is None
    assert not made.has_left


def test_marking_the_same_twice_is_harmless(letter, alice):
    made = make_delivery(letter, status="acknowledged")
    before = Letter.objects.get().revision
    delivery.mark(made, status="acknowledged", by=alice)
    assert Event.objects.filter(act="mark_acknowledged").count() == 1
    assert Letter.objects.get().revision == before


def test_what_was_never_made_cannot_have_been_sent(letter, alice):
    made = make_delivery(letter)
    with pytest.raises(delivery.NotMadeYet):
        delivery.mark(made, status="sent", by=alice)


@pytest.mark.parametrize(
    ("was", "becomes", "seen"),
    [
        ("to_send", "sent", True),
        ("sent", "acknowledged", False),
        ("acknowledged", "met", False),
        ("sent", "bounced", True),
        ("bounced", "sent", True),
        ("sent", "to_send", True),
        ("bounced", "to_send", False),
    ],
)
def test_the_public_page_changes_when_a_letter_left_or_came_back(letter, alice, was, becomes, seen):
    made = make_delivery(letter, status=was)
    delivery.sealed(made)
    before = Letter.objects.get().revision
    delivery.mark(made, status=becomes, by=alice)
    assert (Letter.objects.get().revision != before) is seen


def test_an_answer_is_written_down_and_shown_only_if_it_is_public(letter, alice):
    made = make_delivery(letter, status="sent")
    before = Letter.objects.get().revision
    private = Answer(on=date(2026, 11, 1), words="We will look into it.")
    made = delivery.record_answer(made, answer=private, by=alice)
    assert (made.status, made.answer_words) == ("answered", "We will look into it.")
    assert Letter.objects.get().revision == before
    public = Answer(on=date(2026, 11, 1), words="We will look into it.", is_public=True)
    delivery.record_answer(made, answer=public, by=alice)
    assert Letter.objects.get().revision == before + 1
    delivery.record_answer(made, answer=public, by=alice)
    assert Letter.objects.get().revision == before + 1
    delivery.record_answer(made, answer=private, by=alice)
    assert Letter.objects.get().revision == before + 2


def test_who_was_sent_nothing_has_answered_nothing(letter, alice):
    with pytest.raises(delivery.NotSentYet):
        delivery.record_answer(
            make_delivery(letter), answer=Answer(on=date(2026, 11, 1), words="Yes"), by=alice
        )


def test_a_letter_that_was_not_sent_is_thrown_away(letter, alice):
    made = make_delivery(letter)
    delivery.discard(made, by=alice)
    assert not Delivery.objects.exists()
    assert Event.objects.get(act="discard_delivery").subject_id == made.public_id


def test_a_letter_that_was_sent_is_not(letter, alice):
    made = make_delivery(letter, status="sent")
    with pytest.raises(delivery.AlreadySent):
        delivery.discard(made, by=alice)


def test_own_words_are_kept_once_a_language_and_go_when_emptied(letter, alice):
    delivery.cover(letter, language="en", words="We met.", by=alice)
    delivery.cover(letter, language="en", words="We met twice.", by=alice)
    assert CoverText.objects.get().words == "We met twice."
    delivery.cover(letter, language="en", words="", by=alice)
    assert not CoverText.objects.exists()


def test_events_name_nobody(letter, alice):
    gone = make_signature(letter, name="Anchor")
    made = make_delivery(letter, status="sent")
    delivery.release(made, by=alice)
    delivery.record_answer(made, answer=Answer(on=date(2026, 11, 1), words="Secret words"), by=alice)
    withdrawal.withdraw(gone)
    delivery.tell_removed(made, by=alice)
    said = str(list(Event.objects.values_list("act", "subject_id", "reason")))
    assert "Anchor" not in said
    assert "Secret" not in said


# --- what the database refuses -------------------------------------------------------------------------


def refused(change):
    with pytest.raises(IntegrityError), transaction.atomic():
        change()
    return True


def test_the_database_keeps_what_was_handed_over(letter):
    make_signature(letter, name="Anchor")
    made = make_delivery(letter, status="sent")
    row = made.names.get()
    deliveries, rows = Delivery.objects.filter(pk=made.pk), DeliveredName.objects.filter(pk=row.pk)
    other = make_letter("other")
    for change in (
        {"content": {}},
        {"organisations": 7},
        {"countries": 7},
        {"named": 7},
        {"revision": 7},
        {"sha256": "0" * 64},
        {"letter": other},
        {"recipient": other.recipients.get()},
        {"text": other.texts.get()},
        {"made_at": timezone.now()},
    ):
        assert refused(lambda change=change: deliveries.update(**change)), change
    for change in ({"name": "Another"}, {"country": "UG"}, {"position": 7}, {"name": "", "latin": "Still"}):
        assert refused(lambda change=change: rows.update(**change)), change


def test_the_database_refuses_what_the_acts_would_refuse(letter):
    made = Delivery.objects.filter(pk=make_delivery(letter).pk)
    now = timezone.now()
    assert refused(lambda: made.update(status="sent", sent_at=now))  # a_delivery_that_left_has_a_hash
    made.update(sha256="0" * 64)
    assert refused(lambda: made.update(status="sent"))  # a_delivery_that_left_says_since_when
    assert refused(lambda: made.update(answer_is_public=True))  # a_public_answer_says_something
    assert refused(lambda: made.update(answer_words="Yes"))  # an_answer_has_a_date
    made.update(status="sent", sent_at=now, answer_words="Yes", answered_on=now.date(), answer_is_public=True)


def test_a_recipient_that_was_handed_something_stays(letter):
    made = make_delivery(letter)
    with pytest.raises(ProtectedError):
        made.recipient.delete()


def test_still_public_names_are_those_of_the_wall(letter):
    make_signature(letter, name="Anchor")
    make_signature(letter, name="Bell", visibility="delivered_only")
    gone = make_signature(letter, name="Circle")
    made = make_delivery(letter, status="sent")
    make_signature(letter, name="Latecomer")
    withdrawal.hide(gone)
    names, number = wall.still_named([made])
    assert ([one.name for one in names], number) == (["Anchor"], 1)


# --- at the same moment --------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_who_make_the_same_letters_leave_one_of_each(letter, alice):
    make_recipient(letter)
    make_signature(letter, name="Anchor")
    recipients = list(letter.recipients.all())
    outcomes = at_once(
        *[lambda: delivery.deliver(letter, recipients=recipients, by=alice) for _number in range(4)]
    )
    assert [type(outcome) for outcome in outcomes] == [list] * 4
    assert Delivery.objects.count() == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("leave", [withdrawal.withdraw, withdrawal.erase], ids=["withdraw", "erase"])
def test_whoever_leaves_while_letters_are_made_is_in_no_document(letter, alice, leave):
    for _number in range(5):
        make_recipient(letter)
    recipients = list(letter.recipients.all())
    for number in range(5):
        gone = make_signature(letter, name=f"Secret {number}")
        stays = make_signature(letter, name=f"Anchor {number}")
        outcomes = at_once(
            lambda: delivery.deliver(letter, recipients=recipients, by=alice),
            lambda gone=gone: leave(gone),
            lambda stays=stays: moderation.lower(stays, by=alice, to="delivered_only"),
        )
        assert [outcome for outcome in outcomes if isinstance(outcome, Exception)] == []
        for made in outcomes[0]:
            assert not made.names.still_standing().filter(signature=gone).exists()
            if leave is withdrawal.erase:
                assert not made.names.filter(name__startswith="Secret").exists()
