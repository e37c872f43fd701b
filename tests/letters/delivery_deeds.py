"""Every act of handing over and every form of it at the desk, for test_revision.py: whether the public sees it."""

from datetime import date

from signatories import delivery, parcels
from signatories.models import Delivery
from tests.factories import make_delivery

SEEN, UNSEEN = True, False

PRIVATE = delivery.Answer(on=date(2026, 11, 1), words="Between us.")
PUBLIC = delivery.Answer(on=date(2026, 11, 1), words="We read it.", is_public=True)

MODULES = (delivery, parcels)
READING = {
    delivery.document,
    delivery.outlook,
    delivery.sentence_about_removed,
    parcels.file_name,
    parcels.path_of,
    parcels.write_zip,
}


def _unsent(w):
    made = make_delivery(w.open)
    delivery.sealed(made)
    return made


def _parcel(w):
    parcel = parcels.pack([make_delivery(w.open)], by=w.alice)
    parcels.fill(parcel.pk)
    return parcel


def _recipient(w):
    return w.open.recipients.first()


ACTS = {
    (delivery.deliver, UNSEEN): lambda w: delivery.deliver(w.open, recipients=[_recipient(w)], by=w.alice),
    (delivery.supplement, UNSEEN): lambda w: delivery.supplement(w.sent, by=w.alice),
    (delivery.preview, UNSEEN): lambda w: delivery.preview(w.open, _recipient(w), by=w.alice),
    (delivery.discard, UNSEEN): lambda w: delivery.discard(_unsent(w), by=w.alice),
    (delivery.sealed, UNSEEN): _unsent,
    (delivery.release, UNSEEN): lambda w: delivery.release(_unsent(w), by=w.alice),
    (delivery.cover, UNSEEN): lambda w: delivery.cover(w.open, language="en", words="We met.", by=w.alice),
    (delivery.mark, SEEN): lambda w: delivery.mark(_unsent(w), status="sent", by=w.alice),
    (delivery.mark, UNSEEN): lambda w: delivery.mark(w.sent, status="met", by=w.alice),
    (delivery.record_answer, SEEN): lambda w: delivery.record_answer(w.sent, answer=PUBLIC, by=w.alice),
    (delivery.record_answer, UNSEEN): lambda w: delivery.record_answer(w.sent, answer=PRIVATE, by=w.alice),
    (delivery.tell_removed, UNSEEN): lambda w: delivery.tell_removed(w.sent, by=w.alice),
    (parcels.pack, UNSEEN): lambda w: parcels.pack([_unsent(w)], by=w.alice),
    (parcels.fill, UNSEEN): _parcel,
    (parcels.release, UNSEEN): lambda w: parcels.release(_parcel(w), by=w.alice),
    (parcels.forget, UNSEEN): lambda w: parcels.forget(),
}

# --- the desk ------------------------------------------------------------------------------------------

OF_A_LETTER = ("prepare", "preview", "make", "mark", "supplement", "pack", "cover")
OF_ONE = ("answer", "told", "discard", "document")
FORM_NAMES = {f"signatories.delivery {page}" for page in (*OF_A_LETTER, *OF_ONE, "download")}
ADDRESSES = [
    f"signatories_delivery_{page}" for page in (*OF_A_LETTER, *OF_ONE, "download", "board", "parcel")
]


def _post(w, address, expected=302, **data):
    answer = w.desk.post(f"/admin/signatories/delivery/{address}/", data)
    assert answer.status_code == expected, (address, answer.status_code)
    list(answer)  # a file is closed when it was read


def _of_letter(w, page, expected=302, **data):
    _post(w, f"letter/{w.open.pk}/{page}", expected, recipient=_recipient(w).pk, **data)


def _mark_newest(w, status):
    _unsent(w)
    _of_letter(w, "mark", status=status)
    assert Delivery.objects.first().status == status


FORMS = {
    ("signatories.delivery prepare", UNSEEN): lambda w: _of_letter(w, "prepare", 200),
    ("signatories.delivery preview", UNSEEN): lambda w: _of_letter(
        w, "preview", 200, preview=_recipient(w).pk
    ),
    ("signatories.delivery make", UNSEEN): lambda w: _of_letter(w, "make", order="by_country"),
    ("signatories.delivery supplement", UNSEEN): lambda w: _of_letter(w, "supplement"),
    ("signatories.delivery pack", UNSEEN): lambda w: _of_letter(w, "pack"),
    ("signatories.delivery cover", UNSEEN): lambda w: _of_letter(w, "cover", **{"words-en": "We met."}),
    ("signatories.delivery mark", SEEN): lambda w: _mark_newest(w, "sent"),
    ("signatories.delivery mark: bounced", UNSEEN): lambda w: _mark_newest(w, "bounced"),
    ("signatories.delivery answer", SEEN): lambda w: _post(
        w, f"{w.sent.pk}/answer", on="2026-11-01", words="We read it.", is_public="on"
    ),
    ("signatories.delivery answer: private", UNSEEN): lambda w: _post(
        w, f"{w.sent.pk}/answer", on="2026-11-01", words="Between us."
    ),
    ("signatories.delivery told", UNSEEN): lambda w: _post(w, f"{w.sent.pk}/told"),
    ("signatories.delivery discard", UNSEEN): lambda w: _post(w, f"{_unsent(w).pk}/discard"),
    ("signatories.delivery document", UNSEEN): lambda w: _post(w, f"{w.sent.pk}/document", 200),
    ("signatories.delivery download", UNSEEN): lambda w: _post(
        w, f"parcel/{_parcel(w).public_id}/download", 200
    ),
}
