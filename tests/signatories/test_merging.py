"""Merging two organisations that are one, and parting them again: nothing is lost, and nothing comes back that went."""

from datetime import timedelta
from itertools import product
from random import Random

import pytest
import time_machine
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from letters.models import Event, Letter
from signatories import merging, moderation, organisations, tasks, undoing, verification, vouching, withdrawal
from signatories.models import (
    Contact,
    Distinction,
    Evidence,
    Merge,
    Organisation,
    Signature,
    SignatureStatus,
    Vouch,
)
from tests.crawling import crawl
from tests.factories import (
    make_co_contact,
    make_imported,
    make_letter,
    make_organisation,
    make_proposal,
    make_signature,
    make_staff,
    make_version,
    make_vouch,
    make_voucher,
)
from tests.racing import at_once

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def alice():
    return make_staff("alice")


@pytest.fixture
def two():
    """Two organisations that are one."""
    kept = make_organisation("Blue Kettle", website="", verification="unverified")
    absorbed = make_organisation("Blue Kettle Circle", website="https://kettle.example")
    return kept, absorbed


def dump():
    """Every row of every table that tells anything, but for events, merges, and how often a letter changed."""
    left_out = {"event", "merge"}
    tables = {}
    for model in [*apps.get_app_config("signatories").get_models(), Letter]:
        name = model._meta.model_name
        if name in left_out:
            continue
        rows = list(model.objects.order_by("pk").values())
        tables[name] = [{key: value for key, value in row.items() if key != "revision"} for row in rows]
    through = Signature.excluded_recipients.through.objects.order_by("signature", "recipient")
    tables["excluded"] = list(through.values_list("signature", "recipient"))
    return tables


def difference(one, other):
    return {
        name: [(was, now) for was, now in zip(rows, other[name], strict=False) if was != now]
        or (len(rows), len(other[name]))
        for name, rows in one.items()
        if rows != other[name]
    }


def fresh(*rows):
    for row in rows:
        row.refresh_from_db()
    return rows if len(rows) > 1 else rows[0]


# --- what becomes one --------------------------------------------------------------------------------------


def test_all_that_the_absorbed_one_has_becomes_the_kept_ones(two, alice):
    kept, absorbed = two
    Organisation.objects.filter(pk=kept.pk).update(country="", kind="", aliases=["The Kettle"])
    Organisation.objects.filter(pk=absorbed.pk).update(latin="Circle", aliases=["Kettle & Co"], country="UG")
    here, there = make_letter(), make_letter("water")
    mine, theirs = make_signature(here, organisation=kept), make_signature(there, organisation=absorbed)
    evidence = Evidence.objects.create(organisation=absorbed, words="We know them.", by=alice)
    merge = merging.merge(*fresh(*two), by=alice)
    fresh(kept, absorbed, mine, theirs, evidence)
    assert merge.kept == kept
    assert absorbed.merged_into == kept
    assert mine.organisation == theirs.organisation == evidence.organisation == kept
    assert kept.aliases == ["The Kettle", "Blue Kettle Circle", "Kettle & Co"]
    assert (kept.latin, kept.country, kept.kind, kept.website) == (
        "Circle",
        "UG",
        "refugee_led",
        "https://kettle.example",
    )
    assert "circle" in kept.spellings
    assert list(Organisation.objects.standing()) == [kept]


def test_what_the_kept_one_says_stays(two, alice):
    kept, absorbed = two
    Organisation.objects.filter(pk=kept.pk).update(latin="Kettle", website="https://blue.example")
    Organisation.objects.filter(pk=absorbed.pk).update(latin="Circle", country="UG", kind="ally")
    merging.merge(*fresh(*two), by=alice)
    fresh(kept)
    assert (kept.latin, kept.country, kept.kind) == ("Kettle", "KE", "refugee_led")
    assert kept.website == "https://blue.example"
    assert kept.aliases == ["Blue Kettle Circle", "Circle"]


@pytest.mark.parametrize(
    ("mine", "theirs", "becomes"),
    [
        ("unverified", "verified", "verified"),
        ("unverified", "doubtful", "doubtful"),
        ("unverified", "rejected", "rejected"),
        ("verified", "unverified", "verified"),
        ("verified", "verified", "verified"),
        ("doubtful", "verified", "doubtful"),
        ("rejected", "verified", "rejected"),
    ],
)
def test_what_staff_found_out_stays_and_else_the_other_ones_is_taken(two, alice, mine, theirs, becomes):
    for organisation, verification_ in zip(two, (mine, theirs), strict=True):
        Organisation.objects.filter(pk=organisation.pk).update(verification=verification_)
    assert merging.preview(*fresh(*two)).verification == becomes
    merging.merge(*two, by=alice)
    assert fresh(two[0]).verification == becomes


