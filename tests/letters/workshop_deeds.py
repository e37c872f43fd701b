"""What is driven of workshops and of comments on drafts: none of it changes what the public sees."""

from datetime import timedelta

from letters import comments
from letters.models import Comment
from signatories import workshops
from tests.factories import make_comment, make_workshop

UNSEEN = False


def _workshop(w):
    return make_workshop(w.open, by=w.alice).workshop


def _room_with_a_signature(w):
    workshop = _workshop(w)
    w["published"].workshop = workshop
    w["published"].save(update_fields=["workshop"])
    workshop.good_until -= timedelta(days=365)
    workshop.save(update_fields=["good_until"])


def _comment(w):
    return make_comment(w.gathering, name="Amina")


def _comment_after_the_launch(w):
    return Comment.objects.create(text=w.open.texts.first(), words="Hm.", name="Amina", language="en")


MODULES = (comments, workshops)
ACTS = {
    (workshops.open_workshop, UNSEEN): _workshop,
    (workshops.renew_code, UNSEEN): lambda w: workshops.renew_code(_workshop(w), by=w.alice),
    (workshops.stop, UNSEEN): lambda w: workshops.stop(_workshop(w), by=w.alice),
    (workshops.take_place, UNSEEN): lambda w: workshops.take_place(_workshop(w), letter=w.open),
    (workshops.give_place_back, UNSEEN): lambda w: workshops.give_place_back(_workshop(w)),
    (workshops.forget, UNSEEN): lambda w: (_room_with_a_signature(w), workshops.forget()),
    (comments.write, UNSEEN): _comment,
    (comments.answer, UNSEEN): lambda w: comments.answer(
        _comment_after_the_launch(w), by=w.alice, fate="taken_up", words="Yes."
    ),
    (comments.hide, UNSEEN): lambda w: comments.hide(_comment_after_the_launch(w), by=w.alice),
    (comments.show_again, UNSEEN): lambda w: comments.show_again(
        comments.hide(_comment_after_the_launch(w), by=w.alice), by=w.alice
    ),
    (comments.forget, UNSEEN): lambda w: comments.forget(),
}
READING = {
    workshops.find,
    workshops.grouped,
    comments.discussed,
    comments.until,
    comments.counted_by_text,
}


def _post(w, path, expected, **data):
    answer = w.desk.post(f"/admin/{path}", data)
    assert answer.status_code == expected, (path, answer.status_code, answer.content.decode()[:2000])


def _act(w, expected, act):
    _post(w, f"workshops/{_workshop(w).public_id}/act/", expected, act=act)


def _answer(w, **said):
    _post(w, f"comments/{_comment_after_the_launch(w).public_id}/act/", 302, **said)


FORMS = {
    ("desk workshops_of_letter", UNSEEN): lambda w: _post(
        w,
        f"letters/letter/{w.open.pk}/workshops/",
        200,
        label="Kakuma room 3",
        places="30",
        days="14",
        public_id="0" * 16,
    ),
    ("desk act_on_workshop: renew", UNSEEN): lambda w: _act(w, 200, "renew"),
    ("desk act_on_workshop: stop", UNSEEN): lambda w: _act(w, 302, "stop"),
    ("desk act_on_comment: answer", UNSEEN): lambda w: _answer(
        w, act="answer", fate="taken_up", answer="Yes."
    ),
    ("desk act_on_comment: hide", UNSEEN): lambda w: _answer(w, act="hide"),
    ("desk act_on_comment: show", UNSEEN): lambda w: _answer(w, act="show"),
}
READ_ONLY = {"desk comments_of_letter"}
