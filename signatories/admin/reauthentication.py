"""Asking for the password again, before something leaves the desk that nobody can call back."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from letters.admin import staff_of

_TYPED_AT = "password_typed_at"
_MISTYPED = "password_mistyped"
_MOST_MISTYPED = 5  # then the session ends: whoever sits at somebody's open desk has to come in anew


def recently_authenticated(request: HttpRequest) -> bool:
    """Whether the person at the desk has shown lately that it is theirs. The one place that says so."""
    typed_at: float = request.session.get(_TYPED_AT, 0.0)
    return timezone.now().timestamp() - typed_at < settings.REAUTHENTICATE_AFTER.total_seconds()


def ask_again(back_to: str) -> HttpResponse:
    """Lead to the question for the password, and from there back."""
    return HttpResponseRedirect(reverse("authenticate_again", query={"next": back_to}))


class PasswordForm(forms.Form):
    """One's own password, once more."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


@sensitive_post_parameters()
def authenticate_again(request: HttpRequest) -> HttpResponse:
    """Take the password again and lead back to where it was asked for."""
    back_to = _place_at_the_desk(request.GET.get("next", ""))
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if staff_of(request).check_password(form.cleaned_data["password"]):
            request.session[_TYPED_AT] = timezone.now().timestamp()
            request.session.pop(_MISTYPED, None)
            return HttpResponseRedirect(back_to)
        if _mistyped_too_often(request):
            logout(request)
            return HttpResponseRedirect(reverse("admin:index"))
        form.add_error("password", _("This is not your password. Please try again."))
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Is it you?"),
        "form": form,
        "minutes": int(settings.REAUTHENTICATE_AFTER.total_seconds() // 60),
        "back_to": back_to,
    }
    status = 422 if form.errors else 200
    return render(request, "admin/signatories/export/authenticate.html", context, status=status)


def _mistyped_too_often(request: HttpRequest) -> bool:
    request.session[_MISTYPED] = request.session.get(_MISTYPED, 0) + 1
    return bool(request.session[_MISTYPED] >= _MOST_MISTYPED)


def _place_at_the_desk(address: str) -> str:
    ours = url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if ours and address.startswith("/admin/") else reverse("admin:index")
