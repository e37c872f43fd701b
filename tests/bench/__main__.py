"""`make bench`: how fast the pages are, as ratios to a bare Django view under the same gunicorn in the same run.

Machines differ and are noisy, so absolute figures mean little: each round measures a page and its yardstick one
right after the other, and the table gives the median of the rounds' ratios with their spread.
"""

import argparse
import json
import re
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bench import filling, plans
from tests.bench.serving import ROOT, Server, gunicorn, nginx, rate

DOCUMENT = ROOT / "docs" / "benchmarks.md"
BEGIN, END = "<!-- make bench wrote this -->", "<!-- to here -->"

FORM = """
local number = 0
function setup(thread) thread:set("id", number) number = number + 1 end
local counter = 0
request = function()
  counter = counter + 1
  local one = id .. "x" .. counter .. "x" .. START
  local address = "10." .. id .. "." .. (math.floor(counter / 250) % 250) .. "." .. (counter % 250)
  local body = "organisation=Bench+" .. one .. "&country=KE&kind=refugee_led&contact_name=Bench&contact_email=b"
    .. one .. "%40bench.example&visibility=public&consent=on"
  return wrk.format("POST", nil, {["Content-Type"] = "application/x-www-form-urlencoded",
    ["X-Forwarded-For"] = address}, body)
end
"""
SEARCH = """
local number = 0
function setup(thread) thread:set("id", number) number = number + 1 end
local counter = 0
request = function()
  counter = counter + 1
  return wrk.format("GET", wrk.path .. "?q=" .. SOUGHT[(counter * 2 + id) % #SOUGHT + 1])
end
"""


@dataclass(frozen=True)
class Case:
    """Something to measure, and its yardstick; `budget` is the ratio it must reach."""

    what: str
    address: str
    yardstick: str
    budget: float | None = None
    headers: tuple[str, ...] = ("Accept-Encoding: br",)
    script: str = ""


@dataclass(frozen=True)
class Measured:
    case: Case
    ratios: list[float]
    here: float
    there: float

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    def line(self) -> str:
        budget = f"{self.case.budget:g}" if self.case.budget else ""
        spread = f"{min(self.ratios):.2f} - {max(self.ratios):.2f}"
        cells = [
            self.case.what,
            f"{self.ratio:.2f}",
            spread,
            budget,
            f"{self.here:,.0f}",
            f"{self.there:,.0f}",
        ]
        return f"| {' | '.join(cells)} |"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--sizes", type=int, nargs="+", default=[100, 10_000, 100_000, 1_000_000])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=3)
    options.add_argument("--keep", type=Path, help="a folder whose database is used again, or made")
    options.add_argument("--write", action="store_true", help="write the figures into docs/benchmarks.md")
    chosen = options.parse_args()
    said: list[str] = []

    def say(line: str = "") -> None:
        said.append(line)
        print(line, flush=True)

    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as running:
        var = chosen.keep or Path(folder)
        filling.prepare(var)
        running.callback(filling.stop_database)
        say(
            f"{datetime.now(UTC):%d %B %Y}; median of {chosen.rounds} rounds of {chosen.seconds} seconds each."
        )
        say()
        say("| what | ratio, median | spread | budget | requests/s | yardstick |")
        say("|---|---|---|---|---|---|")
        missed = []
        for size in sorted(chosen.sizes):
            filling.fill(size)
            with _servers(var / "static") as (ours, bare, front):
                for case in _cases(size, ours, bare, front, var / "static"):
                    measured = _measure(case, chosen.rounds, chosen.seconds)
                    say(measured.line())
                    missed += [case.what] if case.budget and measured.ratio < case.budget else []
                memory = (ours.memory(), bare.memory())
        say()
        say("Memory of a worker after that, resident: ours {:.0f} MB, bare {:.0f} MB.".format(*memory))
        say()
        slow = plans.report(max(chosen.sizes), say)
    if chosen.write:
        _write(said)
    if missed or slow:
        sys.exit("\n".join(["", *(f"under its budget: {what}" for what in missed), *slow]))


