"""What the pages behind links have in common: each is one person's own, stored nowhere and named to nobody."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from crispy_forms.layout import Hidden
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from letters.models import Letter
from letters.showing import addresses
from signatories import tokens
from signatories.forms import SignForm
from signatories.models import Purpose, Signature

_SignatureView = Callable[[HttpRequest, Signature], HttpResponse]
_TokenView = Callable[[HttpRequest, str], HttpResponse]


def behind_link(purpose: Purpose) -> Callable[[_SignatureView], _TokenView]:
    """Make of a view of a signature one of a link that was mailed; a link that leads nowhere says why."""

    def decorate(view: _SignatureView) -> _TokenView:
        @wraps(view)
        def view_of_link(request: HttpRequest, token: str) -> HttpResponse:
            try:
                signature = tokens.find(token, purpose)
            except tokens.LinkUnknown:
                return render(request, "signatories/link_unknown.html", status=404)
            except tokens.LinkExpired:
                return render(request, "signatories/link_expired.html", status=410)
            return view(request, signature)

        return view_of_link

    return decorate


def page(
    request: HttpRequest, name: str, letter: Letter, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Render a page that is one person's own: stored nowhere, named to nobody."""
    shared = {"letter": letter, "text": letter.text_for(get_language()), **addresses(letter)}
    return render(request, f"signatories/{name}.html", shared | context, status=status)


def sign_page(
    request: HttpRequest,
    letter: Letter,
    form: SignForm,
    *,
    problem: str = "",
    status: int = 200,
    around: dict[str, Any] | None = None,
) -> HttpResponse:
    """Render the form to sign with, and which governments will see what is signed."""
    recipients = list(letter.recipients.all())
    form.helper.add_input(Hidden("version", letter.version_number()))
    context = {
        "form": form,
        "form_problem": problem,
        "recipients": recipients,
        "governments": sorted({one.country_name for one in recipients if one.country}),
        **(around or {}),
    }
    return page(request, "sign", letter, context, status=status)


def letter_closed(request: HttpRequest, letter: Letter) -> HttpResponse:
    """Say that the letter takes no more signatures."""
    return page(request, "letter_closed", letter, {}, status=410)


def sent_from_elsewhere_said() -> str:
    """Return what to do where a form was sent from another site's page."""
    return _(
        "This was sent from another page. Nothing is lost: please look at it once more and send it from here."
    )


def version_read(request: HttpRequest) -> int | None:
    """Return which version of the letter stood on the page a form was sent from; None where it does not say."""
    said = request.POST.get("version", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 6 else None


def text_changed_meanwhile() -> str:
    """Return what to do where a letter has got another text since its page was opened."""
    return _("The text of the letter has changed meanwhile. Please read what is new, then send this again.")
