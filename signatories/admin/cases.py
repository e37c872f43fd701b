"""One case after another: each is shown, decided, taken back, and followed by the next, which is there already."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from letters.admin import staff_of
from letters.desk import Guarded
from signatories import moderation, queue, undoing, verification
from signatories.admin.case import case, cases
from signatories.admin.decisions import Outcome, carry_out, number
from signatories.admin.words import (
    ACTS,
    REFUSED,
    case_url,
    colleague,
    decided_meanwhile,
    done,
    name_of,
    words,
)
from signatories.contacts import unseal
from signatories.events import note
from signatories.models import Contact, Decision, Signature
from signatories.queue import Part, Place, WaitsFor

_LETTER = "letter__id__exact"  # as the queue's own filter calls it


class Cases(Guarded):
    """The pages of one signature, for the list of signatures to be mixed with."""

    def may_decide(self, request: HttpRequest) -> bool:
        return request.user.has_perm("signatories.change_signature")

    def get_urls(self) -> list[URLPattern]:
        def page(address: str, name: str, view: Callable[..., HttpResponse]) -> URLPattern:
            return path(address, self.admin_site.admin_view(view), name=f"signatories_signature_{name}")

        return [
            page("begin/", "begin", require_safe(self.begin)),
            page("<int:pk>/next/", "next", require_safe(self.go_on)),
            page("<int:pk>/decide/", "decide", require_POST(self.decide)),
            page("<int:pk>/undo/", "undo", require_POST(self.undo)),
            page("<int:pk>/contact/", "contact", require_POST(self.contact)),
            page("<int:pk>/phone/", "phone", require_POST(self.phone)),
            *super().get_urls(),
        ]

    # --- one case ------------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show one case. There is no form to be typed into, so nothing of Django's own is asked for."""
        pk = number(object_id)
        signature = cases().filter(pk=pk).first() if pk is not None else None
        if not self.has_view_permission(request, signature) or request.method == "POST":
            raise PermissionDenied
        if signature is None:
            messages.warning(
                request, _("There is no such signature; perhaps it was never confirmed, and expired.")
            )
            return HttpResponseRedirect(_queue_address(request))
        if self.may_decide(request):
            queue.keep(signature.pk, by=staff_of(request))
            queue.give_back(by=staff_of(request), but=[signature.pk])
        context = {
            **self.admin_site.each_context(request),
            "title": "",
            "opts": self.opts,
            **self._around(request, signature),
        }
        return render(request, "admin/signatories/signature/case.html", context)

    def begin(self, request: HttpRequest) -> HttpResponse:
        """Lead to the first case of the queue, or of a part of it, that no colleague has."""
        return self._redirect(request, self._hand_out(request, None))

    def go_on(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Lead to the case behind this one; to the desk's script, hand it over to be shown when this one is decided."""
        signature = get_object_or_404(Signature, pk=pk)
        if not _is_script(request):
            return self._redirect(request, self._hand_out(request, queue.place(signature)))
        if self.may_decide(request):
            queue.keep(pk, by=staff_of(request))
        return self._answer(request, self._hand_out(request, queue.place(signature)), kept=[pk], show=False)

    def _hand_out(
        self, request: HttpRequest, behind: Place | None, *, apart_from: tuple[int, ...] = ()
    ) -> int | None:
        """Hand out a case to whoever decides; who may only look is shown one, and keeps it from nobody."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        choose = queue.hand_out if self.may_decide(request) else queue.following
        return choose(behind, by=staff_of(request), part=_part(request), apart_from=apart_from)

    # --- deciding ------------------------------------------------------------------------------------

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Carry out one decision, then show the case behind it; or the same one, if it is still to be decided."""
        if not self.may_decide(request):
            raise PermissionDenied
        signature = get_object_or_404(Signature, pk=pk)
        outcome = carry_out(request, signature)
        if _is_script(request):
            return self._answer_script(request, signature, outcome)
        messages.add_message(request, outcome.level, outcome.said)
        behind = queue.place(signature)
        return self._redirect(request, pk if outcome.stays else self._hand_out(request, behind))

    def _answer_script(self, request: HttpRequest, signature: Signature, outcome: Outcome) -> HttpResponse:
        """Answer with the case to be read next.

        The script has shown the one it held ready meanwhile, and says which; what is answered with then comes behind
        that. Unless somebody has taken that one, which happens when it was held ready for long.
        """
        by, behind = staff_of(request), queue.place(signature)
        shown = number(request.POST.get("shown"))
        if shown is None and outcome.stays:
            return self._show_again(request, signature, number(request.POST.get("ahead")), outcome)
        if shown is None:
            return self._answer(request, self._hand_out(request, behind), show=True, outcome=outcome)
        if outcome.stays:
            outcome = replace(outcome, said=_with_way_back(request, signature, outcome.said))
        current = queue.waiting().filter(pk=shown).first()
        if current is not None and queue.keep(shown, by=by):
            following = self._hand_out(request, queue.place(current), apart_from=(shown,))
            return self._answer(request, following, kept=[shown], show=False, outcome=outcome)
        lost = format_html("{} {}", outcome.said, self._whose(request, shown))
        following = self._hand_out(request, behind, apart_from=(shown,))
        return self._answer(
            request, following, show=True, outcome=Outcome(lost, messages.WARNING, stays=False)
        )

    def _show_again(
        self, request: HttpRequest, signature: Signature, ahead: int | None, outcome: Outcome
    ) -> HttpResponse:
        """Answer with the same case, and keep the one that is held ready behind it while it is theirs."""
        by = staff_of(request)
        queue.keep(signature.pk, by=by)
        kept = [ahead] if ahead is not None and queue.keep(ahead, by=by) else []
        return self._answer(request, signature.pk, kept=kept, show=True, outcome=outcome)

    def _whose(self, request: HttpRequest, pk: int) -> str:
        """Say why a case that was held ready is not to be decided after all."""
        by = staff_of(request)
        signature = get_object_or_404(Signature.objects.select_related("reading__staff"), pk=pk)
        reader = queue.reader(signature, apart_from=by)
        if reader is None:
            return decided_meanwhile(signature, reader=by)
        return format_html(
            "{}: {}", name_of(signature), _("%s is reading it now. Here is the next.") % colleague(reader)
        )

    def undo(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take one's last decision about a case back and show the case again."""
        if not self.may_decide(request):
            raise PermissionDenied
        signature = get_object_or_404(Signature, pk=pk)
        try:
            moderation.undo(signature, by=staff_of(request))
        except moderation.NothingToUndo as refusal:
            outcome = Outcome(
                format_html("{}: {}", name_of(signature), words(refusal)), messages.WARNING, stays=True
            )
        else:
            outcome = Outcome(done("undo", signature), messages.SUCCESS, stays=True)
        if _is_script(request):
            return self._show_again(request, signature, number(request.POST.get("shown")), outcome)
        messages.add_message(request, outcome.level, outcome.said)
        return self._redirect(request, pk)

    # --- answers -------------------------------------------------------------------------------------

    def _redirect(self, request: HttpRequest, following: int | None) -> HttpResponse:
        if following is not None:
            return HttpResponseRedirect(_address(request, following))
        if self.may_decide(request):
            queue.give_back(by=staff_of(request))
        return HttpResponseRedirect(_queue_address(request))

    def _answer(
        self,
        request: HttpRequest,
        following: int | None,
        *,
        show: bool,
        kept: list[int] | None = None,
        outcome: Outcome | None = None,
    ) -> JsonResponse:
        """Answer the desk's script: what was said, what waits, and a case to be shown now or held ready."""
        kept = kept or []
        queue.give_back(by=staff_of(request), but=[*kept, *([following] if following else [])])
        around = self._around(request, cases().filter(pk=following).first() if following else None)
        folder = "admin/signatories/signature"
        content = {
            "said": _said(outcome),
            "kept": bool(kept),
            "show": show,
            "waiting": render_to_string(f"{folder}/_waiting.html", around, request),
            "undo": render_to_string(f"{folder}/_undo.html", around, request),
            "case": "",
        }
        if following is not None:
            content["case"] = render_to_string(f"{folder}/_case.html", around, request)
        elif show:
            content["case"] = render_to_string(f"{folder}/_end.html", around, request)
        return JsonResponse(content)

    def _around(self, request: HttpRequest, signature: Signature | None) -> dict[str, Any]:
        """Return all that the pages of a case show."""
        by = staff_of(request)
        part = _part(request)
        return {
            **(case(signature, by=by) if signature else {}),
            "may_decide": self.may_decide(request),
            "undoable": _undoable(undoing.latest(by=by)) if self.may_decide(request) else None,
            "part": part,
            "part_label": WaitsFor(part.waits_for).label if part.waits_for else "",
            "query": _query(request),
            "queue_address": _queue_address(request),
            **_count(part),
        }

    # --- its contact ---------------------------------------------------------------------------------

    def contact(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show who signed, to those who may see contacts; that it was shown is written down first."""
        if not request.user.has_perm("signatories.view_contact"):
            raise PermissionDenied
        signature = get_object_or_404(Signature, pk=pk)
        contact = (
            Contact.objects.select_related("signature", "spokesperson").filter(signature=signature).first()
        )
        note("show_contact", signature, by=staff_of(request))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Contact"),
            "opts": self.opts,
            "signature": signature,
            "details": unseal(contact) if contact else None,
            "spoken": contact.spokesperson.language_names
            if contact and hasattr(contact, "spokesperson")
            else [],
        }
        return render(request, "admin/signatories/signature/contact.html", context)

    def phone(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show a number with a message to send to it, once: its code is stored nowhere.

        For those who may see contacts. They need not be the ones who decide: somebody else types the code anyway.
        """
        if not request.user.has_perm("signatories.view_contact"):
            raise PermissionDenied
        signature = get_object_or_404(Signature, pk=pk)
        try:
            message = verification.reach_by_phone(signature, by=staff_of(request))
        except REFUSED as refusal:
            messages.warning(request, format_html("{}: {}", name_of(signature), words(refusal)))
            return self._redirect(request, pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Reach it by phone"),
            "opts": self.opts,
            "signature": signature,
            "message": message,
            "case_address": _address(request, pk),
            "days": settings.PHONE_CODE_LIFE.days,
        }
        return render(request, "admin/signatories/signature/phone.html", context)


def _is_script(request: HttpRequest) -> bool:
    return request.headers.get("Accept") == "application/json"


def _part(request: HttpRequest) -> Part:
    """Return which part of the queue somebody works through, as their addresses say."""
    waits_for = request.GET.get("queue", "")
    return Part(
        waits_for=waits_for if waits_for in WaitsFor.values else "",
        letter=number(request.GET.get(_LETTER)),
    )


def _query(request: HttpRequest) -> str:
    """Return the part of the queue as the end of an address, or nothing."""
    part = _part(request)
    said = {name: value for name, value in (("queue", part.waits_for), (_LETTER, part.letter)) if value}
    return f"?{urlencode(said)}" if said else ""


def _address(request: HttpRequest, pk: int) -> str:
    return case_url(pk) + _query(request)


def _queue_address(request: HttpRequest) -> str:
    return reverse("admin:signatories_signature_changelist") + _query(request)


def _count(part: Part) -> dict[str, Any]:
    """Return how many cases wait; beyond the most that is counted, that it is more."""
    count = queue.waiting(part).order_by()[: settings.COUNTED_AT_MOST + 1].count()
    return {"waiting": min(count, settings.COUNTED_AT_MOST), "more_wait": count > settings.COUNTED_AT_MOST}


def _with_way_back(request: HttpRequest, signature: Signature, said: str) -> SafeString:
    """Say also how to come back to a case that was left before it was known that it is still to be decided."""
    link = '{} <a href="{}" data-key="b" aria-keyshortcuts="b">{} <kbd aria-hidden="true">b</kbd></a>'
    return format_html(link, said, _address(request, signature.pk), _("Back to it"))


def _undoable(decision: Decision | None) -> dict[str, Any] | None:
    if decision is None:
        return None
    return {"signature": decision.signature, "said": ACTS.get(decision.act, decision.act)}


def _said(outcome: Outcome | None) -> dict[str, Any] | None:
    if outcome is None:
        return None
    level = {messages.SUCCESS: "success", messages.WARNING: "warning"}.get(outcome.level, "error")
    told = level == "success" and not outcome.stays  # beside the way to take it back, for those who see it
    return {"said": str(conditional_escape(outcome.said)), "level": level, "told": told}
