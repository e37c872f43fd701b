"""The public forms. Labels are questions a person can answer; errors say what to do."""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import phonenumbers
from crispy_forms.helper import FormHelper
from crispy_forms.layout import Div, Fieldset, Hidden, Layout, Submit
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.utils import flatatt
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

from letters import countries, languages
from letters.emails import isolated
from letters.models import Letter, Recipient
from signatories import invitations, names
from signatories.contacts import ContactDetails
from signatories.models import HowKnown, Invitation, InvitationStatus, Kind, Proposal, Quote, Signature
from signatories.signing import Claim
from signatories.tokens import normal_code
from signatories.visibility import Visibility
from signatories.withdrawal import Correction


class NameField(forms.CharField):
    """An organisation's name in any script: cleaned, and refused only for what no name can contain."""

    def __init__(self, **kwargs: Any) -> None:
        # The longest name is checked after cleaning, so that invisible characters cost nobody a letter.
        super().__init__(max_length=names.LONGEST * 4, **kwargs)

    def to_python(self, value: Any) -> str:
        return names.clean(str(value)) if value not in self.empty_values else ""

    def validate(self, value: str) -> None:
        super().validate(value)
        problem = names.problem_with(value) if value else None
        if problem is not None:
            raise ValidationError(str(names.PROBLEMS[problem]), code=problem)


class CountrySelect(forms.Select):
    """250 options that are the same for everybody: rendered once a language, not once for each who signs."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        options = _country_options(get_language())
        chosen = f'value="{value or ""}"'  # what is no country's code is found nowhere
        attributes = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return format_html(
            "<select{}>{}</select>", attributes, SafeString(options.replace(chosen, f"{chosen} selected", 1))
        )


class CountryField(forms.ChoiceField):
    """A country by its ISO code, listed by its name in the reader's language."""

    widget = CountrySelect

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=_countries_for_readers, **kwargs)

    def valid_value(self, value: str) -> bool:
        return value in countries.names("en")  # without going through 250 names for each who signs


