"""Public bytes change only with their revision, whatever act, form of the desk or passing date changed them.

Every act and every form is driven here. A new one that is not fails `test_every_act_and_every_form_is_driven`.
"""

import inspect
import re
from datetime import date, timedelta
from functools import partial
from io import BytesIO
from itertools import islice

import pytest
import time_machine
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client, override_settings
from django.utils import timezone
from PIL import Image

from letters import admin as letters_admin
from letters import lifecycle, moments, revision
from letters.models import Host, Letter, Recipient, Staff
from letters.parsing import ParsedLetter, ParsedSignatory
from signatories import (
    importing,
    invalidation,
    merging,
    moderation,
    signing,
    tokens,
    verification,
    vouching,
    withdrawal,
)
from signatories.admin import invalidations, organisations
from signatories.admin.decisions import CHOICES
from signatories.contacts import unseal
from signatories.importing import Found
from signatories.models import Invalidation, Purpose, Signature, Vouch
from tests.crawling import crawl_kept_pages
from tests.factories import (
    make_claim,
    make_co_contact,
    make_contact_details,
    make_host,
    make_letter,
    make_organisation,
    make_rule,
    make_signature,
    make_staff,
    make_vouch,
    make_voucher,
)
from tests.letters import (
    delivery_deeds,
    invitation_deeds,
    list_deeds,
    press_deeds,
    update_deeds,
    version_deeds,
    workshop_deeds,
)
from tests.ticking import tick

pytestmark = pytest.mark.django_db

LATER = timedelta(days=2)


# --- every act, and whether the public sees what it does -----------------------------------------------

SEEN, UNSEEN = True, False

CORRECTION = withdrawal.Correction(name="Zebra", latin="", country="UG", kind="ally", website="")


def _found(*names):
    letter = ParsedLetter(
        title="Imported",
        subtitle="",
        date=date(2020, 1, 1),
        body="We ask.",
        asks=(),
        closing="",
        preface="",
        signatories=tuple(
            ParsedSignatory(name=name, country="KE", person="", role="", line=line, raw=name)
            for line, name in enumerate(names, 1)
        ),
        language="en",
    )
    return Found(letter=letter, doubts=[], likenesses=[])


def _import(*names, **options):
    return importing.import_letter(_found(*names), slug="imported", host="harbour", **options)


