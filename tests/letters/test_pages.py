"""Kept pages: rendered once an edition, at most once a second, within their bytes, the same in every encoding."""

import gzip
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import brotli
import pytest
from django.db.models import F
from django.http import HttpResponse

from letters import moments, pages
from letters.models import Letter
from letters.pages import KeptPages
from signatories import tokens, withdrawal
from signatories.models import Purpose, Signature
from tests.factories import make_letter, make_signature

KIB = 1024


class Renderer:
    """Renders a page and counts how often it was asked to."""

    def __init__(self, content=b"page", seconds=0.0):
        self.content, self.seconds, self.times, self.inside, self.most_inside = content, seconds, 0, 0, 0
        self._lock = threading.Lock()

    def __call__(self):
        with self._lock:
            self.times += 1
            self.inside += 1
            self.most_inside = max(self.most_inside, self.inside)
        time.sleep(self.seconds)
        with self._lock:
            self.inside -= 1
        return self.content


def incompressible(size, seed):
    return random.Random(seed).randbytes(size)


# --- in one process ----------------------------------------------------------------------------------


def test_a_page_is_rendered_once_for_its_edition():
    kept, render = KeptPages(KIB), Renderer()
    assert [kept.get("key", "1", render).plain for _ in range(5)] == [b"page"] * 5
    assert render.times == 1


def test_twenty_threads_render_a_page_once():
    kept, render, start = KeptPages(KIB), Renderer(seconds=0.2), threading.Barrier(20)

    def ask(_):
        start.wait()
        return kept.get("key", "1", render)

    with ThreadPoolExecutor(20) as threads:
        answers = set(map(id, threads.map(ask, range(20))))

    assert (render.times, len(answers)) == (1, 1)


def test_a_page_is_rendered_by_one_at_a_time_however_many_wait(monkeypatch):
    monkeypatch.setattr(pages, "RENDER_AT_MOST_EVERY", 0.0)
    kept, render = KeptPages(KIB), Renderer(seconds=0.02)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: kept.get("letter", f'"{number}"', render), range(12)))
    assert (render.times, render.most_inside) == (12, 1)
    assert not kept._rendering


def test_different_pages_are_rendered_beside_each_other():
    kept, render = KeptPages(KIB), Renderer(seconds=0.2)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda key: kept.get(key, "1", render), range(4)))
    assert render.most_inside > 1
    assert render.times == 4


