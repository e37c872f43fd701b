"""What must not reach a log: secret links, searches, addresses of people and of their machines."""

import logging
import re

GONE = "…"

# Everything after /s/ (a signatory's own pages), /g/ (a letter while it gathers), /p/ (the same for journalists),
# /w/ (a workshop's code), /i/ (an invitation), /u/ (unsubscribing) and /password/new/ (a link for staff) is secret, in
# a path ("/fr/s/…"), in what the resolver tried ("'path': 's/…'") and percent-encoded ("%2Fs%2F…").
SECRET_LINK = re.compile(
    r"((?:(?<=[/'\"])|(?<=%2F))(?:[sgpwiu]|password(?:/|%2F)new)(?:/|%2F))[^\s'\"<>)\]},]+", re.IGNORECASE
)
QUERY = re.compile(r"(/[^\s?'\"]*\?)[^\s'\"<>)\]]+")
MAIL_ADDRESS = re.compile(r"[^\s'\"<>()\[\]{},;:=/]+@[^\s'\"<>()\[\]{},;:=/]+")
MACHINE_ADDRESS = re.compile(r"(\bip=)\S+")  # gunicorn's "Invalid request from ip=…"
ROW_OF_THE_DATABASE = re.compile(r"^(\s*DETAIL:).*$", re.MULTILINE)


def redact(text: str) -> str:
    """Return the text without tokens, queries, addresses and rows."""
    for pattern in (SECRET_LINK, QUERY, MACHINE_ADDRESS, ROW_OF_THE_DATABASE):
        text = pattern.sub(rf"\1{GONE}", text)
    return MAIL_ADDRESS.sub(GONE, text)


class Redact(logging.Filter):
    """Redacts message and traceback of each record; belongs on handlers, where all records pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record in place and let it through."""
        record.msg, record.args = redact(_message(record)), None
        if record.exc_info and not record.exc_text:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # arguments that do not fit must not stop what is logging
        return str(record.msg)
