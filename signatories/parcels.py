"""Addressed letters in one file: made by the worker, downloaded by staff, gone after a day."""

import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from letters import countries
from letters.models import Staff, record
from signatories.delivery import sealed
from signatories.documents import DocumentNotMade, let_go
from signatories.formats import FORMATS, Table
from signatories.models import DeliveredName, Delivery, Parcel, ParcelStatus


class ParcelGone(Exception):
    """The file cannot be had: it is not made yet, its day is over, or a name in it was taken off since."""


# --- acts --------------------------------------------------------------------------------------------


def pack(deliveries: Iterable[Delivery], *, by: Staff) -> Parcel:
    """Have the letters of these deliveries, all of one open letter, made by the worker."""
    from signatories.tasks import fill_parcel  # the task imports this module

    chosen = list(deliveries)
    with transaction.atomic():
        parcel = Parcel.objects.create(letter_id=chosen[0].letter_id, by=by, total=len(chosen))
        parcel.deliveries.set(chosen)
        fill_parcel.enqueue(parcel.pk)
    return parcel


def release(parcel: Parcel, *, by: Staff) -> Path:
    """Return the file; that somebody took each letter in it is written down before. Raises ParcelGone."""
    with transaction.atomic():
        parcel = Parcel.objects.select_for_update().get(pk=parcel.pk)
        if parcel.status != ParcelStatus.READY or not path_of(parcel).exists() or _is_stale(parcel):
            raise ParcelGone
        for delivery in parcel.deliveries.all():
            record("release", kind="delivery", subject=delivery.public_id, letter=parcel.letter_id, by=by)
        parcel.deliveries.filter(released_at=None).update(released_at=timezone.now())
    return path_of(parcel)


def _is_stale(parcel: Parcel) -> bool:
    """Whether a letter in it was thrown away, or a name taken off, since it was made."""
    removed = DeliveredName.objects.removed().filter(delivery__in=parcel.deliveries.all())
    return parcel.deliveries.count() != parcel.total or removed.exclude(pk__in=parcel.left_out).exists()


# --- the worker --------------------------------------------------------------------------------------


def fill(parcel_id: int) -> None:
    """Make a parcel's file, of which nobody sees a part. Doing it again after a kill starts afresh."""
    parcel = Parcel.objects.filter(pk=parcel_id, status=ParcelStatus.PACKING).first()
    if parcel is None:
        return
    deliveries = list(parcel.deliveries.select_related("recipient", "letter").order_by("pk"))
    removed = DeliveredName.objects.removed().filter(delivery__in=deliveries)
    parcel.left_out = list(removed.values_list("pk", flat=True))
    parcel.save(update_fields=["left_out"])

    def so_far(number: int) -> None:
        Parcel.objects.filter(pk=parcel.pk).update(done=number)

    try:
        _write_at_once(path_of(parcel), lambda file: write_zip(deliveries, file, after_each=so_far))
    except (DocumentNotMade, OSError):
        Parcel.objects.filter(pk=parcel.pk).update(status=ParcelStatus.FAILED)
    else:
        Parcel.objects.filter(pk=parcel.pk).update(status=ParcelStatus.READY)
    finally:
        let_go()


def path_of(parcel: Parcel) -> Path:
    folder: Path = settings.DOCUMENTS_DIR
    return folder / f"{parcel.public_id}.zip"


def _write_at_once(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write a file that nobody else on this machine can read, and that is there whole or not at all.

    Two workers may be at it, after one was taken for dead: each has a part of its own.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=path.parent)  # for its owner alone
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
        Path(part).replace(path)
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise


def forget() -> None:
    """Delete files whose day is over, and those with a name that was taken off or a letter that was thrown away."""
    oldest = timezone.now() - settings.PARCEL_KEPT
    for parcel in Parcel.objects.exclude(status=ParcelStatus.GONE):
        if parcel.made_at < oldest or (parcel.status == ParcelStatus.READY and _is_stale(parcel)):
            path_of(parcel).unlink(missing_ok=True)
            Parcel.objects.filter(pk=parcel.pk).update(status=ParcelStatus.GONE)
    if settings.DOCUMENTS_DIR.exists():
        for path in settings.DOCUMENTS_DIR.iterdir():  # what a killed worker left
            if path.stat().st_mtime < time.time() - settings.PARCEL_KEPT.total_seconds():
                path.unlink(missing_ok=True)


# --- the file ----------------------------------------------------------------------------------------


def write_zip(deliveries: Iterable[Delivery], file: IO[bytes], *, after_each: Callable[[int], None]) -> None:
    """Write a ZIP of each delivery's document, one in memory at a time, and a list of them for mail merge."""
    rows = []
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number, delivery in enumerate(deliveries, 1):
            made, digest = sealed(delivery)
            archive.writestr(file_name(delivery), made.pdf)
            rows.append(_row(delivery, digest))
            after_each(number)
        table = Table(title="", columns=_columns(), rows=rows)
        archive.writestr("recipients.csv", b"".join(FORMATS["csv"].written(table)))


def file_name(delivery: Delivery) -> str:
    """Return a name that says which government it is for, and no person's name."""
    country = delivery.recipient.country.lower() or "xx"
    return f"{delivery.letter.slug}-{country}-{delivery.public_id}.pdf"


def _columns() -> dict[str, str]:
    """Return the columns of the list by the names that mail merge knows them by."""
    return {
        "office": _("Office"),
        "style_of_address": _("Style of address"),
        "mission": _("Mission"),
        "government": _("Government"),
        "email": _("E-mail"),
        "language": _("Language"),
        "channel": _("Channel"),
        "file": _("File"),
        "sha256": _("SHA-256"),
    }


def _row(delivery: Delivery, digest: str) -> list[str]:
    recipient = delivery.recipient
    return [
        recipient.office,
        recipient.style_of_address,
        recipient.mission,
        countries.name(recipient.country),
        recipient.email,
        recipient.language,
        recipient.channel,
        file_name(delivery),
        digest,
    ]