class Clock:
    """What the time module is to a module that reads the clock; it stands until it is turned on."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(pages, "time", clock)
    monkeypatch.setattr(moments, "time", clock)
    return clock


def test_a_burst_of_editions_is_rendered_at_most_once_a_second(clock):
    kept, render = KeptPages(KIB), Renderer()
    for number in range(220):
        clock.now = number / 100
        kept.get("key", str(number), render)
    assert render.times == 3


def test_an_old_page_does_for_a_second_and_keeps_its_own_etag(clock):
    kept = KeptPages(KIB)
    kept.get("key", "1", Renderer(b"old"))
    soon = kept.get("key", "2", Renderer(b"new"))
    assert (soon.plain, soon.etag) == (b"old", "1")
    clock.now = 1.01
    later = kept.get("key", "2", Renderer(b"new"))
    assert (later.plain, later.etag) == (b"new", "2")


def test_a_forgotten_page_is_rendered_anew():
    kept, render = KeptPages(KIB), Renderer()
    kept.get("key", "1", render)
    kept.forget()
    kept.get("key", "1", render)
    assert render.times == 2


def test_a_page_that_cannot_be_rendered_is_tried_again_and_leaves_nothing():
    kept, render = KeptPages(KIB), Renderer()

    def fail():
        raise LookupError

    for key in range(500):
        with pytest.raises(LookupError):
            kept.get(key, "1", fail)
    assert len(kept._rendering) == len(kept._pages) == kept._size == 0
    assert kept.get(0, "1", render).plain == b"page"


def test_what_is_kept_stays_within_its_bytes_and_the_longest_unasked_goes():
    kept = KeptPages(100 * KIB)
    render = {key: Renderer(incompressible(5 * KIB, key)) for key in range(40)}
    for key in range(40):
        kept.get(key, "1", render[key])
        kept.get(0, "1", render[0])
        assert kept._size <= 100 * KIB
    assert kept._size == sum(page.size for page in kept._pages.values())
    assert render[0].times == 1  # asked for all the time, so it never went
    kept.get(1, "1", render[1])
    assert render[1].times == 2
    assert len(kept._rendering) <= len(kept._pages)


def test_a_page_larger_than_everything_is_served_and_alone():
    kept = KeptPages(KIB)
    kept.get("small", "1", Renderer())
    assert kept.get("large", "1", Renderer(incompressible(50 * KIB, 1))).size > KIB
    assert list(kept._pages) == ["large"]


def test_replacing_a_page_counts_its_bytes_once(clock):
    kept = KeptPages(100 * KIB)
    for number in range(3):
        clock.now = number * 1.01
        kept.get("key", str(number), Renderer(incompressible(5 * KIB, number)))
    assert kept._size == kept.get("key", "2", Renderer()).size


@pytest.mark.parametrize("content", [b"", b"x", "أهلا".encode() * 500, incompressible(3000, 7)])
def test_every_form_of_a_page_is_the_same_page(content):
    page = KeptPages(KIB).get("key", "1", Renderer(content))
    for accepted, unpack in {"": bytes, "gzip": gzip.decompress, "gzip, br": brotli.decompress}.items():
        body, coding = page.body(accepted)
        assert coding == (accepted.rpartition(" ")[2] if content else "")
        assert (unpack(body) if coding else body) == content


def test_a_page_is_packed_once_by_the_first_who_asks_for_that_form():
    page = KeptPages(KIB).get("key", "1", Renderer("أهلا".encode() * 5_000))
    with ThreadPoolExecutor(8) as threads:
        bodies = list(threads.map(lambda _: page.body("br")[0], range(8)))
    assert len(set(map(id, bodies))) == 1


@pytest.mark.parametrize("content", ["<p>كبيرة أهلا".encode() * 500, b"<li>Harbour Kitchen</li>" * 200])
def test_all_forms_of_a_page_take_no_more_than_is_counted(content):
    page = KeptPages(KIB).get("key", "1", Renderer(content))
    assert sum(len(page.body(accepted)[0]) for accepted in ("", "gzip", "br")) <= page.size


# --- by HTTP -----------------------------------------------------------------------------------------

ADDRESSES = [
    "/",
    "/ar/",
    "/hosts/harbour/",
    "/letters/asylum/",
    "/fr/letters/asylum/signatories/",
    "/letters/asylum/live.json",
]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ADDRESSES)
def test_a_browser_gets_the_form_it_asks_for(client, path):
    make_signature()
    plain = client.get(path)
    assert "Content-Encoding" not in plain
    for accepted, encoding, unpack in (
        ("gzip, deflate, br", "br", brotli.decompress),
        ("gzip", "gzip", gzip.decompress),
        ("identity", None, bytes),
    ):
        answer = client.get(path, headers={"Accept-Encoding": accepted})
        assert answer.headers.get("Content-Encoding") == encoding
        assert unpack(answer.content) == plain.content
        assert answer["ETag"] == plain["ETag"]
        assert "Accept-Encoding" in answer["Vary"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("br;q=0, gzip", "gzip"),
        ("gzip;q=0.0, br;q=0", None),
        ("br; q=0.5", "br"),
        ("deflate, GZIP", "gzip"),
        ("brotli, xgzip", None),
    ],
)
def test_a_form_that_is_refused_is_not_sent(client, accepted, encoding):
    make_letter()
    answer = client.get("/letters/asylum/", headers={"Accept-Encoding": accepted})
    assert answer.get("Content-Encoding") == encoding


@pytest.mark.django_db
@pytest.mark.parametrize("path", ADDRESSES)
def test_who_has_the_page_gets_no_bytes(client, path):
    signature = make_signature()
    first = client.get(path)
    same = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content, same["ETag"]) == (304, b"", first["ETag"])
    assert same["Cache-Control"] == first["Cache-Control"]

    withdrawal.withdraw(signature)
    after = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert (after.status_code, after["ETag"] != first["ETag"]) == (200, True)


@pytest.mark.django_db
@pytest.mark.parametrize("etag", ['W/"other"', "", "*", '"', 'W/""'])
def test_who_has_another_page_gets_this_one(client, etag):
    make_letter()
    assert client.get("/letters/asylum/", headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.django_db
def test_languages_are_kept_apart(client):
    make_letter(languages=("en", "ar"))
    answers = {
        path: client.get(path) for path in ("/letters/asylum/", "/ar/letters/asylum/", "/fr/letters/asylum/")
    }
    assert len({page["ETag"] for page in answers.values()}) == 3
    assert len({page.content for page in answers.values()}) == 3


@pytest.mark.django_db
def test_a_name_is_never_kept_where_it_cannot_be_asked_for_again(client):
    make_signature()
    policy = client.get("/letters/asylum/")["Cache-Control"]
    assert "must-revalidate" in policy
    assert "stale" not in policy
    assert "s-maxage=5" in policy


@pytest.mark.django_db
def test_guessed_page_numbers_fill_nothing(client):
    make_signature()
    for number in range(2, 60):
        assert client.get(f"/letters/asylum/signatories/?page={number}").status_code == 302
    assert len(pages._kept._rendering) + len(pages._kept._pages) <= 1


@pytest.mark.django_db
def test_an_act_of_this_process_is_seen_at_the_next_request(client):
    signature = make_signature()
    assert "Blue Kettle" in client.get("/letters/asylum/").content.decode()
    withdrawal.hide(signature)
    assert "Blue Kettle" not in client.get("/letters/asylum/").content.decode()


@pytest.mark.django_db
def test_an_act_of_another_process_is_seen_within_a_second_and_a_half(client):
    """Another process bumps the row and cannot make this one forget."""
    make_signature()
    assert "Blue Kettle" in client.get("/letters/asylum/").content.decode()
    Signature.objects.update(visibility="counted_only")
    Letter.objects.update(revision=F("revision") + 1)
    time.sleep(moments.LASTS + 1.05)
    assert "Blue Kettle" not in client.get("/letters/asylum/").content.decode()


# --- in one moment -----------------------------------------------------------------------------------


@pytest.fixture
def _long_moment(monkeypatch):
    """However busy the machine is, a moment lasts as long as a test."""
    monkeypatch.setattr(moments, "LASTS", 600.0)


@pytest.fixture
def answered(monkeypatch):
    """The paths that were answered by a page, and not from what the moment remembers."""
    paths, answer = [], pages.answer

    def watched(request, *args, **kwargs):
        paths.append(request.path)
        return answer(request, *args, **kwargs)

    monkeypatch.setattr(pages, "answer", watched)
    return paths


@pytest.mark.django_db
@pytest.mark.usefixtures("_long_moment")
@pytest.mark.parametrize("path", ADDRESSES)
def test_whoever_asks_the_same_in_the_same_moment_gets_the_same(client, path, answered):
    make_signature()
    first, second = client.get(path), client.get(path)
    assert (second.content, second.headers) == (first.content, first.headers)
    etag = {"If-None-Match": first["ETag"]}
    third, fourth = client.get(path, headers=etag), client.get(path, headers=etag)
    assert (third.status_code, fourth.status_code, fourth.content) == (304, 304, b"")
    assert fourth.headers == third.headers
    assert answered == [path, path]


@pytest.mark.django_db
@pytest.mark.usefixtures("_long_moment")
def test_whoever_asks_otherwise_is_answered_otherwise(client, settings, answered):
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    make_letter(languages=("en", "ar"))
    path = "/letters/asylum/"
    questions = [
        {},
        {"Host": "other.example"},
        {"Accept-Encoding": "gzip"},
        {"Accept-Encoding": "br"},
        {"If-None-Match": "another"},
        {"X-Forwarded-Proto": "https"},
    ]
    first = [client.get(path, headers=headers) for headers in questions]
    assert len(answered) == len(questions)
    again = [client.get(path, headers=headers) for headers in questions]
    assert [one.headers for one in again] == [one.headers for one in first]
    assert len(answered) == len(questions)
    client.get(path, {"any": "thing"})
    client.get(f"/ar{path}")
    assert len(answered) == len(questions) + 2
    assert client.head(path).content == b""
    assert client.post(path).status_code == 405
    assert client.get(path, headers={"Host": "stranger.example"}).status_code == 400


@pytest.mark.django_db
@pytest.mark.usefixtures("_long_moment")
def test_a_page_that_only_will_do_for_now_is_not_answered_for_a_whole_moment(client, clock, answered):
    """Else a name that was hidden would be seen for a moment longer than a second."""
    make_signature()
    client.get("/letters/asylum/")
    Signature.objects.update(visibility="counted_only")
    Letter.objects.update(revision=F("revision") + 1)
    moments.forget()
    assert "Blue Kettle" in client.get("/letters/asylum/").content.decode()
    clock.now = 1.05
    assert "Blue Kettle" not in client.get("/letters/asylum/").content.decode()
    assert len(answered) == 3


@pytest.mark.django_db
def test_what_was_asked_before_an_act_is_not_answered_after_it(client, monkeypatch):
    """Whoever reads the edition while another one acts writes into a moment that is over."""
    signature, answer = make_signature(), pages.answer

    def slow(*args, **kwargs):
        answered = answer(*args, **kwargs)
        monkeypatch.setattr(pages, "answer", answer)
        withdrawal.hide(signature)
        return answered

    monkeypatch.setattr(pages, "answer", slow)
    assert "Blue Kettle" in client.get("/letters/asylum/").content.decode()
    assert "Blue Kettle" not in client.get("/letters/asylum/").content.decode()


@pytest.mark.django_db
@pytest.mark.usefixtures("_long_moment")
def test_only_what_is_the_same_for_everybody_is_answered_again(client):
    signature = make_signature()
    own = tokens.mint(signature, Purpose.OWN_PAGE).value
    for path in (
        f"/s/{own}/",
        "/letters/asylum/signatories/?q=kettle",
        "/letters/asylum/sign/sent/",
        "/letters/nowhere/",
        "/admin/account/login/",
        "/healthz",
    ):
        moments.forget()
        client.get(path)
        assert answers_kept() == [], path


@pytest.mark.django_db
@pytest.mark.usefixtures("_long_moment")
def test_what_somebody_searched_for_is_not_known_for_a_moment_either(client):
    make_signature()
    path = "/letters/asylum/signatories/?q=kettle"
    etag = client.get(path)["ETag"]
    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert answers_kept() == []


def answers_kept():
    return [value for value in moments.current().values() if isinstance(value, HttpResponse)]


def test_a_moment_ends(clock):
    moment = moments.current()
    moment.keep("key", "value")
    assert moments.current() is moment
    clock.now = moments.LASTS
    assert "key" not in moments.current()


def test_a_moment_knows_only_so_much():
    for number in range(moments.LIMIT * 2):
        moments.current().keep(number, number)
        assert len(moments.current()) <= moments.LIMIT