ACTS = {
    (lifecycle.gather, UNSEEN): lambda w: lifecycle.gather(w.draft, by=w.alice),
    (lifecycle.open_letter, SEEN): lambda w: lifecycle.open_letter(w.gathering, by=w.alice),
    (lifecycle.close_letter, SEEN): lambda w: lifecycle.close_letter(w.open, by=w.alice, at=_at(LATER)),
    (lifecycle.reopen_letter, SEEN): lambda w: lifecycle.reopen_letter(w.closed, by=w.alice),
    (lifecycle.archive_letter, SEEN): lambda w: lifecycle.archive_letter(w.closed, by=w.alice),
    (lifecycle.replace_gathering_link, UNSEEN): lambda w: lifecycle.replace_gathering_link(w.gathering),
    (signing.sign, UNSEEN): lambda w: signing.sign(
        w.open, text=w.open.texts.first(), claim=make_claim("New"), contact=make_contact_details()
    ),
    (verification.confirm, UNSEEN): lambda w: verification.confirm(w["unconfirmed"], visibility="public"),
    (verification.confirm, SEEN): lambda w: _confirm_where_it_is_trusted(w),
    (verification.reach_by_phone, UNSEEN): lambda w: verification.reach_by_phone(w["phone"], by=w.alice),
    (verification.confirm_by_hand, UNSEEN): lambda w: verification.confirm_by_hand(
        w["phone"], by=w.alice, code=tokens.mint(w["phone"], Purpose.PHONE).code
    ),
    (verification.verify, SEEN): lambda w: verification.verify(
        w["published"].organisation, by=w.alice, verification="verified"
    ),
    (verification.verify, UNSEEN): lambda w: (  # neither has a mark before or after
        verification.verify(w["published"].organisation, by=w.alice, verification="doubtful"),
        verification.verify(w["counted"].organisation, by=w.alice, verification="verified"),
    ),
    (verification.add_evidence, UNSEEN): lambda w: verification.add_evidence(
        w["published"].organisation, by=w.alice, words="In the register."
    ),
    (vouching.ask, UNSEEN): lambda w: vouching.ask(
        w["counted"], vouchers=[make_voucher(w.draft, keep_contact=True).organisation], by=w.alice
    ),
    (vouching.give, SEEN): lambda w: vouching.give(_second_vouch(w, "asked"), how_known="same_place"),
    (vouching.give, UNSEEN): lambda w: vouching.give(_vouch(w, "asked"), how_known="same_place"),
    (vouching.decline, UNSEEN): lambda w: vouching.decline(_vouch(w, "asked")),
    (vouching.revoke, UNSEEN): lambda w: vouching.revoke(_vouch(w, "given")),
    (vouching.record, UNSEEN): lambda w: vouching.record(
        w["counted"], voucher=make_voucher(w.draft).organisation, how_known="same_place", by=w.alice
    ),
    (moderation.approve, SEEN): lambda w: moderation.approve(w["awaiting_moderation"], by=w.alice),
    (moderation.approve, UNSEEN): lambda w: (
        moderation.approve(w["early"], by=w.alice),
        moderation.approve(  # another person of an organisation that has signed
            w["held"], by=w.alice, organisation=w["published"].organisation, as_co_contact=True
        ),
    ),
    (moderation.settle, SEEN): lambda w: moderation.settle(
        _disputed(w), by=w.alice, outcome=moderation.Outcome.WITHDRAW
    ),
    (moderation.remark, UNSEEN): lambda w: moderation.remark(w["published"], by=w.alice, words="Hm."),
    (moderation.undo, SEEN): lambda w: _reject_and_undo(w["published"], by=w.alice),
    (moderation.reject, SEEN): lambda w: moderation.reject(w["published"], by=w.alice),
    (moderation.reject, UNSEEN): lambda w: moderation.reject(w["held"], by=w.alice),
    (moderation.hold, SEEN): lambda w: moderation.hold(w["published"], by=w.alice),
    (moderation.hold, UNSEEN): lambda w: moderation.hold(w["awaiting_moderation"], by=w.alice),
    (moderation.lower, SEEN): lambda w: moderation.lower(w["published"], by=w.alice, to="counted_only"),
    (moderation.lower, UNSEEN): lambda w: moderation.lower(w["counted"], by=w.alice, to="counted_only"),
    (moderation.complete, SEEN): lambda w: moderation.complete(
        w.imported, by=w.alice, facts=moderation.Facts(country="UG")
    ),
    (moderation.accept_correction, SEEN): lambda w: moderation.accept_correction(w["published"], by=w.alice),
    (moderation.decline_correction, UNSEEN): lambda w: moderation.decline_correction(
        w["published"], by=w.alice
    ),
    (invalidation.begin, UNSEEN): lambda w: _begin(w),
    (invalidation.work_on, SEEN): lambda w: _reject_all(w),
    (invalidation.stop, UNSEEN): lambda w: invalidation.stop(_begin(w), by=w.alice),
    (invalidation.go_on, UNSEEN): lambda w: invalidation.go_on(
        invalidation.stop(_begin(w), by=w.alice), by=w.alice
    ),
    (invalidation.undo, UNSEEN): lambda w: invalidation.undo(_reject_all(w, "held"), by=w.alice),
    (invalidation.work_on, UNSEEN): lambda w: _reject_all(w, "held"),
    (invalidation.forget, UNSEEN): lambda w: invalidation.forget(),
    (withdrawal.correct, UNSEEN): lambda w: withdrawal.correct(w["counted"], correction=CORRECTION),
    (withdrawal.never_name_to, UNSEEN): lambda w: withdrawal.never_name_to(
        w["published"], w["published"].letter.recipients.all()
    ),
    (withdrawal.name_to_newer, UNSEEN): lambda w: withdrawal.name_to_newer(
        w["published"], newest=Recipient(addressed_since=timezone.now())
    ),
    (withdrawal.choose_visibility, SEEN): lambda w: withdrawal.choose_visibility(
        w["counted"], visibility="public"
    ),
    (withdrawal.choose_visibility, UNSEEN): lambda w: withdrawal.choose_visibility(
        w["counted"], visibility="delivered_only"
    ),
    (withdrawal.hide, SEEN): lambda w: withdrawal.hide(w["published"]),
    (withdrawal.disown, SEEN): lambda w: withdrawal.disown(make_co_contact(w["published"])),
    (withdrawal.disown, UNSEEN): lambda w: withdrawal.disown(w["published"]),
    (withdrawal.withdraw, SEEN): lambda w: withdrawal.withdraw(w["counted"]),
    (withdrawal.withdraw, UNSEEN): lambda w: withdrawal.withdraw(w["held"]),
    (withdrawal.erase, SEEN): lambda w: withdrawal.erase(w["published"]),
    (withdrawal.erase, UNSEEN): lambda w: withdrawal.erase(w["rejected"]),
    (importing.import_letter, SEEN): lambda w: _import("One", "Two"),
    **delivery_deeds.ACTS,
    **list_deeds.ACTS,
    **invitation_deeds.ACTS,
    **version_deeds.ACTS,
    **workshop_deeds.ACTS,
    **update_deeds.ACTS,
    **press_deeds.ACTS,
    (merging.merge, SEEN): lambda w: _merge(w, w["counted"].organisation),
    (merging.merge, UNSEEN): lambda w: _merge(w, make_organisation("Elsewhere")),
    (merging.undo, SEEN): lambda w: merging.undo(_merge(w, w["counted"].organisation), by=w.alice),
    (merging.undo, UNSEEN): lambda w: merging.undo(_merge(w, make_organisation("Elsewhere")), by=w.alice),
    (merging.tell_apart, UNSEEN): lambda w: merging.tell_apart(
        w["published"].organisation, w["counted"].organisation, by=w.alice
    ),
    (merging.forget, UNSEEN): lambda w: merging.forget(),
}


