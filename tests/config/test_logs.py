"""Nothing secret and nobody's data reaches a log."""

import io
import logging

import pytest

from config.logs import Redact, redact

TOKEN = "Zm9vYmFyYmF6cXV4"


@pytest.fixture
def logged():
    """A logger of its own and what it has written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redact())
    logger = logging.Logger("test")
    logger.addHandler(handler)
    return logger, stream


@pytest.mark.parametrize(
    "line",
    [
        f"Not Found: /s/{TOKEN}/",
        f"Not Found: /fr/s/{TOKEN}/confirm/",
        f"Not Found: /g/{TOKEN}",
        f"Not Found: /ar/p/{TOKEN}/",
        f"Not Found: /fr/i/{TOKEN}/sign/",
        f"Not Found: /fr/u/{TOKEN}/",
        f"Not Found: /ar/w/{TOKEN}/sign/",
        f"Internal Server Error: /sw/s/{TOKEN}/?x=1",
        f"Error handling request POST /s/{TOKEN}/confirm/",
        f"Bad Request: https://letters.example/s/{TOKEN}/",
        f"{{'tried': [], 'path': 's/{TOKEN}/'}}",
        f"Not Found: /nowhere/?next=%2Fs%2F{TOKEN}%2F",
        f"Referer %2Ffr%2Fs%2F{TOKEN}",
        f"Gone: /admin/account/password/new/1/{TOKEN}/",
        f"/admin/account/login/?next=%2Fadmin%2Faccount%2Fpassword%2Fnew%2F1%2F{TOKEN}%2F",
        f"Not Found: /letters/peace/signatories/?q={TOKEN}",
    ],
)
def test_tokens_and_searches_are_gone(line):
    assert TOKEN not in redact(line)
    assert "…" in redact(line)


def test_what_the_line_is_about_stays():
    assert redact(f"Not Found: /fr/s/{TOKEN}/confirm/") == "Not Found: /fr/s/…"
    assert redact("Not Found: /letters/a/signatories/?q=x") == "Not Found: /letters/a/signatories/?…"


@pytest.mark.parametrize(
    "line",
    [
        "Not Found: /letters/signatures/",
        'File "/srv/undersigned/signatories/signing.py", line 3, in sign',
        "Started 3 workers. Why? Nobody knows",
        "Sent at 12:00:01; 3 s/hour",
    ],
)
def test_everything_else_is_left_alone(line):
    assert redact(line) == line


@pytest.mark.parametrize(
    ("line", "secret"),
    [
        ("{'amina@example.org': (550, b'no such user')}", "amina"),
        ("550 <уляна@приклад.укр> unknown", "уляна"),
        ("Invalid request from ip=203.0.113.9: bad", "203.0.113.9"),
        ("duplicate key\nDETAIL:  Key (name)=(Amina Yusuf) already exists.\n", "Amina"),
    ],
)
def test_people_are_gone(line, secret):
    assert secret not in redact(line)


def test_arguments_are_redacted(logged):
    logger, stream = logged
    logger.warning("%s: %s", "Not Found", f"/s/{TOKEN}/")
    assert stream.getvalue() == "Not Found: /s/…\n"


def test_tracebacks_are_redacted(logged):
    logger, stream = logged
    try:
        raise ValueError(f"/s/{TOKEN}/")
    except ValueError:
        logger.exception("failed")
    assert "ValueError: /s/…" in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_arguments_that_do_not_fit_stop_nothing(logged):
    logger, stream = logged
    logger.warning("%d signed", f"/s/{TOKEN}/")
    assert stream.getvalue() == "%d signed\n"


def test_djangos_own_lines_pass_the_filter(settings):
    for handler in settings.LOGGING["handlers"].values():
        assert "redact" in handler["filters"]