class WebsiteField(forms.URLField):
    """A web address with or without its scheme; never one that carries a password."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            max_length=300,
            assume_scheme="https",
            widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "url", "dir": "ltr"}),
            **kwargs,
        )

    def validate(self, value: str) -> None:
        super().validate(value)
        if value and (not value.lower().startswith(("https://", "http://")) or "@" in value):
            raise ValidationError(self.error_messages["invalid"], code="invalid")


def _countries_for_readers() -> list[tuple[str, str]]:
    return _sorted_countries(get_language())


@lru_cache(maxsize=len(settings.LANGUAGES))
def _sorted_countries(language: str) -> list[tuple[str, str]]:
    """Return the choices in the active language, kept: collating 250 names takes longer than signing."""
    empty, *known = countries.choices()
    return [empty, *sorted(known, key=lambda pair: names.sort_key(pair[1]))]


@lru_cache(maxsize=len(settings.LANGUAGES))
def _country_options(language: str) -> str:
    return format_html_join("\n", '<option value="{}">{}</option>', _sorted_countries(language))


def _plain_line(value: str) -> str:
    """Clean what a person typed about itself; it stands in mails, so it is one line."""
    return names.clean(value)


class OneOfTwoField(forms.CharField):
    """A field that may stay empty if its twin is filled in, so it does not call itself optional."""

    is_one_of_two = True

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)


class ContactFields(forms.Form):
    """How the one who signs is reached: an e-mail or a phone number, one of the two."""

    contact_name = forms.CharField(
        label=_("Your name"),
        max_length=200,
        help_text=_("Never published."),
        error_messages={"required": _("Please write your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    contact_role = forms.CharField(
        label=_("Your role"),
        required=False,
        max_length=200,
        help_text=_("For example: chairperson, founder, secretary"),
        widget=forms.TextInput(attrs={"autocomplete": "organization-title", "dir": "auto"}),
    )
    contact_email = OneOfTwoField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("Or a phone number, below. We send a link and a code; you sign by confirming."),
        widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr"}),
    )
    contact_phone = OneOfTwoField(
        label=_("Phone"),
        max_length=40,
        help_text=_(
            "Only if you have no e-mail. With the country code, for example +254 700 000000. We call you."
        ),
        widget=forms.TextInput(
            attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel", "dir": "ltr"}
        ),
    )

    def clean_contact_name(self) -> str:
        return _required_line(self.cleaned_data["contact_name"])

    def clean_contact_role(self) -> str:
        return _plain_line(self.cleaned_data["contact_role"])

    def clean_contact_email(self) -> str:
        typed = self.cleaned_data["contact_email"].strip()
        return normal_email(typed) if typed else ""

    def clean_contact_phone(self) -> str:
        typed = self.cleaned_data["contact_phone"].strip()
        return normal_phone(typed, self.data.get("country", "")) if typed else ""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        untouched = "contact_email" not in self.errors and "contact_phone" not in self.errors
        if untouched and not cleaned.get("contact_email") and not cleaned.get("contact_phone"):
            self.add_error(
                "contact_email", gettext("Please give an e-mail address or, below, a phone number.")
            )
        return cleaned

    @property
    def contact(self) -> ContactDetails:
        return ContactDetails(
            name=self.cleaned_data["contact_name"],
            role=self.cleaned_data["contact_role"],
            email=self.cleaned_data["contact_email"],
            phone=self.cleaned_data["contact_phone"],
        )


def _required_line(value: str) -> str:
    line = _plain_line(value)
    if not line:
        raise ValidationError(_("Please write your name."), code="required")
    return line


def normal_email(typed: str) -> str:
    """Return an address as mail servers know it. No look-up: that would tell others who signs."""
    try:
        return validate_email(typed, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValidationError(
            _("This does not look like an e-mail address. An example: name@example.org"), code="invalid"
        ) from None


def normal_phone(typed: str, country: str) -> str:
    """Return a phone number in international form; one without a country code is read as of that country."""
    try:
        number = phonenumbers.parse(typed, country or None)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValidationError(
            _("Please write the phone number with its country code. An example: +254 700 000000"),
            code="invalid",
        )
    formatted: str = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return formatted


class FactsForm(forms.Form):
    """What an organisation says about itself."""

    organisation = NameField(
        label=_("Name of your organisation"),
        help_text=_(
            "As it should stand under the letter, in your own script. You may add a short form: "
            "Lantern Street Newcomers (LSN)"
        ),
        error_messages={"required": _("Please write the name of your organisation.")},
        widget=forms.TextInput(attrs={"autocomplete": "organization", "dir": "auto"}),
    )
    organisation_latin = NameField(
        label=_("The name in Latin letters"),
        required=False,
        help_text=_("If the name above is in another script. It helps others to find you."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )
    country = CountryField(
        label=_("Country where you work"),
        help_text=_("If you work in several, choose the one where you do most."),
        error_messages={"required": _("Please choose a country.")},
    )
    kind = forms.ChoiceField(
        label=_("Your organisation is"),
        choices=Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose what fits best.")},
    )
    website = WebsiteField(
        label=_("Website or page"),
        help_text=_("If you have one. It is not published; it helps us to check."),
        error_messages={"invalid": _("This does not look like a web address. An example: www.example.org")},
    )


class SignForm(ContactFields, FactsForm):
    """The form with which an organisation signs."""

    visibility = forms.ChoiceField(
        label=_("Who may see the name of your organisation?"),
        choices=Visibility.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose who may see the name.")},
    )
    consent = forms.BooleanField(
        label=_("We have read the letter, and I may sign it for this organisation."),
        error_messages={"required": _("Please tick this box if your organisation signs the letter.")},
    )
    keep = forms.BooleanField(
        label=_("You may keep my contact for follow-up letters, for two years at most."), required=False
    )
    nickname = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = _helper(
            Fieldset(
                gettext("Your organisation"),
                "organisation",
                "organisation_latin",
                "country",
                "kind",
                "website",
            ),
            Fieldset(
                gettext("The person who signs"),
                "contact_name",
                "contact_role",
                "contact_email",
                "contact_phone",
            ),
            Fieldset(gettext("Your choice"), "visibility", "consent", "keep"),
            Div("nickname", css_class="trap", aria_hidden="true"),
            button=gettext("Sign the letter"),
        )

    @property
    def claim(self) -> Claim:
        return Claim(
            name=self.cleaned_data["organisation"],
            latin=self.cleaned_data["organisation_latin"],
            country=self.cleaned_data["country"],
            kind=self.cleaned_data["kind"],
            website=self.cleaned_data["website"],
        )

    @property
    def is_trapped(self) -> bool:
        """Whether a field was filled in that only programs find."""
        return bool(self.cleaned_data["nickname"])


class CodeForm(forms.Form):
    """For those who would rather type a code than follow a link."""

    contact_email = forms.CharField(
        label=_("The e-mail address you signed with"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "dir": "ltr"}),
    )
    code = forms.CharField(
        label=_("The six digits from our mail"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code", "dir": "ltr"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = _helper("contact_email", "code", button=gettext("Go on"))

    def clean_contact_email(self) -> str:
        return normal_email(self.cleaned_data["contact_email"].strip())

    def clean_code(self) -> str:
        """Take the code as people write it."""
        code = normal_code(self.cleaned_data["code"])
        if not code:
            raise ValidationError(_("The code has six digits."), code="invalid")
        return code


class VisibilityForm(forms.Form):
    """Who may see the name, and whom it is never handed to; nothing is chosen beforehand."""

    visibility = forms.ChoiceField(
        label=_("Who may see the name of your organisation?"),
        choices=Visibility.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose who may see the name.")},
    )

    newer_too = forms.BooleanField(required=False)
    never_named_to = forms.MultipleChoiceField(
        label=_("Never hand the name to"),
        help_text=_(
            "Those you tick get no document with your name in it. Others may pass theirs on; what was handed over "
            "stays there."
        ),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        letter: Letter,
        button: str,
        act: str = "",
        newer_than: datetime | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._addressed = {str(one.pk): one for one in letter.recipients.all()}
        newer = [one for one in self._addressed.values() if newer_than and one.addressed_since > newer_than]
        asked = self._ask_about(newer)
        if not self._addressed:
            del self.fields["never_named_to"]
            self.helper = _helper("visibility", button=button, act=act)
            return
        boxes = self.fields["never_named_to"]
        assert isinstance(boxes, forms.MultipleChoiceField)  # noqa: S101 - for the type checker
        boxes.choices = [(key, _mission_of(one)) for key, one in self._addressed.items()]
        is_open = bool(self["never_named_to"].value())
        folded = Div(
            "never_named_to", css_class="open" if is_open else "", template="plain/layout/folded.html"
        )
        self.helper = _helper("visibility", *asked, folded, button=button, act=act)
        self.helper.add_input(Hidden("asks", "recipients"))
        if newer:
            self.helper.add_input(Hidden("newest", max(newer, key=lambda one: one.addressed_since).pk))

    def _ask_about(self, newer: list[Recipient]) -> list[str]:
        """Ask about recipients that were added since the signatory agreed; return what to lay out."""
        if not newer:
            del self.fields["newer_too"]
            return []
        missions = " · ".join(_mission_of(one) for one in newer)
        self.fields["newer_too"].label = gettext(
            "Hand the name also to those added since you agreed: %(missions)s"
        ) % {"missions": missions}
        return ["newer_too"]

    @property
    def newest(self) -> Recipient | None:
        """Up to which added recipient the name may be handed; None where that was not asked, or not ticked."""
        if not self.cleaned_data.get("newer_too"):
            return None
        return self._addressed.get(self.data.get("newest", ""))

    @property
    def never_named(self) -> list[Recipient] | None:
        """Whom the name is never handed to; None where the page did not ask, so that nothing is taken back by it."""
        if self.data.get("asks") != "recipients":
            return None
        return [self._addressed[key] for key in self.cleaned_data.get("never_named_to", [])]


def _mission_of(recipient: Recipient) -> str:
    return isolated(", ".join(filter(None, (recipient.mission or recipient.office, recipient.country_name))))


class AgreeForm(forms.Form):
    """The new yes to a changed text; nothing is ticked beforehand."""

    agrees = forms.BooleanField(
        label=_("Our organisation agrees to the letter as it is now."),
        error_messages={"required": _("Please tick this box if your organisation agrees.")},
    )

    def __init__(self, *args: Any, act: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = _helper("agrees", button=gettext("We agree"), act=act)


class VouchForm(forms.Form):
    """What one verified organisation answers about another one; nothing is chosen beforehand."""

    UNKNOWN = "unknown"

    answer = forms.ChoiceField(
        label=_("Do you know this organisation?"),
        choices=[*HowKnown.choices, (UNKNOWN, _("We do not know it"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose an answer.")},
    )

    def __init__(self, *args: Any, about: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": f"id_{about}_%s", **kwargs})
        self.about = about
        self.helper = _helper("answer", button=gettext("Answer"), act="answer")
        self.helper.add_input(Hidden("about", about))


class CorrectForm(FactsForm):
    """An organisation's facts, to be corrected by its signatory."""

    def __init__(self, *args: Any, facts: "Signature | Proposal", **kwargs: Any) -> None:
        kwargs["initial"] = {
            "organisation": facts.name,
            "organisation_latin": facts.latin,
            "country": facts.country,
            "kind": facts.kind,
            "website": facts.website,
        }
        super().__init__(*args, **kwargs)
        self.helper = _helper(*FactsForm.base_fields, button=gettext("Save"), act="correct")

    @property
    def correction(self) -> Correction:
        return Correction(
            name=self.cleaned_data["organisation"],
            latin=self.cleaned_data["organisation_latin"],
            country=self.cleaned_data["country"],
            kind=self.cleaned_data["kind"],
            website=self.cleaned_data["website"],
        )


