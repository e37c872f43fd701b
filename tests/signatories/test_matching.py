"""Organisations that may be one are found among many, in any script, by one index; a person decides."""

from itertools import chain

import pytest
from django.db import connection
from django.utils.translation import override

from signatories import matching, merging
from signatories.matching import ALIKE, MOST
from signatories.models import Organisation, Signature
from tests.factories import make_letter, make_organisation, make_signature, make_staff
from tests.invented import ONE_ORGANISATION, TWO_ORGANISATIONS, invented_names

pytestmark = pytest.mark.django_db

PAIRS = list(chain.from_iterable(ONE_ORGANISATION.values()))


def signed(name, **fields):
    """A signature as it lies before staff; what is compared is its name, Latin form, country and website."""
    signature = Signature(name=name, **{"country": "KE", **fields})
    signature.fill_keys()
    return signature


def organisations(*names, **fields):
    rows = [Organisation(name=name, **{"country": "KE", **fields}) for name in names]
    for row in rows:
        row.fill_key()
    return Organisation.objects.bulk_create(rows)


def found(signature):
    return [organisation.name for organisation in matching.organisations_like(signature)]


def reasons(signature):
    return [organisation.why for organisation in matching.organisations_like(signature)]


# --- names ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True], ids=["as listed", "the other way round"])
def test_nearly_all_pairs_of_one_organisation_are_found_among_many(turned):
    pairs = [pair[::-1] for pair in PAIRS] if turned else PAIRS
    organisations(*invented_names(500), *(known for known, _new in pairs))
    missed = [(known, new) for known, new in pairs if known not in found(signed(new))]
    assert len(missed) <= 0.05 * len(pairs), missed


def test_few_are_pointed_at_who_are_not_the_one():
    """Of names that many share, none is told from the others; of all others, at most one wrong one in two cases."""
    organisations(*invented_names(500), *(known for known, _new in PAIRS))
    wrong = [name for known, new in PAIRS for name in found(signed(new)) if name != known]
    assert len(wrong) <= 0.5 * len(PAIRS), wrong


@pytest.mark.parametrize("pair", TWO_ORGANISATIONS, ids=" | ".join)
def test_two_organisations_are_not_pointed_at(pair):
    known, new = pair
    organisations(known)
    assert found(signed(new)) == []


def test_a_latin_form_resembles_a_name():
    organisations("Addis Tesfa Refugee Association")
    assert reasons(signed("አዲስ ተስፋ", latin="Addis Tesfa")) == ["the name in Latin letters"]


def test_a_name_resembles_a_latin_form():
    organisations("አዲስ ተስፋ", latin="Addis Tesfa")
    assert reasons(signed("Addis Tesfa Refugee Association")) == ["the name in Latin letters"]


def test_a_former_name_is_found_and_said_to_be_one():
    organisations("Red Lantern", aliases=["Blue Kettle", "Old Pot"])
    assert reasons(signed("Blue Kettle Association")) == ["a former name"]


def test_an_acronym_is_found_and_said_to_be_one():
    organisations("Kettle Refugee Organizations Network (KRON)")
    assert reasons(signed("KRON")) == ["the acronym"]


def test_reasons_are_in_the_language_of_who_reads():
    organisations("Blue Kettle")
    with override("ar"):
        arabic = reasons(signed("Blue Kettle"))
    assert len(arabic) == 1


def test_the_likest_comes_first_and_a_few_are_enough():
    organisations("Poshe Network of Women", "Poshe", *(f"Poshe Group {number}" for number in range(20)))
    seen = matching.organisations_like(signed("Poshe"))
    assert len(seen) == MOST
    assert seen[0].name == "Poshe"
    scores = [organisation.likeness for organisation in seen]
    assert scores == sorted(scores, reverse=True)
    assert all(ALIKE <= score <= 1 for score in scores)


def test_the_same_name_in_another_country_is_less_like():
    organisations("Blue Kettle", country="UG")
    organisations("Blue Kettle", country="")
    here, there = matching.organisations_like(signed("Blue Kettle"))
    assert (here.country, there.country) == ("", "UG")
    assert here.likeness == 1 > there.likeness


# --- websites ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "new"),
    [
        ("https://amani.or.ke", "http://www.amani.or.ke/about?x=1"),
        ("https://www.facebook.com/AmaniKenya", "https://m.facebook.com/amanikenya/posts/1"),
        ("https://amani.wordpress.com/", "https://amani.wordpress.com/2026/"),
    ],
)
def test_the_same_website_is_found_whatever_the_name(known, new):
    organisations("Blue Kettle", website=known)
    assert reasons(signed("Something Else", website=new)) == ["the website"]