@contextmanager
def _servers(static: Path) -> Iterator[tuple[Server, Server, str]]:
    with (
        gunicorn("config.wsgi:application") as ours,
        gunicorn("tests.bench.bare:application") as bare,
        nginx(ours, static) as front,
    ):
        yield ours, bare, front


def _cases(size: int, ours: Server, bare: Server, front: str, static: Path) -> Iterator[Case]:
    letter = f"/letters/bench-{size}/"
    live, found = f"{letter}live.json", f"{letter}signatories/"
    etag = _ask(ours.address + live)[1]
    many = f"{size:,} signatures"
    yield Case(
        f"letter page, warm; {many}",
        ours.address + letter,
        _bare_page(bare, ours.address + letter),
        0.7,
    )
    yield Case(
        f"`live.json`, 304; {many}",
        ours.address + live,
        f"{bare.address}/not-modified",
        0.7,
        (f"If-None-Match: {etag}",),
    )
    yield Case(f"list page, warm; {many}", ours.address + found, _bare_page(bare, ours.address + found), 0.7)
    one, common = _sought(size)
    for what, sought, budget in (("one name", one, 0.1), ("one word", common, None)):
        example = f"{ours.address}{found}?q={sought[0]}"
        yield Case(
            f"list page, a search for {what}; {many}",
            ours.address + found,
            _bare_page(bare, example),
            budget,
            script=_lua("SOUGHT", sought) + SEARCH,
        )
    (static / f"bench-{size}.bin").write_bytes(b"x" * len(_ask(ours.address + letter)[0]))
    yield Case(
        f"letter page behind nginx, to a file of nginx; {many}",
        front + letter,
        f"{front}/static/bench-{size}.bin",
        0.8,
    )
    yield Case(
        f"sign, POST; {many}",
        f"{ours.address}{letter}sign/",
        f"{bare.address}/form",
        script=f"START = '{time.time_ns()}'\n{FORM}",
    )


def _bare_page(bare: Server, address: str) -> str:
    return f"{bare.address}/page/{len(_ask(address)[0])}"


def _ask(address: str) -> tuple[bytes, str]:
    """Return an answer's bytes as they are sent to a browser of today, and its ETag."""
    request = urllib.request.Request(address, headers={"Accept-Encoding": "br"})
    with urllib.request.urlopen(request) as answer:
        return answer.read(), answer.headers["ETag"]


def _sought(size: int) -> tuple[list[str], list[str]]:
    """Return what is searched for: names as they are written, and words that many names have."""
    from signatories.models import Signature

    rows = Signature.objects.filter(letter__slug=f"bench-{size}", visibility="public").order_by("public_id")
    names = list(rows.values_list("name", flat=True)[:500])
    words = [word for name in names for word in re.findall(r"[^\W\d]{4,}", name)]
    return [urllib.parse.quote(name) for name in names], [urllib.parse.quote(word) for word in words[:500]]


def _lua(name: str, words: list[str]) -> str:
    return f"{name} = {{{', '.join(json.dumps(word) for word in words)}}}\n"


def _measure(case: Case, rounds: int, seconds: int) -> Measured:
    pairs = []
    for _ in range(rounds):
        here = rate(case.address, headers=case.headers, script=case.script, seconds=seconds)
        script = case.script if case.yardstick.endswith("/form") else ""
        pairs.append((here, rate(case.yardstick, headers=case.headers, script=script, seconds=seconds)))
    here, there = (statistics.median(rates) for rates in zip(*pairs, strict=True))
    return Measured(case, [one / other for one, other in pairs], here, there)


def _write(said: list[str]) -> None:
    """Put what was said where the document has its figures."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text("\n".join([before + BEGIN, "", *said, "", END + after]))


if __name__ == "__main__":
    main()
