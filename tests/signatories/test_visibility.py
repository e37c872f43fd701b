"""Whether a signature is counted and where it is named: one rule, told three times, always the same."""

import itertools

import pytest
from django.utils import timezone

from signatories import wall, withdrawal
from signatories.models import Signature, SignatureStatus
from signatories.visibility import Reach, StaffCap, Visibility, named_to, reach
from tests.factories import make_co_contact, make_letter, make_recipient, make_signature

WIDE_TO_NARROW = ["public", "delivered_only", "counted_only"]
COMBINATIONS = list(itertools.product(SignatureStatus.values, Visibility.values, ["", *StaffCap.values]))


@pytest.mark.parametrize(("status", "visibility", "cap"), COMBINATIONS)
def test_a_name_goes_as_far_as_the_narrower_of_two_choices(status, visibility, cap):
    narrower = max(visibility, cap or "public", key=WIDE_TO_NARROW.index)
    published = status == "published"

    assert reach(status, visibility, cap) == Reach(
        counted=published,
        named_publicly=published and narrower == "public",
        named_in_documents=published and narrower in ("public", "delivered_only"),
    )


@pytest.mark.parametrize(
    ("status", "visibility"), list(itertools.product(SignatureStatus.values, Visibility.values))
)
def test_staff_can_only_lower(status, visibility):
    for cap in StaffCap.values:
        allowed, chosen = reach(status, visibility, cap), reach(status, visibility, "")
        assert all(one <= other for one, other in zip(allowed, chosen, strict=True))


@pytest.mark.parametrize("unknown", ["", "everyone", "PUBLIC"])
def test_a_visibility_nobody_knows_is_an_error_and_never_public(unknown):
    with pytest.raises(ValueError, match="not a valid Visibility"):
        reach("published", unknown, "")


@pytest.mark.django_db
def test_function_querysets_and_wall_agree_on_every_combination():
    letter = make_letter()
    for status, visibility, cap in COMBINATIONS:
        make_signature(
            letter, name=f"{status} {visibility} {cap}", status=status, visibility=visibility, staff_cap=cap
        )
    expected = {one.pk: reach(one.status, one.visibility, one.staff_cap) for one in Signature.objects.all()}

    published = set(Signature.objects.published().values_list("pk", flat=True))
    named = set(Signature.objects.named().values_list("pk", flat=True))
    unnamed = set(Signature.objects.unnamed().values_list("pk", flat=True))

    assert published == {pk for pk, one in expected.items() if one.counted}
    assert named == {pk for pk, one in expected.items() if one.named_publicly}
    assert unnamed == published - named
    assert {one.pk for one in Signature.objects.all() if one.is_named_publicly} == named
    assert {one.id for one in wall.names(letter)} == {
        one.public_id for one in Signature.objects.all() if one.pk in named
    }
    counts = wall.counts(letter)
    assert (counts.organisations, counts.unnamed) == (len(published), len(unnamed))
    assert len(expected) == 96


# --- who is named to one recipient ----------------------------------------------------------------------

TO_ONE = [
    # visibility, cap, excluded, added later, named
    ("public", "", False, False, True),
    ("public", "", False, True, True),
    ("public", "", True, False, False),
    ("public", "", True, True, False),
    ("delivered_only", "", False, False, True),
    ("delivered_only", "", False, True, False),
    ("delivered_only", "", True, False, False),
    ("delivered_only", "", True, True, False),
    ("delivered_only", "public", False, False, True),
    ("public", "delivered_only", False, False, True),
    ("public", "delivered_only", False, True, False),
    ("public", "counted_only", False, False, False),
    ("delivered_only", "counted_only", False, False, False),
    ("counted_only", "", False, False, False),
    ("counted_only", "public", False, False, False),
    ("counted_only", "delivered_only", False, False, False),
]


@pytest.mark.parametrize(("visibility", "cap", "excluded", "added_later", "named"), TO_ONE)
def test_a_recipient_is_handed_these_names(visibility, cap, excluded, added_later, named):
    assert named_to("published", visibility, cap, excluded=excluded, added_later=added_later) is named


@pytest.mark.parametrize(("status", "visibility", "cap"), COMBINATIONS)
def test_no_recipient_is_handed_a_name_that_may_stand_in_no_document(status, visibility, cap):
    for excluded, later in itertools.product((True, False), repeat=2):
        named = named_to(status, visibility, cap, excluded=excluded, added_later=later)
        assert not named or reach(status, visibility, cap).named_in_documents
        assert not (named and excluded)
        assert not (named and later) or reach(status, visibility, cap).named_publicly