@pytest.mark.parametrize("doubt", ["doubtful", "rejected"])
def test_a_doubt_is_never_lost_silently(two, alice, doubt):
    Organisation.objects.filter(pk=two[0].pk).update(verification="verified")
    Organisation.objects.filter(pk=two[1].pk).update(verification=doubt)
    assert merging.preview(*fresh(*two)).doubt == doubt
    merging.merge(*two, by=alice)
    assert fresh(two[0]).verification == "verified"
    assert list(Organisation.objects.to_look_at_again()) == [two[0]]


def test_the_sooner_day_to_look_again_is_kept(two, alice):
    soon = timezone.now().date() + 5 * DAY
    Organisation.objects.filter(pk=two[0].pk).update(recheck_on=soon + DAY)
    Organisation.objects.filter(pk=two[1].pk).update(recheck_on=soon)
    merging.merge(*fresh(*two), by=alice)
    assert fresh(two[0]).recheck_on == soon


def test_a_former_name_counts_when_a_known_mailbox_signs_again(two, alice):
    """As `confirm` attaches by itself."""
    kept, absorbed = two
    Organisation.objects.filter(pk=kept.pk).update(verification="verified")
    make_signature(make_letter("water"), organisation=absorbed, email="amina@kettle.example")
    merging.merge(*fresh(*two), by=alice)
    again = make_signature(
        make_letter(), name="Blue kettle circle", status="unconfirmed", email="amina@kettle.example"
    )
    verification.confirm(again, visibility="public")
    assert fresh(again).organisation == kept


def test_merging_is_written_down_at_both_and_at_each_signature(two, alice):
    kept, absorbed = two
    moved = make_signature(organisation=absorbed)
    merging.merge(kept, absorbed, by=alice)
    written = set(Event.objects.filter(by=alice).values_list("act", "subject_id", "reason"))
    assert written == {
        ("merge", kept.public_id, absorbed.public_id),
        ("merged_into", absorbed.public_id, kept.public_id),
        ("merge", moved.public_id, ""),
    }


def test_what_was_told_apart_from_one_is_told_apart_from_both(two, alice):
    kept, absorbed = two
    other, another = make_organisation("Red Kettle"), make_organisation("Kettle Works")
    merging.tell_apart(other, absorbed, by=alice)
    merging.tell_apart(another, absorbed, by=alice)
    merging.tell_apart(another, kept, by=alice)
    merge = merging.merge(kept, absorbed, by=alice)
    assert Distinction.objects.filter(one=kept, other=other).exists()
    assert Distinction.objects.count() == 4
    merging.undo(merge, by=alice)
    assert Distinction.objects.count() == 3


# --- one signature a letter --------------------------------------------------------------------------------


def both_on(letter, two, *, mine=None, theirs=None):
    kept, absorbed = two
    return (
        make_signature(letter, organisation=kept, name="Blue Kettle", **(mine or {})),
        make_signature(letter, organisation=absorbed, name="Blue Kettle Circle", **(theirs or {})),
    )


def test_the_published_one_stays_on_the_wall(two, alice, client):
    mine, theirs = both_on(make_letter(), two, mine={"status": "awaiting_moderation"})
    merging.merge(*two, by=alice)
    fresh(mine, theirs)
    assert (theirs.status, theirs.organisation) == ("published", two[0])
    assert (mine.status, mine.superseded_by) == ("superseded", theirs)
    assert "Blue Kettle Circle" in client.get("/letters/asylum/").content.decode()


def test_of_two_published_ones_the_one_that_can_be_written_to_stays(two, alice):
    letter = make_letter()
    mine = make_imported(letter, organisation=two[0])
    theirs = make_signature(letter, organisation=two[1], name="Blue Kettle Circle")
    merging.merge(*two, by=alice)
    assert fresh(theirs).status == "published"
    assert fresh(mine).superseded_by == theirs


def test_of_two_alike_the_older_one_stays_since_the_earlier_day(two, alice):
    early = timezone.now() - 5 * DAY
    mine, theirs = both_on(make_letter(), two, theirs={"published_at": early})
    merging.merge(*two, by=alice)
    fresh(mine, theirs)
    assert (mine.status, mine.published_at) == ("published", early)
    assert theirs.superseded_by == mine


