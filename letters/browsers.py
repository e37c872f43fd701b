"""Which browsers somebody has come in from: kept by the browser itself, in a cookie that names nobody."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

from letters.models import Staff

COOKIE = "desk_browser"
_SALT = "letters.browsers"
_KNOWN_FOR = timedelta(days=365)  # renewed whenever somebody comes in
_MOST = 40  # people at one computer; a cookie has 4 kB


def knows(request: HttpRequest, staff: Staff) -> bool:
    """Whether this member of staff has come in from this browser before."""
    return _mark(staff) in _marks(request)


def remember(response: HttpResponseBase, request: HttpRequest, staff: Staff) -> None:
    """Let the browser remember that this member of staff came in from it."""
    marks = [_mark(staff), *(mark for mark in _marks(request) if mark != _mark(staff))]
    response.set_signed_cookie(
        COOKIE,
        ".".join(marks[:_MOST]),
        salt=_SALT,
        max_age=_KNOWN_FOR,
        path=settings.SESSION_COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _marks(request: HttpRequest) -> list[str]:
    kept = request.get_signed_cookie(COOKIE, "", salt=_SALT, max_age=_KNOWN_FOR) or ""
    return [mark for mark in kept.split(".") if mark]


def _mark(staff: Staff) -> str:
    return salted_hmac(_SALT, str(staff.pk), algorithm="sha256").hexdigest()[:24]