def _merge(w, absorbed):
    return merging.merge(w["published"].organisation, absorbed, by=w.alice)


def _at(later):
    return timezone.now() + later


def _confirm_where_it_is_trusted(w):
    w["counted"].organisation.verification = "verified"
    w["counted"].organisation.save()
    Letter.objects.filter(pk=w.older.pk).update(trusts_verified=True)
    email = unseal(w["counted"].contact).email
    signature = make_signature(w.older, name="Quiet", status="unconfirmed", email=email)
    assert verification.confirm(signature, visibility="public").status == "published"


def _vouch(w, status):
    return make_vouch(w["counted"], make_voucher(w.draft), status=status)


def _second_vouch(w, status):
    """The word that makes a named organisation verified by its peers, another one having given its own."""
    make_vouch(w["published"], make_voucher(w.draft, name="Red Lantern"))
    return make_vouch(w["published"], make_voucher(w.draft, name="Green Lamp"), status=status)


def _disputed(w):
    Signature.objects.filter(pk=w["counted"].pk).update(question="contacts_disagree", asked_at=timezone.now())
    return w["counted"]


def _reject_and_undo(signature, *, by):
    with override_settings(UNDO_FOR=timedelta(minutes=5)):
        moderation.reject(signature, by=by)
        moderation.undo(signature, by=by)


def _begin(w, status="published"):
    rule = make_rule(w.open, name_pattern=Signature.objects.get(pk=w[status].pk).name)
    return invalidation.begin(rule, counted=1, by=w.alice)


def _reject_all(w, status="published"):
    begun = _begin(w, status)
    invalidation.work_on(begun.pk)
    begun.refresh_from_db()
    assert (begun.status, begun.done) == ("done", 1)
    return begun


# --- every form and button of the desk -----------------------------------------------------------------


def _rows(prefix, objects, fields, *, add=()):
    """What an inline form sends: the rows that are there, then new ones."""
    rows = [*objects, *add]
    data = {
        f"{prefix}-TOTAL_FORMS": len(rows),
        f"{prefix}-INITIAL_FORMS": len(rows) - len(add),
        f"{prefix}-MIN_NUM_FORMS": 0,
        f"{prefix}-MAX_NUM_FORMS": 1000,
    }
    for number, row in enumerate(rows):
        values = row if isinstance(row, dict) else {**{f: getattr(row, f) for f in fields}, "id": row.pk}
        data |= {
            f"{prefix}-{number}-{name}": "" if value is None else value for name, value in values.items()
        }
    return data


def _send(desk, path, data):
    answer = desk.post(path, data)
    said = re.findall(r'class="errorlist[^>]*>(.*?)</ul>', answer.content.decode(), re.DOTALL)
    assert answer.status_code == 302, (path, answer.status_code, said)
    return answer


def save_host(w, *, host=None, texts=None, add_texts=(), add_links=(), **fields):
    host = host or w.host
    data = {"name": host.name, "slug": host.slug, "website": host.website, "picture_credit": ""}
    text_fields, link_fields = ("language", "stands_for", "picture_alt"), ("label", "url")
    data |= _rows("texts", texts or host.texts.all(), text_fields, add=add_texts)
    data |= _rows("links", host.links.all(), link_fields, add=add_links)
    _send(w.desk, f"/admin/letters/host/{host.pk}/change/", data | fields)


def save_letter(w, letter, *, change=None, add_figures=(), add_recipients=(), **fields):
    data = {name: getattr(letter, name) for name in ("slug", "original_language", "time_zone")}
    data |= {"host": letter.host_id}
    recipients = ("office", "style_of_address", "mission", "country", "language", "channel")
    figures = ("language", "number", "label", "source", "source_url", "as_of")
    data |= _rows("recipients", letter.recipients.all(), recipients, add=add_recipients)
    data |= _rows("figures", letter.figures.all(), figures, add=add_figures)
    _send(w.desk, f"/admin/letters/letter/{letter.pk}/change/", data | (change or {}) | fields)


def add_text(w, letter, **fields):
    data = {
        "letter": letter.pk,
        "language": "en",
        "standing": "official",
        "title": "Another",
        "body": "We ask.",
    }
    _send(w.desk, "/admin/letters/text/add/", {**data, "subtitle": "", **fields})


def change_text(w, **fields):
    text = w.draft.texts.get()
    data = {
        "letter": w.draft.pk,
        "language": "en",
        "standing": "official",
        "title": "Quiet",
        "body": "Quiet.",
    }
    _send(w.desk, f"/admin/letters/text/{text.pk}/change/", {**data, "subtitle": "", **fields})


def letter_act(w, letter, act, at=""):
    _send(w.desk, f"/admin/letters/letter/{letter.pk}/act/", {"act": act, "at": at})


def decide(w, signature, decision, **data):
    _send(w.desk, f"/admin/signatories/signature/{signature.pk}/decide/", {"decision": decision, **data})


