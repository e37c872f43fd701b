"""A mail backend that writes each message into a file of its own, for people without a mail server."""

import logging
import os
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

log = logging.getLogger(__name__)


class EmailBackend(BaseEmailBackend):
    """Writes ``<UTC time>-<number>-<random>.eml`` into settings.MAIL_DIR, readable by its owner alone."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Write the messages and return how many could be; one that cannot stops no other."""
        directory = Path(settings.MAIL_DIR)
        directory.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC)
        written = 0
        for number, message in enumerate(email_messages, start=1):
            try:
                content = message.message().as_bytes()
            except ValueError as error:  # a line break or half a character in a header
                # The error itself would quote the header, and headers hold addresses.
                log.error("A message has a header that cannot be written (%s)", type(error).__name__)
                continue
            _write(directory, f"{now:%Y%m%dT%H%M%S.%fZ}-{number}-{secrets.token_hex(4)}.eml", content)
            written += 1
        return written


def _write(directory: Path, name: str, content: bytes) -> None:
    """Let the file appear under its name only when it is whole."""
    unfinished = directory / f".{name}.part"
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    unfinished.rename(directory / name)