@pytest.mark.parametrize(
    ("known", "new"),
    [
        ("https://amani.wordpress.com", "https://other.wordpress.com"),
        ("https://amani.blogspot.com", "https://other.blogspot.com"),
        ("https://amani.github.io", "https://other.github.io"),
        ("https://www.facebook.com/amani", "https://www.facebook.com/other"),
        ("https://sites.google.com/view/amani", "https://sites.google.com/view/other"),
        ("https://bit.ly/amani", "https://bit.ly/other"),
    ],
)
def test_a_host_that_many_share_tells_nothing(known, new):
    organisations("Blue Kettle", website=known)
    assert found(signed("Something Else", website=new)) == []


def test_name_and_website_are_both_said():
    organisations("Blue Kettle", website="https://amani.or.ke")
    assert reasons(signed("Blue Kettle", website="https://amani.or.ke")) == ["the name, the website"]


# --- who is left out -----------------------------------------------------------------------------------


def test_the_organisation_it_has_and_merged_ones_are_not_offered():
    kept, absorbed, own = (make_organisation("Blue Kettle") for _ in range(3))
    signature = make_signature(status="awaiting_moderation", organisation=own)
    merging.merge(kept, absorbed, by=make_staff())
    assert matching.organisations_like(signature) == [kept]


def test_an_erased_signature_resembles_nothing():
    organisations("Blue Kettle")
    assert found(signed("")) == []
    assert matching.signatures_like(make_signature(make_letter(), status="awaiting_moderation")) == []


def test_other_live_signatures_of_the_same_letter_are_found():
    letter = make_letter()
    signature = make_signature(letter, name="Blue Kettle", status="awaiting_moderation")
    like = make_signature(letter, name="Blue Ketle", status="held")
    make_signature(letter, name="Blue Kettle", status="rejected")
    make_signature(make_letter("water"), name="Blue Kettle")
    (seen,) = matching.signatures_like(signature)
    assert seen == like
    assert seen.why == "the name"
    assert seen.likeness > 0.9


# --- duplicates ----------------------------------------------------------------------------------------


def named(pairs):
    return [{pair.one.name, pair.other.name} for pair in pairs.found]


def test_pairs_are_found_the_likest_first_and_each_once():
    organisations("Blue Kettle", "Red Lantern Women", "Green Pot", "Red Lantern", "Blue Kettle")
    seen = matching.pairs()
    assert [pair.likeness for pair in seen.found] == sorted(
        (pair.likeness for pair in seen.found), reverse=True
    )
    assert named(seen) == [{"Blue Kettle"}, {"Red Lantern Women", "Red Lantern"}]
    assert all(pair.one.pk < pair.other.pk for pair in seen.found)
    assert seen.before is None


def test_pairs_that_were_told_apart_or_merged_are_not_asked_about_again():
    alice = make_staff()
    one, other, third, fourth = organisations("Blue Kettle", "Blue Kettle", "Red Lantern", "Red Lantern")
    assert len(matching.pairs().found) == 2
    merging.tell_apart(other, one, by=alice)
    merging.merge(third, fourth, by=alice)
    assert matching.pairs().found == []
    assert matching.resembling(one) == matching.resembling(third) == []


def test_a_page_of_pairs_looks_through_the_newest_and_leads_on_to_the_older_ones(monkeypatch):
    monkeypatch.setattr(matching, "LOOKED_THROUGH", 3)
    organisations("Blue Kettle", "Blue Kettle", "Green Pot", "Oil Mill", "Blue Kettle")
    first = matching.pairs()
    assert len(first.found) == 2
    second = matching.pairs(before=first.before)
    assert len(second.found) == 1
    assert second.before is None or matching.pairs(before=second.before).found == []


def test_what_resembles_an_organisation_is_not_itself():
    one, other, _third = organisations("Blue Kettle", "Blue Kettle Association", "Green Pot")
    assert matching.resembling(one) == [other]


# --- among very many ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Kakuma Refugee Women Association",
        "Refugee Women Network",
        "Refugee Association",
        "Poshe Refugee Organization",
        "Somali Community Empowerment and Education Network",
        "KRON",
        "جمعية الأمل",
        "አዲስ ተስፋ ማኅበር",
    ],
)
def test_one_index_answers_whatever_the_name(name):
    """What that takes at 100,000 rows is measured by `python -m tests.bench.matching`."""
    organisations(*invented_names(2_000))
    signature = signed(name, latin="Tesfa", website="https://amani.or.ke")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE signatories_organisation")
        cursor.execute("SET LOCAL enable_seqscan = off")  # a table this small is read whole
    plan = matching._worth_comparing(signature, Organisation.objects.all()).explain()
    assert "organisations_by_spelling" in plan
    assert "Seq Scan" not in plan