def action(w, model, name, *rows, **data):
    query = "?queue=all" if model == "signature" else ""
    answer = tick(w.desk, name, rows, page=f"/admin/signatories/{model}/{query}", follow=False, **data)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    assert answer["Location"] == f"/admin/signatories/{model}/results/"


def undo(w, signature):
    """Reject it and take that back through the pages; in between, the public saw it gone."""
    with override_settings(UNDO_FOR=timedelta(minutes=5)):
        decide(w, signature, "reject", reason="no_answer")
        _send(w.desk, f"/admin/signatories/signature/{signature.pk}/undo/", {})


def take_back(w):
    with override_settings(UNDO_FOR=timedelta(minutes=5)):
        action(w, "signature", "reject_many", w["published"], reason="no_answer")
        results = w.desk.get("/admin/signatories/signature/results/")
        shown = re.search('name="shown" value="([^"]+)"', results.content.decode())[1]
        _send(w.desk, "/admin/signatories/signature/take-back/", {"shown": shown, "all": "1"})
    assert Signature.objects.get(pk=w["published"].pk).status == "published"


def add_invalidation(w):
    name = Signature.objects.get(pk=w["published"].pk).name
    form = {"letter": w.open.pk, "name_pattern": name, "why": "A herd", "place": ""}
    counted = w.desk.post("/admin/signatories/invalidation/add/", form).content.decode()
    button = re.search('name="counted" value="([^"]+)"', counted)[1]
    _send(w.desk, "/admin/signatories/invalidation/add/", {"counted": button})
    invalidation.work_on(Invalidation.objects.get().pk)


def act_on_invalidation(w, act, started):
    _send(w.desk, f"/admin/signatories/invalidation/{started.pk}/act/", {"act": act})


def picture():
    out = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "PNG")
    return SimpleUploadedFile("harbour.png", out.getvalue(), "image/png")


def figure_row(letter):
    return {
        "letter": letter.pk,
        "language": "en",
        "number": "7",
        "label": "camps",
        "source": "UNHCR",
        "source_url": "",
        "as_of": "2025-01-01",
    }


def add_letter(w):
    data = {"host": w.host.pk, "slug": "brand-new", "original_language": "en", "time_zone": "Africa/Nairobi"}
    data |= _rows("recipients", [], ()) | _rows("figures", [], ())
    _send(w.desk, "/admin/letters/letter/add/", data)


def add_host(w):
    data = {"name": "New Harbour", "slug": "new-harbour", "website": "", "picture_credit": ""}
    text = {"language": "en", "stands_for": "Boats.", "picture_alt": ""}
    _send(
        w.desk, "/admin/letters/host/add/", data | _rows("texts", [], (), add=[text]) | _rows("links", [], ())
    )


def add_staff(w):
    password = "five words make it long"
    data = {"username": "bob", "usable_password": "true", "password1": password, "password2": password}
    _send(w.desk, "/admin/letters/staff/add/", data)


def change_staff(w):
    data = {"username": "alice", "is_active": "on", "is_staff": "on", "is_superuser": "on", "first_name": "A"}
    data |= {"date_joined_0": "2026-01-01", "date_joined_1": "10:00", "last_login_0": "", "last_login_1": ""}
    _send(w.desk, f"/admin/letters/staff/{w.alice.pk}/change/", data)


def verify_organisation(w):
    organisation = w["published"].organisation
    path = f"/admin/signatories/organisation/{organisation.pk}/change/"
    _send(w.desk, path, {"verification": "verified"})


def merge_by_button(w, absorbed):
    kept = w["published"].organisation
    seen = merging.preview(kept, absorbed).seen
    _send(w.desk, f"/admin/signatories/organisation/{kept.pk}/merge/{absorbed.pk}/", {"seen": seen})


def organisation_act(w, act, **fields):
    vouch = Vouch.objects.filter(pk=fields.get("vouch")).first()
    organisation = vouch.voucher if vouch else w["published"].organisation
    _send(w.desk, f"/admin/signatories/organisation/{organisation.pk}/act/", {"act": act, **fields})


def delete(w, model, row):
    _send(w.desk, f"/admin/letters/{model}/{row.pk}/delete/", {"post": "yes"})


def delete_draft_text(w):
    delete(w, "text", w.draft.texts.get())


HOST_TEXT = {"language": "en", "stands_for": "We *carry*.", "picture_alt": ""}

