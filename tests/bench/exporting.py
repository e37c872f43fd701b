"""`python -m tests.bench.exporting`: how long downloads of a long list take, and what memory they need."""

import argparse
import json
import secrets
import tempfile
import threading
import time
import urllib.parse
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from tests.bench import filling
from tests.bench.serving import gunicorn

EVERY = 0.02  # seconds between two looks at a worker's memory


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--signatures", type=int, default=100_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as running:
        filling.prepare(Path(folder))
        running.callback(filling.stop_database)
        filling.fill(chosen.signatures)
        _prepare()
        server = running.enter_context(gunicorn("config.wsgi:application", WEB_CONCURRENCY="1"))
        with urllib.request.urlopen(f"{server.address}/admin/account/login/"):
            pass  # what a worker loads once is none of a download's
        print(f"{chosen.signatures} signatures, each with a contact; gunicorn, 1 worker of 4 threads\n")
        print("| what     | file | seconds | first byte | MB    | worker before | grows by |")
        print("|----------|------|---------|------------|-------|---------------|----------|")
        for kind in ("csv", "xlsx", "ods", "docx", "json", "txt"):
            _measure(server, _come_in(), "desk", kind)
        for kind in ("csv", "xlsx", "ods"):
            _measure(server, _come_in(), "contacts", kind)


def _prepare() -> None:
    """Give every signature a contact, and make somebody who may take them away."""
    from signatories.models import Contact, Signature
    from tests.factories import make_staff

    signatures = Signature.objects.only("public_id").iterator()
    Contact.objects.bulk_create((_contact(signature) for signature in signatures), batch_size=2_000)
    make_staff()


def _come_in() -> str:
    """Return the cookie of somebody who has just shown who they are."""
    from django.db import connection
    from django.test import Client

    from letters.models import Staff
    from tests.factories import enter

    client = enter(Client(), Staff.objects.get())
    connection.close()
    return client.cookies["sessionid"].value


def _contact(signature):
    from signatories.contacts import address_key, lock_away
    from signatories.models import Contact

    address = f"{signature.public_id}@bench.example"
    person = {
        "signature": signature.public_id,
        "name": "Somebody",
        "role": "Chair",
        "email": address,
        "phone": "",
    }
    sealed = lock_away(json.dumps(person).encode())
    return Contact(signature=signature, sealed=sealed, address_key=address_key(address))


def _measure(server, session: str, what: str, kind: str) -> None:
    columns = [
        "id",
        "name",
        "latin",
        "country",
        "kind",
        "network",
        "since",
        "status",
        "visibility",
        "channel",
        "language",
    ]
    token = secrets.token_hex(16)
    form = {"what": what, "kind": kind, "statuses": "published", "columns": columns, "reason": "legal"}
    body = urllib.parse.urlencode({**form, "csrfmiddlewaretoken": token}, doseq=True).encode()
    request = urllib.request.Request(f"{server.address}/admin/letters/letter/1/export/", body)
    request.add_header("Cookie", f"sessionid={session}; csrftoken={token}")
    before, watch = server.memory(), _Watch(server)
    began = time.monotonic()
    with watch, urllib.request.urlopen(request) as answer:
        size = len(answer.read(1))
        first = time.monotonic() - began
        while piece := answer.read(1 << 20):
            size += len(piece)
    seconds = time.monotonic() - began
    grown = max(0.0, watch.most - before)
    print(
        f"| {what:<8} | {kind:<4} | {seconds:>7.1f} | {first:>8.2f} s | {size / 1e6:>5.1f} | {before:>10.0f} MB "
        f"| {grown:>5.1f} MB |",
        flush=True,
    )


class _Watch:
    """Looks at the memory of a server's worker while something runs."""

    def __init__(self, server) -> None:
        self.most = 0.0
        self._server = server
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self.most = max(self.most, self._server.memory())


if __name__ == "__main__":
    main()
