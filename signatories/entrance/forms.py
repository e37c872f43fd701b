"""What staff type on their way to the desk."""

from typing import Any

from allauth.account import forms as account_forms
from allauth.account.adapter import get_adapter
from allauth.core import context
from allauth.mfa.adapter import get_adapter as get_factor_adapter
from allauth.mfa.base import forms as code_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp import forms as totp_forms
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt, encrypt
from allauth.mfa.webauthn import forms as key_forms
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from letters import accounts, browsers
from letters.emails import StaffMail, tell
from letters.models import Staff
from signatories import limits
from signatories.contacts import address_key


def _password(label: Any, autocomplete: str = "current-password") -> forms.CharField:
    """A password, cut off where hashing it would be work that somebody gives us."""
    return forms.CharField(
        label=label,
        strip=False,
        max_length=settings.PASSWORD_LENGTH_AT_MOST,
        widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
    )


def _code(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=20,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "spellcheck": "false",
                "dir": "ltr",
            }
        ),
    )


class LoginForm(account_forms.LoginForm):  # type: ignore[misc]  # django-allauth has no types
    """User name and password."""

    password = _password(_("Password"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User name")
        self.fields["login"].widget.attrs = {
            "autocomplete": "username",
            "autocapitalize": "none",
            "dir": "auto",
        }


class ReauthenticateForm(account_forms.ReauthenticateForm):  # type: ignore[misc]  # django-allauth has no types
    """The password, once more."""

    password = _password(_("Password"))


class ChangePasswordForm(account_forms.ChangePasswordForm):  # type: ignore[misc]  # django-allauth has no types
    """The old password, and the new one twice."""

    oldpassword = _password(_("Current password"))
    password2 = _password(_("New password, once more"), "new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_new_password(self)

    def clean_oldpassword(self) -> str:
        """Count wrong ones: whoever found a desk open could guess here."""
        old: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, old):
            raise get_adapter().validation_error("enter_current_password")
        return old


class NewPasswordForm(account_forms.ResetPasswordKeyForm):  # type: ignore[misc]  # django-allauth has no types
    """A new password twice, for somebody who followed the link in a mail."""

    password2 = _password(_("New password, once more"), "new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_new_password(self)


def _name_new_password(form: forms.BaseForm) -> None:
    form.fields["password1"].label = _("New password")
    form.fields["password1"].widget.attrs.pop("placeholder")


class ResetPasswordForm(forms.Form):
    """The address to which a link to a new password is sent, if an account has it."""

    email = forms.EmailField(
        label=_("Your e-mail address"), widget=forms.EmailInput({"autocomplete": "email"})
    )

    def save(self, request: Any) -> None:
        """Mail a link to whom the address belongs. Whoever typed it learns nothing from the answer."""
        email = self.cleaned_data["email"]
        may_ask = limits.may_try(limits.place_of(request), f"reset {email}")
        if may_ask and limits.may_mail(address_key(f"desk {email}")):
            for staff in Staff.objects.filter(email__iexact=email):
                if accounts.may_come_in(staff):
                    tell(staff, StaffMail.PASSWORD_RESET)


class _CodeOnce:
    """A code of an app or a recovery code: tries are counted, and none is taken twice."""

    user: Staff
    authenticator: Authenticator

    def clean_code(self) -> str:
        place, who = limits.place_of(context.request), f"code {self.user.pk}"
        if not _may_try_code(self.user, place, who):
            raise get_adapter().validation_error("too_many_login_attempts")
        code: str = super().clean_code()  # type: ignore[misc]  # mixed into allauth's forms
        is_app = self.authenticator.type == Authenticator.Type.TOTP
        if is_app and not accounts.spend_code(self.authenticator, code):
            raise get_factor_adapter().validation_error("incorrect_code")
        limits.take_back(place, who)
        return code


def _may_try_code(staff: Staff, place: str, who: str) -> bool:
    """Whether one more code may be tried here. Whoever tries codes knows the password: too many are worth a mail."""
    known = browsers.knows(context.request, staff)
    if limits.may_try(place, who) and (known or limits.may_try_from_new_browsers(who)):
        return True
    if limits.is_first_today("wrong codes", who):
        tell(staff, StaffMail.WRONG_CODES)
    return False


class AuthenticateForm(_CodeOnce, code_forms.AuthenticateForm):  # type: ignore[misc]  # django-allauth has no types
    """The second step of coming in."""

    code = _code(_("Code from your app, or a recovery code"))


class ConfirmCodeForm(_CodeOnce, code_forms.ReauthenticateForm):  # type: ignore[misc]  # django-allauth has no types
    """The second factor, once more."""

    code = _code(_("Code from your app, or a recovery code"))


class EnrolAppForm(totp_forms.ActivateTOTPForm):  # type: ignore[misc]  # django-allauth has no types
    """The first code of a new app, whose key waits sealed in the session until then."""

    code = _code(_("Code the app shows now"))

    def __init__(self, *args: Any, user: Staff, **kwargs: Any) -> None:
        # allauth's own would put the key into the session as it is.
        forms.Form.__init__(self, *args, **kwargs)
        self.user = user
        session = context.request.session
        if not self.is_bound or totp.SECRET_SESSION_KEY not in session:
            session[totp.SECRET_SESSION_KEY] = encrypt(totp.generate_totp_secret())
        self.secret = decrypt(session[totp.SECRET_SESSION_KEY])


class _KeyAnswerField(forms.JSONField):
    """What a passkey answered. A number or a depth that no browser sends is no answer, rather than our error."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return None


class KeyLoginForm(key_forms.LoginWebAuthnForm):  # type: ignore[misc]  # django-allauth has no types
    """A passkey instead of a password."""

    credential = _KeyAnswerField()


class ConfirmKeyForm(key_forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]  # django-allauth has no types
    """A passkey, before something that matters."""

    credential = _KeyAnswerField()


class AddKeyForm(key_forms.AddWebAuthnForm):  # type: ignore[misc]  # django-allauth has no types
    """A new passkey and what its owner calls it."""

    credential = _KeyAnswerField()
    name = forms.CharField(
        label=_("What you call it"),
        required=False,
        max_length=60,
        help_text=_("So that you know which one to remove when it is lost: “My phone”, “The red key”."),
        widget=forms.TextInput(attrs={"dir": "auto"}),
    )
    passwordless = forms.BooleanField(
        label=_("Let me come in with it alone, without my password"),
        required=False,
        initial=True,
        help_text=_("It then asks for your fingerprint, your face or its PIN. A simple security key cannot."),
    )
