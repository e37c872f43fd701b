"""`python -m tests.bench.polling`: a thousand open pages, and how soon all of them show a name that is approved.

Each asks as static/js/live.js does: live.json with the ETag it has, after a pause of its own, and the page only when
there is news. Real gunicorn with 2 workers, and real PostgreSQL, which counts what it is asked.
"""

import argparse
import asyncio
import json
import random
import re
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench import filling
from tests.bench.serving import gunicorn

NAMES = 5  # approved in a run, one after the other
LOOKS = 2  # pauses after which somebody is late: one until the news, one more where a worker was behind


class OpenPage:
    """A page of the letter in somebody's browser: what it knows, and when it learned of each name."""

    def __init__(self, address: str, slug: str, poll: float) -> None:
        parts = urlsplit(address)
        self._host, self._port = parts.hostname, parts.port
        self._slug, self._poll = slug, poll
        self._etag, self._revision, self._news = "", -1, {"revision": -1}
        self.seen: dict[str, float] = {}
        self.statuses: list[int] = []
        self.pages = 0

    async def stay(self) -> None:
        await self._look()
        while True:
            await asyncio.sleep(self._poll * (0.7 + random.random() / 4))  # as live.js waits
            await self._look()

    async def _look(self) -> None:
        status, headers, body = await self._ask(f"/letters/{self._slug}/live.json", self._etag)
        self.statuses.append(status)
        if status == 200:
            self._etag, self._news = headers["etag"], json.loads(body)
        if self._revision == -1:
            self._revision = self._news["revision"]
        if self._news["revision"] > self._revision:
            await self._refresh()

    async def _refresh(self) -> None:
        """Take the page anew. Where another worker answers with one older than the news, the next look asks again."""
        _status, _headers, page = await self._ask(f"/letters/{self._slug}/", "")
        self.pages += 1
        self._revision = int(re.search(rb"""data-revision=["']?(\d+)""", page)[1])
        for name in (one["name"] for one in self._news["latest"]):
            if name not in self.seen and name.encode() in page:
                self.seen[name] = time.monotonic()

    async def _ask(self, path: str, etag: str) -> tuple[int, dict[str, str], bytes]:
        """Ask once, on a connection of its own: nobody keeps one open for a quarter of a minute."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        tag = f"If-None-Match: {etag}\r\n" if etag else ""
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{tag}Connection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in lines}
        return int(first.split()[1]), headers, body


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--pages", type=int, default=1_000)
    options.add_argument("--signatures", type=int, default=1_000)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as running:
        filling.prepare(Path(folder))
        running.callback(filling.stop_database)
        filling.fill(chosen.signatures)
        waiting = _waiting(f"bench-{chosen.signatures}")
        server = running.enter_context(gunicorn("config.wsgi:application"))
        late = asyncio.run(_watch(server.address, f"bench-{chosen.signatures}", chosen.pages, waiting))
    if late:
        sys.exit(f"{late} pages saw a name too late or never.")


def _waiting(slug: str):
    """Return confirmed signatures of a letter that is small enough to name every one of them on its page."""
    from letters.models import Letter
    from tests.factories import make_signature, make_staff

    letter = Letter.objects.get(slug=slug)
    make_staff()
    # A name that stands first is on the page however long the list is.
    return [
        make_signature(letter, name=f"Aaaa Kettle {number}", status="awaiting_moderation")
        for number in range(NAMES)
    ]


async def _watch(address: str, slug: str, how_many: int, waiting) -> int:
    from django.conf import settings

    poll = settings.LIVE_POLL_SECONDS
    pages = [OpenPage(address, slug, poll) for _ in range(how_many)]
    staying = []
    for page in pages:  # people come one after the other
        staying.append(asyncio.create_task(page.stay()))
        await asyncio.sleep(poll / how_many)
    await asyncio.sleep(poll)

    asked, queried = _asked(pages), await asyncio.to_thread(_transactions)
    began, approved = time.monotonic(), {}
    for signature in waiting:
        await asyncio.to_thread(_approve, signature)
        approved[signature.name] = time.monotonic()
        await asyncio.sleep(poll * 1.2)
    took = time.monotonic() - began
    asked, queried = _asked(pages) - asked, await asyncio.to_thread(_transactions) - queried
    for task in staying:
        task.cancel()
    outcomes = await asyncio.gather(*staying, return_exceptions=True)

    failed = [one for one in outcomes if not isinstance(one, asyncio.CancelledError)]
    delays = [page.seen[name] - at for name, at in approved.items() for page in pages if name in page.seen]
    missing = how_many * len(approved) - len(delays)
    late = missing + len(failed) + sum(delay > poll * LOOKS for delay in delays)
    statuses = [status for page in pages for status in page.statuses]
    print(
        f"{how_many:,} open pages, {len(approved)} names approved one after the other, {took:.0f} seconds\n"
    )
    print("| | |")
    print("|---|---|")
    print(f"| seen by all | {len(delays):,} of {how_many * len(approved):,} |")
    print(
        f"| seconds until a page showed the name | median {statistics.median(delays):.1f}, last {max(delays):.1f} |"
    )
    print(f"| requests | {asked:,}: {asked / took:.0f} a second |")
    print(f"| of all looks, 304 | {statuses.count(304) / len(statuses):.0%}; wrong: {_wrong(statuses)} |")
    print(
        f"| questions to the database, those of the approvals too | {queried:,}: {queried / asked:.2f} a request |"
    )
    return late


def _asked(pages: list[OpenPage]) -> int:
    return sum(len(page.statuses) + page.pages for page in pages)


def _wrong(statuses: list[int]) -> int:
    return sum(status not in (200, 304) for status in statuses)


def _approve(signature) -> None:
    from django.db import connection

    from letters.models import Staff
    from signatories import moderation

    moderation.approve(signature, by=Staff.objects.get())
    connection.close()


def _transactions() -> int:
    """Return how many transactions the database has counted; every question of a page is one of its own."""
    from django.db import connection

    time.sleep(2)  # until every server process has told what it counted
    with connection.cursor() as cursor:
        cursor.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        (committed,) = cursor.fetchone()
    connection.close()
    return int(committed)


if __name__ == "__main__":
    main()
