"""`python -m tests.bench.documents`: how long addressed letters and long lists take as PDF, and how much memory.

Sixty recipients, twenty each in English, French and Arabic, are handed the demonstration letter, whose names stand in
22 scripts; then its public document is made with more and more names. Figures depend on the machine: read them as
orders of magnitude.
"""

import os
import tempfile
import time
from pathlib import Path

RECIPIENTS = 60
LONG_LISTS = (1_000, 10_000)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        # The embedded server runs as another user where we are root, and must be able to enter.
        Path(folder).chmod(0o755)
        os.environ |= {"UNDERSIGNED_VAR": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
        try:
            _measure()
        finally:
            _stop_database()


def _measure() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from config.catalogues import compile_catalogues
    from letters.models import Letter, Recipient, Staff
    from signatories import delivery, documents, parcels

    compile_catalogues()
    call_command("migrate", verbosity=0)
    call_command("load_demonstration", verbosity=0)
    letter, alice = Letter.objects.get(slug="right-to-asylum"), Staff.objects.first()
    letter.recipients.all().delete()
    for number in range(RECIPIENTS):
        Recipient.objects.create(
            letter=letter,
            office="Permanent Representative",
            mission=f"Mission {number}",
            country=("GB", "FR", "JO")[number % 3],
            language=("en", "fr", "ar")[number % 3],
        )
    memory = _memory()
    said("the first document of a process", lambda: documents.public_document(letter, "en"))
    said("the next one", lambda: documents.public_document(letter, "en"))
    made = said(
        f"freezing {RECIPIENTS} letters",
        lambda: delivery.deliver(letter, recipients=letter.recipients.all(), by=alice),
    )
    parcel = parcels.pack(made, by=alice)
    said(f"{RECIPIENTS} letters in one ZIP", lambda: parcels.fill(parcel.pk))
    print(
        f"{parcels.path_of(parcel).stat().st_size / 1e6:.1f} MB of ZIP, {_memory() - memory:.0f} MB of memory more"
    )
    for number in LONG_LISTS:
        names = [
            documents.Name(f"Organisation {n} of Place {n * 31 % 977}", "", ("KE", "UG", "DE")[n % 3], False)
            for n in range(number)
        ]
        text = letter.text_for("en")
        content = documents.content(letter, text, counts=_counts(number), as_of=letter.opens_at)
        memory = _memory()
        pdf = said(f"{number:,} names", lambda: documents.rendered(content, names).pdf)  # noqa: B023 - called here
        print(f"{len(pdf) / 1e6:.1f} MB of PDF, {_memory() - memory:.0f} MB of memory more")


def said(what, do):
    """Do it, and say how long it took."""
    began, busy = time.perf_counter(), time.process_time()
    done = do()
    print(f"{what}: {time.perf_counter() - began:.2f} s, {time.process_time() - busy:.2f} s of them busy")
    return done


def _counts(number):
    from signatories.wall import Counts

    return Counts(organisations=number, countries=3)


def _memory() -> float:
    """Return how many MB this process holds."""
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024


def _stop_database() -> None:
    from django.conf import settings
    from django.db import connections

    from config import devdb

    connections.close_all()
    if "DEVDB_VAR" in settings.DATABASES["default"]:
        devdb.stop(settings.DATABASES["default"]["DEVDB_VAR"])


if __name__ == "__main__":
    main()
