"""The wall for events: what a room sees of a letter, and what it never does."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from letters import revision
from signatories import screens
from tests.factories import make_letter, make_signature

pytestmark = pytest.mark.django_db

WALL = "/letters/asylum/wall/"


def page_of(client, address=WALL):
    revision.forget()
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def listed(page):
    return re.findall(r'<li data-id="[^"]+"><bdi dir="auto">([^<]*)</bdi>', page)


def test_a_room_sees_the_title_the_counts_and_the_newest_names_first(client):
    letter = make_letter()
    now = timezone.now()
    for number in range(3):
        make_signature(letter, name=f"Kettle {number}", published_at=now - timedelta(minutes=number))
    page = page_of(client)
    assert "Keep the door open</h1>" in page
    assert "<b>3</b> organisations from <b>1</b> country" in page
    assert listed(page) == ["Kettle 0", "Kettle 1", "Kettle 2"]


def test_a_hundred_names_stand_there_at_most(client):
    letter = make_letter()
    for number in range(screens.NEWEST + 3):
        make_signature(letter, name=f"Kettle {number}")
    assert len(listed(page_of(client))) == screens.NEWEST


@pytest.mark.parametrize("visibility", ["counted_only", "delivered_only"])
def test_who_wants_no_name_is_counted_and_not_welcomed(client, visibility):
    make_signature(make_letter(), name="Quiet", visibility=visibility)
    page = page_of(client)
    assert "<b>1</b> organisation" in page
    assert listed(page) == []
    assert "Quiet" not in page


@pytest.mark.parametrize("prefix", ["", "/ar"])
def test_the_code_and_the_address_in_words_lead_to_the_form_of_that_language(client, prefix):
    make_letter(languages=("en", "ar"))
    page = page_of(client, f"{prefix}{WALL}")
    where = settings.SITE_URL.partition("://")[2]
    assert f'<bdi dir="ltr">{where}{prefix}/letters/asylum/sign/</bdi>' in page
    assert '<svg class="qr"' in page


def test_without_script_it_is_loaded_anew_every_half_minute(client):
    make_letter()
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in page_of(client)


@pytest.mark.parametrize("phase", ["closed", "archived"])
def test_a_letter_that_has_closed_says_thank_you_and_offers_no_form(client, phase):
    make_signature(make_letter(phase=phase))
    page = page_of(client)
    assert "Signing has ended" in page
    assert "Thank you" in page
    assert "/sign/" not in page
    assert '<svg class="qr"' not in page
    assert listed(page) == ["Blue Kettle"]


@pytest.mark.parametrize("phase", ["draft", "gathering"])
def test_a_letter_that_is_not_public_has_no_wall(client, phase):
    make_letter(phase=phase)
    assert client.get(WALL).status_code == 404


def test_a_wall_is_found_by_no_search_engine(client):
    """The list is."""
    make_letter()
    assert '<meta name="robots" content="noindex">' in page_of(client)
