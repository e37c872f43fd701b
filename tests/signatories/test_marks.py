"""A verified organisation is marked wherever it is named, from the moment it is one until it is none any more."""

from datetime import timedelta
from functools import partial

import pytest

from letters.models import Letter
from signatories import merging, moderation, verification, vouching, wall, withdrawal
from signatories.models import Merge, Organisation
from tests.factories import (
    make_letter,
    make_organisation,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def known():
    """An organisation that has signed two letters, and a third letter of which it knows nothing."""
    letters = {slug: make_letter(slug) for slug in ("one", "two", "third")}
    organisation = make_organisation("Blue Kettle")
    signed = [make_signature(letters[slug], organisation=organisation) for slug in ("one", "two")]
    return organisation, signed, letters["third"]


def marked():
    """The letters whose pages mark Blue Kettle as verified."""
    return {
        letter.slug
        for letter in Letter.objects.order_by("pk")
        for one in wall.every_name(letter)
        if one.name == "Blue Kettle" and one.is_verified
    }


def revisions():
    return dict(Letter.objects.values_list("slug", "revision"))


def follows(act):
    """Drive it; return (who was marked, who is, whose revision is new)."""
    before, counted = marked(), revisions()
    act()
    return before, marked(), {slug for slug, number in revisions().items() if number != counted[slug]}


def two_words(signature, letter, *, second="given"):
    make_vouch(signature, make_voucher(letter, name="Red Lantern"))
    word = make_vouch(signature, make_voucher(letter, name="Green Lamp"), status=second)
    if second == "given":
        Organisation.objects.filter(pk=signature.organisation_id).update(verification="peer_verified")
    return word


BOTH, NOWHERE = {"one", "two"}, set()


@pytest.mark.parametrize("to", ["verified", "peer_verified"])
def test_verifying_marks_it_on_all_its_letters(known, to):
    organisation, _, _ = known
    by = make_staff()
    act = partial(verification.verify, organisation, by=by, verification=to)
    assert follows(act) == (NOWHERE, BOTH, BOTH)
    assert follows(act) == (BOTH, BOTH, NOWHERE)


@pytest.mark.parametrize("to", ["unverified", "doubtful", "rejected"])
def test_doubting_takes_the_mark_from_all_its_letters(known, to):
    organisation, _, _ = known
    Organisation.objects.update(verification="verified")
    by = make_staff()
    assert follows(lambda: verification.verify(organisation, by=by, verification=to)) == (BOTH, NOWHERE, BOTH)


def test_what_changes_no_mark_changes_no_revision(known):
    organisation, _, _ = known
    by = make_staff()
    for to in ("doubtful", "rejected", "unverified"):
        assert follows(lambda to=to: verification.verify(organisation, by=by, verification=to))[2] == NOWHERE
    Organisation.objects.update(verification="peer_verified")
    assert follows(lambda: verification.verify(organisation, by=by, verification="verified"))[2] == NOWHERE


def test_a_letter_where_it_is_not_named_says_nothing(known):
    organisation, signed, _ = known
    withdrawal.hide(signed[0])
    by = make_staff()
    assert follows(lambda: verification.verify(organisation, by=by, verification="verified")) == (
        NOWHERE,
        {"two"},
        {"two"},
    )


def test_the_second_word_of_peers_marks_it(known):
    _, signed, third = known
    word = two_words(signed[0], third, second="asked")
    assert follows(lambda: vouching.give(word, how_known="same_place")) == (NOWHERE, BOTH, BOTH)


def test_a_word_that_staff_heard_marks_it(known):
    _, signed, third = known
    word = two_words(signed[0], third, second="asked")
    by = make_staff()
    act = partial(vouching.record, signed[0], voucher=word.voucher, how_known="same_place", by=by)
    assert follows(act) == (NOWHERE, BOTH, BOTH)


def test_a_word_taken_back_takes_the_mark(known):
    _, signed, third = known
    word = two_words(signed[0], third)
    assert follows(lambda: vouching.revoke(word)) == (BOTH, NOWHERE, BOTH)


def test_doubt_about_who_vouched_takes_the_mark(known):
    _, signed, third = known
    word = two_words(signed[0], third)
    by = make_staff()
    act = partial(verification.verify, word.voucher, by=by, verification="doubtful")
    assert follows(act) == (BOTH, NOWHERE, {*BOTH, "third"})


def test_an_erased_voucher_takes_its_word_along(known):
    _, signed, third = known
    word = two_words(signed[0], third)
    gone = word.voucher.signatures.get()
    assert follows(lambda: withdrawal.erase(gone)) == (BOTH, NOWHERE, {*BOTH, "third"})


def test_words_about_a_signature_count_from_its_approval_and_mark_it_everywhere(known, settings):
    settings.UNDO_FOR = timedelta(minutes=5)
    organisation, _, third = known
    waiting = make_signature(third, status="awaiting_moderation")
    two_words(waiting, make_letter("fourth"), second="given")
    by = make_staff()
    act = partial(moderation.approve, waiting, by=by, organisation=organisation)
    assert follows(act) == (NOWHERE, {*BOTH, "third"}, {*BOTH, "third"})

    undone = follows(lambda: moderation.undo(waiting, by=by))
    assert undone == ({*BOTH, "third"}, NOWHERE, {*BOTH, "third"})


def test_merging_and_parting_carry_the_mark(known):
    organisation, _, third = known
    make_signature(
        third, name="Blue Kettle", organisation=make_organisation("Kettle, Blue", verification="verified")
    )
    absorbed = Organisation.objects.get(name="Kettle, Blue")
    by = make_staff()

    before, after, changed = follows(lambda: merging.merge(organisation, absorbed, by=by))
    assert (before, after) == ({"third"}, {*BOTH, "third"})
    assert changed >= BOTH

    merge = Merge.objects.get()
    before, after, changed = follows(lambda: merging.undo(merge, by=by))
    assert (before, after) == ({*BOTH, "third"}, {"third"})
    assert changed >= BOTH
