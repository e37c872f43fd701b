"""Pages for what went wrong. Each says what to do next; none needs the database, and none is stored.

A cache may keep a 404 unasked, and a letter that was asked for too early would be missing at its launch.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 404)


def too_large(request: HttpRequest) -> HttpResponse:
    return _page(request, 413, template="400.html")


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(request, 500)


def database_away(request: HttpRequest) -> HttpResponse:
    """Say that the page comes back by itself; nothing that was typed was stored."""
    response = _page(request, 503)
    response["Retry-After"] = "10"
    return response


def _page(request: HttpRequest, status: int, *, template: str = "") -> HttpResponse:
    response = render(request, template or f"{status}.html", status=status)
    response["Cache-Control"] = "no-store"
    return response