FORMS = {
    # letters: hosts
    ("letters.host add", SEEN): add_host,
    ("letters.host change: name", SEEN): lambda w: save_host(w, name="Harbour of All", add_texts=[HOST_TEXT]),
    ("letters.host change: text", SEEN): lambda w: save_host(w, add_texts=[HOST_TEXT]),
    ("letters.host change: link", SEEN): lambda w: save_host(
        w, add_texts=[HOST_TEXT], add_links=[{"label": "Post", "url": "https://p.example", "host": w.host.pk}]
    ),
    ("letters.host change: picture", SEEN): lambda w: save_host(
        w, add_texts=[HOST_TEXT], picture=picture(), picture_credit="Bob"
    ),
    ("letters.host change: slug", SEEN): lambda w: save_host(w, slug="haven", add_texts=[HOST_TEXT]),
    ("letters.host delete", SEEN): lambda w: delete(w, "host", Host.objects.get(slug="empty")),
    # letters: letters
    ("letters.letter add", UNSEEN): add_letter,
    ("letters.letter change: figure", SEEN): lambda w: save_letter(
        w, w.open, add_figures=[figure_row(w.open)]
    ),
    ("letters.letter change: recipient", SEEN): lambda w: save_letter(
        w,
        w.open,
        add_recipients=[
            {"letter": w.open.pk, "office": "The Envoy", "country": "UG", "language": "en", "channel": "post"}
        ],
    ),
    ("letters.letter change: time zone", SEEN): lambda w: save_letter(w, w.closed, time_zone="Asia/Beirut"),
    ("letters.letter change: goal", SEEN): lambda w: save_letter(w, w.open, goal=200),
    ("letters.letter change: slug", SEEN): lambda w: save_letter(w, w.open, slug="asylum-now"),
    ("letters.letter change: host", SEEN): lambda w: save_letter(
        w, w.open, host=Host.objects.get(slug="elsewhere").pk
    ),
    ("letters.letter change: original language", SEEN): lambda w: save_letter(
        w, w.open, original_language="ar"
    ),
    ("letters.letter change: gathering", UNSEEN): lambda w: save_letter(
        w, w.gathering, add_figures=[figure_row(w.gathering)]
    ),
    ("letters.letter delete", UNSEEN): lambda w: delete(
        w, "letter", Letter.objects.create(host=w.host, slug="empty")
    ),
    ("letters.letter act gather", UNSEEN): lambda w: letter_act(w, w.draft, "gather"),
    ("letters.letter act open", SEEN): lambda w: letter_act(w, w.gathering, "open"),
    ("letters.letter act open", UNSEEN): lambda w: letter_act(w, w.gathering, "open", "2035-01-01T09:00"),
    ("letters.letter act close", SEEN): lambda w: letter_act(w, w.open, "close"),
    ("letters.letter act reopen", SEEN): lambda w: letter_act(w, w.closed, "reopen"),
    ("letters.letter act archive", SEEN): lambda w: letter_act(w, w.closed, "archive"),
    ("letters.letter act link", UNSEEN): lambda w: letter_act(w, w.gathering, "link"),
    # letters: texts
    ("letters.text add", SEEN): lambda w: add_text(w, w.closed, language="ar"),
    ("letters.text add: neighbour's title", SEEN): lambda w: add_text(
        w, w.older, language="ar", title="Older, renamed"
    ),
    ("letters.text add: gathering", UNSEEN): lambda w: add_text(w, w.gathering, language="ar"),
    ("letters.text change", UNSEEN): change_text,
    ("letters.text delete", UNSEEN): delete_draft_text,
    # letters: staff
    ("letters.staff add", UNSEEN): add_staff,
    ("letters.staff change", UNSEEN): change_staff,
    ("letters.staff delete", UNSEEN): lambda w: delete(w, "staff", make_staff("charlie", is_superuser=False)),
    # signatories: one case
    ("signatories.signature decide approve", SEEN): lambda w: decide(w, w["held"], "approve"),
    ("signatories.signature decide hold", SEEN): lambda w: decide(w, w["published"], "hold", reason="other"),
    ("signatories.signature decide reject", SEEN): lambda w: decide(
        w, w["published"], "reject", reason="no_answer"
    ),
    ("signatories.signature decide co_contact", UNSEEN): lambda w: decide(
        w, w["held"], "co_contact", organisation=w["published"].organisation.public_id
    ),
    ("signatories.signature decide settle", SEEN): lambda w: decide(
        w, _disputed(w), "settle", outcome="withdraw"
    ),
    ("signatories.signature decide settle: hidden", UNSEEN): lambda w: decide(w, _disputed(w), "settle"),
    ("signatories.signature decide remark", UNSEEN): lambda w: decide(
        w, w["published"], "remark", words="Hm."
    ),
    ("signatories.signature decide ask_to_vouch", UNSEEN): lambda w: decide(
        w, w["counted"], "ask_to_vouch", voucher=make_voucher(w.draft, keep_contact=True).name
    ),
    ("signatories.signature decide vouch", UNSEEN): lambda w: decide(
        w, w["counted"], "vouch", voucher=make_voucher(w.draft).name, how_known="same_place"
    ),
    ("signatories.signature decide decline_to_vouch", UNSEEN): lambda w: decide(
        w, w["counted"], "decline_to_vouch", vouch=_vouch(w, "asked").pk
    ),
    ("signatories.signature decide revoke_vouch", UNSEEN): lambda w: decide(
        w, w["counted"], "revoke_vouch", vouch=_vouch(w, "given").pk
    ),
    ("signatories.signature undo", SEEN): lambda w: undo(w, w["published"]),
    ("signatories.signature decide confirm", UNSEEN): lambda w: decide(
        w, w["phone"], "confirm", code=tokens.mint(w["phone"], Purpose.PHONE).code
    ),
    ("signatories.signature decide accept", SEEN): lambda w: decide(w, w["published"], "accept"),
    ("signatories.signature decide decline", UNSEEN): lambda w: decide(w, w["published"], "decline"),
    ("signatories.signature decide complete", SEEN): lambda w: decide(
        w, w.imported, "complete", country="SO", kind="ally", latin="Guard", website=""
    ),
    ("signatories.signature decide lower", SEEN): lambda w: decide(
        w, w["published"], "lower", cap="delivered_only"
    ),
    # signatories: many at once
    ("signatories.signature action approve_many", SEEN): lambda w: action(
        w, "signature", "approve_many", w["held"], w["awaiting_moderation"]
    ),
    ("signatories.signature action hold_many", SEEN): lambda w: action(
        w, "signature", "hold_many", w["published"], reason="other"
    ),
    ("signatories.signature action reject_many", SEEN): lambda w: action(
        w, "signature", "reject_many", w["published"], reason="no_answer"
    ),
    ("signatories.signature take_back", SEEN): take_back,
    ("signatories.invalidation add", SEEN): add_invalidation,
    ("signatories.invalidation act stop", UNSEEN): lambda w: act_on_invalidation(w, "stop", _begin(w)),
    ("signatories.invalidation act go_on", UNSEEN): lambda w: act_on_invalidation(
        w, "go_on", invalidation.stop(_begin(w), by=w.alice)
    ),
    ("signatories.invalidation act undo", UNSEEN): lambda w: act_on_invalidation(
        w, "undo", _reject_all(w, "held")
    ),
    # signatories: organisations
    ("signatories.organisation change", SEEN): verify_organisation,
    ("signatories.organisation action verify_many", SEEN): lambda w: action(
        w, "organisation", "verify_many", w["published"].organisation
    ),
    ("signatories.organisation action doubt_many", UNSEEN): lambda w: action(
        w, "organisation", "doubt_many", w["published"].organisation
    ),
    **delivery_deeds.FORMS,
    **list_deeds.FORMS,
    **invitation_deeds.FORMS,
    **version_deeds.FORMS,
    **workshop_deeds.FORMS,
    **update_deeds.FORMS,
    **press_deeds.FORMS,
    ("signatories.organisation merge", SEEN): lambda w: merge_by_button(w, w["counted"].organisation),
    ("signatories.organisation merge", UNSEEN): lambda w: merge_by_button(w, make_organisation("Elsewhere")),
    ("signatories.organisation duplicates", UNSEEN): lambda w: _send(
        w.desk,
        "/admin/signatories/organisation/duplicates/",
        {"one": w["published"].organisation_id, "other": w["counted"].organisation_id},
    ),
    ("signatories.organisation act revoke", UNSEEN): lambda w: organisation_act(
        w, "revoke", vouch=_vouch(w, "given").pk
    ),
    ("signatories.organisation act unmerge", SEEN): lambda w: organisation_act(
        w, "unmerge", merge=_merge(w, w["counted"].organisation).pk
    ),
}


