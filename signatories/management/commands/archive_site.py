"""Write every public page into a folder that a web server can serve when everything else is off."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from signatories import site_copy

_REFUSED, _TRY_LATER = 2, 75  # 1 is Django's own, for what failed


class Command(BaseCommand):
    help = (
        "Write every public page, in every language, as files. FOLDER/current is the copy; it takes the place of the"
        " one before when it is whole. Ends with 0 when it was written or nothing changed, 1 when something failed,"
        " 2 when FOLDER holds something else, 75 when another run is at work. See docs/archiving.md."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", type=Path, help="a folder for this alone; it is made where there is none"
        )
        parser.add_argument(
            "--if-changed", action="store_true", help="write only if a public page changed since; for a timer"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["folder"].absolute()
        try:
            number = site_copy.write(folder, if_changed=options["if_changed"], tell=self._tell)
        except site_copy.NotOurFolder:
            raise CommandError(
                f"{folder} holds something else. Name an empty folder, or one that is not there yet.",
                returncode=_REFUSED,
            ) from None
        except site_copy.AtWorkAlready:
            raise CommandError(f"Another run is writing into {folder}.", returncode=_TRY_LATER) from None
        except site_copy.PageFailed as failed:
            raise CommandError(f"{failed}. Nothing was replaced: the copy before stands.") from failed
        said = f"Written: {number} files, in {folder}/current" if number else "Nothing has changed."
        self.stdout.write(self.style.SUCCESS(said))

    def _tell(self, number: int) -> None:
        self.stdout.write(f"{number} files ...")
