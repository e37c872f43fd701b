"""Asking somebody who is at the desk to show once more that it is them, before something grave."""

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse


def is_fresh() -> bool:
    """Whether whoever asks has come in, or shown that it is them, a moment ago."""
    return not get_adapter().is_reauthentication_required(app="allauth.mfa")


def ask_again(request: HttpRequest, *, back_to: str) -> HttpResponse:
    """Lead to where they show it, and from there back. What was posted is not kept on the way."""
    methods = get_adapter().get_reauthentication_methods(request.user)
    address = methods[0]["url"] if methods else reverse("account_login")
    return HttpResponseRedirect(f"{address}?{urlencode({REDIRECT_FIELD_NAME: back_to})}")
