"""What django-allauth asks us: who may come in, who is told what, and how secrets are kept."""

import base64
import hmac
import logging
import posixpath
import time
from typing import Any
from urllib.parse import unquote, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.app_settings import REAUTHENTICATION_TIMEOUT
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.utils import is_mfa_enabled
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from letters import accounts, browsers
from letters.emails import StaffMail, tell
from letters.models import Staff
from signatories import limits, qr

logger = logging.getLogger("signatories")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # django-allauth has no types
    """Lets staff in, slowly when they guess."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "enter_current_password": gettext_lazy("That is not your current password."),
        "incorrect_password": gettext_lazy("That is not your password."),
        "too_many_login_attempts": gettext_lazy(
            "Too many tries from here. Wait a quarter of an hour, after very many an hour; "
            "what you type meanwhile is not looked at."
        ),
        "username_password_mismatch": gettext_lazy("This user name and this password do not fit together."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_stages(self) -> list[str]:
        return ["allauth.mfa.stages.AuthenticateStage"]

    def is_safe_url(self, url: str) -> bool:
        """Lead nowhere but to the desk."""
        path = posixpath.normpath(unquote(urlsplit(url).path))
        return super().is_safe_url(url) and f"{path}/".startswith(reverse("admin:index"))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Staff | None:
        """Return whom a password belongs to. A wrong one is counted; after too many even the right one is not read."""
        place, who = limits.place_of(request), f"password {credentials['username']}"
        if not limits.may_try(place, who):
            raise self.validation_error("too_many_login_attempts")
        staff = authenticate(request, **credentials)
        if not isinstance(staff, Staff):
            return None
        limits.take_back(place, who)
        return staff

    def reauthenticate(self, user: Staff, password: str) -> bool:
        return self.authenticate(context.request, username=user.get_username(), password=password) == user

    def respond_user_inactive(self, request: HttpRequest, user: Staff) -> HttpResponse:
        """Send back whoever shows a second factor of an account that was closed."""
        clear_login(request)
        messages.error(request, _("This account is closed. Ask a superuser."))
        return HttpResponseRedirect(reverse("account_login"))

    def login(self, request: HttpRequest, user: Staff) -> None:
        """Begin a session. A passkey asks nobody for a password, and an account may be closed before its code comes."""
        if not accounts.may_come_in(user):
            raise ImmediateHttpResponse(self.respond_user_inactive(request, user))
        super().login(request, user)
        accounts.note_entry(request.session, user)

    def post_login(self, request: HttpRequest, user: Staff, **told: Any) -> HttpResponse:
        """Send on whoever came in, and tell when it was from a browser they have not come in from before."""
        response: HttpResponse = super().post_login(request, user, **told)
        if not browsers.knows(request, user):
            tell(user, StaffMail.NEW_BROWSER)
        browsers.remember(response, request, user)
        return response

    def set_password(self, user: Staff, password: str) -> None:
        accounts.change_password(user, password)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("mfa_index")

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Staff,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Send none of allauth's mails, which quote the machine's address: `letters.emails.tell` is called instead."""

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Ask again unless somebody has come in, or answered, a moment ago."""
        request = context.request
        records = get_authentication_records(request, request.user)
        return not any(time.time() - one["at"] < REAUTHENTICATION_TIMEOUT for one in records)

    def get_reauthentication_methods(self, user: Staff) -> list[dict[str, Any]]:
        """Ask for the second factor where there is one: whoever found a desk open may know a password."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if not is_mfa_enabled(user, [Authenticator.Type.TOTP]):
            methods.reverse()  # a passkey before recovery codes
        return [one for one in methods if one["id"] != "reauthenticate"] or methods


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # django-allauth has no types
    """Keeps second factors sealed, and says for whom and for where they are."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "cannot_delete_authenticator": gettext_lazy(
            "This is your only second factor. Add another one first, then remove this one."
        ),
        "incorrect_code": gettext_lazy(
            "That code or passkey is not the right one. An app shows a new code every half minute."
        ),
    }

    def encrypt(self, text: str) -> str:
        return _sealer().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a seal. While its key is missing it is another secret: every code is wrong, and none can be guessed."""
        try:
            return _sealer().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            logger.error("A second factor cannot be opened: a key is missing in CONTACT_KEYS.")
            return str(generate_totp_secret())

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not accounts.is_last_factor(authenticator)

    def get_totp_label(self, user: Staff) -> str:
        return str(user.get_username())

    def build_totp_svg(self, url: str) -> SafeString:
        """Draw the address as a QR code."""
        return qr.drawing(url, label=_("QR code for your app; the key below says the same"))

    def generate_authenticator_name(self, user: Staff, type: str) -> str:  # noqa: A002 - allauth's name
        number: int = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey %d") % number

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Say where a passkey is good for: our own host name, whatever name a visitor came by.

        On a developer's machine it is the name in the address: SITE_URL has numbers there, which no passkey takes.
        """
        site = settings.SITE_URL if settings.PRODUCTION else f"//{context.request.get_host()}"
        return {"id": urlsplit(site).hostname or "", "name": "Undersigned"}

    def _get_user_identifier(self, user: Staff) -> str:
        return str(user.get_username())


def _sealer() -> MultiFernet:
    """Return what seals with the keys for contacts, yet opens no contact, nor is opened where contacts are."""
    keys = [hmac.digest(key.encode(), b"second factors", "sha256") for key in settings.CONTACT_KEYS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])
