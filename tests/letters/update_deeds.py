"""What is done with news of a letter, for test_revision.py: the public sees what is put on the letter's page."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from signatories import unsubscribing, updates
from signatories.models import Update, UpdateMail
from tests.factories import make_update, schedule_update

SEEN, UNSEEN = True, False

MODULES = (updates, unsubscribing)
READING = {
    *(updates.audience, updates.outlook, updates.progress, updates.in_doubt),
    *(updates.tonight, updates.what_is_written),
    *(unsubscribing.link, unsubscribing.find, unsubscribing.left),
}
WORDS = [updates.Words(language="en", subject="Other", body="Other.")]


def _draft(w):
    return make_update(w.open, by=w.alice)


def _sent(w):
    """News that left to everybody who counts."""
    update = schedule_update(_draft(w))
    updates.work_on(update.pk)
    assert updates.progress(update).counts.get("sent")
    return Update.objects.get(pk=update.pk)


def _public(w):
    """News that stand on the letter's page."""
    update = _draft(w)
    return updates.publish(update, by=w.alice, seen=updates.what_is_written(update))


def _under_way(w, status="sending"):
    update = _draft(w)
    now = timezone.now()
    Update.objects.filter(pk=update.pk).update(
        status=status, send_at=now, next_round_at=now - timedelta(hours=1)
    )
    UpdateMail.objects.create(update=update, mailbox_key="k" * 64, status="in_doubt")
    return Update.objects.get(pk=update.pk)


def _scheduled(w):
    return schedule_update(_draft(w), at=timezone.now() + timedelta(days=1))


def _settle(w):
    update = _under_way(w)
    return updates.settle(update, mails=[update.mails.get().public_id], outcome="left", by=w.alice)


def _come_back(w):
    with transaction.atomic():
        updates.came_back(_sent(w).mails.first().public_id)


def _forget(w):
    update = _sent(w)
    Update.objects.filter(pk=update.pk).update(status="sent", ended_at=timezone.now() - timedelta(days=365))
    updates.forget()
    assert update.mails.count() == 0


def _reader(w):
    w.alice.email = "alice@harbour.example"
    w.alice.save()
    return w.alice


ACTS = {
    (updates.write, UNSEEN): _draft,
    (updates.rewrite, UNSEEN): lambda w: updates.rewrite(_draft(w), texts=WORDS, by=w.alice),
    (updates.discard, UNSEEN): lambda w: updates.discard(_draft(w), by=w.alice),
    (updates.publish, SEEN): _public,
    (updates.take_back, UNSEEN): lambda w: updates.take_back(_draft(w), by=w.alice),
    (updates.mail_to_oneself, UNSEEN): lambda w: updates.mail_to_oneself(_draft(w), by=_reader(w)),
    (updates.send_to_oneself, UNSEEN): lambda w: updates.send_to_oneself(_draft(w).pk, _reader(w).pk),
    (updates.schedule, UNSEEN): _scheduled,
    (updates.call_back, UNSEEN): lambda w: updates.call_back(_scheduled(w), by=w.alice),
    (updates.pause, UNSEEN): lambda w: updates.pause(_under_way(w), by=w.alice),
    (updates.go_on, UNSEEN): lambda w: updates.go_on(_under_way(w, "paused"), by=w.alice),
    (updates.stop, UNSEEN): lambda w: updates.stop(_under_way(w), by=w.alice),
    (updates.work_on, UNSEEN): _sent,
    (updates.carry_on, UNSEEN): lambda w: (_under_way(w), updates.carry_on()),
    (updates.settle, UNSEEN): _settle,
    (updates.came_back, UNSEEN): _come_back,
    (updates.forget, UNSEEN): _forget,
    (unsubscribing.unsubscribe, UNSEEN): lambda w: unsubscribing.unsubscribe("k" * 64),
    (unsubscribing.subscribe_again, UNSEEN): lambda w: (
        unsubscribing.unsubscribe("k" * 64),
        unsubscribing.subscribe_again("k" * 64, letter=w.open),
    ),
}


def _post(w, path, expected=302, **data):
    answer = w.desk.post(f"/admin/{path}", data)
    assert answer.status_code == expected, (path, answer.status_code, answer.content.decode()[-3000:])


def _typed(w, path):
    _post(w, path, **{"en-subject": "Heard", "en-body": "They listened.", "public_id": "0" * 16})
    assert Update.objects.get().texts.get().subject == "Heard"


def _act(w, update, act, **data):
    _post(w, f"updates/{update.public_id}/act/", act=act, **data)


def _send_at_desk(w):
    update = _draft(w)
    _act(w, update, "send", when="night", has_read="on", seen=updates.what_is_written(update))
    assert Update.objects.get().status == "scheduled"


def _settle_at_desk(w):
    update = _under_way(w)
    _act(w, update, "settle", outcome="again", mail=update.mails.get().public_id)
    assert update.mails.get().status == "waiting"


def _publish_at_desk(w):
    update = _draft(w)
    _act(w, update, "publish", is_public="on", seen=updates.what_is_written(update))
    assert Update.objects.get().published_at


READ_ONLY = {"desk updates_of_letter", "desk show_update"}
FORMS = {
    ("desk write_update", UNSEEN): lambda w: _typed(w, f"letters/letter/{w.open.pk}/updates/write/"),
    ("desk rewrite_update", UNSEEN): lambda w: _typed(w, f"updates/{_draft(w).public_id}/text/"),
    ("desk act_on_update: mail", UNSEEN): lambda w: (_reader(w), _act(w, _draft(w), "mail")),
    ("desk act_on_update: send", UNSEEN): _send_at_desk,
    ("desk act_on_update: publish", SEEN): _publish_at_desk,
    ("desk act_on_update: take_back", UNSEEN): lambda w: _act(w, _draft(w), "take_back"),
    ("desk act_on_update: discard", UNSEEN): lambda w: _act(w, _draft(w), "discard"),
    ("desk act_on_update: call_back", UNSEEN): lambda w: _act(w, _scheduled(w), "call_back"),
    ("desk act_on_update: pause", UNSEEN): lambda w: _act(w, _under_way(w), "pause"),
    ("desk act_on_update: go_on", UNSEEN): lambda w: _act(w, _under_way(w, "paused"), "go_on"),
    ("desk act_on_update: stop", UNSEEN): lambda w: _act(w, _under_way(w), "stop"),
    ("desk act_on_update: settle", UNSEEN): _settle_at_desk,
}
