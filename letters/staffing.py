"""Who works at the desk and what they may do: nobody gives a right they have not got, and every change is an event."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import QuerySet

from letters import accounts
from letters.emails import StaffMail, tell
from letters.models import Staff, record


def may_give(staff: Staff) -> QuerySet[Group]:
    """Return the roles somebody may give: those that hold no right beyond their own."""
    if staff.is_superuser:
        return Group.objects.order_by("name")
    beyond = Permission.objects.exclude(pk__in=_permissions_of(staff))
    return Group.objects.exclude(permissions__in=beyond).order_by("name")


def covers(staff: Staff, colleague: Staff) -> bool:
    """Whether somebody may do all that a colleague may.

    Only then may they change how the colleague comes in: who sets a password or removes a second factor can come in
    with it themselves.
    """
    if staff.is_superuser:
        return True
    return not colleague.is_superuser and not (_permissions_of(colleague) - _permissions_of(staff))


def _permissions_of(staff: Staff) -> set[int]:
    """Return what somebody's roles and rights of their own allow, whether they are disabled or not."""
    held = Permission.objects.filter(user=staff) | Permission.objects.filter(group__user=staff)
    return set(held.values_list("pk", flat=True))


def is_last_superuser(staff: Staff) -> bool:
    """Whether nobody else could do everything; inside `noted` it stays so until all is done."""
    return [one.pk for one in _superusers()] == [staff.pk]


def _superusers() -> QuerySet[Staff]:
    return Staff.objects.filter(is_superuser=True, is_staff=True, is_active=True).order_by("pk")


def add(staff: Staff, *, by: Staff) -> None:
    """Let a new account work at the desk. It may do nothing there until it is given a role."""
    with transaction.atomic():
        staff.is_staff = True
        staff.save()
        _note("add_staff", staff.pk, by=by)


def delete(staff: Staff, *, by: Staff) -> None:
    """Remove an account that never did anything; the database keeps all others, with what they did."""
    with transaction.atomic():
        _note("delete_staff", staff.pk, by=by)
        staff.delete()


@contextmanager
def noted(staff: Staff, *, by: Staff) -> Iterator[None]:
    """Write down what is done to an account meanwhile."""
    with transaction.atomic():
        # All superusers first and in one order: two who take each other's rights away would leave nobody.
        list(_superusers().select_for_update(no_key=True))
        was = _standing(staff)
        yield
        now = _standing(staff)
        for act, reason in _changes(was, now):
            _note(act, staff.pk, by=by, reason=reason)
        if _is_less(was, now):
            accounts.end_sessions(staff)
        if was.password != now.password:
            tell(staff, StaffMail.PASSWORD_CHANGED)


@dataclass(frozen=True)
class _Standing:
    """What there is to know of an account at one moment."""

    may_come_in: bool
    is_superuser: bool
    password: str
    facts: tuple[str, ...]
    groups: frozenset[str]
    permissions: frozenset[str]


def _standing(staff: Staff) -> _Standing:
    """Return how an account stands in the database, which keeps it so until the transaction ends."""
    row = Staff.objects.select_for_update(no_key=True).get(pk=staff.pk)
    return _Standing(
        may_come_in=row.is_active and row.is_staff,
        is_superuser=row.is_superuser,
        password=row.password,
        facts=(row.username, row.first_name, row.last_name, row.email),
        groups=frozenset(row.groups.values_list("name", flat=True)),
        permissions=frozenset(row.user_permissions.values_list("codename", flat=True)),
    )


def _changes(was: _Standing, now: _Standing) -> Iterator[tuple[str, str]]:
    """Return (act, reason) for everything that changed. A reason names roles and rights, never a person."""
    if was.may_come_in != now.may_come_in:
        yield ("enable_staff" if now.may_come_in else "disable_staff"), ""
    if was.password != now.password:
        yield "change_staff_password", ""
    if was.facts != now.facts:
        yield "change_staff", ""
    if was.is_superuser != now.is_superuser:
        yield "change_staff_rights", f"{'+' if now.is_superuser else '-'}superuser"
    for sign, more, fewer in (("+", now, was), ("-", was, now)):
        for group in sorted(more.groups - fewer.groups):
            yield "change_staff_groups", f"{sign}{group}"
        for permission in sorted(more.permissions - fewer.permissions):
            yield "change_staff_rights", f"{sign}{permission}"


def _is_less(was: _Standing, now: _Standing) -> bool:
    """Whether something was taken away. Given back a moment later, it must not open an old session again."""
    return (
        was.may_come_in > now.may_come_in
        or was.is_superuser > now.is_superuser
        or not was.groups <= now.groups
        or not was.permissions <= now.permissions
    )


def _note(act: str, subject: int, *, by: Staff, reason: str = "") -> None:
    record(act, kind="staff", subject=subject, by=by, reason=reason[:40])
