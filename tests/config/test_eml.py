"""Mails without a mail server: one file a message."""

import re
import stat
from email import policy
from email.parser import BytesParser

import pytest
from django.core.mail import EmailMultiAlternatives, get_connection


@pytest.fixture
def mail_dir(settings, tmp_path):
    settings.MAIL_DIR = tmp_path / "var" / "mail"
    return settings.MAIL_DIR


def _message(subject="Please confirm", to="amina@example.org", **headers):
    return EmailMultiAlternatives(subject, "Text", "letters@example.org", [to], headers=headers)


def _send(*messages):
    return get_connection("config.eml.EmailBackend").send_messages(messages)


def _read(file):
    return BytesParser(policy=policy.default).parsebytes(file.read_bytes())


def test_each_message_is_one_file(mail_dir):
    assert _send(_message("One"), _message("Two")) == 2
    assert [_read(file)["Subject"] for file in sorted(mail_dir.iterdir())] == ["One", "Two"]


def test_the_name_says_when_and_nothing_else(mail_dir):
    _send(_message("Secret"))
    (file,) = mail_dir.iterdir()
    assert re.fullmatch(r"\d{8}T\d{6}\.\d{6}Z-1-[0-9a-f]{8}\.eml", file.name)


def test_only_the_owner_reads_it(mail_dir):
    _send(_message())
    (file,) = mail_dir.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_every_script_and_header_survives(mail_dir):
    message = _message(
        "تأكيد ስደተኞች " * 9, "уляна@приклад.укр", **{"List-Unsubscribe": "<https://x.example/s/a/>"}
    )
    message.attach_alternative("<p>Текст</p>", "text/html")
    assert _send(message) == 1
    (file,) = mail_dir.iterdir()
    read = _read(file)
    assert read["Subject"].strip() == ("تأكيد ስደተኞች " * 9).strip()
    assert read["List-Unsubscribe"] == "<https://x.example/s/a/>"
    assert read.get_body(["html"]).get_content().strip() == "<p>Текст</p>"


@pytest.mark.parametrize("subject", ["two\nlines", "half \ud83d character"])
def test_a_header_that_cannot_be_written_stops_no_other_message(mail_dir, caplog, subject):
    assert _send(_message(subject), _message()) == 1
    assert len(list(mail_dir.iterdir())) == 1
    assert "cannot be written" in caplog.text
    assert "lines" not in caplog.text


def test_no_message_makes_no_file(mail_dir):
    assert _send() == 0