# --- the promise ---------------------------------------------------------------------------------------


def revisions():
    return {
        **dict(Letter.objects.values_list("slug", "revision")),
        **{f"host {slug}": number for slug, number in Host.objects.values_list("slug", "revision")},
    }


def problems(before, after, *, seen):
    """Changed bytes have a changed ETag; where the public sees nothing, no byte and no ETag changes."""
    both = before.keys() & after.keys()
    found = [
        f"{path} changed under its old ETag"
        for path in sorted(both)
        if before[path].body != after[path].body
        and before[path].etag
        and before[path].etag == after[path].etag
    ]
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    changed = {path for path in changed if not _is_404_on_both_sides(before.get(path), after.get(path))}
    if seen and not changed:
        found.append("nothing changed")
    if not seen:
        found += [f"{path} changed" for path in sorted(changed)]
    return found


def _is_404_on_both_sides(one, other):
    return (one is None or one.status == 404) and (other is None or other.status == 404)


def what_is_wrong(world, deeds):
    """Drive each from the same start; return {deed: what does not follow}."""
    crawl = partial(crawl_kept_pages, but_little_of=["older"])  # nobody does anything to that
    before, counted = crawl(), revisions()
    public = {slug for slug in counted if slug not in ("draft", "gathering")}
    wrong = {}
    for (deed, seen), drive in deeds.items():
        around = transaction.atomic()
        around._from_testcase = True  # as Django's own are: what must be outermost may be so inside
        with around:
            drive(world)
            found = problems(before, crawl(), seen=seen)
            if not seen:
                found += [
                    f"{slug} has a new revision" for slug in public if revisions()[slug] != counted[slug]
                ]
            transaction.set_rollback(True)
        if found:
            wrong[getattr(deed, "__name__", deed), "seen" if seen else "unseen"] = found
    return wrong


PARTS = 6  # so that both cores have a share of them