def test_the_other_contact_speaks_for_it_too_and_both_are_told(two, alice, work, mailbox, settings):
    settings.UNDO_FOR = timedelta(0)
    mine, theirs = both_on(make_letter(), two, mine={"email": "a@k.example"}, theirs={"email": "b@k.example"})
    merging.merge(*two, by=alice)
    assert fresh(theirs).standing == mine
    assert Contact.objects.count() == 2
    work()
    assert len(mailbox.to("a@k.example")) == len(mailbox.to("b@k.example")) == 1
    withdrawal.hide(fresh(theirs))
    assert fresh(mine).visibility == "counted_only"


def test_the_name_goes_as_far_as_both_contacts_want(two, alice):
    mine, _theirs = both_on(make_letter(), two, theirs={"visibility": "counted_only"})
    assert [each.is_narrowed for each in merging.preview(*two).letters] == [True]
    merging.merge(*two, by=alice)
    assert fresh(mine).visibility == "counted_only"


def test_what_staff_lowered_and_what_is_asked_about_one_holds_for_both(two, alice):
    mine, _theirs = both_on(
        make_letter(),
        two,
        theirs={
            "staff_cap": "delivered_only",
            "question": "organisation_doubted",
            "asked_at": timezone.now(),
        },
    )
    assert merging.preview(*two).letters[0].is_narrowed
    merging.merge(*two, by=alice)
    fresh(mine)
    assert (mine.staff_cap, mine.question) == ("delivered_only", "organisation_doubted")


def test_it_is_named_to_no_recipient_that_either_contact_excluded(two, alice):
    letter = make_letter()
    mine, theirs = both_on(letter, two)
    kenya = letter.recipients.get()
    theirs.excluded_recipients.add(kenya)
    merge = merging.merge(*two, by=alice)
    assert list(mine.excluded_recipients.all()) == [kenya]
    merging.undo(merge, by=alice)
    assert list(mine.excluded_recipients.all()) == []
    assert list(theirs.excluded_recipients.all()) == [kenya]


def test_co_contacts_speak_for_the_one_that_stays(two, alice):
    mine, theirs = both_on(make_letter(), two)
    second = make_co_contact(theirs)
    merge = merging.merge(*two, by=alice)
    assert fresh(second).superseded_by == mine
    merging.undo(merge, by=alice)
    assert fresh(second).superseded_by == theirs


@pytest.mark.parametrize("held", [0, 1])
def test_a_held_signature_is_decided_by_itself(two, alice, held):
    """Merging is no way around a colleague who holds it: its contact would speak for the published one."""
    kinds = [{}, {}]
    kinds[held] = {"status": "held"}
    both = both_on(make_letter(), two, mine=kinds[0], theirs=kinds[1])
    merge = merging.merge(*two, by=alice)
    fresh(*both)
    assert (both[held].status, both[held].organisation, both[held].superseded_by) == ("held", None, None)
    assert both[1 - held].organisation == two[0]
    merging.undo(merge, by=alice)
    fresh(*both)
    assert [one.organisation for one in both] == list(two)


def test_contacts_who_disagree_are_heard_first(two, alice):
    _mine, theirs = both_on(
        make_letter(), two, theirs={"question": "contacts_disagree", "asked_at": timezone.now()}
    )
    with pytest.raises(merging.ContactsDisagree) as refused:
        merging.preview(*two)
    assert refused.value.signature == theirs
    with pytest.raises(merging.ContactsDisagree):
        merging.merge(*two, by=alice)


def test_no_page_of_another_letter_changes(two, alice):
    shared, other, third = make_letter(), make_letter("water"), make_letter("bread")
    both_on(shared, two)
    make_signature(other, organisation=two[1], name="Blue Kettle Circle")
    make_signature(third, name="Red Lantern")
    before = crawl()
    merging.merge(*two, by=alice)
    after = crawl()
    changed = {path for path in before if before[path].body != after[path].body}
    assert changed
    assert {path for path in changed if "asylum" not in path} <= {
        path
        for path in before
        if path.count("/letters/") == 0  # lists of letters, with their counts
    }
    for path in before:
        if "/letters/water/" in path or "/letters/bread/" in path:
            assert (before[path].body, before[path].etag) == (after[path].body, after[path].etag), path


def test_only_letters_that_changed_get_a_new_revision(two, alice):
    shared, other = make_letter(), make_letter("water")
    both_on(shared, two)
    make_signature(other, organisation=two[1])
    merging.merge(*two, by=alice)
    assert Letter.objects.get(slug="asylum").revision == shared.revision + 1
    assert Letter.objects.get(slug="water").revision == other.revision


