"""Who may come to the desk, what a session there must show at every request, and what ends it."""

import time
from typing import Any, Protocol, cast

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, Group
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from letters.emails import StaffMail, tell
from letters.models import Staff, record

_ENTRY = "desk.entry"  # in a session: when somebody came in, and with which rights


class MayNotTakeSecondFactors(Exception):
    """A superuser takes second factors away, and never their own."""


class _AtTheDesk(Protocol):
    """A member of staff as `StaffBackend` fetches one."""

    pk: int
    is_superuser: bool
    is_demonstration: bool
    group_ids: list[int]
    factor_ids: list[int]


class StaffBackend(ModelBackend):
    """Knows staff alone, and fetches with each of them what their session is held against, in the same query."""

    def user_can_authenticate(self, user: AbstractBaseUser | AnonymousUser | None) -> bool:
        return isinstance(user, Staff) and may_come_in(user)

    def get_user(self, user_id: int) -> Staff | None:
        groups = Group.objects.filter(user=OuterRef("pk")).values("pk")
        factors = Authenticator.objects.filter(user=OuterRef("pk")).values("pk")
        staff = (
            Staff.objects.annotate(group_ids=ArraySubquery(groups), factor_ids=ArraySubquery(factors))
            .filter(pk=user_id)
            .first()
        )
        return staff if staff and may_come_in(staff) else None


def may_come_in(staff: Staff) -> bool:
    """Whether somebody works here. An account of the demonstration, whose password lies in a file, never does."""
    return staff.is_active and staff.is_staff and not (staff.is_demonstration and settings.PRODUCTION)


# --- what a session must show --------------------------------------------------------------------------


def note_entry(session: SessionBase, staff: Staff) -> None:
    """Write into a new session when its owner came in, and with which rights."""
    session[_ENTRY] = {
        "at": time.time(),
        "groups": list(staff.groups.values_list("pk", flat=True)),
        "superuser": staff.is_superuser,
    }


def show_factor(request: HttpRequest, factor: Authenticator) -> None:
    """Write into a session that its owner has just proved to have a second factor."""
    record_authentication(request, factor.user, "mfa", id=factor.pk, type=factor.type)


def has_second_factor(request: HttpRequest) -> bool:
    """Whether whoever asks has shown, in this session, a second factor that is still theirs.

    An account of the demonstration needs none, as long as it has none.
    """
    if request.user.is_anonymous:
        return False
    staff = cast(_AtTheDesk, request.user)
    if staff.is_demonstration and not staff.factor_ids:
        return True
    return not _shown(request).isdisjoint(staff.factor_ids)


def may_go_on(request: HttpRequest) -> bool:
    """Whether a session is not too old, and nothing was taken from its owner since it began.

    Whoever has no second factor yet may go on, to get one. Whoever has one came in with it, or comes in anew.
    """
    entry = request.session.get(_ENTRY)
    if request.user.is_anonymous or entry is None:
        return False
    staff = cast(_AtTheDesk, request.user)
    return (
        time.time() - entry["at"] < settings.SESSION_LIFE.total_seconds()
        and set(entry["groups"]) <= set(staff.group_ids)
        and entry["superuser"] <= staff.is_superuser
        and (has_second_factor(request) or not (staff.factor_ids or _shown(request)))
    )


def _shown(request: HttpRequest) -> set[int]:
    records = get_authentication_records(request, request.user)
    return {one["id"] for one in records if one["method"] == "mfa"}


def end_sessions(staff: Staff) -> None:
    """Delete every session of a member of staff. What is being answered in one of them does not bring it back."""
    for session in Session.objects.filter(expire_date__gt=timezone.now()):
        if session.get_decoded().get(SESSION_KEY) == str(staff.pk):
            session.delete()


# --- second factors ------------------------------------------------------------------------------------


def spend_code(app: Authenticator, code: str) -> bool:
    """Use up a code of an authenticator app. False when it, or a later one, was used before, wherever that was."""
    with transaction.atomic():
        app = Authenticator.objects.select_for_update().get(pk=app.pk)
        step = _step_of(code, decrypt(app.data["secret"]))
        if step <= app.data.get("last_step", 0):
            return False
        app.data["last_step"] = step
        app.save(update_fields=["data"])
    return True


def _step_of(code: str, secret: str) -> int:
    """Return the moment, in steps of half a minute, to which a code belongs; 0 for one of no moment near."""
    for step in totp.yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=totp.format_hotp_value(totp.hotp_value(secret, step))):
            return int(step)
    return 0


def is_last_factor(factor: Authenticator) -> bool:
    """Whether somebody would have neither passkey nor app without this one."""
    lasting = Authenticator.objects.filter(user=factor.user_id).exclude(
        type=Authenticator.Type.RECOVERY_CODES
    )
    return not lasting.exclude(pk=factor.pk).exists()


def has_factors(staff: Staff) -> bool:
    """Whether somebody has a second factor at all."""
    return bool(Authenticator.objects.filter(user=staff).exists())


def may_take_second_factors(staff: Staff, *, by: Staff) -> bool:
    """Whether somebody may take another's second factors away, and with a password they set come in as them."""
    return by.is_superuser and by.pk != staff.pk


def remove_second_factors(staff: Staff, *, by: Staff) -> None:
    """Take away the second factors of somebody who lost theirs: they are told, and must get a new one.

    Twice is harmless: where there is nothing to take away, nothing happens.
    """
    if not may_take_second_factors(staff, by=by):
        raise MayNotTakeSecondFactors(staff.pk)
    with transaction.atomic():
        Staff.objects.select_for_update().get(pk=staff.pk)
        if Authenticator.objects.filter(user=staff).delete()[0]:
            record("remove_second_factor", kind="staff", subject=staff.pk, by=by)
            end_sessions(staff)
            tell(staff, StaffMail.FACTORS_TAKEN)


# --- passwords -----------------------------------------------------------------------------------------


def change_password(staff: Staff, password: str) -> None:
    """Give somebody another password. Their sessions end by themselves: each holds a hash of the old one."""
    with transaction.atomic():
        staff.set_password(password)
        staff.save(update_fields=["password"])
        tell(staff, StaffMail.PASSWORD_CHANGED)


class LongestPasswordValidator:
    """Refuses a password that the way in would not take either."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > settings.PASSWORD_LENGTH_AT_MOST:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        return _("Your password can have at most %d characters.") % settings.PASSWORD_LENGTH_AT_MOST
