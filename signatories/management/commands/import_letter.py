"""Bring in a letter that is already public, from plain text, a saved web page or a Word document."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_slug

from letters import countries
from letters.parsing import UnreadableDocument
from signatories.importing import AnotherLetter, Found, HostUnknown, NoLetterFound, find, import_letter


class Command(BaseCommand):
    help = "Show what a published letter holds; with --write, publish it here with its signatories."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="plain text, saved HTML or .docx")
        parser.add_argument("--write", action="store_true", help="write it; without, it is only shown")
        parser.add_argument("--slug", default="", help="its address; made of the title unless given")
        parser.add_argument("--host", default="", help="the address of the host that publishes it")
        parser.add_argument("--open", action="store_true", help="open it for further signatures")

    def handle(self, *args: Any, **options: Any) -> None:
        """Show, and write only when told."""
        try:
            if options["slug"]:
                validate_slug(options["slug"])
            found = find(options["file"])
            self._show(found)
            if options["write"]:
                self._write(found, options)
            else:
                self.stdout.write("Nothing was written. Add --write to publish it.")
        except UnreadableDocument as problem:
            raise CommandError(str(problem)) from problem
        except ValidationError as problem:
            raise CommandError("--slug: small Latin letters, digits and hyphens, please.") from problem

    def _show(self, found: Found) -> None:
        letter = found.letter
        self.stdout.write(f"Title:       {letter.title or '(none found)'}")
        if letter.subtitle:
            self.stdout.write(f"Occasion:    {letter.subtitle}")
        self.stdout.write(f"Date:        {letter.date or '(none found)'}")
        self.stdout.write(f"Language:    {letter.language}")
        self.stdout.write(f"Body:        {len(letter.body.split())} words")
        self.stdout.write(f"Asks:        {len(letter.asks)}")
        for number, ask in enumerate(letter.asks, 1):
            self.stdout.write(f"  {number}. {_short(ask)}")
        self.stdout.write(f"Closing:     {letter.closing or '(none found)'}")
        known = f" from {found.countries} countries" if found.countries else ", countries unknown"
        self.stdout.write(f"Signatories: {len(letter.signatories)}{known}")
        for one in letter.signatories:
            country = f"  [{countries.name(one.country, 'en')}]" if one.country else ""
            self.stdout.write(f"  line {one.line:>5}  {one.name}{country}")
        self.stdout.write(f"Names that look like no names: {len(found.doubts)}")
        for doubt in found.doubts:
            reasons = " ".join(str(reason) for reason in doubt.reasons)
            self.stdout.write(f"  line {doubt.signatory.line:>5}  {doubt.signatory.name}: {reasons}")
        self.stdout.write(f"Pairs that look like one organisation: {len(found.likenesses)}")
        for pair in found.likenesses:
            self.stdout.write(
                f"  lines {pair.first.line} and {pair.second.line}  {pair.first.name} | {pair.second.name}"
                f"  ({pair.score:.0%})"
            )

    def _write(self, found: Found, options: dict[str, Any]) -> None:
        try:
            written = import_letter(
                found, slug=options["slug"], host=options["host"], open_for_signing=options["open"]
            )
        except NoLetterFound:
            raise CommandError("No title or no text was found, so there is nothing to publish.") from None
        except AnotherLetter:
            raise CommandError("That address belongs to another letter. Choose one with --slug.") from None
        except HostUnknown:
            raise CommandError(
                "There is no such host. Make it in the admin first, or leave --host out."
            ) from None
        self.stdout.write(
            self.style.SUCCESS(
                f"Written: {written.added} signatures added. {written.letter.get_absolute_url()}"
            )
        )


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 100 else words[:99] + "…"
