"""Whether a signature is counted and where it is named: one rule, told three times, always the same."""

import itertools

import pytest

from signatories import wall
from signatories.models import Signature, SignatureStatus
from signatories.visibility import Reach, StaffCap, Visibility, reach
from tests.factories import make_letter, make_signature

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
    assert len(expected) == 84