def test_the_preview_says_which_name_stays_and_which_goes(two):
    letter, other = make_letter(), make_letter("water")
    mine, theirs = both_on(letter, two)
    make_proposal(theirs)
    alone = make_signature(other, organisation=two[1])
    make_signature(make_letter("bread"), organisation=two[0])
    found = merging.preview(*two)
    assert [(each.letter.slug, each.stays, each.goes) for each in found.letters] == [
        ("asylum", mine, theirs),
        ("water", alone, None),
    ]
    assert found.letters[0].loses_a_correction
    assert list(found.aliases.values()) == ["Blue Kettle Circle"]
    assert found.filled == {"website": "https://kettle.example"}


# --- what they said about others ---------------------------------------------------------------------------


def test_what_the_absorbed_one_vouched_for_is_the_kept_ones_word(alice):
    letter = make_letter()
    one, other = make_voucher(letter, name="Red Lantern"), make_voucher(make_letter("water"), name="Lantern")
    known = make_signature(letter, name="Green Pot")
    vouch = make_vouch(known, other)
    merging.merge(one.organisation, other.organisation, by=alice)
    assert fresh(vouch).voucher == one.organisation


def test_of_two_answers_the_later_one_stands_and_undoing_gives_both_back(alice):
    letter = make_letter()
    one, other = make_voucher(letter, name="Red Lantern"), make_voucher(make_letter("water"), name="Lantern")
    known = make_signature(letter, name="Green Pot")
    mine = make_vouch(known, one, answered_at=timezone.now() - DAY)
    theirs = make_vouch(known, other)
    Vouch.objects.filter(pk=theirs.pk).update(status="revoked")
    before = dump()
    merge = merging.merge(one.organisation, other.organisation, by=alice)
    assert (fresh(mine).status, mine.voucher) == ("revoked", one.organisation)
    merging.undo(merge, by=alice)
    assert difference(before, dump()) == {}


def test_an_organisation_never_vouches_for_itself(alice):
    letter = make_letter()
    one, other = make_voucher(letter, name="Red Lantern"), make_voucher(make_letter("water"), name="Lantern")
    third = make_voucher(make_letter("bread"), name="Green Pot")
    to_itself, to_other = make_vouch(one, other), make_vouch(other, one)
    make_vouch(one, third)
    assert merging.preview(one.organisation, other.organisation).void_vouches == 2
    merging.merge(one.organisation, other.organisation, by=alice)
    kept = fresh(one.organisation)
    assert not Vouch.objects.filter(voucher=kept, signature__organisation=kept).exists()
    assert {fresh(to_itself).voucher, fresh(to_other).voucher} == {other.organisation}


def test_two_vouchers_that_become_one_are_one(alice):
    letter = make_letter()
    vouchers = [make_voucher(letter, name=name) for name in ("Red Lantern", "Amber Lantern")]
    known = make_signature(letter, name="Green Pot")
    for voucher in vouchers:
        vouch = make_vouch(known, voucher, status="asked")
        vouching.give(vouch, how_known="worked_together")
    assert fresh(known.organisation).verification == "peer_verified"
    before = dump()
    one, other = (voucher.organisation for voucher in vouchers)
    merge = merging.merge(one, other, by=alice)
    assert fresh(known.organisation).verification == "unverified"
    assert fresh(known).question == "voucher_doubted"
    merging.undo(merge, by=alice)
    assert difference(before, dump()) == {}


def test_a_word_taken_back_since_stays_taken_back(alice):
    letter = make_letter()
    one, other = make_voucher(letter, name="Red Lantern"), make_voucher(make_letter("water"), name="Lantern")
    vouch = make_vouch(make_signature(letter, name="Green Pot"), other)
    merge = merging.merge(one.organisation, other.organisation, by=alice)
    vouching.revoke(fresh(vouch))
    merging.undo(merge, by=alice)
    assert (fresh(vouch).status, vouch.voucher) == ("revoked", other.organisation)


# --- what is refused ---------------------------------------------------------------------------------------


def test_one_is_not_merged_with_itself_nor_twice(two, alice):
    kept, absorbed = two
    other = make_organisation("Red Lantern")
    with pytest.raises(merging.NotTwo):
        merging.merge(kept, kept, by=alice)
    with pytest.raises(merging.NotTwo):
        merging.tell_apart(kept, kept, by=alice)
    merging.merge(kept, absorbed, by=alice)
    for one, another in ((kept, absorbed), (absorbed, kept), (other, absorbed), (absorbed, other)):
        with pytest.raises(merging.NotTwo):
            merging.merge(one, another, by=alice)
    assert Merge.objects.count() == 1