def part_of(deeds, part):
    return dict(islice(deeds.items(), part, None, PARTS))


@pytest.mark.parametrize("part", range(PARTS))
def test_an_act_changes_the_revision_with_the_bytes_and_never_without(quickly, world, part):
    assert what_is_wrong(world, part_of(ACTS, part)) == {}


@pytest.mark.parametrize("part", range(PARTS))
def test_a_form_of_the_desk_changes_the_revision_with_the_bytes_and_never_without(quickly, world, part):
    assert what_is_wrong(world, part_of(FORMS, part)) == {}


def test_every_act_and_every_form_is_driven():
    modules = (
        *(lifecycle, signing, verification, vouching, moderation, withdrawal, importing, invalidation),
        *(
            merging,
            *delivery_deeds.MODULES,
            *list_deeds.MODULES,
            *invitation_deeds.MODULES,
            *version_deeds.MODULES,
            *workshop_deeds.MODULES,
            *update_deeds.MODULES,
            *press_deeds.MODULES,
        ),
    )
    acts = {
        act
        for module in modules
        for name, act in inspect.getmembers(module, inspect.isfunction)
        if act.__module__ == module.__name__ and not name.startswith("_")
    } - NO_ACTS
    assert acts == {act for act, _ in ACTS}

    driven = {form.partition(":")[0] for form, _ in FORMS}
    assert driven == _forms_of_the_desk() - READ_ONLY


NO_ACTS = {
    importing.find,
    *invitation_deeds.READING,
    *update_deeds.READING,
    *press_deeds.READING,
    *(*delivery_deeds.READING, *list_deeds.READING, *version_deeds.READING, *workshop_deeds.READING),
    *(invalidation.count, invalidation.progress, invalidation.returnable_until, invalidation.still_rejected),
    *(invalidation.says_something, invalidation.matching, invalidation.touchable, invalidation.like),
    *(vouching.of, vouching.possible_vouchers, vouching.asked_of, vouching.given_by),  # questions
    *(vouching.vouchers_of, vouching.resting_on, vouching.published_of),
    *(vouching.weigh, vouching.weigh_all),  # part of acts, which give new revisions to what they return
}
# They show, and change nothing that is public.
READ_ONLY = (
    {"signatories.signature contact", "signatories.signature phone"}
    | workshop_deeds.READ_ONLY
    | version_deeds.READ_ONLY
    | update_deeds.READ_ONLY
    | press_deeds.READ_ONLY
)


def _forms_of_the_desk():
    forms = set()
    for model, desk in admin.site._registry.items():
        if model._meta.app_label not in ("letters", "signatories"):
            continue
        request = _request_of_a_superuser()
        name = model._meta.label_lower
        forms |= {f"{name} add"} if desk.has_add_permission(request) else set()
        forms |= {f"{name} change"} if desk.has_change_permission(request) else set()
        forms |= {f"{name} delete"} if desk.has_delete_permission(request) else set()
        own_actions = [entry for entry in desk.actions if isinstance(entry, str)]
        forms |= {f"{name} action {entry}" for entry in own_actions}
    forms |= {f"letters.letter act {act}" for act, _ in letters_admin.ScheduleForm.base_fields["act"].choices}
    forms |= delivery_deeds.FORM_NAMES | list_deeds.FORM_NAMES
    forms |= invitation_deeds.FORM_NAMES
    forms |= {f"signatories.signature decide {decision}" for decision in CHOICES}
    forms |= {f"signatories.invalidation act {act}" for act in invalidations._ACTS}
    forms |= {f"signatories.organisation act {act}" for act in organisations._ACTS}
    forms |= {f"signatories.organisation {page}" for page in ("merge", "duplicates")}
    one_case = ("contact", "phone", "undo", "take_back")
    forms |= {f"signatories.signature {page}" for page in one_case}
    return forms


def _request_of_a_superuser():
    from django.test import RequestFactory

    request = RequestFactory().get("/admin/")
    request.user = Staff(is_superuser=True, is_staff=True, is_active=True)
    return request


def test_no_address_of_the_desk_is_forgotten():
    """What acts is driven above; the others show, or lead on."""
    own = [
        pattern.name
        for desk in admin.site._registry.values()
        if desk.opts.app_label in ("letters", "signatories")
        for pattern in desk.get_urls()
        if pattern.name and not re.search("_(changelist|add|history|delete|change)$", pattern.name)
    ]
    assert sorted(set(own) - {*delivery_deeds.ADDRESSES, *invitation_deeds.ADDRESSES}) == [
        "letters_letter_act",
        "letters_letter_preview",
        "letters_staff_second_factors",
        "signatories_invalidation_act",
        "signatories_organisation_act",
        "signatories_organisation_compare",
        "signatories_organisation_duplicates",
        "signatories_organisation_merge",
        "signatories_organisation_results",
        "signatories_signature_begin",
        "signatories_signature_contact",
        "signatories_signature_decide",
        "signatories_signature_next",
        "signatories_signature_phone",
        "signatories_signature_results",
        "signatories_signature_take_back",
        "signatories_signature_undo",
    ]


