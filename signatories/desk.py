"""The desk: Django's admin, for staff who have shown a second factor."""

from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.template.response import TemplateResponse
from django.urls import reverse

from letters import accounts
from letters.desk import DeskSite


class Desk(DeskSite):
    """Where staff work. The ways in and out, and to another password, are in signatories/entrance/."""

    site_header = site_title = "Undersigned"

    def has_permission(self, request: HttpRequest) -> bool:
        return super().has_permission(request) and accounts.has_second_factor(request)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the way in, and remember where somebody wanted to go."""
        wanted = request.GET.get(REDIRECT_FIELD_NAME)
        query = f"?{urlencode({REDIRECT_FIELD_NAME: wanted})}" if wanted else ""
        return HttpResponseRedirect(reverse("account_login") + query)

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """Show what waits, what looks wrong and what was decided; below it, all there is."""
        from signatories.admin.front import front_page  # which registers what is at this desk

        return super().index(request, {**front_page(request), **(extra_context or {})})

    # Django's own answer with pages of theirs; these lead to ours.
    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Forget the session and lead to the way in."""
        logout(request)
        rotate_token(request)  # a form left open in another tab is nobody's any more
        return HttpResponseRedirect(reverse("account_login"))

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("account_change_password"))

    def password_change_done(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("mfa_index"))