def test_an_erased_one_is_not_merged(two, alice):
    gone = make_organisation("Gone")
    Organisation.objects.filter(pk=gone.pk).delete()
    with pytest.raises(merging.NotTwo):
        merging.merge(two[0], gone, by=alice)


@pytest.mark.parametrize(
    "change",
    [
        lambda kept, absorbed: make_signature(make_letter("bread"), organisation=absorbed),
        lambda kept, absorbed: withdrawal.withdraw(absorbed.signatures.first()),
        lambda kept, absorbed: Organisation.objects.filter(pk=kept.pk).update(verification="doubtful"),
        lambda kept, absorbed: Organisation.objects.filter(pk=absorbed.pk).update(name="Other"),
        lambda kept, absorbed: kept.signatures.update(visibility="counted_only"),
    ],
)
def test_a_preview_that_is_no_longer_true_is_not_carried_out(two, alice, change):
    both_on(make_letter(), two)
    seen = merging.preview(*two).seen
    assert merging.preview(*fresh(*two)).seen == seen
    change(*two)
    before = dump()
    with pytest.raises(merging.ChangedMeanwhile):
        merging.merge(*two, by=alice, seen=seen)
    assert difference(before, dump()) == {}


def test_telling_apart_twice_is_harmless(two, alice):
    merging.tell_apart(*two, by=alice)
    merging.tell_apart(two[1], two[0], by=alice)
    assert Distinction.objects.count() == 1
    assert Event.objects.filter(act="tell_apart").count() == 2


# --- undoing loses nothing ---------------------------------------------------------------------------------

STATUSES = (None, *SignatureStatus.values)


@pytest.mark.parametrize("mine", STATUSES)
def test_whatever_stands_where_merging_and_undoing_it_lose_nothing(mine, alice):
    """Each status of one against each of the other, with a contact and without."""
    letter = make_letter()
    make_version(letter, change="material")
    for theirs, has_contact, they_have in product(STATUSES, (True, False), (True, False)):
        with transaction.atomic():
            two = make_organisation("Blue Kettle"), make_organisation("Kettle Circle", country="")
            for organisation, status, keep in zip(two, (mine, theirs), (has_contact, they_have), strict=True):
                if status:
                    signature = make_signature(letter, status=status, organisation=organisation)
                    if not keep:
                        signature.contact.delete()
            before = dump()
            merge = merging.merge(*two, by=alice)
            live = Signature.objects.live().filter(letter=letter, organisation=two[0])
            assert live.count() <= 1
            assert not two[1].signatures.exists()
            done = merging.undo(merge, by=alice)
            assert done.left == []
            assert difference(before, dump()) == {}, (mine, theirs, has_contact, they_have)
            transaction.set_rollback(True)


def a_world(seed):
    """Two organisations with anything around them, and a third one."""
    random = Random(seed)
    three = [
        make_organisation(
            name,
            aliases=random.sample(["Kettle", "The Circle", "Blue Kettle"], random.randint(0, 2)),
            latin=random.choice(["", "Kettle"]),
            country=random.choice(["", "KE", "UG"]),
            kind=random.choice(["", "ally"]),
            website=random.choice(["", "https://kettle.example"]),
            verification=random.choice(["unverified", "peer_verified", "verified", "doubtful", "rejected"]),
            recheck_on=random.choice([None, timezone.now().date()]),
        )
        for name in ("Blue Kettle", "Kettle Circle", "Red Lantern")
    ]
    alice = make_staff(f"alice{seed}")
    letters = [make_letter(f"letter-{seed}-{number}") for number in range(3)]
    for letter in letters:
        make_version(letter, change="material")
    signatures = []
    for letter, organisation in product(letters, three):
        if random.random() < 0.8:
            status = random.choice(SignatureStatus.values)
            asked = random.choice(["", "", "organisation_doubted", "vouch_revoked"])
            signature = make_signature(
                letter,
                name=organisation.name,
                organisation=organisation,
                status=status,
                visibility=random.choice(["public", "delivered_only", "counted_only"]),
                staff_cap=random.choice(["", "", "delivered_only", "counted_only"]),
                question=asked,
                asked_at=timezone.now() if asked else None,
            )
            if random.random() < 0.3:
                signature.contact.delete()
            elif status == "published" and random.random() < 0.4:
                make_co_contact(signature)
            if status == "published" and not asked and random.random() < 0.3:
                make_proposal(signature)
            if random.random() < 0.3:
                signature.excluded_recipients.add(letter.recipients.get())
            signatures.append(signature)
    for signature, voucher in product(signatures, three):
        if random.random() < 0.4:
            status = random.choice(["asked", "given", "declined", "revoked"])
            answered = timezone.now() - random.randint(0, 9) * DAY if status != "asked" else None
            Vouch.objects.create(signature=signature, voucher=voucher, status=status, answered_at=answered)
    for organisation in three:
        if random.random() < 0.5:
            Evidence.objects.create(organisation=organisation, words="Seen.", by=alice)
    if random.random() < 0.5:
        merging.tell_apart(three[1], three[2], by=alice)
    return alice, three


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_around_them_merging_and_undoing_it_lose_nothing(seed):
    alice, (kept, absorbed, _third) = a_world(seed)
    before = dump()
    merge = merging.merge(kept, absorbed, by=alice)
    for organisation in Organisation.objects.all():
        organisation.save()  # spellings are as they are derived
    done = merging.undo(merge, by=alice)
    assert done.left == []
    assert difference(before, dump()) == {}


