"""A moment: less than a second in which this process asks nothing twice, and answers the same to the same question.

All it knows ends with it, so no page says what was true before the moment began.
"""

import time
from collections.abc import Hashable
from typing import Any

LASTS = 0.4  # seconds
LIMIT = 1000  # addresses that were guessed must not fill the process


class Moment(dict[Hashable, Any]):
    """What this process was told in a moment. It is harmless to write into one that is over: nobody reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.ends = time.monotonic() + LASTS

    def keep(self, key: Hashable, value: Any) -> None:
        """Know this until the end of the moment, or until there is too much to know."""
        if len(self) >= LIMIT:
            self.clear()
        self[key] = value


def current() -> Moment:
    """Return this moment. Take it before you ask for what you keep in it."""
    global _moment
    moment = _moment
    if moment is None or time.monotonic() >= moment.ends:
        moment = _moment = Moment()
    return moment


def forget() -> None:
    """End the moment: an act of this process changed what is true."""
    global _moment
    _moment = None


_moment: Moment | None = None
