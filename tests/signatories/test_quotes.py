"""A quote is shown as it was said, while its name is public: by leave of its signatory and of a moderator."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from letters.models import Event, Letter
from signatories import moderation, quotes, tasks, wall, withdrawal
from signatories.contacts import ContactDetails
from signatories.locking import SignatureEnded
from signatories.models import Quote, Signature
from tests.crawling import crawl
from tests.factories import (
    make_co_contact,
    make_imported,
    make_letter,
    make_quote,
    make_signature,
    make_staff,
)

pytestmark = pytest.mark.django_db

WORDS = "CANARYWORDS of a closed door."


def said(letter=None):
    return [quote.words for quote in wall.quotes(letter or Letter.objects.get())]


def acts():
    return list(Event.objects.filter(act__contains="quote").order_by("pk").values_list("act", flat=True))


# --- offering --------------------------------------------------------------------------------------------


def test_what_is_offered_waits_for_a_moderator():
    quote = make_quote(make_signature(), words=WORDS)
    assert quote.status == "offered"
    assert said() == []
    assert acts() == ["offer_quote"]


def test_the_same_words_change_nothing_and_other_words_wait_anew():
    signature = make_signature()
    quote = make_quote(signature, words=WORDS, status="approved")
    revision = Letter.objects.get().revision
    make_quote(signature, words=WORDS)
    assert (said(), Letter.objects.get().revision) == ([WORDS], revision)
    make_quote(signature, words="Other words.")
    quote.refresh_from_db()
    assert (quote.status, quote.words, quote.decided_at) == ("offered", "Other words.", None)
    assert (said(), Letter.objects.get().revision) == ([], revision + 1)


@pytest.mark.parametrize("status", ["rejected", "withdrawn"])
def test_a_signature_that_has_ended_says_nothing(status):
    with pytest.raises(SignatureEnded):
        make_quote(make_signature(status=status))


def test_nobody_speaks_for_a_signature_that_is_not_confirmed():
    with pytest.raises(quotes.NotConfirmedYet):
        make_quote(make_signature(status="unconfirmed"))


def test_another_contact_speaks_for_the_same_signature_in_its_place():
    signature = make_signature()
    make_quote(signature, words=WORDS)
    quote = make_quote(make_co_contact(signature), words="We, too.")
    assert (quote.signature, Quote.objects.count()) == (signature, 1)


# --- deciding --------------------------------------------------------------------------------------------


def test_an_approved_quote_is_shown_with_the_name_of_its_organisation_and_nobody_elses():
    letter = make_letter()
    contact = ContactDetails(name="CANARYPERSON", role="CANARYROLE", email="canary@canary.example")
    signature = make_signature(letter, name="بيت", latin="Bayt", country="JO", contact=contact)
    make_quote(signature, words=WORDS, language="ar", status="approved")
    (quote,) = wall.quotes(letter)
    assert (quote.words, quote.language, quote.direction) == (WORDS, "ar", "rtl")
    assert (quote.name, quote.latin, quote.country_code) == ("بيت", "Bayt", "JO")
    assert "CANARYPERSON" not in repr(quote)


def test_a_moderator_decides_about_the_words_that_were_seen():
    quote = make_quote(make_signature(), words=WORDS)
    seen = quotes.seen(quote)
    with time_machine.travel(timezone.now() + timedelta(seconds=5)):
        make_quote(quote.signature, words="Something else.")
    for decide in (quotes.approve, lambda *a, **k: quotes.reject(*a, reason="attacks", **k)):
        with pytest.raises(quotes.QuoteChanged):
            decide(quote, seen=seen, by=make_staff(f"staff{decide.__name__[:3].strip('<')}"))
    assert Quote.objects.get().status == "offered"


def test_what_was_taken_back_is_not_approved_any_more():
    quote = make_quote(make_signature())
    quotes.take_back(quote.signature)
    with pytest.raises(quotes.QuoteChanged):
        quotes.approve(quote, seen=quotes.seen(quote), by=make_staff())


def test_deciding_twice_keeps_the_first_time_and_mails_once(mailbox, work):
    quote = make_quote(make_signature(email="a@kettle.example"), status="approved")
    again = quotes.approve(quote, seen=quotes.seen(quote), by=make_staff("bob"))
    assert again.decided_at == quote.decided_at
    assert acts() == ["offer_quote", "approve_quote"]
    work()
    assert len(mailbox.to("a@kettle.example")) == 1


def test_who_is_rejected_is_told_why_and_may_say_it_otherwise(mailbox, work):
    signature = make_signature(email="a@kettle.example")
    quote = make_quote(
        signature,
        words=WORDS,
        status="rejected",
        reason="to_say_otherwise",
        answer="Without the village, please.",
    )
    work()
    told = mailbox.text_to("a@kettle.example")
    assert "should be said otherwise" in told
    assert "CANARYWORDS" not in told  # a mailbox is read by others too
    assert "village" not in told
    assert quote.answer == "Without the village, please."
    other = make_quote(signature, words="Without it.")
    assert (other.status, other.reason, other.answer) == ("offered", "", "")


def test_an_approved_quote_can_be_shown_no_longer():
    quote = make_quote(make_signature(), words=WORDS, status="approved")
    quotes.reject(quote, seen=quotes.seen(quote), reason="endangers", by=make_staff("bob"))
    assert said() == []


def test_no_event_holds_a_word_of_it():
    signature = make_signature()
    make_quote(signature, words=WORDS, status="rejected", answer="CANARYANSWER")
    assert "CANARY" not in repr(list(Event.objects.values()))
    assert "CANARY" not in str(Quote.objects.get())


def test_only_what_would_be_seen_waits_for_a_moderator():
    letter = make_letter()
    for name, fields in {
        "shown": {},
        "quiet": {"visibility": "counted_only"},
        "capped": {"staff_cap": "delivered_only"},
        "early": {"status": "awaiting_moderation"},
    }.items():
        make_quote(make_signature(letter, name=name, **fields), words=name)
    assert [quote.words for quote in Quote.objects.to_be_decided()] == ["shown"]


# --- leaving ---------------------------------------------------------------------------------------------

LEAVING = {
    "hide": withdrawal.hide,
    "withdraw": withdrawal.withdraw,
    "erase": withdrawal.erase,
    "take_back": quotes.take_back,
    "reject": lambda signature: moderation.reject(signature, by=make_staff("bob")),
    "hold": lambda signature: moderation.hold(signature, by=make_staff("bob")),
    "lower": lambda signature: moderation.lower(signature, by=make_staff("bob"), to="counted_only"),
}


@pytest.mark.parametrize("leave", LEAVING)
def test_a_quote_is_gone_at_once_with_its_name(leave):
    signature = make_signature()
    make_quote(signature, words=WORDS, status="approved")
    page = crawl(["press"])["/letters/asylum/press/"]
    assert WORDS in page.body.decode()
    LEAVING[leave](Signature.objects.get(pk=signature.pk))
    assert said() == []
    after = crawl(["press"])["/letters/asylum/press/"]
    assert "CANARYWORDS" not in after.body.decode()
    assert after.etag != page.etag


@pytest.mark.parametrize("leave", [withdrawal.withdraw, withdrawal.erase, quotes.take_back])
@pytest.mark.parametrize("status", ["offered", "approved", "rejected"])
def test_the_words_of_who_leaves_are_erased_whatever_became_of_them(status, leave):
    signature = make_signature()
    make_quote(signature, words=WORDS, status=status)
    leave(signature)
    assert not Quote.objects.exists()


def test_the_words_of_another_contact_go_with_the_signature():
    signature = make_signature()
    second = make_signature(signature.letter, name="Second", status="awaiting_moderation")
    make_quote(second, words=WORDS)
    Signature.objects.filter(pk=second.pk).update(status="superseded", superseded_by=signature)
    second.contact.delete()  # so that there is nobody left to be asked
    withdrawal.withdraw(signature)
    assert not Quote.objects.exists()


def test_what_was_hidden_is_shown_again_with_its_name():
    signature = make_signature()
    make_quote(signature, words=WORDS, status="approved")
    withdrawal.hide(signature)
    withdrawal.choose_visibility(signature, visibility="public")
    assert said() == [WORDS]


def test_who_is_asked_for_a_new_yes_is_not_quoted_meanwhile():
    signature = make_signature()
    make_quote(signature, words=WORDS, status="approved")
    Signature.objects.filter(pk=signature.pk).update(status="to_agree_again")
    assert said() == []


def test_words_that_were_not_shown_are_erased_in_time(settings):
    kept = make_quote(make_signature(name="Kept"), status="approved")
    make_quote(make_signature(kept.signature.letter), words=WORDS, status="rejected")
    with time_machine.travel(timezone.now() + settings.ERASE_REJECTED_AFTER + timedelta(minutes=1)):
        tasks.do_what_is_due()
    assert [quote.pk for quote in Quote.objects.all()] == [kept.pk]


def test_a_rejected_signature_takes_its_words_along_when_it_is_erased(settings):
    signature = make_signature()
    make_quote(signature, words=WORDS, status="approved")
    moderation.reject(signature, by=make_staff("bob"))
    with time_machine.travel(timezone.now() + settings.ERASE_REJECTED_AFTER + timedelta(minutes=1)):
        tasks.erase_rejected()
    assert not Quote.objects.exists()


def test_whoever_claims_an_imported_place_brings_its_words_and_leaves_no_copy():
    letter = make_letter()
    place = make_imported(letter)
    signature = make_signature(letter, status="awaiting_moderation")
    make_quote(signature, words=WORDS)
    moderation.approve(signature, by=make_staff(), organisation=place.organisation)
    assert [quote.signature for quote in Quote.objects.all()] == [place]
    withdrawal.erase(Signature.objects.get(pk=place.pk))
    assert not Quote.objects.exists()
