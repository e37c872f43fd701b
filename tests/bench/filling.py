"""Letters with as many signatures as one wants, written in minutes and true in every column.

Names are invented ones in several scripts, numbered. What is derived from a name is derived by the models' own code for
five thousand, differs by the number alone for the others, is held against the models' own for one in five hundred,
and is copied into the tables past Django. (The marks that duplicates are looked for by are those of another number: no
public page asks for them.) Constraints and triggers look at every row.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path
from random import Random

AT_ONCE = 5_000  # rows
COUNTRIES = (
    "KE UG DE CO LB JO BD TZ RW ET SS SD CD SO ER PE EC MX GR FR SE CH CA US AU IN MY TH EG TR".split()
)
KINDS = ("refugee_led", "refugee_led", "refugee_led", "displaced_led", "ally")
WORDS = 900  # of a letter
FIRST, NUMBER = 1_000_000, "8888888"  # numbers behind names have as many digits


def prepare(var: Path) -> None:
    """Have an empty database below this folder, and the static files."""
    # The embedded server runs as another user where we are root, and must be able to enter.
    var.mkdir(exist_ok=True)
    var.chmod(0o755)
    os.environ |= {
        "UNDERSIGNED_VAR": str(var),
        "TRUSTED_PROXIES": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)


def stop_database() -> None:
    """Stop the database, where it is ours to stop."""
    from django.conf import settings
    from django.db import connections

    from config import devdb

    connections.close_all()
    if "DEVDB_VAR" in settings.DATABASES["default"]:
        devdb.stop(settings.DATABASES["default"]["DEVDB_VAR"])


def fill(size: int) -> None:
    """Make a letter called bench-SIZE, signed by as many organisations, unless it is there."""
    from letters.models import Host, Letter

    host, _ = Host.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    if Letter.objects.filter(slug=f"bench-{size}").exists():
        return
    with _without_word_indexes():
        _sign(_make_letter(host, size), size)
    _settle()


def _make_letter(host, size: int):
    from django.utils import timezone

    from letters.models import Letter, Text

    letter = Letter.objects.create(
        host=host, slug=f"bench-{size}", opens_at=timezone.now() - timedelta(days=30)
    )
    words = " ".join(f"word{number * 7919 % 997}" for number in range(WORDS // 6))
    Text.objects.create(letter=letter, language="en", title=f"A letter of {size}", body=f"{words}\n\n" * 6)
    return letter


def _sign(letter, size: int) -> None:
    from django.db import transaction

    from signatories.models import Organisation, Signature
    from tests.invented import invented_names

    bases = [_derived(f"{name} {NUMBER}") for name in invented_names(5_000)]
    for start in range(0, size, AT_ONCE):
        derived = [
            _numbered(bases[number % len(bases)], number)
            for number in range(start, min(start + AT_ONCE, size))
        ]
        for row in derived[::500]:
            if row != _derived(row["name"]) | {"spellings": row["spellings"]}:
                raise WrittenWrong(row["name"])
        with transaction.atomic():
            first = _copy(Organisation, _organisations(start, derived))
            _copy(Signature, _signatures(letter, start, derived, first))


class WrittenWrong(Exception):
    """What a name's columns hold is not what the model derives from it."""


def _derived(name: str) -> dict[str, str]:
    """Return a name and what the model derives from it."""
    from signatories.models import Signature

    signature = Signature(name=name)
    signature.fill_keys()
    return {"name": name, **{key: getattr(signature, key) for key in Signature.DERIVED}}


def _numbered(base: dict[str, str], number: int) -> dict[str, str]:
    """Return the same with another number of as many digits, which every derived column holds as it stands."""
    return {key: value.replace(NUMBER, str(FIRST + number)) for key, value in base.items()}


def _organisations(start: int, derived: list[dict[str, str]]) -> list[dict[str, object]]:
    from signatories.models import Verification

    random = Random(start)
    return [
        {
            "public_id": secrets.token_hex(8),
            "name": row["name"],
            "name_key": row["name_key"],
            "spellings": row["spellings"],
            "country": random.choice(COUNTRIES),
            "verification": random.choice([Verification.UNVERIFIED, Verification.VERIFIED]),
        }
        for row in derived
    ]


def _signatures(letter, start: int, derived, first_organisation: int) -> list[dict[str, object]]:
    from signatories.models import SignatureStatus
    from signatories.visibility import Visibility

    random, text = Random(start), letter.texts.get()
    seen = [Visibility.PUBLIC] * 90 + [Visibility.DELIVERED_ONLY] * 6 + [Visibility.COUNTED_ONLY] * 4
    return [
        {
            **row,
            "public_id": secrets.token_hex(8),
            "letter_id": letter.pk,
            "text_id": text.pk,
            "organisation_id": first_organisation + place,
            "country": random.choice(COUNTRIES),
            "kind": random.choice(KINDS),
            "visibility": random.choice(seen),
            "language": "en",
            "status": SignatureStatus.PUBLISHED,
            "published_at": letter.opens_at + timedelta(seconds=(start + place) * 2),
        }
        for place, row in enumerate(derived)
    ]


def _copy(model, rows: list[dict[str, object]]) -> int:
    """Copy rows into a model's table, everything else as a new row has it; return the id of the first."""
    from django.db import connection

    template = model()
    fields = [field for field in model._meta.local_concrete_fields if not field.generated]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT nextval(pg_get_serial_sequence('{model._meta.db_table}', 'id')) FROM generate_series(1, %s)",
            [len(rows)],
        )
        first = cursor.fetchone()[0]
        said = list(rows[0])
        usual = [field for field in fields if field.attname not in said and not field.primary_key]
        rest = "\t".join(
            _written(field.get_db_prep_save(getattr(template, field.attname), connection)) for field in usual
        )
        text = StringIO()
        for number, row in enumerate(rows):
            written = "\t".join(map(_written, row.values()))
            text.write(f"{first + number}\t{written}\t{rest}\n")
        text.seek(0)
        columns = ", ".join(["id", *said, *(field.column for field in usual)])
        cursor.copy_expert(f"COPY {model._meta.db_table} ({columns}) FROM STDIN", text)
    return first


_ESCAPED = str.maketrans({"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"})


def _written(value: object) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, list):
        return "{}"
    return str(value).translate(_ESCAPED)


@contextmanager
def _without_word_indexes() -> Iterator[None]:
    """An index of trigrams is made in a tenth of the time when all rows are there."""
    from django.contrib.postgres.indexes import GinIndex
    from django.db import connection

    from signatories.models import Organisation, Signature

    indexes = [
        (model, index)
        for model in (Organisation, Signature)
        for index in model._meta.indexes
        if isinstance(index, GinIndex)
    ]
    with connection.schema_editor() as editor:
        for model, index in indexes:
            editor.remove_index(model, index)
    yield
    with connection.schema_editor() as editor:
        editor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        for model, index in indexes:
            editor.add_index(model, index)


def _settle() -> None:
    """Do what the database does by itself in the hours after: what is measured is not its tidying up."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) signatories_signature")
        cursor.execute("VACUUM (ANALYZE) signatories_organisation")
        cursor.execute("CHECKPOINT")
        cursor.execute("SELECT pg_database_size(current_database()) / 1000000")
        print(f"database: {cursor.fetchone()[0]} MB", flush=True)
