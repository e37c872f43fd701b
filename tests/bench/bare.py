"""The yardstick: a Django that does nothing but answer as many bytes. No middleware, no database."""

from functools import cache

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1"], SECRET_KEY="bare", MIDDLEWARE=[])


@cache
def _bytes(size: int) -> bytes:
    return b"x" * size


def page(request: HttpRequest, size: int) -> HttpResponse:
    return HttpResponse(_bytes(size))


def not_modified(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=304)


def form(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=303, headers={"Location": request.POST["organisation"][:1]})


urlpatterns = [path("page/<int:size>", page), path("not-modified", not_modified), path("form", form)]
application = get_wsgi_application()
