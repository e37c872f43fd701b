"""The world in which every act and every form of the desk is driven."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from letters.models import Host, Letter, PressContact, Staff
from signatories.models import Delivery, Quote, Signature
from tests.factories import (
    enter,
    make_delivery,
    make_host,
    make_imported,
    make_letter,
    make_press_contact,
    make_proposal,
    make_quote,
    make_signature,
    make_spokesperson,
    make_staff,
)


@dataclass
class World:
    """Two hosts, letters in every phase, signatures in every state, and Alice at her desk."""

    desk: Client
    alice: Staff
    host: Host
    open: Letter
    older: Letter
    closed: Letter
    gathering: Letter
    draft: Letter
    signatures: dict[str, Signature]
    imported: Signature
    sent: Delivery
    contact: PressContact
    quote: Quote

    def __getitem__(self, status: str) -> Signature:
        return self.signatures[status]


@pytest.fixture
def quickly(settings):
    """Halves the time of a long test: two languages, of both directions."""
    settings.LANGUAGES = [one for one in settings.LANGUAGES if one[0] in ("en", "ar")]


@pytest.fixture
def world(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path}},
    }
    alice = make_staff()
    desk = Client()
    enter(desk, alice)
    host = make_host()
    now = timezone.now()
    letters = {
        "older": make_letter("older", title="Older", opens_at=now - timedelta(days=20)),
        "open": make_letter("asylum", languages=("en", "ar")),
        "closed": make_letter("closed", phase="closed", host=make_host("elsewhere", name="Elsewhere")),
        "gathering": make_letter("gathering", phase="gathering"),
        "draft": make_letter("draft", phase="draft"),
    }
    sent = make_delivery(letters["open"], status="sent")  # before anybody signed
    signatures = {
        status: make_signature(letters["open"], name=f"House {status}", status=status)
        for status in ("unconfirmed", "awaiting_moderation", "held", "published", "rejected")
    }
    make_proposal(signatures["published"])
    signatures["phone"] = make_signature(letters["open"], status="unconfirmed", phone="+254700000000")
    signatures["counted"] = make_signature(letters["open"], name="Quiet", visibility="counted_only")
    signatures["early"] = make_signature(letters["gathering"], status="awaiting_moderation")
    imported = make_imported(letters["open"], name="Old Guard")
    make_host("empty", name="Empty")
    says = make_signature(letters["open"], name="House that speaks")
    make_spokesperson(says)
    press = {
        "contact": make_press_contact(letters["open"], by=alice),
        "quote": make_quote(says, status="approved"),
    }
    return World(desk, alice, host, signatures=signatures, imported=imported, sent=sent, **press, **letters)
