"""What is done when a text changes, for test_revision.py: drafting is seen by nobody, publishing by everybody."""

from datetime import timedelta

from django.test import override_settings

from letters import versions as drafting
from letters.models import Version
from letters.versions import Words
from signatories import versions
from signatories.models import Signature
from tests.factories import make_version

SEEN, UNSEEN = True, False

MODULES = (drafting, versions)
READING = {
    *(drafting.untranslated, drafting.changes, drafting.seen_by_public, drafting.text_at, drafting.compared),
    *(versions.may_be_taken_back, versions.what_is_drafted, versions.outlook),
}


def draft(w, *, letter=None, change="editorial"):
    letter = letter or w.open
    words = [
        Words(
            language=text.language,
            standing=text.standing,
            title=text.title,
            subtitle="",
            body="We ask for more.",
            what_changed="We ask for more.",
        )
        for text in letter.current_texts()
    ]
    return drafting.draft(letter, by=w.alice, change=change, texts=words)


def publish(w, **options):
    return versions.publish(draft(w, **options), by=w.alice)


def publish_and_take_back(w):
    """The public sees the letter as it was, under a new revision: some may have read the new text in between."""
    before = w.open.text_for("en").body
    with override_settings(UNDO_FOR=timedelta(minutes=5)):
        versions.take_back(publish(w, change="material"), by=w.alice)
    assert w.open.text_for("en").body == before


def asked(w):
    """A signature that counted until what the letter asks was changed."""
    publish(w, change="material")
    return Signature.objects.get(pk=w["published"].pk)


def agree(w):
    return versions.agree(asked(w), version=2)


def record_yes(w):
    return versions.record_yes(asked(w), by=w.alice, channel="phone", evidence="A call.")


ACTS = {
    (drafting.draft, UNSEEN): draft,
    (drafting.discard, UNSEEN): lambda w: drafting.discard(draft(w), by=w.alice),
    (versions.publish, SEEN): publish,
    (versions.publish, UNSEEN): lambda w: publish(w, letter=w.gathering),
    (versions.take_back, SEEN): publish_and_take_back,
    (versions.agree, SEEN): agree,
    (versions.record_yes, SEEN): record_yes,
    (versions.tell, UNSEEN): lambda w: versions.tell(make_version(w.gathering).pk),
    (versions.tell_who_is_due, UNSEEN): lambda w: versions.tell_who_is_due(),
}

# --- the desk ------------------------------------------------------------------------------------------


def _post(w, page, expected=302, letter=None, **data):
    answer = w.desk.post(f"/admin/letters/letter/{(letter or w.open).pk}/{page}/", data)
    assert answer.status_code == expected, (page, answer.status_code, answer.content.decode()[-3000:])


def type_draft(w):
    said = {
        "standing": "official",
        "title": "Another",
        "subtitle": "",
        "body": "We ask.",
        "what_changed": "All.",
    }
    forms = {f"{language}-{name}": value for language in ("en", "ar") for name, value in said.items()}
    _post(w, "text", change="material", **forms)
    assert Version.objects.drafted().get().drafted.count() == 2


def _publish_at_desk(w):
    made = draft(w)
    _post(w, "text/act", act="publish", seen=versions.what_is_drafted(made))


def _take_back_at_desk(w):
    with override_settings(UNDO_FOR=timedelta(minutes=5)):
        publish(w)
        _post(w, "text/act", act="take_back")
    assert Version.objects.drafted().exists()


READ_ONLY = {"desk preview_version"}
FORMS = {
    ("desk change_text", UNSEEN): type_draft,
    ("desk act_on_version: publish", SEEN): _publish_at_desk,
    ("desk act_on_version: discard", UNSEEN): lambda w: (draft(w), _post(w, "text/act", act="discard")),
    ("desk act_on_version: take_back", SEEN): _take_back_at_desk,
    ("desk who_has_agreed", SEEN): lambda w: _post(
        w, "agreed", signature=asked(w).public_id, channel="phone", evidence="A call."
    ),
}
