"""What the mail server calls with each message that comes back."""

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db.utils import InterfaceError, OperationalError

from signatories import bounces

_LONGEST = 1024 * 1024  # bytes: what a report says of a mailbox stands at its beginning
_TRY_AGAIN = 75  # EX_TEMPFAIL, on which a mail server keeps the message and calls again


class Command(BaseCommand):
    help = "Read one message that came back from standard input; docs/running.md tells how a mail server calls it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--recipient", default="", help="to whom the mail server delivers the message")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take it and say nothing: an answer would be mailed to a stranger. Without a database it is to come again."""
        content = sys.stdin.buffer.read(_LONGEST)
        try:
            bounces.take(content, recipient=options["recipient"])
        except (OperationalError, InterfaceError):
            sys.exit(_TRY_AGAIN)
