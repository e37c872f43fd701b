"""What every request passes. Public pages pass little: whoever asks, they are the same."""

from collections.abc import Callable
from copy import copy
from typing import Any

from allauth.core.context import request_context
from allauth.core.exceptions import ImmediateHttpResponse, ReauthenticationRequired
from csp.constants import HEADER
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware
from django.db.utils import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, HttpResponseRedirect
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.urls import resolve, reverse
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes

from config import caching, errors
from letters import accounts, moments
from letters.pages import Repeatable
from signatories.entrance.proof import ask_again

STAFF_PATH = "/admin/"


class MomentMiddleware:
    """Answers a question that was asked before in this moment as it was answered then, where a page allows it.

    It is the first to be asked and the last to see an answer, so what it repeats has all its headers, and nobody
    writes on it any more.
    """

    # All that a public answer depends on.
    _QUESTION = (
        "REQUEST_METHOD",
        "wsgi.url_scheme",
        "HTTP_X_FORWARDED_PROTO",
        "HTTP_HOST",
        "PATH_INFO",
        "QUERY_STRING",
        "CONTENT_LENGTH",
        "HTTP_ACCEPT_ENCODING",
        "HTTP_IF_NONE_MATCH",
    )

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        moment = moments.current()
        question = tuple(map(request.META.get, self._QUESTION))
        known: HttpResponse | None = moment.get(question)
        if known is not None:
            return copy(known)
        response = self.get_response(request)
        if isinstance(response, Repeatable):
            moment.keep(question, copy(response))
        return response


class CachingMiddleware:
    """Says who may keep an answer, as config.caching has it; whatever a view may have said before."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        is_desk = request.path_info.startswith(STAFF_PATH)
        name = match.view_name if match else None
        headers = caching.headers_of(name, request.method, response.status_code, is_desk=is_desk)
        for name, value in headers.items():
            response.headers[name] = value
        return response


class ContentSecurityPolicyMiddleware(MiddlewareMixin):
    """Sends django-csp's policy, built once: it would build it twice an answer, a quarter of a page's time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.policy = build_policy()

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        response.headers.setdefault(HEADER, self.policy)
        return response


class _StaffOnly(MiddlewareMixin):
    """Mixed into a middleware, it lets public pages pass by untouched: they have no cookie and no session."""

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(STAFF_PATH):
            return super().__call__(request)
        return self.get_response(request)


class StaffSessionMiddleware(_StaffOnly, SessionMiddleware):
    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """Leave the session alone after an error: without the database, reading it would be the next one.

        A session that was ended while its request was being answered is not brought back.
        """
        if response.status_code >= 500:
            return response
        try:
            return super().process_response(request, response)
        except SessionInterrupted:
            return HttpResponseRedirect(reverse("account_login"))


class StaffAuthenticationMiddleware(_StaffOnly, AuthenticationMiddleware):
    pass


class StaffMessageMiddleware(_StaffOnly, MessageMiddleware):
    pass


# Where somebody may go who has come in with a password and has no second factor yet.
_ENROLMENT = {
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "account_reauthenticate",
    "account_logout",
}


class StaffAccountMiddleware(_StaffOnly):
    """Ends sessions that may not go on, and lets nobody without a second factor do anything but get one."""

    def __call__(self, request: HttpRequest) -> Any:
        if not request.path_info.startswith(STAFF_PATH):
            return self.get_response(request)
        try:
            elsewhere = self._not_here(request)
        except (OperationalError, InterfaceError):
            return errors.database_away(request)
        with request_context(request):  # django-allauth's, which asks it for the request everywhere
            return elsewhere or self.get_response(request)

    def _not_here(self, request: HttpRequest) -> HttpResponse | None:
        if SESSION_KEY not in request.session:
            return None
        if not accounts.may_go_on(request):
            logout(request)
            return None
        if accounts.has_second_factor(request) or resolve(request.path_info).url_name in _ENROLMENT:
            return None
        return HttpResponseRedirect(reverse("mfa_index"))

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for django-allauth."""
        if isinstance(exception, ImmediateHttpResponse):
            response: HttpResponse = exception.response
            return response
        if isinstance(exception, ReauthenticationRequired):
            return ask_again(request, back_to=request.path)
        return None


class StaffCsrfMiddleware(_StaffOnly, CsrfViewMiddleware):
    """The public form checks where it was sent from instead; see signatories/origin.py."""

    def process_view(
        self,
        request: HttpRequest,
        callback: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if request.path_info.startswith(STAFF_PATH):
            return super().process_view(request, callback, args, kwargs)
        return None


class AddressLanguageMiddleware(LocaleMiddleware):
    """The address alone decides a public page's language, so that one address is one page for everybody.

    The stock middleware would add Vary: Accept-Language to every page. Only the staff desk follows the browser.
    """

    # The stubs know neither that it may answer, nor that every answer of ours is a plain one.
    def process_request(self, request: HttpRequest) -> HttpResponse | None:  # type: ignore[override]
        if request.path_info.startswith(STAFF_PATH):
            translation.activate(translation.get_language_from_request(request))
            request.LANGUAGE_CODE = translation.get_language()
            return None
        prefix, rest = split_language(request.path_info)
        language = _language_of(prefix)
        if prefix and prefix != language:
            return _moved(request, language, rest)
        if language == settings.LANGUAGE_CODE and prefix:
            return _moved(request, language, rest)
        translation.activate(language)
        request.LANGUAGE_CODE = language
        return None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:  # type: ignore[override]
        response.headers.setdefault("Content-Language", translation.get_language())
        return response


class BodyMiddleware(MiddlewareMixin):
    """Refuses bodies larger than any public form, unread. Only staff send whole letters and pictures."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if request.path_info.startswith(STAFF_PATH) or _length(request) <= settings.PUBLIC_BODY_BYTES:
            return None
        return errors.too_large(request)


class DatabaseAwayMiddleware(MiddlewareMixin):
    """While the database is away the answer is a page that says so, not an error."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, OperationalError | InterfaceError):
            return errors.database_away(request)
        return None


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:  # Django reads such a body as an empty one
        return 0


def split_language(path: str) -> tuple[str, str]:
    """Return (language prefix as written or "", the path without it): "/ar/x/" becomes ("ar", "/x/")."""
    first, slash, rest = path[1:].partition("/")
    if slash and _language_of(first):
        return first, "/" + rest
    return "", path


def _language_of(prefix: str) -> str:
    """Return the language we speak for a prefix or its regional form ("fr-CA" is "fr"), "" for another word."""
    if not prefix:
        return settings.LANGUAGE_CODE
    code = prefix.lower().replace("_", "-").partition("-")[0]
    regional = prefix.lower() == code or len(prefix) - len(code) == 3
    return code if regional and code in dict(settings.LANGUAGES) else ""


def _moved(request: HttpRequest, language: str, path: str) -> HttpResponse:
    prefix = "" if language == settings.LANGUAGE_CODE else f"/{language}"
    query = request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(
        escape_leading_slashes(escape_uri_path(prefix + path) + (f"?{query}" if query else ""))
    )
