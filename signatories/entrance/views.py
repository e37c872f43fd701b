"""The pages on the way to the desk. django-allauth knows the steps; the limits, the words and the look are ours."""

import textwrap
from collections.abc import Callable
from typing import Any

from allauth.account import views as account_views
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.stagekit import clear_login
from allauth.mfa.adapter import get_adapter as get_factor_adapter
from allauth.mfa.base import views as code_views
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as recovery_views
from allauth.mfa.recovery_codes.internal.flows import generate_recovery_codes
from allauth.mfa.totp import views as totp_views
from allauth.mfa.totp.internal.flows import activate_totp, deactivate_totp
from allauth.mfa.utils import is_mfa_enabled
from allauth.mfa.webauthn import views as key_views
from allauth.mfa.webauthn.internal.flows import add_authenticator, remove_authenticator
from django.contrib import admin, messages
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic.edit import FormView

from letters import accounts
from letters.emails import StaffMail, tell
from letters.models import Staff
from signatories.entrance import forms

_KEY, _APP = Authenticator.Type.WEBAUTHN, Authenticator.Type.TOTP


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what the desk's frame needs where nobody may have shown a second factor yet: nothing of the desk."""
    site = admin.site
    return {
        "site_header": site.site_header,
        "site_title": site.site_title,
        "site_url": site.site_url,
        "has_permission": site.has_permission(request),
        "is_nav_sidebar_enabled": False,
    }


class _Page:
    """Mixed into a view of allauth's: a page in the desk's frame, stored nowhere."""

    request: HttpRequest
    title: Any = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]  # mixed into views
        return {**frame(self.request), "title": self.title, **context}


# --- coming in -----------------------------------------------------------------------------------------


class Login(_Page, account_views.LoginView):  # type: ignore[misc]  # django-allauth has no types
    """User name and password, or a passkey alone."""

    title = gettext_lazy("Come in")
    form_class = forms.LoginForm

    def _redirect_to_pending_stage(self, request: HttpRequest, stage: Any) -> HttpResponse | None:
        """Begin anew where the second factor was taken away while its code was being asked for."""
        if is_mfa_enabled(stage.login.user):
            response: HttpResponse = super()._redirect_to_pending_stage(request, stage)
            return response
        clear_login(request)
        return None


class _AsksForFactor(_Page):
    """Asks for a code or a key, and for no key where there is none."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        whose = self.whose()
        if not is_mfa_enabled(whose, [_APP]):
            context["form"].fields["code"].label = _("A recovery code")
        return {**context, "has_key": is_mfa_enabled(whose, [_KEY])}

    def whose(self) -> Any:
        return self.request.user


class Authenticate(_AsksForFactor, code_views.AuthenticateView):  # type: ignore[misc]  # django-allauth has no types
    """The second factor, after the password."""

    title = gettext_lazy("Your second factor")
    form_class = forms.AuthenticateForm

    def whose(self) -> Any:
        return self.stage.login.user


class ConfirmPassword(_Page, account_views.ReauthenticateView):  # type: ignore[misc]  # django-allauth has no types
    """The password once more, from somebody who has no second factor yet."""

    title = gettext_lazy("Is it still you?")
    form_class = forms.ReauthenticateForm


class ConfirmCode(_AsksForFactor, code_views.ReauthenticateView):  # type: ignore[misc]  # django-allauth has no types
    """A code once more, before something grave."""

    title = gettext_lazy("Is it still you?")
    form_class = forms.ConfirmCodeForm


class ConfirmKey(_Page, key_views.ReauthenticateWebAuthnView):  # type: ignore[misc]  # django-allauth has no types
    """A passkey once more, before something grave."""

    title = gettext_lazy("Is it still you?")


# --- second factors ------------------------------------------------------------------------------------


class Account(_Page, code_views.IndexView):  # type: ignore[misc]  # django-allauth has no types
    """Somebody's second factors and password; the first page of whoever has no second factor yet."""

    title = gettext_lazy("Your account")


def _proved(request: HttpRequest, factor: Authenticator) -> None:
    """Let a session go on with a factor its owner has just shown, under another key than it had without."""
    accounts.show_factor(request, factor)
    request.session.cycle_key()


def _lock(request: HttpRequest) -> Staff:
    """Let nobody change their factors in two places at once."""
    return Staff.objects.select_for_update().get(username=request.user.get_username())


def _without(
    request: HttpRequest, factor: Authenticator, remove: Callable[[HttpRequest, Authenticator], None]
) -> HttpResponse:
    """Remove a factor, unless another one was removed meanwhile and this is the last."""
    with transaction.atomic():
        staff = _lock(request)
        if accounts.is_last_factor(factor):
            messages.error(request, get_factor_adapter().error_messages["cannot_delete_authenticator"])
        else:
            remove(request, factor)
            tell(staff, StaffMail.FACTOR_REMOVED)
    return HttpResponseRedirect(reverse("mfa_index"))