def test_two_merges_are_undone_the_newest_first(two, alice):
    third = make_organisation("The Kettle")
    letter = make_letter()
    both_on(letter, two)
    make_signature(letter, organisation=third)
    before = dump()
    first = merging.merge(*two, by=alice)
    second = merging.merge(third, two[0], by=alice)
    with pytest.raises(merging.MergedFurther):
        merging.undo(first, by=alice)
    merging.undo(second, by=alice)
    merging.undo(first, by=alice)
    assert difference(before, dump()) == {}


def test_undoing_is_written_down_at_both_and_at_each_signature(two, alice):
    moved = make_signature(organisation=two[1])
    merge = merging.merge(*two, by=alice)
    merging.undo(merge, by=alice)
    written = set(Event.objects.filter(act="unmerge").values_list("subject_id", flat=True))
    assert written == {two[0].public_id, two[1].public_id, moved.public_id}


def test_undoing_calls_the_mails_back(two, alice, work, mailbox, settings):
    settings.UNDO_FOR = timedelta(minutes=5)
    both_on(make_letter(), two)
    merge = merging.merge(*two, by=alice)
    merging.undo(merge, by=alice)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        work()
    assert mailbox.messages() == []


# --- what happened since stays -----------------------------------------------------------------------------


def test_a_new_signature_stays_with_the_kept_one(two, alice):
    merge = merging.merge(*two, by=alice)
    new = make_signature(organisation=two[0])
    merging.undo(merge, by=alice)
    assert fresh(new).organisation == two[0]


def test_what_staff_found_out_since_stays(two, alice):
    Organisation.objects.filter(pk=two[1].pk).update(verification="verified")
    merge = merging.merge(*fresh(*two), by=alice)
    verification.verify(two[0], by=alice, verification="doubtful")
    merging.undo(merge, by=alice)
    kept, absorbed = fresh(*two)
    assert (kept.verification, absorbed.verification) == ("doubtful", "verified")


def test_what_was_withdrawn_stays_withdrawn(two, alice, client):
    moved = make_signature(organisation=two[1])
    merge = merging.merge(*two, by=alice)
    withdrawal.withdraw(fresh(moved))
    assert merging.undo(merge, by=alice).left == []
    assert (fresh(moved).status, moved.organisation) == ("withdrawn", two[1])


def test_what_ended_for_both_comes_back_for_neither(two, alice, client):
    """Their one contact took the yes back for both names: neither appears again."""
    letter = make_letter()
    mine = make_signature(letter, organisation=two[0])
    theirs = make_imported(letter, organisation=two[1], name="Blue Kettle Circle")
    merge = merging.merge(*two, by=alice)
    withdrawal.withdraw(fresh(mine))
    done = merging.undo(merge, by=alice)
    assert [(signature.pk, reason) for signature, reason in done.left] == [(theirs.pk, merging.Left.ENDED)]
    fresh(mine, theirs)
    assert (mine.status, theirs.status, theirs.organisation) == ("withdrawn", "withdrawn", two[1])
    assert "Blue Kettle" not in client.get("/letters/asylum/").content.decode()


def test_what_a_contact_hid_for_both_stays_hidden_for_its_own(two, alice):
    mine, theirs = both_on(make_letter(), two)
    merge = merging.merge(*two, by=alice)
    withdrawal.hide(fresh(theirs))
    assert fresh(mine).visibility == "counted_only"
    merging.undo(merge, by=alice)
    fresh(mine, theirs)
    assert (mine.visibility, theirs.visibility) == ("public", "counted_only")
    assert theirs.status == "published"


