"""What each public page asks the database, and how the database finds it: an index, always, and few rows."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

LARGE = {"signatories_signature", "signatories_organisation", "letters_event"}
QUESTIONS = (
    "?page=2",
    "?page=25",
    "?country=KE",
    "?country=KE&page=3",
    "?kind=ally",
    "?country=KE&kind=ally",
    "?by=country",
    "?by=country&page=20",
    "?q=lantern",
    "?q=kakuma women",
    "?q=Kakuma%20Lantern%20Refugee%20Youth%20Network",
    "?q=lantren%20netwrok",
    "?q=ጤና",
    "?q=xyzzyqwertz",
    "?q=1",
    "?q=women&country=KE",
)
A_PAGE = 5_000  # rows: what is counted of a search, at most, and more than any page shows


class Plan(NamedTuple):
    """How one query was answered."""

    sql: str
    milliseconds: float
    rows_read: int
    indexes: frozenset[str]
    read_whole: frozenset[str]


def addresses(slug: str) -> list[str]:
    """Return every public address of a letter, and what people ask of its list."""
    from tests.crawling import CRAWLED  # only here: it needs settings, which a program has yet to say

    every = [
        pattern.format(letter=slug, host="bench")
        for patterns in CRAWLED.values()
        for pattern in patterns
        if not re.search(r"\{(?!letter|host)", pattern)
    ]
    return [*every, *(f"/letters/{slug}/signatories/{question}" for question in QUESTIONS)]


def plans_of(address: str) -> list[Plan]:
    """Ask for a page as a stranger, with nothing remembered, and for the plan of every query it makes."""
    from letters import revision

    revision.forget()
    with CaptureQueriesContext(connection) as asked:
        answer = Client(SERVER_NAME="127.0.0.1").get(address)
        if answer.streaming:  # what is sent row by row is asked for at its first
            next(iter(answer.streaming_content), None)
    with transaction.atomic(), connection.cursor() as cursor:
        return list(_plans(cursor, [one["sql"] for one in asked.captured_queries]))


def _plans(cursor, queries: list[str]) -> Iterator[Plan]:
    for sql in queries:
        settings = re.match(r"(SET LOCAL [^;]*; )*", sql)[0]
        if settings:  # for the queries after it, too
            cursor.execute(settings)
        query = re.sub(r"^DECLARE .*? CURSOR .*?FOR (?=SELECT|WITH)", "", sql[len(settings) :])
        if query.startswith(("SELECT", "WITH")) and "FOR UPDATE" not in query:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}")
            yield _read(query, cursor.fetchone()[0])


def _read(sql: str, explained) -> Plan:
    plan = (json.loads(explained) if isinstance(explained, str) else explained)[0]
    nodes, rows, indexes, whole = [plan["Plan"]], 0, set(), set()
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        indexes |= {node["Index Name"]} if "Index Name" in node else set()
        if node.get("Relation Name") in LARGE:
            whole |= {node["Relation Name"]} if node["Node Type"] == "Seq Scan" else set()
            seen = node["Actual Rows"] + sum(
                value for key, value in node.items() if key.startswith("Rows Removed")
            )
            rows += round(seen * node["Actual Loops"])
    return Plan(sql, plan["Execution Time"], rows, frozenset(indexes), frozenset(whole))


def report(size: int, say: Callable[..., None]) -> list[str]:
    """Say what every public page of the letter of that size asks; return what is wrong."""
    wrong = []
    say(f"What every public page asks the database about a letter of {size:,}, when nothing is remembered:")
    say()
    say("| page | queries | ms in the database | ms of the slowest | rows read | seconds in all |")
    say("|---|---|---|---|---|---|")
    for address in addresses(f"bench-{size}"):
        began = time.perf_counter()
        plans = plans_of(address)
        took = time.perf_counter() - began - sum(plan.milliseconds for plan in plans) / 1000
        if not any(plan.rows_read for plan in plans):
            continue
        slowest = max(plans, key=lambda plan: plan.milliseconds)
        cells = [
            f"`{address.replace(f'/letters/bench-{size}/', '')}`",
            len(plans),
            f"{sum(plan.milliseconds for plan in plans):.0f}",
            f"{slowest.milliseconds:.0f}",
            f"{max(plan.rows_read for plan in plans):,}",
            f"{took:.2f}",
        ]
        say(f"| {' | '.join(map(str, cells))} |")
        wrong += [
            f"{address} reads all of {table}: {plan.sql}" for plan in plans for table in plan.read_whole
        ]
    say()
    return wrong