class InvitedSignForm(SignForm):
    """The ordinary form, with what an invitation knows; whom that was mailed to it does not tell."""

    def __init__(self, *args: Any, invitation: Invitation, **kwargs: Any) -> None:
        known = {"organisation": invitation.name, "country": invitation.country}
        super().__init__(*args, **{"initial": known, **kwargs})
        self.fields["contact_email"].help_text = _(
            "With the address our invitation came to, you have signed by sending this form. To any other address we "
            "send a link and a code; you sign by confirming. Or a phone number, below."
        )


class DayField(forms.DateField):
    """A day that only one of several answers needs, so it does not call itself optional."""

    is_one_of_two = True


class AnswerForm(forms.Form):
    """What an organisation answers to an invitation that does not sign now."""

    answer = forms.ChoiceField(
        label=_("Your answer"),
        choices=[
            (InvitationStatus.WILL_SIGN, _("We will sign later, by the day below")),
            (InvitationStatus.DECLINED, _("We will not sign")),
            (InvitationStatus.WRONG_PERSON, _("I am not the right person to ask")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose an answer.")},
    )
    promised_on = DayField(
        label=_("By which day?"),
        required=False,
        help_text=_(
            "If you will sign later. For example the day your board meets; we remind you only after it."
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": _("Please write the day like this: 2026-03-31")},
    )

    def __init__(self, *args: Any, letter: Letter, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._first, self._last = invitations.today(letter), invitations.last_day(letter)
        bounds = {"min": self._first.isoformat(), "max": self._last.isoformat()}
        self.fields["promised_on"].widget.attrs.update(bounds)
        self.helper = _helper("answer", "promised_on", button=gettext("Send the answer"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == InvitationStatus.WILL_SIGN and "promised_on" not in self.errors:
            self._check_day(cleaned.get("promised_on"))
        return cleaned

    def _check_day(self, day: date | None) -> None:
        if day is None:
            self.add_error("promised_on", gettext("Please choose the day by which you will sign."))
        elif not self._first <= day <= self._last:
            last = date_format(self._last, "DATE_FORMAT")
            self.add_error("promised_on", gettext("Please choose a day from today to %s.") % last)


class CommentForm(forms.Form):
    """What a partner says of a draft; who says it is theirs to tell."""

    words = forms.CharField(
        label=_("Your comment"),
        max_length=2000,
        error_messages={"required": _("Please write what you would like to say.")},
        widget=forms.Textarea(attrs={"rows": 5, "dir": "auto"}),
    )
    name = forms.CharField(
        label=_("Your name"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    organisation = forms.CharField(
        label=_("Your organisation"),
        required=False,
        max_length=names.LONGEST,
        widget=forms.TextInput(attrs={"autocomplete": "organization", "dir": "auto"}),
    )
    is_private = forms.BooleanField(
        label=_("Only the coalition that writes the letter may read this, nobody else who has the link."),
        required=False,
    )
    nickname = forms.CharField(
        label=_("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    on = forms.IntegerField(required=False, min_value=1, max_value=9_999, widget=forms.HiddenInput)
    version = forms.IntegerField(min_value=1, max_value=9_999, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = _helper(
            "words",
            "name",
            "organisation",
            "is_private",
            Div("nickname", css_class="trap", aria_hidden="true"),
            "on",
            "version",
            button=gettext("Send the comment"),
        )

    def clean_words(self) -> str:
        """Clean each line as a name is cleaned: what hides or turns letters round has no place here either."""
        lines = (names.clean(line) for line in self.cleaned_data["words"].splitlines())
        words = "\n".join(lines).strip()
        if not words:
            raise ValidationError(self.fields["words"].error_messages["required"], code="required")
        return words

    def clean_name(self) -> str:
        return _plain_line(self.cleaned_data["name"])

    def clean_organisation(self) -> str:
        return _plain_line(self.cleaned_data["organisation"])

    @property
    def is_trapped(self) -> bool:
        """Whether a field was filled in that only programs find."""
        return bool(self.cleaned_data["nickname"])


_ADDRESS = re.compile(r"://|\bwww\.|\S@\S")


class QuoteForm(forms.Form):
    """What a signatory says for everybody to quote, in one of the languages it speaks."""

    words = forms.CharField(
        label=_("Your words"),
        help_text=_("At most 300 characters. Name no person and no place that could put somebody in danger."),
        error_messages={"required": _("Please write what you would like to say.")},
        widget=forms.Textarea(attrs={"rows": 4, "dir": "auto", "maxlength": Quote.LONGEST}),
    )
    language = forms.ChoiceField(label=_("Which language is it in?"), choices=languages.CHOICES)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = _helper("words", "language", button=gettext("Offer these words"), act="offer")

    def clean_words(self) -> str:
        """Clean it as a name is cleaned: what hides or turns letters round has no place on a public page."""
        words = names.clean(self.cleaned_data["words"])
        if not words:
            raise ValidationError(self.fields["words"].error_messages["required"], code="required")
        if len(words) > Quote.LONGEST:
            too_long = gettext("This has %(long)d characters. Please shorten it to %(most)d.")
            raise ValidationError(too_long % {"long": len(words), "most": Quote.LONGEST}, code="long")
        if _ADDRESS.search(words):
            raise ValidationError(gettext("Please leave out web and mail addresses."), code="address")
        return words


class SpeakForm(forms.Form):
    """That a contact would speak to journalists, and in which languages."""

    would = forms.BooleanField(
        label=_("We would speak to journalists. They reach us through those who publish the letter."),
        error_messages={"required": _("Please tick the box if journalists may be sent to you.")},
    )
    languages = forms.MultipleChoiceField(
        label=_("In which languages?"),
        choices=languages.CHOICES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Please tick at least one language.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = _helper("would", "languages", button=gettext("Save"), act="volunteer")


def _helper(*layout: Any, button: str, act: str = "") -> FormHelper:
    """Return how a form is laid out: its fields, then one button that says what it does."""
    helper = FormHelper()
    helper.form_method = "post"
    helper.disable_csrf = True
    helper.attrs = {"novalidate": ""}  # our own errors are kinder, and in the page's language
    helper.layout = Layout(*layout)
    if act:
        helper.add_input(Hidden("act", act))
    helper.add_input(Submit("", button))
    return helper