def test_while_contacts_disagree_nothing_is_undone(two, alice):
    mine, theirs = both_on(make_letter(), two)
    merge = merging.merge(*two, by=alice)
    withdrawal.withdraw(fresh(theirs))  # one of two contacts
    before = dump()
    with pytest.raises(merging.ContactsDisagree):
        merging.undo(merge, by=alice)
    assert difference(before, dump()) == {}
    moderation.settle(fresh(mine), by=alice, outcome="keep_hidden")
    merging.undo(merge, by=alice)
    fresh(mine, theirs)
    assert (theirs.status, theirs.visibility) == ("published", "counted_only")


def test_erasing_always_wins(two, alice):
    letter, other = make_letter(), make_letter("water")
    mine, theirs = both_on(letter, two)
    alone = make_signature(other, organisation=two[1], name="Blue Kettle Circle")
    merge = merging.merge(*two, by=alice)
    withdrawal.erase(fresh(alone))
    withdrawal.erase(fresh(theirs))  # one of two contacts: staff are asked
    moderation.settle(fresh(mine), by=alice, outcome="show_again")
    done = merging.undo(merge, by=alice)
    assert {(signature.pk, reason) for signature, reason in done.left} == {
        (alone.pk, merging.Left.ERASED),
        (theirs.pk, merging.Left.ERASED),
    }
    assert fresh(theirs).name == fresh(alone).name == ""
    assert not Organisation.objects.filter(pk=two[1].pk).exists()  # no signature speaks of it any more
    assert fresh(two[0]).aliases == []


def test_erasing_the_last_signature_takes_the_merged_ones_along(two, alice):
    signature = make_signature(organisation=two[1])
    merge = merging.merge(*two, by=alice)
    withdrawal.erase(fresh(signature))
    assert not Organisation.objects.exists()
    assert not Merge.objects.exists()
    with pytest.raises(merging.TooLate):
        merging.undo(merge, by=alice)


def test_no_name_is_kept_for_undoing(two, alice):
    both_on(make_letter(), two)
    merge = merging.merge(*two, by=alice)
    assert "ettle" not in str(merge.before)


def test_a_letter_signed_again_meanwhile_is_named_and_the_rest_is_given_back(two, alice):
    letter, other = make_letter(), make_letter("water")
    mine = make_imported(letter, organisation=two[0])
    theirs = make_signature(letter, organisation=two[1], name="Blue Kettle Circle")
    moved = make_signature(other, organisation=two[1])
    merge = merging.merge(*two, by=alice)
    moderation.reject(fresh(theirs), by=alice)
    again = make_signature(letter, organisation=two[0], name="Kettle")
    done = merging.undo(merge, by=alice)
    assert [signature.pk for signature, _reason in done.left] == [mine.pk]
    assert fresh(moved).organisation == fresh(theirs).organisation == two[1]
    assert fresh(again).status == "published"
    assert fresh(mine).status == "rejected"
    assert mine.superseded_by is None


def test_what_staff_decided_meanwhile_stays(two, alice):
    mine, theirs = both_on(make_letter(), two)
    merge = merging.merge(*two, by=alice)
    moderation.reject(fresh(theirs), by=alice)  # no contact of ours
    done = merging.undo(merge, by=alice)
    assert [(signature.pk, reason) for signature, reason in done.left] == [(theirs.pk, merging.Left.DECIDED)]
    assert (fresh(theirs).status, theirs.organisation) == ("rejected", two[1])
    assert fresh(mine).status == "published"


def test_a_merge_is_undone_within_a_day_and_once(two, alice):
    merge = merging.merge(*two, by=alice)
    with time_machine.travel(timezone.now() + DAY + timedelta(seconds=5)), pytest.raises(merging.TooLate):
        merging.undo(merge, by=alice)
    merging.undo(merge, by=alice)
    with pytest.raises(merging.TooLate):
        merging.undo(merge, by=alice)


def test_what_it_takes_to_undo_is_dropped_after_the_day(two, alice):
    merge = merging.merge(*two, by=alice)
    tasks.do_what_is_due()
    assert fresh(merge).before
    with time_machine.travel(timezone.now() + DAY + timedelta(seconds=5)):
        tasks.do_what_is_due()
    assert fresh(merge).before == {}


# --- other acts find the one that stands -------------------------------------------------------------------


def test_approving_as_one_that_was_merged_meanwhile_is_approving_as_the_kept_one(two, alice):
    merging.merge(*two, by=alice)
    signature = make_signature(status="awaiting_moderation")
    moderation.approve(signature, by=alice, organisation=two[1])
    assert fresh(signature).organisation == two[0]


