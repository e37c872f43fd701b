"""Pages for what went wrong. Each says what to do next; none needs the database, and nobody may keep one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say to whom it is not open: at the desk a role may be wanting, elsewhere it is for nobody."""
    return _page(request, 403, is_desk=request.path_info.startswith(reverse("admin:index")))


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say how to send a form of the desk again. Its tokens change whenever somebody comes in, in any tab."""
    return _page(request, 403, template="form_too_old.html")


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


def _page(request: HttpRequest, status: int, *, template: str = "", **context: bool) -> HttpResponse:
    return render(request, template or f"{status}.html", context, status=status)
