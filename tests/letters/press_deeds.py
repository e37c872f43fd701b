"""What is driven of the press: contacts, quotes, spokespeople, statements, and the link before the launch."""

from letters import press
from letters.models import PressContact
from signatories import quotes, spokespeople, statements
from signatories.models import Quote
from tests.factories import make_press_contact, make_press_link, make_quote, make_spokesperson

SEEN, UNSEEN = True, False


MODULES = (press, quotes, spokespeople, statements)
ACTS = {
    (press.add_contact, SEEN): lambda w: make_press_contact(w.open, by=w.alice, name="Another desk"),
    (press.add_contact, UNSEEN): lambda w: make_press_contact(w.gathering, by=w.alice),
    (press.change_contact, SEEN): lambda w: press.change_contact(
        w.contact, asked=press.Asked(name="Another desk", phone="+254700000000", languages=["sw"]), by=w.alice
    ),
    (press.remove_contact, SEEN): lambda w: press.remove_contact(w.contact, by=w.alice),
    (press.make_link, UNSEEN): lambda w: make_press_link(w.gathering, by=w.alice),
    (press.end_link, UNSEEN): lambda w: (
        make_press_link(w.gathering, by=w.alice),
        press.end_link(w.gathering, by=w.alice),
    ),
    (quotes.offer, UNSEEN): lambda w: make_quote(w["published"]),
    (quotes.offer, SEEN): lambda w: make_quote(w.quote.signature, words="Other words."),
    (quotes.take_back, SEEN): lambda w: quotes.take_back(w.quote.signature),
    (quotes.take_back, UNSEEN): lambda w: quotes.take_back(make_quote(w["published"]).signature),
    (quotes.approve, SEEN): lambda w: make_quote(w["published"], status="approved"),
    (quotes.approve, UNSEEN): lambda w: make_quote(w["counted"], status="approved"),
    (quotes.reject, SEEN): lambda w: quotes.reject(
        w.quote, seen=quotes.seen(w.quote), reason="attacks", by=w.alice
    ),
    (quotes.reject, UNSEEN): lambda w: make_quote(w["published"], status="rejected"),
    (quotes.forget, UNSEEN): lambda w: quotes.forget(),
    (spokespeople.volunteer, SEEN): lambda w: [
        make_spokesperson(w[status])
        for status in ("published", "counted")  # with the one there is, as many as are told
    ],
    (spokespeople.volunteer, UNSEEN): lambda w: (
        make_spokesperson(w["published"]),
        make_spokesperson(w["held"]),
    ),
    (spokespeople.step_back, SEEN): lambda w: spokespeople.step_back(w.quote.signature),
    (spokespeople.step_back, UNSEEN): lambda w: spokespeople.step_back(w["counted"]),
    (statements.state, UNSEEN): lambda w: statements.state(w.open),
}
READING = {
    *(press.letter_behind, press.hours),
    *(quotes.seen, quotes.move, quotes.forget_all_of),  # parts of other acts
    *(spokespeople.of_letter, spokespeople.forget_all_of),
}


def _post(w, path, expected, **data):
    answer = w.desk.post(f"/admin/{path}", data)
    assert answer.status_code == expected, (path, answer.status_code, answer.content.decode()[:2000])


CONTACT = {"name": "Desk", "email": "desk@harbour.example", "spoken": ["en"], "days": "every_day"}


def _change_contact(w):
    form = {f"contact-{w.contact.pk}-{name}": value for name, value in CONTACT.items()}
    _post(w, f"press-contacts/{w.contact.pk}/act/", 302, act="change", **form)
    assert PressContact.objects.get(pk=w.contact.pk).name == "Desk"


def _decide(w, quote, **said):
    _post(w, f"quotes/{quote.public_id}/act/", 302, seen=quotes.seen(quote), **said)
    assert Quote.objects.get(pk=quote.pk).status != "offered"


FORMS = {
    ("desk press_of_letter", SEEN): lambda w: _post(w, f"letters/letter/{w.open.pk}/press/", 302, **CONTACT),
    ("desk act_on_press_contact: change", SEEN): _change_contact,
    ("desk act_on_press_contact: remove", SEEN): lambda w: _post(
        w, f"press-contacts/{w.contact.pk}/act/", 302, act="remove"
    ),
    ("desk act_on_press_link: make", UNSEEN): lambda w: _post(
        w, f"letters/letter/{w.gathering.pk}/press/link/", 302, act="make", days="3"
    ),
    ("desk act_on_press_link: end", UNSEEN): lambda w: _post(
        w, f"letters/letter/{w.gathering.pk}/press/link/", 302, act="end"
    ),
    ("desk act_on_quote: approve", SEEN): lambda w: _decide(w, make_quote(w["published"]), act="approve"),
    ("desk act_on_quote: reject", UNSEEN): lambda w: _decide(
        w, make_quote(w["published"]), act="reject", reason="attacks"
    ),
    ("desk act_on_quote: show no longer", SEEN): lambda w: _decide(
        w, w.quote, act="reject", reason="attacks"
    ),
}
READ_ONLY = {"desk quotes_to_decide", "desk spokespeople_of_letter"}
