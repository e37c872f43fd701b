"""What is driven of invitations: none of it changes what the public sees, but a yes where nobody must look at it."""

from datetime import timedelta

from django.utils import timezone

from letters.models import Letter
from signatories import accepting, invitations
from signatories.admin.invitations import _ACTS
from signatories.contacts import unseal
from tests.factories import make_claim, make_contact_details, make_invitation
from tests.ticking import tick

SEEN, UNSEEN = True, False
LIST = "/admin/signatories/invitation/"
GUEST = invitations.Guest(name="Silver Spoon", country="KE", email="spoon@silver.example")


def invited(w, **fields):
    return make_invitation(w.open, **{"name": "Silver Spoon", "email": "spoon@silver.example", **fields})


def day():
    return timezone.now().date() + timedelta(days=1)


def accept(letter, **fields):
    invitation = make_invitation(letter, **fields)
    contact = make_contact_details(email=fields.get("email", "amina@kettle.example"))
    text, claim = letter.texts.first(), make_claim(invitation.name)
    return accepting.accept(
        invitation, text=text, claim=claim, contact=contact, visibility="public", language="en"
    )


def accept_where_it_is_trusted(w):
    w["counted"].organisation.verification = "verified"
    w["counted"].organisation.save()
    Letter.objects.filter(pk=w.older.pk).update(trusts_verified=True)
    w.older.refresh_from_db()
    email = unseal(w["counted"].contact).email
    signature = accept(w.older, name=w["counted"].organisation.name, email=email)
    assert signature.status == "published"


MODULES = (accepting, invitations)
ACTS = {
    (accepting.accept, UNSEEN): lambda w: accept(w.open),
    (accepting.accept, SEEN): accept_where_it_is_trusted,
    (invitations.invite, UNSEEN): lambda w: invitations.invite(w.open, guest=GUEST, by=w.alice),
    (invitations.change, UNSEEN): lambda w: invitations.change(
        invited(w), guest=GUEST, chased_by=w.alice, by=w.alice
    ),
    (invitations.chase, UNSEEN): lambda w: invitations.chase(invited(w), by=w.alice),
    (invitations.take_off, UNSEEN): lambda w: invitations.take_off(invited(w), by=w.alice),
    (invitations.follow_up, UNSEEN): lambda w: invitations.follow_up(w.draft, earlier=w.open, by=w.alice),
    (invitations.send, UNSEEN): lambda w: invitations.send(invited(w, status="to_send"), by=w.alice),
    (invitations.remind, UNSEEN): lambda w: invitations.remind(invited(w), by=w.alice),
    (invitations.remind_due, UNSEEN): lambda w: (invited(w), invitations.remind_due()),
    (invitations.answer, UNSEEN): lambda w: invitations.answer(
        invited(w), said="will_sign", promised_on=day()
    ),
    (invitations.mark, UNSEEN): lambda w: invitations.mark(invited(w), status="declined", by=w.alice),
    (invitations.match, UNSEEN): lambda w: invitations.match(
        invited(w), signature=w["published"], by=w.alice
    ),
    (invitations.bounced, UNSEEN): lambda w: invitations.bounced(invited(w).public_id, permanent=True),
    (invitations.not_sent, UNSEEN): lambda w: invitations.not_sent(
        invited(w), invitations.InvitationMail.INVITATION
    ),
    (invitations.show_contact, UNSEEN): lambda w: invitations.show_contact(invited(w), by=w.alice),
    (invitations.forget, UNSEEN): lambda w: invitations.forget(),
}
READING = {
    invitations.outlook,
    invitations.earlier_letters,
    invitations.standing,
    invitations.signed_as,
    invitations.due,
    invitations.may_be_reminded,
    invitations.today,
    invitations.last_day,
    invitations.is_invited_mailbox,
    invitations.knows,
    invitations.mint,
    invitations.find,
    invitations.mailbox_of,
    invitations.words_for_chat,
    *(invitations.notice, invitations.use),  # part of other acts, and of nothing that is public
}


def post(w, path, expected=302, **data):
    answer = w.desk.post(f"{LIST}{path}/", data)
    assert answer.status_code == expected, (path, answer.status_code, answer.content.decode()[:2000])


def act(w, name, *, at="invited", **data):
    post(w, f"{invited(w, status=at).pk}/act", act=name, **data)


def action(w, name, *, status="invited"):
    answer = tick(w.desk, name, [invited(w, status=status)], page=LIST, follow=False)
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}results/")


def new(w, **data):
    post(w, f"letter/{w.open.pk}/new", **data)


FORMS = {
    ("signatories.invitation action send_many", UNSEEN): lambda w: action(w, "send_many", status="to_send"),
    ("signatories.invitation action remind_many", UNSEEN): lambda w: action(w, "remind_many"),
    ("signatories.invitation action chase_many", UNSEEN): lambda w: action(w, "chase_many"),
    ("signatories.invitation action take_off_many", UNSEEN): lambda w: action(w, "take_off_many"),
    ("signatories.invitation new: one", UNSEEN): lambda w: new(
        w, act="one", **{"one-organisation": "New", "one-language": "en"}
    ),
    ("signatories.invitation new: many", UNSEEN): lambda w: new(
        w, act="write", **{"many-pasted": "New", "many-language": "en"}
    ),
    ("signatories.invitation follow_up", UNSEEN): lambda w: post(
        w, f"letter/{w.draft.pk}/follow-up", earlier=w.open.pk
    ),
    ("signatories.invitation contact", UNSEEN): lambda w: post(w, f"{invited(w).pk}/contact", 200),
    ("signatories.invitation act send", UNSEEN): lambda w: act(w, "send", at="to_send"),
    ("signatories.invitation act remind", UNSEEN): lambda w: act(w, "remind"),
    ("signatories.invitation act mark", UNSEEN): lambda w: act(w, "mark", status="declined"),
    ("signatories.invitation act match", UNSEEN): lambda w: act(w, "match", signature=w["published"].pk),
    ("signatories.invitation act change", UNSEEN): lambda w: act(
        w, "change", organisation="New", language="en"
    ),
    ("signatories.invitation act take_off", UNSEEN): lambda w: act(w, "take_off"),
}
FORM_NAMES = {
    *(f"signatories.invitation {page}" for page in ("new", "follow_up", "contact")),
    *(f"signatories.invitation act {each}" for each in _ACTS),
}
ADDRESSES = [
    f"signatories_invitation_{page}"
    for page in ("new", "unanswered", "follow_up", "act", "contact", "results")
]
