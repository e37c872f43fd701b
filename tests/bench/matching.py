"""`python -m tests.bench.matching`: how long looking for likes takes among 100,000 organisations and signatures.

It fills a database of its own, in a folder that is thrown away.
"""

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

# Names all of whose words are everybody's, names with a word of their own, acronyms, other scripts.
NAMES = [
    "Kakuma Refugee Women Association",
    "Refugee Women Association",
    "Refugee Network",
    "Hope Foundation",
    "Somali Women Empowerment and Education Network",
    "Poshe Refugee Association",
    "Kaba Refugee Organization",
    "TRRO",
    "جمعية الأمل",
    "አዲስ ተስፋ ማኅበር",
]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=100_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        # The embedded server runs as another user where we are root, and must be able to enter.
        Path(folder).chmod(0o755)
        os.environ |= {"UNDERSIGNED_VAR": folder, "DJANGO_SETTINGS_MODULE": "config.settings"}
        try:
            _fill(chosen.rows)
            _measure()
        finally:
            from config import devdb

            devdb.stop(Path(folder))


def _fill(how_many: int) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from signatories.models import Organisation, Signature
    from tests.factories import make_letter
    from tests.invented import invented_names

    call_command("migrate", verbosity=0)
    letter = make_letter("bench")
    text, now = letter.texts.get(), timezone.now()
    given = invented_names(how_many)
    for start in range(0, how_many, 5_000):
        organisations = [Organisation(name=name, country="KE") for name in given[start : start + 5_000]]
        for organisation in organisations:
            organisation.fill_key()
        Organisation.objects.bulk_create(organisations)
        signatures = [
            Signature(
                letter=letter,
                text=text,
                organisation=organisation,
                name=organisation.name,
                country="KE",
                status="published",
                published_at=now,
                language="en",
            )
            for organisation in organisations
        ]
        for signature in signatures:
            signature.fill_keys()
        Signature.objects.bulk_create(signatures)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SELECT pg_size_pretty(pg_relation_size('organisations_by_spelling'))")
        print(f"{how_many} organisations and signatures; an index of spellings has {cursor.fetchone()[0]}\n")


def _measure() -> None:
    from letters.models import Letter
    from signatories import matching
    from signatories.models import Organisation, Signature

    letter = Letter.objects.get()
    print(f"| {'a case, both looked for':<50} | organisations | signatures | together |")
    print(f"|{'-' * 52}|{'-' * 15}|{'-' * 12}|{'-' * 10}|")
    for name in NAMES:
        signature = Signature(letter=letter, name=name, country="KE")
        signature.fill_keys()
        one, other = _ms(matching.organisations_like, signature), _ms(matching.signatures_like, signature)
        print(f"| {name:<50} | {one:>10.1f} ms | {other:>7.1f} ms | {one + other:>5.1f} ms |")
    drawn = Signature.objects.order_by("public_id")[:60]  # ids are random
    both = [_ms(matching.organisations_like, one) + _ms(matching.signatures_like, one) for one in drawn]
    cuts = statistics.quantiles(both, n=20)
    print(
        f"\n60 names drawn: median {statistics.median(both):.1f} ms, 95 in 100 under {cuts[-1]:.1f} ms, ",
        end="",
    )
    print(f"longest {max(both):.1f} ms")
    print(f"a page of duplicates: {_ms(lambda _: matching.pairs(), None):.0f} ms\n")
    signature = Signature(letter=letter, name=NAMES[0], country="KE")
    print(matching._worth_comparing(signature, Organisation.objects.standing()).explain(analyze=True))


def _ms(act, of) -> float:
    """The shortest of three runs: the machine is not ours alone."""
    times = []
    for _ in range(3):
        began = time.perf_counter()
        act(of)
        times.append(time.perf_counter() - began)
    return min(times) * 1000


if __name__ == "__main__":
    main()