@pytest.mark.django_db
def test_function_and_wall_name_the_same_to_every_recipient():
    """Each combination of status, choice, cap and exclusion, for a recipient from the beginning and one from today."""
    letter = make_letter()
    first = letter.recipients.get()
    for status, visibility, cap in COMBINATIONS:
        for excluded in (False, True):
            name = f"{status} {visibility} {cap} {excluded}"
            one = make_signature(letter, name=name, status=status, visibility=visibility, staff_cap=cap)
            if excluded:
                one.excluded_recipients.add(first)
    newcomer = make_recipient(letter, addressed_since=timezone.now())

    (counts, named), (counts_later, named_later) = wall.handed_to(letter, [first, newcomer])

    every = Signature.objects.all()

    def expected(recipient, later):
        return {
            one.pk
            for one in every
            if named_to(
                one.status,
                one.visibility,
                one.staff_cap,
                excluded=one.excluded_recipients.contains(recipient),
                added_later=later,
            )
        }

    assert {one.signature_id for one in named} == expected(first, False)
    assert {one.signature_id for one in named_later} == expected(newcomer, True)
    published = Signature.objects.published().count()
    assert counts.organisations == counts_later.organisations == published
    assert counts.unnamed == published - len(named)
    assert counts_later.unnamed == published - len(named_later)


@pytest.mark.django_db
def test_a_recipient_added_later_is_handed_the_name_once_its_signatory_agrees():
    shy = make_signature(make_letter(), name="Night Ferry", visibility="delivered_only")
    first, second = (
        make_recipient(shy.letter, country=country, addressed_since=timezone.now())
        for country in ("KE", "UG")
    )

    def named():
        return [[one.name for one in handed] for _, handed in wall.handed_to(shy.letter, [first, second])]

    assert named() == [[], []]
    withdrawal.name_to_newer(shy, newest=first)
    assert named() == [["Night Ferry"], []], "who came after the one it agreed to is still a stranger"
    withdrawal.name_to_newer(shy, newest=second)
    withdrawal.name_to_newer(shy, newest=first)
    assert named() == [["Night Ferry"], ["Night Ferry"]], "an older page takes nothing back"


@pytest.mark.django_db
def test_one_of_several_contacts_widens_for_nobody_else():
    shy = make_signature(make_letter(), visibility="delivered_only")
    other = make_co_contact(shy)
    newcomer = make_recipient(shy.letter, addressed_since=timezone.now())
    for speaker in (shy, other):
        withdrawal.name_to_newer(speaker, newest=newcomer)
    ((_, handed),) = wall.handed_to(shy.letter, [newcomer])
    assert handed == []


@pytest.mark.django_db
def test_names_are_handed_over_in_the_order_of_the_wall():
    letter = make_letter()
    for name in ("Zebra", "łódka", "ميناء", "Anchor", "Гавань", "9 boats", "10 boats"):
        make_signature(letter, name=name)
    ((_, handed),) = wall.handed_to(letter, letter.recipients.all())
    assert [one.name for one in handed] == [one.name for one in wall.names(letter)]


@pytest.mark.django_db
def test_a_country_of_few_unnamed_ones_is_withheld_from_whom_they_excluded():
    letter = make_letter()
    kenya = letter.recipients.get()
    germany = make_recipient(letter, country="DE")
    make_signature(letter, name="Harbour", country="DE")
    quiet = make_signature(letter, name="Quiet", country="ER", visibility="delivered_only")
    quiet.excluded_recipients.add(kenya)

    (to_kenya, _), (to_germany, _) = wall.handed_to(letter, [kenya, germany])

    assert (to_kenya.organisations, to_kenya.countries, to_kenya.withheld) == (2, 1, 1)
    assert (to_germany.organisations, to_germany.countries, to_germany.withheld) == (2, 2, 0)


@pytest.mark.django_db
def test_the_questions_asked_do_not_grow_with_recipients_or_names(django_assert_num_queries):
    letter = make_letter()
    for number in range(12):
        make_signature(letter, name=f"Kettle {number}")
        make_recipient(letter)
    with django_assert_num_queries(3):
        wall.handed_to(letter, letter.recipients.all())
