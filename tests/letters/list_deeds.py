"""What is driven of lists, exports and entries on behalf: none of it changes what the public sees."""

from signatories import export, lists, on_behalf, verification
from signatories.admin import urls as desk_urls
from signatories.formats import FORMATS
from signatories.sheets import read_pasted
from tests.factories import make_claim, make_staff

UNSEEN = False
CSV = FORMATS["csv"]


def enter(w, *, by=None):
    said = {"visibility": "public", "language": "en", "channel": "phone", "evidence": "A call."}
    by = by or w.alice
    return on_behalf.enter(w.open, text=w.open.texts.first(), claim=make_claim("New"), by=by, **said)


def take(w):
    return lists.take(w.open, sheets=read_pasted("New"), by=w.alice)


def check(w):
    return lists.check(take(w), layout=lists.Layout(columns={0: "name"}), terms=lists.Terms())


def write(w):
    return lists.write(check(w), by=w.alice)


MODULES = (export, lists, on_behalf)
ACTS = {
    (on_behalf.enter, UNSEEN): enter,
    (on_behalf.second, UNSEEN): lambda w: on_behalf.second(enter(w), by=make_staff("bob")),
    (on_behalf.drop, UNSEEN): lambda w: on_behalf.drop(enter(w), by=w.alice),
    (lists.take, UNSEEN): take,
    (lists.check, UNSEEN): check,
    (lists.write, UNSEEN): write,
    (lists.work_on, UNSEEN): lambda w: lists.work_on(write(w).pk),
    (lists.stop, UNSEEN): lambda w: lists.stop(write(w), by=w.alice),
    (lists.give_up, UNSEEN): lambda w: lists.give_up(take(w), by=w.alice),
    (lists.forget, UNSEEN): lambda w: lists.forget(),
    (export.public_names, UNSEEN): lambda w: list(CSV.written(export.public_names(w.open, CSV))),
    (export.signatures, UNSEEN): lambda w: export.signatures(
        w.open, CSV, statuses=["published"], columns=["name"], by=w.alice
    ),
    (export.contacts, UNSEEN): lambda w: export.contacts(
        w.open, CSV, statuses=["published"], reason="legal", by=w.alice
    ),
}
READING = {
    verification.refuse_who_entered,
    on_behalf.waiting,
    export.left_today,
    export.tell,
    lists.sheets_of,
    lists.counts,
    lists.results,
    lists.entry_of,
    lists.reason,
    lists.differences,
    lists.visibility_of,
}


def post(w, path, data):
    answer = w.desk.post(path, data)
    assert answer.status_code == 302, (path, answer.status_code, answer.content.decode()[:2000])


def decide(w, decision):
    signature = enter(w, by=make_staff("bob"))
    post(w, f"/admin/signatories/signature/{signature.pk}/decide/", {"decision": decision})


def export_from(w, what):
    choice = {"what": what, "kind": "csv", "statuses": ["published"], "columns": ["name"], "reason": "legal"}
    answer = w.desk.post(f"/admin/letters/letter/{w.open.pk}/export/", choice)
    assert answer.status_code == 200
    assert b"".join(answer.streaming_content)


TERMS = {"consent": "unknown", "language": "en", "sheet": 0, "heading_row": 0, "column_0": "name"}
FACTS = {
    "organisation": "New",
    "country": "KE",
    "kind": "ally",
    "visibility": "public",
    "language": "en",
    "channel": "chat",
    "evidence": "A chat.",
}
FORMS = {
    ("desk export_letter: public", UNSEEN): lambda w: export_from(w, "public"),
    ("desk export_letter: desk", UNSEEN): lambda w: export_from(w, "desk"),
    ("desk export_letter: contacts", UNSEEN): lambda w: export_from(w, "contacts"),
    ("desk import_list", UNSEEN): lambda w: post(
        w, f"/admin/letters/letter/{w.open.pk}/import/", {"pasted": "New"}
    ),
    ("desk imported_list: check", UNSEEN): lambda w: post(
        w, f"/admin/imports/{take(w).public_id}/", {"act": "check", **TERMS}
    ),
    ("desk imported_list: write", UNSEEN): lambda w: post(
        w, f"/admin/imports/{check(w).public_id}/", {"act": "write"}
    ),
    ("desk imported_list: stop", UNSEEN): lambda w: post(
        w, f"/admin/imports/{write(w).public_id}/", {"act": "stop"}
    ),
    ("desk imported_list: give_up", UNSEEN): lambda w: post(
        w, f"/admin/imports/{check(w).public_id}/", {"act": "give_up"}
    ),
    ("desk enter_on_behalf", UNSEEN): lambda w: post(
        w, f"/admin/letters/letter/{w.open.pk}/on-behalf/", FACTS
    ),
    ("signatories.signature decide second", UNSEEN): lambda w: decide(w, "second"),
    ("signatories.signature decide drop", UNSEEN): lambda w: decide(w, "drop"),
}
FORM_NAMES = {f"desk {page.name}" for page in desk_urls.urlpatterns}
