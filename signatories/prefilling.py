"""A form that comes half filled in: who invites by chat writes into the link what it knows of the organisation."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout, Submit
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from signatories.forms import FactsForm

# What an organisation says of itself. Never who signs for it, who may see its name, nor that it agrees.
PREFILLED = ("organisation", "organisation_latin", "country", "kind", "website")
_LABELS = {
    "organisation": _("Name of the organisation"),
    "country": _("Country where it works"),
    "kind": _("The organisation is"),
}


class PrefillForm(FactsForm):
    """What somebody who invites knows of an organisation; nothing of it must be known."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.required = False
            field.help_text = ""
            field.label = _LABELS.get(name, field.label)
        self.helper = FormHelper()
        self.helper.form_method = "get"
        self.helper.disable_csrf = True
        self.helper.form_action = "#invite"
        self.helper.attrs = {"novalidate": ""}
        self.helper.layout = Layout(*PREFILLED)
        self.helper.add_input(Submit("", gettext("Make the link")))

    @property
    def known(self) -> dict[str, str]:
        """Return what is known and can be true; of the rest nothing."""
        self.is_valid()
        return {name: value for name in PREFILLED if (value := self.cleaned_data.get(name))}


def prefilled(query: Mapping[str, str]) -> dict[str, str]:
    """Return what a link says of an organisation, as far as it can be true."""
    return PrefillForm(query).known if is_asked(query) else {}


def is_asked(query: Mapping[str, str]) -> bool:
    """Whether an address says anything of an organisation."""
    return any(name in query for name in PREFILLED)


def query_of(known: Mapping[str, str]) -> str:
    """Return what is known of an organisation as the end of the form's address."""
    return f"?{urlencode(known)}" if known else ""
