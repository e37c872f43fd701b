"""Names by the words in them, as the database finds them quickest; which there are to find is the wall's to say."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db import connection

_LOOKED_UP = 2  # words of a search
_ALIKE = 0.4  # of the trigrams of a search; two letters that changed places break half of a short word's
_FIRST = f"SET LOCAL enable_seqscan = off; SET LOCAL pg_trgm.word_similarity_threshold = {_ALIKE};"
_ASK = "SELECT {columns} FROM ({names}) names WHERE {condition} {order} LIMIT %s OFFSET %s"

Ways = tuple[str, ...]  # of one word to stand in `search_text`, as `names.sought` has them: one is enough


@dataclass(frozen=True, slots=True)
class Search:
    """A question for names, in SQL: the ORM would take longer to make it than the database to answer it.

    `names` is a query of its own, of all that may be found, with `search_text` among its columns.
    """

    names: str
    condition: str
    parameters: list[Any]

    def ask(self, columns: str, *, order: str = "", at_most: int, after: int = 0) -> list[tuple[Any, ...]]:
        """Return rows of these columns; in no order, where none is given."""
        sql = _ASK.format(columns=columns, names=self.names, condition=self.condition, order=order)
        with connection.cursor() as cursor:
            cursor.execute(sql, [*self.parameters, at_most, after])
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows


def search(names: str, parameters: tuple[Any, ...], words: list[Ways]) -> Search:
    """Return how to ask which of some names have all these words, the rarest of which come first.

    Those are looked up, the others read in what is found: by one word alone the index is quickest where hardly a name
    has it, by two where many have each.
    """
    looked_up, read = words[:_LOOKED_UP], words[_LOOKED_UP:]
    has = [_one_of("search_text LIKE %s", ways) for ways in looked_up]
    has += [_one_of("strpos(search_text, %s) > 0", ways) for ways in read]
    patterns = [f"%{way}%" for ways in looked_up for way in ways]  # letters and digits alone
    return Search(names, " AND ".join(has), [*parameters, *patterns, *chain.from_iterable(read)])


def rarest_first(words: list[Ways], some_names: str) -> list[Ways]:
    """Order words by how often some names have them; among equals the longest goes first."""
    return sorted(words, key=lambda ways: (sum(map(some_names.count, ways)), -len(ways[0])))


def by_index_alone(execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
    """Ask so that no search reads the whole table, as the planner would where a word is frequent.

    For `connection.execute_wrapper`. Statements that are sent together are one transaction, so that what is set is set
    for this one alone.
    """
    return execute(f"{_FIRST} {sql}", parameters, many, context)


def _one_of(condition: str, ways: Ways) -> str:
    return f"({' OR '.join([condition] * len(ways))})"