@method_decorator(reauthentication_required(app="allauth.mfa"), name="dispatch")
class EnrolApp(_Page, totp_views.ActivateTOTPView):  # type: ignore[misc]  # django-allauth has no types
    """An authenticator app; another one takes the old one's place, so that nobody is without between the two."""

    title = gettext_lazy("An app that makes codes")
    form_class = forms.EnrolAppForm

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "spaced": " ".join(textwrap.wrap(context["form"].secret, 4))}

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Pass by allauth's own: it refuses a second app."""
        return FormView.dispatch(self, request, *args, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            staff = _lock(self.request)
            Authenticator.objects.filter(user=staff, type=_APP).delete()
            app, codes = activate_totp(self.request, form)
            accounts.spend_code(app, form.cleaned_data["code"])
            tell(staff, StaffMail.FACTOR_ADDED)
        _proved(self.request, app)
        return HttpResponseRedirect(reverse("mfa_view_recovery_codes" if codes else "mfa_index"))


class RemoveApp(_Page, totp_views.DeactivateTOTPView):  # type: ignore[misc]  # django-allauth has no types
    """Away with the app, where a passkey remains."""

    title = gettext_lazy("Remove the app")

    def form_valid(self, form: Any) -> HttpResponse:
        return _without(self.request, self.authenticator, deactivate_totp)


class AddKey(_Page, key_views.AddWebAuthnView):  # type: ignore[misc]  # django-allauth has no types
    """A passkey."""

    title = gettext_lazy("A passkey")
    form_class = forms.AddKeyForm

    def form_valid(self, form: Any) -> HttpResponse:
        typed = form.cleaned_data
        with transaction.atomic():
            staff = _lock(self.request)
            key, codes = add_authenticator(self.request, name=typed["name"], credential=typed["credential"])
            tell(staff, StaffMail.FACTOR_ADDED)
        _proved(self.request, key)
        return HttpResponseRedirect(reverse("mfa_view_recovery_codes" if codes else "mfa_index"))


class RemoveKey(_Page, key_views.RemoveWebAuthnView):  # type: ignore[misc]  # django-allauth has no types
    """Away with a passkey, where another factor remains."""

    title = gettext_lazy("Remove a passkey")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "is_last": accounts.is_last_factor(self.object)}

    def form_valid(self, form: Any) -> HttpResponse:
        return _without(self.request, self.object, remove_authenticator)


class RecoveryCodes(_Page, recovery_views.ViewRecoveryCodesView):  # type: ignore[misc]  # django-allauth has no types
    """The recovery codes, once."""

    title = gettext_lazy("Recovery codes")


class NewRecoveryCodes(_Page, recovery_views.GenerateRecoveryCodesView):  # type: ignore[misc]  # django-allauth has no types
    """Other recovery codes in place of those there were."""

    title = gettext_lazy("New recovery codes")

    def form_valid(self, form: Any) -> HttpResponse:
        with transaction.atomic():
            codes = generate_recovery_codes(self.request)
            tell(_lock(self.request), StaffMail.CODES_MADE)
        accounts.show_factor(
            self.request, codes
        )  # who came in with an old code came in with none that is left
        return HttpResponseRedirect(reverse("mfa_view_recovery_codes"))


# --- passwords -----------------------------------------------------------------------------------------


class ChangePassword(_Page, account_views.PasswordChangeView):  # type: ignore[misc]  # django-allauth has no types
    """Another password, for whoever knows the old one."""

    title = gettext_lazy("Another password")
    form_class = forms.ChangePasswordForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Lead nobody to where allauth sets a first password: staff get theirs from a superuser."""
        if request.user.is_authenticated and not request.user.has_usable_password():
            raise Http404
        response: HttpResponse = super().dispatch(request, *args, **kwargs)
        return response


class ResetPassword(_Page, FormView[forms.ResetPasswordForm]):
    """A link to a new password, sent to the account's address. The answer is the same where there is none."""

    title = gettext_lazy("A new password")
    form_class = forms.ResetPasswordForm
    template_name = "account/password_reset.html"
    success_url = reverse_lazy("account_login")

    def form_valid(self, form: forms.ResetPasswordForm) -> HttpResponse:
        form.save(self.request)
        messages.success(self.request, _("If an account has this address, a link is on its way to it."))
        return super().form_valid(form)


@sensitive_post_parameters("password1", "password2")
def new_password(request: HttpRequest, pk: int, key: str) -> HttpResponse:
    """Set a new password by the link from a mail. It opens nothing: the second factor is asked for as always.

    The page stays at the link's own address, where allauth's would move on with a cookie: in a browser that comes
    from a mailbox no strict cookie would follow.
    """
    context = {**frame(request), "title": _("A new password")}
    staff = Staff.objects.filter(pk=pk).first()
    if (
        staff is None
        or not accounts.may_come_in(staff)
        or not default_token_generator.check_token(staff, key)
    ):
        return render(request, "account/link_expired.html", context, status=410)
    form = forms.NewPasswordForm(request.POST or None, user=staff)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("This is your password now. Come in with it."))
        return HttpResponseRedirect(reverse("account_login"))
    return render(request, "account/new_password.html", {**context, "form": form})


def nowhere(request: HttpRequest, rest: str) -> HttpResponse:
    """Say that allauth's other pages, of which we use none, do not exist: the desk would ask to log in first."""
    raise Http404
