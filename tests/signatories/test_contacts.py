"""A contact is sealed with its signature's id, found without being stored, and opened by nobody else's key."""

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.db import connection, transaction
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from signatories import contacts
from signatories.contacts import ContactDetails
from signatories.models import Contact
from tests.factories import make_letter, make_signature

AMINA = ContactDetails(
    name="Amina Canary", role="Chair Canary", email="amina.canary@kettle.example", phone=""
)
BY_PHONE = ContactDetails(name="يوسف", phone="+254700000000")


def sealed_signature(details=AMINA, **fields):
    return make_signature(contact=details, **fields)


@pytest.mark.django_db
@pytest.mark.parametrize("details", [AMINA, BY_PHONE])
def test_what_was_sealed_is_what_is_unsealed(details):
    assert contacts.unseal(sealed_signature(details).contact) == details


@pytest.mark.django_db
def test_nothing_of_a_contact_can_be_read_in_its_table():
    signature = sealed_signature()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text, encode(sealed, 'escape') FROM signatories_contact c")
        row = " ".join(cursor.fetchone()).casefold()
    for word in ("amina", "canary", "chair", "kettle", signature.public_id):
        assert word not in row


@pytest.mark.django_db
def test_two_seals_of_one_person_look_different():
    letter = make_letter()
    seals = {bytes(sealed_signature(letter=letter, name=name).contact.sealed) for name in ("One", "Two")}
    assert len(seals) == 2


@pytest.mark.django_db
def test_a_seal_put_beside_another_signature_is_not_opened():
    letter = make_letter()
    one, other = (sealed_signature(letter=letter, name=name) for name in ("One", "Two"))
    Contact.objects.filter(signature=one).update(sealed=other.contact.sealed)
    with pytest.raises(contacts.WrongSeal):
        contacts.unseal(Contact.objects.get(signature=one))


@pytest.mark.django_db
def test_a_seal_that_was_tampered_with_is_not_opened():
    contact = sealed_signature().contact
    broken = bytearray(contact.sealed)
    broken[len(broken) // 2] ^= 1
    Contact.objects.update(sealed=bytes(broken))
    with pytest.raises(InvalidToken):
        contacts.unseal(Contact.objects.get())


@pytest.mark.django_db
def test_a_new_key_in_front_seals_and_the_old_one_still_opens(settings):
    letter = make_letter()
    old = sealed_signature(letter=letter, name="Old")
    new_key = Fernet.generate_key().decode()
    settings.CONTACT_KEYS = [new_key, *settings.CONTACT_KEYS]
    new = sealed_signature(letter=letter, name="New")

    assert contacts.unseal(old.contact) == contacts.unseal(new.contact) == AMINA
    settings.CONTACT_KEYS = [new_key]
    assert contacts.unseal(new.contact) == AMINA
    with pytest.raises(InvalidToken):
        contacts.unseal(old.contact)


@pytest.mark.django_db
def test_a_moved_contact_belongs_to_its_new_signature_alone():
    letter = make_letter()
    one, other = (sealed_signature(letter=letter, name=name) for name in ("One", "Two"))
    other.contact.delete()
    with transaction.atomic():
        contacts.move(one.contact, to=other)
    assert contacts.unseal(Contact.objects.get()) == AMINA
    assert Contact.objects.get().signature == other


def test_an_address_is_found_however_it_is_written_and_no_other():
    assert contacts.address_key("Amina@Kettle.example") == contacts.address_key("amina@kettle.example")
    assert contacts.address_key("amina@kettle.example") != contacts.address_key("amina@kettle.exampl")
    assert len(contacts.address_key("amina@kettle.example")) == 64


def test_keys_cannot_be_computed_without_the_secret(settings):
    before = contacts.address_key("amina@kettle.example")
    settings.ADDRESS_KEY = "another"
    assert contacts.address_key("amina@kettle.example") != before


def test_a_key_for_one_use_is_no_key_for_another():
    """An address, a signature and a code are told apart, so no key can be had by asking for another."""
    assert (
        len(
            {
                contacts.keyed("address", "x"),
                contacts.keyed("code", "x"),
                contacts.keyed("addressx"),
                contacts.keyed("address", "x", ""),
                contacts.dedupe_key(1, "x", ""),
            }
        )
        == 5
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((1, "a@b.c", "n"), (2, "a@b.c", "n")),
        ((1, "a@b.c", "n"), (1, "a@b.d", "n")),
        ((1, "a", "n"), (1, "a", "m")),
    ],
)
def test_letter_address_and_name_all_tell_signatures_apart(one, other):
    assert contacts.dedupe_key(*one) != contacts.dedupe_key(*other)


def test_a_traceback_shows_no_person():
    assert "Amina" not in repr(AMINA)
    assert "Amina" not in f"{[AMINA]}"


def test_a_contacts_own_words_are_not_its_person(db):
    assert str(sealed_signature().contact) == "contact"


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
@hypothesis_settings(max_examples=60, deadline=None)
def test_any_text_makes_a_key(name, address, other):
    assert len(contacts.dedupe_key(1, address, name)) == 64
    assert (contacts.address_key(address) == contacts.address_key(other)) == (
        address.casefold() == other.casefold()
    )
