"""What is counted for a day, under a key that is then thrown away: signatures from one place, which are never
refused for it, and wrong tries to come to the desk, which are.
"""

import hashlib
import hmac
import ipaddress
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from signatories.contacts import keyed
from signatories.models import PlaceKey, Pressure


def place_of(request: HttpRequest) -> str:
    """Return today's keyed hash of where a request comes from. The address itself is stored nowhere."""
    today = timezone.now().date()
    key = PlaceKey.objects.filter(day=today).values_list("key", flat=True).first()
    if key is None:
        PlaceKey.objects.bulk_create(
            [PlaceKey(day=today, key=secrets.token_bytes(32))], ignore_conflicts=True
        )
        key = PlaceKey.objects.values_list("key", flat=True).get(day=today)
    return hmac.new(bytes(key), network_of(request).encode(), hashlib.sha256).hexdigest()


def network_of(request: HttpRequest) -> str:
    """Return the sender's IPv4 address or IPv6 /64 network, as our own outermost proxy saw it."""
    forwarded = [
        part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()
    ]
    hops = settings.TRUSTED_PROXIES
    sender = forwarded[-hops] if 0 < hops <= len(forwarded) else request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(sender)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        # Behind a socket for both, every IPv4 address lies in one and the same /64.
        return str(address.ipv4_mapped or ipaddress.ip_network(f"{address}/64", strict=False))
    return str(address)


def is_pressing(place: str) -> bool:
    """Count one signature from a place and say whether it is one too many to be shown unseen by a person."""
    limits = (settings.PRESSURE_BURST, settings.PRESSURE_DAY)
    counts = _count(place, [span for _, span in limits])
    return any(counts[span] > most for most, span in limits)


def may_mail(address_key: str) -> bool:
    """Count one mail that a stranger asked us to send to an address, and say whether to send it."""
    most, span = settings.MAILS_ASKED_FOR
    return _count(f"mail:{address_key}"[:64], [span])[span] <= most


def may_try(place: str, who: str) -> bool:
    """Count one try to come to the desk as somebody, and say whether it may be made. See `take_back`.

    Tries from elsewhere do not count: nobody can be locked out by a stranger.
    """
    return all(_count(key, [span])[span] <= most for key, (most, span) in _tries(place, who).items())


def may_comment(place: str) -> bool:
    """Count one comment from a place, and say whether to take it."""
    most, span = settings.COMMENTS_FROM_ONE_PLACE
    return _count(keyed("comments", place), [span])[span] <= most


def may_try_codes(place: str) -> bool:
    """Whether a place has tried few enough wrong codes of workshops of late. Counts nothing; see `count_wrong_code`.

    Those who guess in the same moment are counted after they were let pass: a few more of them change nothing.
    """
    most, span = settings.WRONG_CODES
    counted = Pressure.objects.filter(
        place=keyed("codes", place),
        since=_window(timezone.now(), span),
        seconds=int(span.total_seconds()),
    )
    return not counted.filter(count__gte=most).exists()


def count_wrong_code(place: str) -> None:
    """Count one code that opened no workshop."""
    _most, span = settings.WRONG_CODES
    _count(keyed("codes", place), [span])


def may_try_from_new_browsers(who: str) -> bool:
    """Count one try that came from a browser unknown to somebody, wherever that is: many places guess together."""
    most, span = settings.CODE_TRIES_FROM_NEW_BROWSERS
    return _count(keyed("new browsers", who), [span])[span] <= most


def is_first_today(what: str, who: str) -> bool:
    """Count something worth telling somebody, and say whether they have not been told today."""
    day = timedelta(days=1)
    return _count(keyed(what, who), [day])[day] == 1


def take_back(place: str, who: str) -> None:
    """Take back what `may_try` counted: the try was a right one."""
    now = timezone.now()
    for key, (_most, span) in _tries(place, who).items():
        counted = Pressure.objects.filter(
            place=key, since=_window(now, span), seconds=int(span.total_seconds())
        )
        counted.filter(count__gt=0).update(count=F("count") - 1)


def _tries(place: str, who: str) -> dict[str, tuple[int, timedelta]]:
    return {
        keyed("tries", place, who.casefold()): settings.LOGIN_TRIES,
        keyed("tries", place): settings.LOGIN_TRIES_FROM_ONE_PLACE,
    }


def forget() -> None:
    """Throw away the keys and counts of past days."""
    yesterday = timezone.now() - timedelta(days=1)
    PlaceKey.objects.filter(day__lt=timezone.now().date()).delete()
    Pressure.objects.filter(since__lt=yesterday).delete()


def _count(place: str, spans: list[timedelta]) -> dict[timedelta, int]:
    """Add one to each window's count by an upsert, which alone counts right when many arrive at once."""
    now = timezone.now()
    rows = [(place, _window(now, span), int(span.total_seconds())) for span in sorted(spans)]
    with connection.cursor() as cursor:
        counts = [_add_one(cursor, row) for row in rows]
    return dict(counts)


def _add_one(cursor: CursorWrapper, row: tuple[str, datetime, int]) -> tuple[timedelta, int]:
    cursor.execute(
        """
        INSERT INTO signatories_pressure (place, since, seconds, count) VALUES (%s, %s, %s, 1)
        ON CONFLICT (place, since, seconds) DO UPDATE SET count = signatories_pressure.count + 1
        RETURNING seconds, count
        """,
        row,
    )
    seconds, count = cursor.fetchone()
    return timedelta(seconds=seconds), count


def _window(now: datetime, span: timedelta) -> datetime:
    seconds = int(span.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, tz=now.tzinfo)