def test_approving_as_one_that_was_merged_into_one_that_signed_is_refused_with_its_signature(two, alice):
    letter = make_letter()
    there = make_signature(letter, organisation=two[0])
    merging.merge(*two, by=alice)
    signature = make_signature(letter, status="awaiting_moderation")
    with pytest.raises(moderation.OrganisationAlreadySigned) as refused:
        moderation.approve(signature, by=alice, organisation=two[1])
    assert refused.value.signature == there


def test_a_decision_taken_back_leads_to_the_one_that_stands(two, alice, settings):
    settings.UNDO_FOR = timedelta(minutes=5)
    kept, absorbed = two
    third = make_organisation("Red Lantern")
    signature = make_signature(status="awaiting_moderation", organisation=absorbed)
    moderation.approve(signature, by=alice, organisation=third)
    merging.merge(kept, absorbed, by=alice)
    moderation.undo(signature, by=alice)
    assert fresh(signature).organisation == kept


def test_what_was_merged_twice_is_found_through_both(two, alice):
    third = make_organisation("The Kettle")
    merging.merge(*two, by=alice)
    merging.merge(third, two[0], by=alice)
    absorbed = Organisation.objects.get(pk=two[1].pk)
    assert organisations.standing(absorbed) == third
    with transaction.atomic():
        assert organisations.keep(absorbed) == third


def test_undoing_a_decision_made_before_the_merge_is_refused(two, alice, settings):
    settings.UNDO_FOR = timedelta(minutes=5)
    signature = make_signature(status="awaiting_moderation")
    moderation.approve(signature, by=alice, organisation=two[1])
    merging.merge(*two, by=alice)
    assert undoing.last_decision(fresh(signature), by=alice) is None


# --- many at once ------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_merges_at_once_end_as_one():
    alice = make_staff("alice")
    for _ in range(6):
        one, other = make_organisation("Blue Kettle"), make_organisation("Kettle")
        make_signature(make_letter(f"letter-{one.pk}"), organisation=one)
        make_signature(make_letter(f"letter-{other.pk}"), organisation=other)
        outcomes = at_once(
            lambda one=one, other=other: merging.merge(one, other, by=alice),
            lambda one=one, other=other: merging.merge(other, one, by=alice),
        )
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Merge", "NotTwo"]
        merge = next(outcome for outcome in outcomes if isinstance(outcome, Merge))
        assert merge.kept.signatures.count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_chain_of_merges_at_once_loses_no_signature():
    alice = make_staff("alice")
    for _ in range(4):
        three = [make_organisation(name) for name in ("A", "B", "C")]
        letter = make_letter(f"letter-{three[0].pk}")
        signatures = [make_signature(letter, organisation=organisation) for organisation in three]
        a, b, c = three
        outcomes = at_once(
            lambda a=a, b=b: merging.merge(a, b, by=alice),
            lambda b=b, c=c: merging.merge(b, c, by=alice),
            lambda c=c, a=a: merging.merge(c, a, by=alice),
        )
        assert {type(outcome).__name__ for outcome in outcomes} <= {"Merge", "NotTwo"}
        standing = Organisation.objects.standing().filter(pk__in=[one.pk for one in three])
        assert Signature.objects.filter(organisation__in=standing).count() == len(signatures)
        assert Signature.objects.live().filter(letter=letter).count() == standing.count()


@pytest.mark.django_db(transaction=True)
def test_approving_and_merging_at_once_leave_no_signature_with_a_merged_one():
    alice = make_staff("alice")
    for _ in range(8):
        kept, absorbed = make_organisation("Blue Kettle"), make_organisation("Kettle")
        letter = make_letter(f"letter-{kept.pk}")
        signature = make_signature(letter, status="awaiting_moderation")
        outcomes = at_once(
            lambda k=kept, a=absorbed: merging.merge(k, a, by=alice),
            lambda s=signature, a=absorbed: moderation.approve(s, by=alice, organisation=a),
        )
        assert [type(outcome).__name__ for outcome in outcomes] == ["Merge", "Signature"]
        assert fresh(signature).organisation == kept


@pytest.mark.django_db(transaction=True)
def test_two_who_undo_at_once_undo_it_once():
    alice = make_staff("alice")
    for _ in range(4):
        one, other = make_organisation("Blue Kettle"), make_organisation("Kettle")
        make_signature(make_letter(f"letter-{one.pk}"), organisation=other)
        merge = merging.merge(one, other, by=alice)
        outcomes = at_once(*[lambda merge=merge: merging.undo(merge, by=alice)] * 2)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["TooLate", "Undone"]
        assert other.signatures.count() == 1