def test_importing_again_changes_nothing(world):
    _import("One", "Two")
    before, counted = crawl_kept_pages(), revisions()
    _import("One", "Two")
    assert problems(before, crawl_kept_pages(), seen=False) == []
    assert revisions() == counted


def test_what_a_coalition_prepares_in_secret_moves_no_public_number(world):
    """The revision is public: a letter under embargo must not make its neighbours' move."""
    before = revisions()
    add_text(world, world.gathering, language="ar", title="Quiet")
    version_deeds.publish(world, letter=world.gathering, change="material")
    save_letter(world, world.draft, add_figures=[figure_row(world.draft)])
    letter_act(world, world.draft, "gather")
    letter_act(world, world.gathering, "open", "2035-01-01T09:00")
    moderation.approve(world["early"], by=world.alice)
    after = revisions()
    public = ("asylum", "older", "closed", "host harbour")
    assert {slug: after[slug] for slug in public} == {slug: before[slug] for slug in public}


def test_two_hosts_without_letters_have_two_editions(client):
    make_host("one")
    make_host("two")
    assert client.get("/hosts/one/")["ETag"] != client.get("/hosts/two/")["ETag"]


def test_a_letter_that_changes_hosts_changes_the_pages_of_both(world):
    before = crawl_kept_pages()
    save_letter(world, world.older, host=Host.objects.get(slug="elsewhere").pk)
    after = crawl_kept_pages()
    for path in (
        "/letters/asylum/",
        "/letters/closed/",
        "/letters/older/",
        "/hosts/harbour/",
        "/hosts/elsewhere/",
    ):
        assert before[path].body != after[path].body, path
        assert before[path].etag != after[path].etag, path


# --- dates that pass by themselves ---------------------------------------------------------------------


@pytest.fixture
def timeline(db):
    """A letter and its neighbours, all of whose dates lie ahead."""
    start = timezone.now()
    day = timedelta(days=1)
    letter = make_letter(
        languages=("en", "ar"),
        gathers_at=start - day,
        opens_at=start + 2 * day,
        closes_at=start + 6 * day,
        archived_at=start + 9 * day,
    )
    make_signature(letter)
    make_letter("neighbour", title="Older", opens_at=start - 3 * day, closes_at=start + 4 * day)
    make_letter("next", title="Next", opens_at=start + 5 * day)
    return start


def test_a_date_passes_at_its_moment_with_bytes_and_etags_and_nothing_happens_between(timeline):
    after = None
    for days in (2, 4, 5, 6, 9):
        moment = timeline + timedelta(days=days)
        with time_machine.travel(moment - timedelta(seconds=1), tick=False):
            before = crawl_kept_pages()
        assert after is None or problems(after, before, seen=False) == []
        with time_machine.travel(moment, tick=False):
            after = crawl_kept_pages()
        assert problems(before, after, seen=True) == []


def test_all_names_appear_at_the_launch_in_one_revision(timeline):
    letter = Letter.objects.get(slug="asylum")
    make_signature(letter, name="Lantern Street")
    revision_before = letter.revision
    with time_machine.travel(letter.opens_at - timedelta(seconds=1), tick=False):
        assert Client().get("/letters/asylum/").status_code == 404
        revision.forget()
    with time_machine.travel(letter.opens_at, tick=False):
        page = Client().get("/letters/asylum/").content.decode()
    assert "Blue Kettle" in page
    assert "Lantern Street" in page
    assert Letter.objects.get(slug="asylum").revision == revision_before


# --- bumping -------------------------------------------------------------------------------------------


def test_a_rolled_back_act_changes_no_revision():
    signature = make_signature()
    before = Letter.objects.get().revision
    with transaction.atomic():
        withdrawal.withdraw(signature)
        assert Letter.objects.get().revision == before + 1
        transaction.set_rollback(True)
    assert Letter.objects.get().revision == before


def test_a_letters_edition_is_asked_for_at_most_every_moment(monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(moments, "LASTS", 600.0)  # as long as this test may take
    make_letter()
    with django_assert_num_queries(1):
        for _ in range(5):
            revision.edition_of("asylum")


def test_addresses_that_are_guessed_do_not_fill_the_memory(db):
    for number in range(moments.LIMIT + 50):
        with pytest.raises(revision.LetterNotPublic):
            revision.edition_of(f"guessed-{number}")
    assert len(moments.current()) <= moments.LIMIT


@pytest.mark.parametrize("phase", ["draft", "gathering"])
def test_a_letter_that_is_not_public_has_no_edition(phase):
    make_letter(phase=phase)
    with pytest.raises(revision.LetterNotPublic):
        revision.edition_of("asylum")


def test_a_page_whose_edition_stands_takes_one_query(client, django_assert_num_queries):
    make_signature()
    for path in (
        "/letters/asylum/",
        "/letters/asylum/signatories/",
        "/letters/asylum/live.json",
        "/ar/letters/asylum/",
    ):
        client.get(path)
        moments.forget()
        with django_assert_num_queries(1):
            client.get(path)
