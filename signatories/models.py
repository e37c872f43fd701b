"""Who says it too: organisations, their signatures, and, apart from both, their contacts."""

import secrets
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from letters import countries, languages
from letters.models import FIRST_VERSION, Letter, Recipient, Staff, Text, Version
from signatories import likeness, names
from signatories.visibility import StaffCap, Visibility, named_publicly


def new_public_id() -> str:
    """Return a random id that tells neither order nor number."""
    return secrets.token_hex(8)


class Kind(models.TextChoices):
    REFUGEE_LED = "refugee_led", _("Led by refugees")
    DISPLACED_LED = "displaced_led", _("Led by internally displaced or stateless people")
    ALLY = "ally", _("An ally")


class Verification(models.TextChoices):
    UNVERIFIED = "unverified", pgettext_lazy("organisation", "Unverified")
    PEER_VERIFIED = "peer_verified", _("Verified by peers")
    VERIFIED = "verified", pgettext_lazy("organisation", "Verified")
    DOUBTFUL = "doubtful", _("Doubtful")
    REJECTED = "rejected", pgettext_lazy("organisation", "Rejected")


PROVEN = (Verification.VERIFIED, Verification.PEER_VERIFIED)  # what the public is shown as verified


class SignatureStatus(models.TextChoices):
    UNCONFIRMED = "unconfirmed", _("Waiting to be confirmed")
    AWAITING_MODERATION = "awaiting_moderation", _("Waiting for a moderator")
    HELD = "held", _("Held")
    PUBLISHED = "published", _("Published")
    # Published before the text changed in what it asks: neither counted nor named until its organisation agrees again.
    TO_AGREE_AGAIN = "to_agree_again", _("Asked for a new yes")
    REJECTED = "rejected", pgettext_lazy("signature", "Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    SUPERSEDED = "superseded", _("Superseded")


ENDED = (SignatureStatus.REJECTED, SignatureStatus.WITHDRAWN, SignatureStatus.SUPERSEDED)
DECIDABLE = (SignatureStatus.AWAITING_MODERATION, SignatureStatus.HELD)
ACCEPTED = (SignatureStatus.PUBLISHED, SignatureStatus.TO_AGREE_AGAIN)  # staff have approved it; it stands
CONFIRMED = (*DECIDABLE, *ACCEPTED)


class Question(models.TextChoices):
    """Why a published signature needs another look. It stays on the wall until staff settle the question."""

    CORRECTION = "correction", _("A correction is proposed")
    VOUCH_REVOKED = "vouch_revoked", _("An organisation that vouched for it took that back")
    VOUCHER_DOUBTED = "voucher_doubted", _("An organisation that vouched for it is no longer verified")
    CONTACTS_DISAGREE = "contacts_disagree", _("Its contacts disagree; its name is hidden meanwhile")
    ORGANISATION_DOUBTED = "organisation_doubted", _("Its organisation became doubtful")


class VouchStatus(models.TextChoices):
    ASKED = "asked", _("Asked")
    GIVEN = "given", pgettext_lazy("vouch", "Given")
    DECLINED = "declined", pgettext_lazy("vouch", "Declined")
    REVOKED = "revoked", pgettext_lazy("vouch", "Taken back")


class HowKnown(models.TextChoices):
    WORKED_TOGETHER = "worked_together", _("We have worked together")
    SAME_NETWORK = "same_network", _("We are in the same network")
    SAME_PLACE = "same_place", _("We work in the same place")
    KNOW_PEOPLE = "know_people", _("We know the people who lead it")


class HoldReason(models.TextChoices):
    PRESSURE = "pressure", _("Many signatures came from one place")
    TRAP = "trap", _("A field was filled in that people do not see")
    DOUBTFUL_NAME = "doubtful_name", _("We could not tell which organisation this is")
    ASKED_ORGANISATION = "asked_organisation", _("We asked the organisation and wait for its answer")
    OTHER = "other", _("A colleague has to look at it too")


class RejectReason(models.TextChoices):
    NOT_AN_ORGANISATION = "not_an_organisation", _("The name is not the name of an organisation")
    ALREADY_SIGNED = "already_signed", _("The organisation has already signed this letter")
    NOT_AUTHORISED = "not_authorised", _("The organisation told us that it did not sign")
    NOT_ELIGIBLE = "not_eligible", _("This letter is for another kind of organisation")
    NO_ANSWER = "no_answer", _("We asked and had no answer")
    INVALIDATED = "invalidated", _("It came with many others that no organisation made")


class Channel(models.TextChoices):
    FORM = "form", _("Form")
    IMPORT = "import", _("Imported list")
    ON_BEHALF = "on_behalf", _("Entered on behalf")
    LIST = "list", _("List gathered elsewhere")


LISTED = (Channel.IMPORT, Channel.LIST)  # they came together, and were asked one by one elsewhere


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Organisations, in the words of the desk."""

    def standing(self) -> "OrganisationQuerySet":
        """Those that were not merged into another one."""
        return self.filter(merged_into__isnull=True)

    def to_look_at_again(self) -> "OrganisationQuerySet":
        return self.standing().filter(recheck_on__lte=timezone.now().date())


class Organisation(models.Model):
    """An organisation as staff know it. Made or chosen when a signature is approved, never by a stranger."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=names.LONGEST)
    aliases = ArrayField(models.CharField(max_length=names.LONGEST), default=list, blank=True)
    latin = models.CharField(_("name in Latin letters"), max_length=names.LONGEST, blank=True)
    name_key = models.CharField(max_length=names.LONGEST * 2, editable=False)
    # Every way it is written, a line each: what duplicates are looked for by.
    spellings = models.TextField(editable=False, default="")
    country = models.CharField(_("country"), max_length=2, blank=True, choices=countries.choices)
    kind = models.CharField(_("kind"), max_length=16, blank=True, choices=Kind.choices)
    is_network = models.BooleanField(_("network"), default=False)
    website = models.URLField(_("website"), blank=True, max_length=300)
    verification = models.CharField(
        _("verification"), max_length=16, choices=Verification.choices, default=Verification.UNVERIFIED
    )
    recheck_on = models.DateField(_("look again on"), null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="merged",
        editable=False,
        verbose_name=_("merged into"),
    )

    likeness: float  # these two say how like the one it was looked for; signatories.matching sets them
    why: str

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["pk"]
        indexes = [
            GinIndex(fields=["spellings"], opclasses=["gin_trgm_ops"], name="organisations_by_spelling"),
            models.Index(fields=["name_key"], name="organisations_by_name_key"),
            models.Index(
                fields=["recheck_on"], condition=Q(recheck_on__isnull=False), name="organisations_to_look_at"
            ),
            models.Index(
                fields=["verification"],
                condition=Q(verification__in=[Verification.DOUBTFUL, Verification.REJECTED]),
                name="organisations_doubted",
            ),
            models.Index(fields=["id"], condition=Q(verification__in=PROVEN), name="organisations_proven"),
        ]

    def __str__(self) -> str:
        return self.public_id  # Django's admin log copies this; it must hold no name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.fill_key()
        super().save(*args, **kwargs)

    def fill_key(self) -> None:
        """Derive what names are compared by; bulk_create does not call save."""
        self.name_key = names.key(self.name)
        self.spellings = likeness.spellings(self.name, *self.aliases, latin=self.latin, website=self.website)

    @property
    def name_keys(self) -> set[str]:
        return {self.name_key, *(names.key(alias) for alias in self.aliases)}


# The rule of `visibility.reach`, as the database knows it: whose name the public may see, once it is published.
NAMEABLE = Q(visibility=Visibility.PUBLIC, staff_cap__in=["", StaffCap.PUBLIC])
NAMED = Q(status=SignatureStatus.PUBLISHED, visibility=Visibility.PUBLIC, staff_cap__in=["", StaffCap.PUBLIC])


class SignatureQuerySet(models.QuerySet["Signature"]):
    """Signatures, in the words of their way from the form to the wall."""

    def published(self) -> "SignatureQuerySet":
        return self.filter(status=SignatureStatus.PUBLISHED)

    def named(self) -> "SignatureQuerySet":
        """Those whose name the public may see."""
        return self.filter(NAMED)

    def unnamed(self) -> "SignatureQuerySet":
        """Those that count without being named to the public."""
        return self.published().exclude(NAMEABLE)

    def accepted(self) -> "SignatureQuerySet":
        """Those that stand under the letter, or did until its text changed."""
        return self.filter(status__in=ACCEPTED)

    def to_agree_again(self) -> "SignatureQuerySet":
        """Those that count no more until their organisation says yes to the text as it is now."""
        return self.filter(status=SignatureStatus.TO_AGREE_AGAIN)

    def live(self) -> "SignatureQuerySet":
        """Those that have not ended."""
        return self.exclude(status__in=ENDED)

    def waiting_for_staff(self) -> "SignatureQuerySet":
        """What somebody at the desk must decide: moderation, holds, phones to call, open questions."""
        return self.filter(queued_at__isnull=False)

    def in_reading_order(self) -> "SignatureQuerySet":
        return self.order_by("sort_key", "pk")

    def newest_first(self) -> "SignatureQuerySet":
        return self.order_by(F("published_at").desc(nulls_last=True), "-pk")

    def longest_waiting_first(self) -> "SignatureQuerySet":
        return self.order_by("queued_at", "pk")


class Signature(models.Model):
    """One organisation's yes to one letter, with its name, country and kind as signed."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    letter = models.ForeignKey(
        Letter, models.PROTECT, related_name="signatures", verbose_name=_("letter"), editable=False
    )
    text = models.ForeignKey(Text, models.PROTECT, related_name="+", verbose_name=_("text that was read"))
    # Of the letter, for all languages. The database counts nobody who agreed to less than the last material one.
    agreed_version = models.PositiveSmallIntegerField(
        _("version it agreed to"), default=FIRST_VERSION, editable=False
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="signatures",
        verbose_name=_("organisation"),
    )

    name = models.CharField(_("name"), max_length=names.LONGEST, blank=True)
    latin = models.CharField(_("name in Latin letters"), max_length=names.LONGEST, blank=True)
    country = models.CharField(_("country"), max_length=2, blank=True, choices=countries.choices)
    kind = models.CharField(_("kind"), max_length=16, blank=True, choices=Kind.choices)
    is_network = models.BooleanField(_("network"), default=False)
    website = models.URLField(_("website"), blank=True, max_length=300)
    name_key = models.CharField(max_length=names.LONGEST * 2, blank=True, editable=False)
    spellings = models.TextField(editable=False, default="")
    sort_key = models.TextField(blank=True, editable=False, db_collation="C")
    search_text = models.TextField(editable=False, default="")

    status = models.CharField(
        _("status"), max_length=24, choices=SignatureStatus.choices, default=SignatureStatus.UNCONFIRMED
    )
    hold_reason = models.CharField(_("held because"), max_length=24, blank=True, choices=HoldReason.choices)
    reject_reason = models.CharField(
        _("rejected because"), max_length=24, blank=True, choices=RejectReason.choices
    )
    question = models.CharField(_("open question"), max_length=24, blank=True, choices=Question.choices)
    asked_at = models.DateTimeField(_("asked"), null=True, editable=False)
    superseded_by = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="co_signatures",
        editable=False,
        verbose_name=_("superseded by"),
        help_text=_("The standing signature of the same organisation; this one's contact speaks for it too."),
    )
    # Which ones came from one place on one day; the key that made it is thrown away the same day.
    batch = models.CharField(max_length=16, blank=True, editable=False)
    # In which room it was signed; forgotten with the workshop, and never public.
    workshop = models.ForeignKey(
        "Workshop",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="signatures",
        db_index=False,
        editable=False,
        verbose_name=_("workshop"),
    )
    visibility = models.CharField(
        _("who may see the name"), max_length=16, choices=Visibility.choices, default=Visibility.COUNTED_ONLY
    )
    staff_cap = models.CharField(
        _("at most, say staff"), max_length=16, blank=True, choices=StaffCap.choices, default=""
    )
    # How far the name went before one of several contacts wanted less; "" while they agree.
    agreed_visibility = models.CharField(
        max_length=16, blank=True, choices=Visibility.choices, default="", editable=False
    )
    excluded_recipients = models.ManyToManyField(
        Recipient, blank=True, related_name="+", verbose_name=_("never named to")
    )
    channel = models.CharField(_("channel"), max_length=16, choices=Channel.choices, default=Channel.FORM)
    source_line = models.PositiveIntegerField(_("line of the imported list"), null=True, blank=True)
    language = models.CharField(_("language of its mails"), max_length=8, choices=languages.CHOICES)
    by_phone = models.BooleanField(_("by phone"), default=False)
    keep_contact = models.BooleanField(_("contact may be kept for follow-up letters"), default=False)
    dedupe_key = models.CharField(max_length=64, null=True, editable=False)
    mails_before_confirmed = models.PositiveSmallIntegerField(default=0, editable=False)
    reminded_of_page_at = models.DateTimeField(null=True, editable=False)

    created_at = models.DateTimeField(_("signed"), default=timezone.now, editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    # See knew_recipients_until.
    named_to_newer_at = models.DateTimeField(null=True, editable=False)
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)
    # Since when it waits for staff; the database derives it, so no act can forget it and the queue is one index.
    queued_at = models.GeneratedField(
        verbose_name=_("waits since"),
        expression=Case(
            When(status__in=DECIDABLE, then=Coalesce("confirmed_at", "created_at")),
            When(status=SignatureStatus.UNCONFIRMED, by_phone=True, then="created_at"),
            When(
                status=SignatureStatus.UNCONFIRMED,
                channel=Channel.ON_BEHALF,
                mails_before_confirmed=0,
                then="created_at",
            ),
            When(Q(status__in=ACCEPTED) & ~Q(question=""), then="asked_at"),
        ),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )

    likeness: float  # as an organisation's
    why: str
    DERIVED = ("name_key", "sort_key", "spellings", "search_text")  # from the name, by fill_keys

    objects = SignatureQuerySet.as_manager()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status__in=ACCEPTED) | Q(organisation__isnull=False),
                name="a_published_signature_has_an_organisation",
            ),
            models.CheckConstraint(
                condition=~Q(status=SignatureStatus.PUBLISHED) | Q(published_at__isnull=False),
                name="a_published_signature_says_since_when",
            ),
            models.CheckConstraint(
                condition=~Q(status=SignatureStatus.HELD) | ~Q(hold_reason=""),
                name="a_held_signature_has_a_reason",
            ),
            models.CheckConstraint(
                condition=~Q(name="") | Q(erased_at__isnull=False),
                name="a_signature_has_a_name_until_it_is_erased",
            ),
            models.CheckConstraint(
                condition=Q(name="", search_text="") | ~Q(name="") & ~Q(search_text=""),
                name="a_name_can_be_searched_for",
            ),
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True) | Q(status__in=ENDED),
                name="an_erased_signature_has_ended",
            ),
            models.CheckConstraint(
                condition=Q(question="") | Q(asked_at__isnull=False),
                name="an_open_question_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(superseded_by__isnull=True) | Q(status=SignatureStatus.SUPERSEDED),
                name="only_a_superseded_signature_has_a_successor",
            ),
            models.UniqueConstraint(
                fields=["letter", "organisation"],
                condition=~Q(status__in=ENDED),
                name="an_organisation_signs_a_letter_once",
            ),
            models.UniqueConstraint(
                fields=["letter", "dedupe_key"],
                condition=~Q(status__in=ENDED),
                name="a_mailbox_signs_once_for_a_name",
            ),
            models.UniqueConstraint(
                fields=["letter", "source_line"],
                condition=Q(channel=Channel.IMPORT),
                name="a_line_is_imported_once",
            ),
        ]
        indexes = [
            models.Index(fields=["letter", "status", "sort_key", "id"], name="signatures_in_reading_order"),
            models.Index(
                fields=["letter", "sort_key", "id"],
                include=["kind"],  # a kind is counted without a look at the rows
                condition=NAMED,
                name="named_in_reading_order",
            ),
            models.Index(
                fields=["letter", "country", "sort_key", "id"],
                include=["kind"],
                condition=NAMED,
                name="named_by_country",
            ),
            models.Index(
                fields=["letter", "-published_at", "-id"],
                include=["channel"],
                condition=NAMED,
                name="named_newest_first",
            ),
            models.Index(fields=["letter", "public_id"], condition=NAMED, name="named_by_public_id"),
            models.Index(  # how many are verified is counted without a look at the rows
                fields=["letter", "organisation"], condition=NAMED, name="named_by_organisation"
            ),
            models.Index(fields=["letter"], condition=NAMED & Q(is_network=True), name="named_networks"),
            models.Index(
                fields=["letter"],
                condition=Q(status=SignatureStatus.PUBLISHED, channel__in=LISTED),
                name="published_from_lists",
            ),
            GinIndex(
                fields=["search_text"], opclasses=["gin_trgm_ops"], condition=NAMED, name="named_by_words"
            ),
            models.Index(fields=["letter", "status", "-published_at"], name="signatures_newest_first"),
            models.Index(
                fields=["letter", "country"],
                include=["kind", "visibility", "staff_cap"],  # counted without a look at the rows
                condition=Q(status=SignatureStatus.PUBLISHED),
                name="published_by_country",
            ),
            GinIndex(fields=["spellings"], opclasses=["gin_trgm_ops"], name="signatures_by_spelling"),
            models.Index(fields=["batch"], condition=~Q(batch=""), name="signatures_of_a_batch"),
            models.Index(
                fields=["workshop"], condition=Q(workshop__isnull=False), name="signatures_of_a_workshop"
            ),
            models.Index(fields=["queued_at", "id"], condition=Q(queued_at__isnull=False), name="the_queue"),
            models.Index(fields=["created_at", "letter"], name="signatures_by_time"),
            models.Index(
                fields=["-published_at", "-id"],
                condition=Q(status=SignatureStatus.PUBLISHED),
                name="published_newest_first",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id  # Django's admin log copies this; it must hold no name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.fill_keys()
        super().save(*args, **kwargs)

    def fill_keys(self) -> None:
        """Derive what names are compared and sorted by; bulk_create does not call save."""
        self.name_key = names.key(self.name)
        self.sort_key = names.sort_key(self.name)
        self.spellings = likeness.spellings(self.name, latin=self.latin, website=self.website)
        self.search_text = names.searchable(self.name, self.latin)

    def empty(self) -> None:
        """Take away everything that says who it was; whoever calls saves."""
        self.name = self.latin = self.country = self.kind = self.website = self.batch = ""
        self.is_network = False
        self.dedupe_key = None
        self.workshop = None
        self.erased_at = timezone.now()

    @property
    def country_name(self) -> str:
        return countries.name(self.country)

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @property
    def is_named_publicly(self) -> bool:
        return named_publicly(self.status, self.visibility, self.staff_cap)

    @property
    def knew_recipients_until(self) -> datetime:
        """Up to whom, by the time they were added, its signatory has agreed to be named to."""
        return self.named_to_newer_at or self.confirmed_at or self.created_at

    @property
    def standing(self) -> "Signature":
        """The signature that its contact speaks for: itself, or the one it was joined with."""
        return self.superseded_by.standing if self.superseded_by else self


class Contact(models.Model):
    """The person who signed for an organisation. Private: sealed, and in a table of its own.

    Hiding columns in the admin would be no protection, since a query string reads any column of a listed table.
    """

    signature = models.OneToOneField(Signature, models.CASCADE, related_name="contact")
    sealed = models.BinaryField()
    address_key = models.CharField(max_length=64, db_index=True)
    domain_key = models.CharField(max_length=64, blank=True, db_index=True)
    # How far this person would let the name go; "" while nobody else speaks for the same signature.
    wants = models.CharField(max_length=16, blank=True, choices=Visibility.choices, default="")

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        permissions = [("export_contact", "Can export contacts")]

    def __str__(self) -> str:
        return "contact"


class Proposal(models.Model):
    """Corrected facts of a published signature, which stand beside it until a moderator agrees."""

    signature = models.OneToOneField(Signature, models.CASCADE, related_name="proposal")
    name = models.CharField(_("name"), max_length=names.LONGEST)
    latin = models.CharField(_("name in Latin letters"), max_length=names.LONGEST, blank=True)
    country = models.CharField(_("country"), max_length=2, choices=countries.choices)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    website = models.URLField(_("website"), blank=True, max_length=300)
    proposed_at = models.DateTimeField(_("proposed"), default=timezone.now)

    class Meta:
        verbose_name = _("proposed correction")
        verbose_name_plural = _("proposed corrections")

    def __str__(self) -> str:
        return "correction"


class Remark(models.Model):
    """What a member of staff noted about a case, for colleagues."""

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="remarks")
    words = models.TextField(_("note"), max_length=2000)
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return "note"


class Reading(models.Model):
    """A case that was handed to a member of staff, so that no colleague is handed the same one."""

    staff = models.ForeignKey(Staff, models.CASCADE, related_name="+")
    signature = models.OneToOneField(Signature, models.CASCADE, related_name="reading")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("case being read")
        verbose_name_plural = _("cases being read")

    def __str__(self) -> str:
        return "reading"


class Decision(models.Model):
    """What a decision changed, kept for as long as it can be taken back."""

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="decisions")
    act = models.CharField(_("act"), max_length=24)
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    before = models.JSONField()  # the fields the decision changed, as they were

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return self.act


class Evidence(models.Model):
    """What staff found out about an organisation: a link, a note, or both."""

    organisation = models.ForeignKey(Organisation, models.CASCADE, related_name="evidence")
    link = models.URLField(_("link"), blank=True, max_length=300)
    words = models.TextField(_("note"), blank=True, max_length=2000)
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(link="", words=""), name="evidence_says_something"),
        ]

    def __str__(self) -> str:
        return "evidence"


class Vouch(models.Model):
    """A verified organisation's word that it knows the one that signed: asked for, given, declined or taken back."""

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="vouches")
    voucher = models.ForeignKey(Organisation, models.CASCADE, related_name="vouches_given")
    status = models.CharField(
        _("status"), max_length=16, choices=VouchStatus.choices, default=VouchStatus.ASKED
    )
    how_known = models.CharField(_("how it is known"), max_length=24, blank=True, choices=HowKnown.choices)
    recorded_by = models.ForeignKey(
        Staff,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
        help_text=_("Nobody: the organisation answered by itself."),
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("vouch")
        verbose_name_plural = _("vouches")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["signature", "voucher"], name="an_organisation_vouches_once"),
        ]

    def __str__(self) -> str:
        return self.status


class Merge(models.Model):
    """Two organisations that were one, and what it takes to part them again within a day."""

    kept = models.ForeignKey(Organisation, models.CASCADE, related_name="+", verbose_name=_("kept"))
    absorbed = models.ForeignKey(Organisation, models.CASCADE, related_name="+", verbose_name=_("merged"))
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=timezone.now)
    undone_at = models.DateTimeField(_("undone"), null=True, blank=True)
    before = models.JSONField()  # what moved and what changed, as it was

    class Meta:
        verbose_name = _("merge")
        verbose_name_plural = _("merges")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return "merge"


class Distinction(models.Model):
    """Two organisations that look like one and are not, as staff decided: not asked about again."""

    one = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    other = models.ForeignKey(Organisation, models.CASCADE, related_name="+")
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("distinction")
        verbose_name_plural = _("distinctions")
        constraints = [
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="a_distinction_has_an_order"),
            models.UniqueConstraint(fields=["one", "other"], name="two_organisations_are_told_apart_once"),
        ]

    def __str__(self) -> str:
        return "distinction"


class InvalidationStatus(models.TextChoices):
    RUNNING = "running", _("Running")
    CANCELLED = "cancelled", _("Stopped half-way")
    DONE = "done", _("Done")
    UNDOING = "undoing", _("Being undone")
    UNDONE = "undone", _("Undone")


class Invalidation(models.Model):
    """A rule by which many signatures are rejected at once, and how far it has come."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="+", verbose_name=_("letter"))
    signed_from = models.DateTimeField(_("signed from"), null=True, blank=True)
    signed_until = models.DateTimeField(_("signed until"), null=True, blank=True)
    domain = models.CharField(_("domain of mailbox or website"), max_length=253, blank=True)
    batch = models.CharField(_("place"), max_length=16, blank=True)
    name_pattern = models.CharField(
        _("name"), max_length=255, blank=True, help_text=_("* stands for anything: *crypto*")
    )
    why = models.CharField(_("why"), max_length=255, help_text=_("For colleagues. Name no person here."))
    status = models.CharField(
        _("status"), max_length=16, choices=InvalidationStatus.choices, default=InvalidationStatus.RUNNING
    )
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("made"), default=timezone.now)
    counted = models.PositiveIntegerField(_("found"), default=0)
    done = models.PositiveIntegerField(_("rejected"), default=0)
    started_at = models.DateTimeField(_("begun"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("invalidation")
        verbose_name_plural = _("invalidations")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(signed_from__isnull=False)
                | Q(signed_until__isnull=False)
                | ~Q(domain="")
                | ~Q(batch="")
                | ~Q(name_pattern=""),
                name="an_invalidation_has_a_rule",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class Invalidated(models.Model):
    """One signature an invalidation rejected, and what it was before."""

    invalidation = models.ForeignKey(Invalidation, models.CASCADE, related_name="rows")
    signature = models.ForeignKey(Signature, models.CASCADE, related_name="+")
    status = models.CharField(max_length=24, choices=SignatureStatus.choices)
    hold_reason = models.CharField(max_length=24, blank=True, choices=HoldReason.choices)
    restored = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("invalidated signature")
        verbose_name_plural = _("invalidated signatures")
        constraints = [
            models.UniqueConstraint(
                fields=["invalidation", "signature"], name="an_invalidation_rejects_a_signature_once"
            ),
        ]

    def __str__(self) -> str:
        return self.status


class Purpose(models.TextChoices):
    CONFIRM = "confirm", _("Confirm")
    OWN_PAGE = "own_page", _("Own page")
    VOUCH = "vouch", _("Vouch")
    AGREE = "agree", _("Agree to a changed text")
    PHONE = "phone", _("Confirm by phone")


class Token(models.Model):
    """A link that was mailed: its hash, what it is for, and until when. The link itself is stored nowhere."""

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="tokens")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    digest = models.CharField(max_length=64, unique=True)
    code_digest = models.CharField(max_length=64, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)
    by = models.ForeignKey(Staff, models.SET_NULL, null=True, related_name="+", verbose_name=_("made by"))

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")

    def __str__(self) -> str:
        return self.purpose


class PlaceKey(models.Model):
    """The key of one day under which places are counted. Thrown away, it takes all meaning from the counts."""

    day = models.DateField(unique=True)
    key = models.BinaryField()

    class Meta:
        verbose_name = _("key of a day")

    def __str__(self) -> str:
        return self.day.isoformat()


class Pressure(models.Model):
    """How often one place signed within one window of time."""

    place = models.CharField(max_length=64)
    since = models.DateTimeField(db_index=True)
    seconds = models.PositiveIntegerField()
    count = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("pressure from a place")
        constraints = [
            models.UniqueConstraint(
                fields=["place", "since", "seconds"], name="a_place_is_counted_once_a_window"
            )
        ]

    def __str__(self) -> str:
        return str(self.count)


class ConsentChannel(models.TextChoices):
    """How an organisation said yes to somebody of the coalition, rather than to our form."""

    PHONE = "phone", _("By phone")
    PAPER = "paper", _("On paper")
    CHAT = "chat", _("In a chat")
    IN_PERSON = "in_person", _("In person")
    OTHER_FORM = "other_form", _("On another form")


class ListConsent(models.TextChoices):
    """What a list gathered elsewhere knows about who agreed to be named."""

    COLUMN = "column", _("A column of the list says who agreed to be named")
    STATED = "stated", _("All of them agreed to be named, and we can show it")
    UNKNOWN = "unknown", _("We do not know: they are counted and not named")


class ImportStatus(models.TextChoices):
    READ = "read", _("Read; its columns are to be named")
    CHECKED = "checked", _("Compared; nothing is written yet")
    WRITING = "writing", _("Being written")
    STOPPED = "stopped", _("Stopped half-way")
    WRITTEN = "written", _("Written")


class ImportFile(models.Model):
    """A list of signatures gathered elsewhere, sealed until it is written: what it holds, and on whose word."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="+", verbose_name=_("letter"))
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    status = models.CharField(
        _("status"), max_length=16, choices=ImportStatus.choices, default=ImportStatus.READ
    )
    fingerprint = models.CharField(max_length=64, editable=False)  # keyed: the same list is known again
    sealed = models.BinaryField(default=bytes)  # its sheets, until it is written or given up
    columns = models.JSONField(default=dict)  # which sheet, where its headings are, which column holds what
    consent = models.CharField(
        _("consent"), max_length=16, choices=ListConsent.choices, default=ListConsent.UNKNOWN
    )
    channel = models.CharField(
        _("how they agreed"), max_length=16, blank=True, choices=ConsentChannel.choices
    )
    evidence = models.TextField(_("evidence"), blank=True, max_length=1000)
    visibility = models.CharField(
        _("who may see the names"), max_length=16, choices=Visibility.choices, default=Visibility.COUNTED_ONLY
    )
    language = models.CharField(_("language of its mails"), max_length=8, choices=languages.CHOICES)
    asks_by_mail = models.BooleanField(_("asks each to confirm"), default=False)
    takes = ArrayField(models.CharField(max_length=16), default=list)  # verdicts of the rows that are written

    class Meta:
        verbose_name = _("imported list")
        verbose_name_plural = _("imported lists")
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(consent=ListConsent.UNKNOWN) | ~Q(channel=""),
                name="a_list_with_consent_says_how_it_was_given",
            ),
            models.CheckConstraint(
                condition=~Q(consent=ListConsent.UNKNOWN) | Q(visibility=Visibility.COUNTED_ONLY),
                name="a_list_without_consent_names_nobody",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class Verdict(models.TextChoices):
    """What a row of a list is, compared with what is there."""

    NEW = "new", pgettext_lazy("row", "New")
    LIKE = "like", _("Probably there already")
    JUNK = "junk", _("Hardly the name of an organisation")
    THERE = "there", _("Already there")
    REPEATED = "repeated", _("Twice in this list")
    ENDED = "ended", _("Withdrawn or rejected before")
    UNREADABLE = "unreadable", _("Unreadable")


class RowResult(models.TextChoices):
    """What became of a row that was to be written."""

    WRITTEN = "written", pgettext_lazy("row", "Written")
    SIGNED_MEANWHILE = "signed_meanwhile", _("Signed meanwhile by itself")
    MAILBOX_SIGNED = "mailbox_signed", _("Its mailbox has signed for this name before")
    REFUSED = "refused", _("Refused by the database")
    NOT_OPENED = "not_opened", _("Sealed with a key that is missing")


class ImportRow(models.Model):
    """One row of an imported list. What it says is sealed, and gone once it is written; what became of it stays."""

    file = models.ForeignKey(ImportFile, models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField(_("line"))
    sealed = models.BinaryField(default=bytes)
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    why = models.CharField(max_length=24, blank=True)  # of what is unreadable or hardly a name
    resembles = models.ForeignKey(Signature, models.SET_NULL, null=True, related_name="+")
    same_as_line = models.PositiveIntegerField(null=True)
    likeness = models.FloatField(default=0)
    result = models.CharField(max_length=20, blank=True, choices=RowResult.choices)
    signature = models.ForeignKey(Signature, models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("row of an imported list")
        verbose_name_plural = _("rows of imported lists")
        ordering = ["line"]
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="a_row_of_a_list_is_read_once"),
        ]
        indexes = [
            models.Index(fields=["file", "verdict", "line"], name="rows_of_a_verdict"),
        ]

    def __str__(self) -> str:
        return f"line {self.line}"


class DeliveryStatus(models.TextChoices):
    TO_SEND = "to_send", pgettext_lazy("delivery", "To send")
    SENT = "sent", pgettext_lazy("delivery", "Sent")
    BOUNCED = "bounced", pgettext_lazy("delivery", "Came back")
    ACKNOWLEDGED = "acknowledged", pgettext_lazy("delivery", "Acknowledged")
    MET = "met", pgettext_lazy("delivery", "Met")
    ANSWERED = "answered", pgettext_lazy("delivery", "Answered")


ARRIVED = (
    DeliveryStatus.SENT,
    DeliveryStatus.ACKNOWLEDGED,
    DeliveryStatus.MET,
    DeliveryStatus.ANSWERED,
)


class Order(models.TextChoices):
    """How the signatories stand in a document."""

    ALPHABET = "alphabet", _("By alphabet")
    BY_COUNTRY = "by_country", _("By country")
    OWN_COUNTRY_FIRST = "own_country_first", _("By country, the recipient’s own first")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Deliveries, in the words of the desk and of the public."""

    def arrived(self) -> "DeliveryQuerySet":
        """Those that were sent and did not come back: what the public may know of."""
        return self.filter(status__in=ARRIVED)

    def answered_publicly(self) -> "DeliveryQuerySet":
        return self.filter(answer_is_public=True)


class Delivery(models.Model):
    """One recipient handed one snapshot: the letter and its list as they were. What was handed over never changes."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    letter = models.ForeignKey(
        Letter, models.PROTECT, related_name="deliveries", verbose_name=_("letter"), editable=False
    )
    recipient = models.ForeignKey(
        Recipient, models.PROTECT, related_name="deliveries", verbose_name=_("recipient"), editable=False
    )
    text = models.ForeignKey(
        Text, models.PROTECT, related_name="+", verbose_name=_("text that was handed over"), editable=False
    )
    order = models.CharField(_("order of the names"), max_length=20, choices=Order.choices)
    supplement_to = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="supplements",
        verbose_name=_("supplement to"),
        help_text=_("The delivery whose list this one carries on: it names who came later."),
    )
    content = models.JSONField(editable=False)  # the document without its names; see signatories/documents.py
    revision = models.PositiveBigIntegerField(_("revision of the letter"), editable=False)
    organisations = models.PositiveIntegerField(_("organisations"), editable=False)
    countries = models.PositiveIntegerField(_("countries"), editable=False)
    # As the public page counted them: this recipient may know countries from names the public does not see.
    public_countries = models.PositiveIntegerField(editable=False)
    named = models.PositiveIntegerField(_("named"), editable=False)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True, editable=False)

    status = models.CharField(
        _("status"), max_length=16, choices=DeliveryStatus.choices, default=DeliveryStatus.TO_SEND
    )
    status_at = models.DateTimeField(_("since"), default=timezone.now)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("made by"), editable=False)
    released_at = models.DateTimeField(_("first downloaded"), null=True, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    answered_on = models.DateField(_("answered on"), null=True, blank=True)
    answer_words = models.TextField(_("answer"), blank=True, max_length=4000)
    answer_link = models.URLField(_("where the answer stands"), blank=True, max_length=300)
    answer_is_public = models.BooleanField(_("shown on the letter’s page"), default=False)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=DeliveryStatus.TO_SEND) | Q(sent_at__isnull=False),
                name="a_delivery_that_left_says_since_when",
            ),
            models.CheckConstraint(
                condition=Q(status=DeliveryStatus.TO_SEND) | ~Q(sha256=""),
                name="a_delivery_that_left_has_a_hash",
            ),
            models.CheckConstraint(
                condition=Q(answer_is_public=False) | ~Q(answer_words="") | ~Q(answer_link=""),
                name="a_public_answer_says_something",
            ),
            models.CheckConstraint(
                condition=Q(answer_words="", answer_link="") | Q(answered_on__isnull=False),
                name="an_answer_has_a_date",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def has_left(self) -> bool:
        return self.status != DeliveryStatus.TO_SEND


def _names_still_stand() -> Q:
    """Return what is true of a handed-over name that its recipient may see today, as visibility.named_to says it."""

    def stands(path: str) -> Q:
        # What was handed over held the text they agreed to: that another one is asked about takes no name out of it.
        shown = Q(**{f"{path}status__in": ACCEPTED})
        hidden = Q(**{f"{path}visibility": Visibility.COUNTED_ONLY}) | Q(
            **{f"{path}staff_cap": StaffCap.COUNTED_ONLY}
        )
        for_recipients_alone = Q(**{f"{path}visibility": Visibility.DELIVERED_ONLY}) | Q(
            **{f"{path}staff_cap": StaffCap.DELIVERED_ONLY}
        )
        agreed = Coalesce(f"{path}named_to_newer_at", f"{path}confirmed_at", f"{path}created_at")
        added_later = Q(delivery__recipient__addressed_since__gt=agreed)
        return Q(shown, ~hidden, ~(for_recipients_alone & added_later))

    who_it_is_now = Q(signature=OuterRef("signature")) | Q(signature=OuterRef("signature__superseded_by"))
    excluding = Signature.excluded_recipients.through.objects.filter(
        who_it_is_now, recipient=OuterRef("delivery__recipient")
    )
    joined = Q(signature__status=SignatureStatus.SUPERSEDED)
    somewhere = stands("signature__") | (joined & stands("signature__superseded_by__"))
    return Q(told_at=None) & somewhere & Q(~Exists(excluding))


class DeliveredNameQuerySet(models.QuerySet["DeliveredName"]):
    """Names that were handed over, and what became of them."""

    def still_standing(self) -> "DeliveredNameQuerySet":
        """Those the recipient may be handed again; one it was told to take off comes back by a supplement alone."""
        return self._that_stand(True)

    def removed(self) -> "DeliveredNameQuerySet":
        """Those taken off since: withdrawn, hidden, refused, held or erased, or not meant for this recipient now."""
        return self._that_stand(False)

    def _that_stand(self, wanted: bool) -> "DeliveredNameQuerySet":
        """Return one half or the other: what cannot be known counts as taken off, and no row is in neither."""
        stands = Case(When(_names_still_stand(), then=True), default=False)
        return self.alias(stands=stands).filter(stands=wanted)


class DeliveredName(models.Model):
    """A signatory as a recipient was handed it.

    The database empties it when its signature is emptied, by whatever act, and lets it change in no other way.
    """

    delivery = models.ForeignKey(Delivery, models.CASCADE, related_name="names")
    signature = models.ForeignKey(Signature, models.CASCADE, related_name="delivered_names")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=names.LONGEST, blank=True)
    latin = models.CharField(max_length=names.LONGEST, blank=True)
    country = models.CharField(max_length=2, blank=True)
    kind = models.CharField(max_length=16, blank=True, choices=Kind.choices)
    is_network = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True, blank=True)  # when the recipient learned that the name is gone

    objects = DeliveredNameQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivered name")
        verbose_name_plural = _("delivered names")
        ordering = ["delivery", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "signature"], name="a_delivery_names_a_signature_once"
            ),
        ]

    def __str__(self) -> str:
        return "delivered name"


class CoverText(models.Model):
    """What the host says of its own in the letter that covers a delivery, in one language."""

    letter = models.ForeignKey(Letter, models.CASCADE, related_name="+", verbose_name=_("letter"))
    language = models.CharField(_("language"), max_length=8, choices=languages.CHOICES)
    words = models.TextField(_("words"), max_length=4000, help_text=_("Markdown"))

    class Meta:
        verbose_name = _("cover text")
        verbose_name_plural = _("cover texts")
        constraints = [
            models.UniqueConstraint(
                fields=["letter", "language"], name="a_letter_is_covered_once_in_a_language"
            ),
        ]

    def __str__(self) -> str:
        return self.language


class ParcelStatus(models.TextChoices):
    PACKING = "packing", _("Being made")
    READY = "ready", _("Ready")
    FAILED = "failed", _("Could not be made")
    GONE = "gone", _("Deleted")


class Parcel(models.Model):
    """Addressed letters in one file, to be downloaded. The file lives for a day, the row says who had it made."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="+", verbose_name=_("letter"))
    deliveries = models.ManyToManyField(Delivery, related_name="+", verbose_name=_("deliveries"))
    status = models.CharField(
        _("status"), max_length=8, choices=ParcelStatus.choices, default=ParcelStatus.PACKING
    )
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("made by"))
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    done = models.PositiveIntegerField(_("letters made"), default=0)
    total = models.PositiveIntegerField(_("letters to make"))
    # Delivered names that were taken off before it was made. One that is taken off later closes it.
    left_out = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        verbose_name = _("parcel")
        verbose_name_plural = _("parcels")
        ordering = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return self.public_id


class InvitationStatus(models.TextChoices):
    TO_SEND = "to_send", pgettext_lazy("invitation", "To send")
    INVITED = "invited", pgettext_lazy("invitation", "Invited")
    BOUNCED = "bounced", pgettext_lazy("invitation", "Came back")
    WILL_SIGN = "will_sign", pgettext_lazy("invitation", "Will sign")
    SIGNED = "signed", pgettext_lazy("invitation", "Signed")
    DECLINED = "declined", pgettext_lazy("invitation", "Will not sign")
    WRONG_PERSON = "wrong_person", pgettext_lazy("invitation", "Wrong person")
    TAKEN_OFF = "taken_off", pgettext_lazy("invitation", "Taken off the list")


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Invitations, in the words of those who chase answers."""

    def standing(self) -> "InvitationQuerySet":
        """Those that were not taken off the list."""
        return self.exclude(status=InvitationStatus.TAKEN_OFF)

    def unanswered(self, today: date) -> "InvitationQuerySet":
        """Those that were asked and said nothing, and those whose promised day has passed."""
        silent = Q(status__in=[InvitationStatus.INVITED, InvitationStatus.BOUNCED])
        late = Q(status=InvitationStatus.WILL_SIGN, promised_on__lt=today)
        return self.filter(silent | late)

    def by_name(self) -> "InvitationQuerySet":
        return self.order_by("sort_key", "pk")


class Invitation(models.Model):
    """An organisation that a letter asks to sign, who chases it, and what it answered."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="+", verbose_name=_("letter"))
    name = models.CharField(_("name"), max_length=names.LONGEST, blank=True)
    name_key = models.CharField(max_length=names.LONGEST * 2, blank=True, editable=False)
    sort_key = models.TextField(blank=True, editable=False, db_collation="C")
    country = models.CharField(_("country"), max_length=2, blank=True, choices=countries.choices)
    language = models.CharField(_("language of its mails"), max_length=8, choices=languages.CHOICES)
    # A network that has signed is named by its signature, so that its name goes when it does.
    network = models.ForeignKey(
        Signature, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("network")
    )
    network_label = models.CharField(_("network"), max_length=names.LONGEST, blank=True)
    chased_by = models.ForeignKey(
        Staff, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("who chases")
    )
    words = models.TextField(_("note"), blank=True, max_length=2000)

    status = models.CharField(
        _("status"), max_length=16, choices=InvitationStatus.choices, default=InvitationStatus.TO_SEND
    )
    promised_on = models.DateField(_("will sign by"), null=True, blank=True)
    signature = models.ForeignKey(
        Signature, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("signature")
    )
    added_at = models.DateTimeField(_("added"), default=timezone.now, editable=False)
    sent_at = models.DateTimeField(_("invited"), null=True, editable=False)
    reminded_at = models.DateTimeField(_("reminded"), null=True, editable=False)
    reminders = models.PositiveSmallIntegerField(_("reminders since it answered"), default=0, editable=False)
    answered_at = models.DateTimeField(_("answered"), null=True, editable=False)
    emptied_at = models.DateTimeField(_("erased"), null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["letter", "name_key", "country"],
                condition=~Q(status=InvitationStatus.TAKEN_OFF) & ~Q(name=""),
                name="an_organisation_is_invited_once",
            ),
            models.CheckConstraint(
                condition=Q(status=InvitationStatus.WILL_SIGN, promised_on__isnull=False)
                | ~Q(status=InvitationStatus.WILL_SIGN) & Q(promised_on__isnull=True),
                name="a_promise_and_nothing_else_has_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[InvitationStatus.INVITED, InvitationStatus.BOUNCED])
                | Q(sent_at__isnull=False),
                name="who_was_invited_was_so_on_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(name="") | Q(emptied_at__isnull=False),
                name="an_invitation_has_a_name_until_it_is_emptied",
            ),
        ]
        indexes = [
            models.Index(fields=["letter", "status", "sort_key", "id"], name="invitations_by_name"),
        ]

    def __str__(self) -> str:
        return self.public_id  # Django's admin log copies this; it must hold no name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.fill_keys()
        super().save(*args, **kwargs)

    def fill_keys(self) -> None:
        """Derive what names are compared and sorted by."""
        self.name_key = names.key(self.name)
        self.sort_key = names.sort_key(self.name)

    @property
    def country_name(self) -> str:
        return countries.name(self.country)

    @property
    def network_name(self) -> str:
        return self.network.name if self.network else self.network_label


class InvitedContact(models.Model):
    """Whom an invitation is mailed to. Private: sealed, and in a table of its own, as contacts are."""

    invitation = models.OneToOneField(Invitation, models.CASCADE, related_name="contact")
    sealed = models.BinaryField()
    address_key = models.CharField(max_length=64, db_index=True)

    class Meta:
        verbose_name = _("contact of an invitation")
        verbose_name_plural = _("contacts of invitations")

    def __str__(self) -> str:
        return "contact"


class InvitationLink(models.Model):
    """A link that was mailed with an invitation: its hash. The link itself is stored nowhere."""

    invitation = models.ForeignKey(Invitation, models.CASCADE, related_name="links")
    digest = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("link of an invitation")
        verbose_name_plural = _("links of invitations")

    def __str__(self) -> str:
        return "link"


class WorkshopQuerySet(models.QuerySet["Workshop"]):
    """Workshops, in the words of those who hold them."""

    def running(self) -> "WorkshopQuerySet":
        """Those whose code opens the form."""
        return self.filter(stopped_at__isnull=True, good_until__gt=timezone.now())

    def latest_first(self) -> "WorkshopQuerySet":
        return self.order_by("-made_at", "-pk")


class Workshop(models.Model):
    """A room in which many organisations sign one after another: how many may, until when, by the code on its sheet.

    The code itself is stored nowhere. Its label is for staff alone.
    """

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="+", verbose_name=_("letter"))
    label = models.CharField(_("label"), max_length=80)
    code_digest = models.CharField(max_length=64, unique=True, editable=False)
    places = models.PositiveSmallIntegerField(_("places"))
    taken = models.PositiveSmallIntegerField(_("places taken"), default=0, editable=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    good_until = models.DateTimeField(_("good until"))
    stopped_at = models.DateTimeField(_("stopped"), null=True, editable=False)
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("made by"))

    objects = WorkshopQuerySet.as_manager()

    class Meta:
        verbose_name = _("workshop")
        verbose_name_plural = _("workshops")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(taken__lte=F("places")), name="a_workshop_gives_no_place_it_has_not_got"
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_running(self) -> bool:
        return self.stopped_at is None and self.good_until > timezone.now()

    @property
    def left(self) -> int:
        return self.places - self.taken


class Notice(models.Model):
    """That one contact was told of one version of a letter, and how often it was reminded: never twice of the same."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="+")
    signature = models.ForeignKey(Signature, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    reminders = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("notice of a version")
        verbose_name_plural = _("notices of versions")
        constraints = [
            models.UniqueConstraint(
                fields=["version", "signature"], name="a_contact_is_told_of_a_version_once"
            ),
        ]

    def __str__(self) -> str:
        return "notice"


class BouncingMailboxQuerySet(models.QuerySet["BouncingMailbox"]):
    """Mailboxes from which mail came back."""

    def refusing(self) -> "BouncingMailboxQuerySet":
        """Those that take no mail any more."""
        return self.filter(refuses_since__isnull=False)


class BouncingMailbox(models.Model):
    """That mail to one mailbox came back, how often, and since when it is taken to be no mailbox any more."""

    address_key = models.CharField(
        max_length=64, unique=True
    )  # as a contact's: the address itself stands nowhere
    times = models.PositiveSmallIntegerField(default=0)  # in a row, for a reason that may pass
    last_at = models.DateTimeField(default=timezone.now, db_index=True)
    refuses_since = models.DateTimeField(null=True)

    objects = BouncingMailboxQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailbox that mail came back from")
        verbose_name_plural = _("mailboxes that mail came back from")

    def __str__(self) -> str:
        return "mailbox"


class UpdateStatus(models.TextChoices):
    DRAFT = "draft", pgettext_lazy("update", "Draft")
    SCHEDULED = "scheduled", pgettext_lazy("update", "Leaves at its time")
    SENDING = "sending", pgettext_lazy("update", "Being sent")
    PAUSED = "paused", pgettext_lazy("update", "Paused")
    SENT = "sent", pgettext_lazy("update", "Sent")
    STOPPED = "stopped", pgettext_lazy("update", "Stopped half-way")


UPDATE_OVER = (UpdateStatus.SENT, UpdateStatus.STOPPED)


class UpdateQuerySet(models.QuerySet["Update"]):
    """Updates, in the words of those who send them."""

    def due(self) -> "UpdateQuerySet":
        """Those whose time to begin has come."""
        return self.filter(status=UpdateStatus.SCHEDULED, send_at__lte=timezone.now())

    def on_the_page(self) -> "UpdateQuerySet":
        """Those that everybody may read, newest first."""
        return self.filter(published_at__isnull=False).order_by("-published_at", "-pk")


class Update(models.Model):
    """News of a letter: mailed once to everybody whose signature counts under it, shown on its page, or both."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="+", verbose_name=_("letter"))
    status = models.CharField(
        _("status"), max_length=16, choices=UpdateStatus.choices, default=UpdateStatus.DRAFT
    )
    neutral_subject = models.BooleanField(_("with a subject that says nothing"), default=False)
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("written by"))
    made_at = models.DateTimeField(_("written"), default=timezone.now)
    send_at = models.DateTimeField(_("leaves"), null=True)
    started_at = models.DateTimeField(_("begun"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    next_round_at = models.DateTimeField(null=True)  # whose mails may leave, and none before
    server_away_since = models.DateTimeField(_("mail server away since"), null=True)
    outcome = models.JSONField(default=dict)  # {status of a mail: how many}, once the mails are forgotten
    published_at = models.DateTimeField(_("on the letter’s page since"), null=True)  # mailed or not

    objects = UpdateQuerySet.as_manager()

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")
        ordering = ["-made_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status=UpdateStatus.DRAFT) | Q(send_at__isnull=False),
                name="an_update_that_leaves_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(status=UpdateStatus.SENDING) | Q(next_round_at__isnull=False),
                name="an_update_under_way_has_a_next_round",
            ),
        ]
        indexes = [
            models.Index(
                fields=["letter", "-published_at"],
                condition=Q(published_at__isnull=False),
                name="news_newest_first",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_over(self) -> bool:
        return self.status in UPDATE_OVER


class UpdateText(models.Model):
    """What an update says in one language. The database lets it change while it is a draft that nobody has read."""

    update = models.ForeignKey(Update, models.CASCADE, related_name="texts")
    language = models.CharField(_("language"), max_length=8, choices=languages.CHOICES)
    subject = models.CharField(_("subject"), max_length=150)
    body = models.TextField(_("words"), max_length=6000, help_text=_("Markdown"))

    class Meta:
        verbose_name = _("text of an update")
        verbose_name_plural = _("texts of an update")
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(
                fields=["update", "language"], name="an_update_speaks_once_in_a_language"
            ),
        ]

    def __str__(self) -> str:
        return self.language

    @property
    def direction(self) -> str:
        return languages.direction(self.language)


class UpdateMailStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Just leaving")
    SENT = "sent", _("Handed to the mail server")
    IN_DOUBT = "in_doubt", _("In doubt: it may have left")
    REFUSED = "refused", _("Refused by the mail server")
    BOUNCED = "bounced", _("Came back")
    PASSED_OVER = "passed_over", _("Left out: unsubscribed, withdrawn or unreachable meanwhile")
    GIVEN_UP = "given_up", _("Given up: the mail server kept putting it off")


class UpdateMail(models.Model):
    """One mail of an update to one mailbox, and how far it has come. The mailbox stands here as a key alone.

    The database lets nothing that was sent wait again, whatever asks for it.
    """

    update = models.ForeignKey(Update, models.CASCADE, related_name="mails")
    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    mailbox_key = models.CharField(max_length=64)  # as a contact's address_key
    status = models.CharField(
        max_length=16, choices=UpdateMailStatus.choices, default=UpdateMailStatus.WAITING
    )
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True)  # the mail server asked for a pause
    at = models.DateTimeField(default=timezone.now)  # since when it has its status

    class Meta:
        verbose_name = _("mail of an update")
        verbose_name_plural = _("mails of an update")
        constraints = [
            models.UniqueConstraint(fields=["update", "mailbox_key"], name="a_mailbox_gets_an_update_once"),
        ]
        indexes = [
            models.Index(
                fields=["update", "id"],
                condition=Q(status=UpdateMailStatus.WAITING),
                name="mails_that_wait",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class UnsubscribedQuerySet(models.QuerySet["Unsubscribed"]):
    """Who wants no updates."""

    def of(self, mailbox_key: str | OuterRef, letter_id: int) -> "UnsubscribedQuerySet":
        """Those that keep a mailbox from hearing of one letter."""
        return self.filter(Q(letter=None) | Q(letter=letter_id), mailbox_key=mailbox_key)


class Unsubscribed(models.Model):
    """That a mailbox wants no updates: of one letter, or, where none is named, of any."""

    mailbox_key = models.CharField(max_length=64)  # as a contact's address_key
    letter = models.ForeignKey(Letter, models.CASCADE, null=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    objects = UnsubscribedQuerySet.as_manager()

    class Meta:
        verbose_name = _("mailbox that wants no updates")
        verbose_name_plural = _("mailboxes that want no updates")
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox_key", "letter"], name="a_mailbox_unsubscribes_from_a_letter_once"
            ),
            models.UniqueConstraint(
                fields=["mailbox_key"],
                condition=Q(letter=None),
                name="a_mailbox_unsubscribes_from_all_once",
            ),
        ]

    def __str__(self) -> str:
        return "unsubscribed"


class QuoteStatus(models.TextChoices):
    OFFERED = "offered", _("Waiting for a moderator")
    APPROVED = "approved", pgettext_lazy("quote", "Approved")
    REJECTED = "rejected", pgettext_lazy("quote", "Rejected")


class QuoteReason(models.TextChoices):
    """Why a quote is not shown. It is never edited: its signatory may offer other words."""

    NAMES_SOMEBODY = "names_somebody", _("It names a person")
    ENDANGERS = "endangers", _("It could put somebody in danger")
    NOT_ABOUT_IT = "not_about_it", _("It is not about the letter")
    ATTACKS = "attacks", _("It attacks people instead of saying what should change")
    ADVERTISES = "advertises", _("It advertises something")
    TO_SAY_OTHERWISE = "to_say_otherwise", _("It should be said otherwise, as written below")


class QuoteQuerySet(models.QuerySet["Quote"]):
    """Quotes, in the words of those who decide about them."""

    def offered(self) -> "QuoteQuerySet":
        return self.filter(status=QuoteStatus.OFFERED)

    def approved(self) -> "QuoteQuerySet":
        return self.filter(status=QuoteStatus.APPROVED)

    def to_be_decided(self) -> "QuoteQuerySet":
        """Those that the public would see if they were approved now: others wait for their name to be public."""
        return self.offered().filter(signature__in=Signature.objects.named())

    def longest_waiting_first(self) -> "QuoteQuerySet":
        return self.order_by("offered_at", "pk")


class Quote(models.Model):
    """What a signatory says for everybody to quote. The public sees it while it sees the organisation's name."""

    LONGEST = 300  # characters: what a newspaper prints

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    signature = models.OneToOneField(Signature, models.CASCADE, related_name="quote")
    words = models.CharField(_("quote"), max_length=LONGEST)
    language = models.CharField(_("language"), max_length=8, choices=languages.CHOICES)
    status = models.CharField(
        _("status"), max_length=16, choices=QuoteStatus.choices, default=QuoteStatus.OFFERED
    )
    reason = models.CharField(_("rejected because"), max_length=24, blank=True, choices=QuoteReason.choices)
    answer = models.CharField(_("what to say otherwise"), max_length=200, blank=True)
    offered_at = models.DateTimeField(_("offered"), default=timezone.now)
    decided_at = models.DateTimeField(_("decided"), null=True)

    objects = QuoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="a_quote_says_something"),
            models.CheckConstraint(
                condition=Q(status=QuoteStatus.REJECTED) & ~Q(reason="")
                | ~Q(status=QuoteStatus.REJECTED) & Q(reason="", answer=""),
                name="a_rejected_quote_and_no_other_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(status=QuoteStatus.OFFERED, decided_at__isnull=True)
                | ~Q(status=QuoteStatus.OFFERED) & Q(decided_at__isnull=False),
                name="a_quote_is_decided_or_waits",
            ),
        ]
        indexes = [
            models.Index(
                fields=["offered_at", "id"], condition=Q(status=QuoteStatus.OFFERED), name="quotes_that_wait"
            ),
            models.Index(
                fields=["-decided_at", "-id"],
                condition=Q(status=QuoteStatus.APPROVED),
                name="quotes_newest_first",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def direction(self) -> str:
        return languages.direction(self.language)


class Spokesperson(models.Model):
    """That a contact would speak to journalists, and in which languages. Private: they reach it through the host."""

    contact = models.OneToOneField(Contact, models.CASCADE, related_name="spokesperson")
    languages = ArrayField(models.CharField(max_length=8, choices=languages.CHOICES))
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("spokesperson")
        verbose_name_plural = _("spokespeople")
        constraints = [
            models.CheckConstraint(
                condition=Q(languages__len__gt=0), name="a_spokesperson_speaks_a_language"
            ),
        ]

    def __str__(self) -> str:
        return "spokesperson"

    @property
    def language_names(self) -> list[tuple[str, str]]:
        """Return (code, name in itself) of the languages of a spokesperson."""
        return [(code, languages.own_name(code)) for code in self.languages]


class Statement(models.Model):
    """How many had signed a letter at one moment, at an address that keeps saying so. The database lets none change."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    letter = models.ForeignKey(Letter, models.PROTECT, related_name="+", verbose_name=_("letter"))
    revision = (
        models.PositiveBigIntegerField()
    )  # of the letter: one statement each, however often it is asked for
    at = models.DateTimeField(_("when"), default=timezone.now)
    organisations = models.PositiveIntegerField(_("organisations"))
    countries = models.PositiveIntegerField(_("countries"))

    class Meta:
        verbose_name = _("statement of a number")
        verbose_name_plural = _("statements of numbers")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["letter", "revision"], name="a_revision_is_stated_once"),
            models.CheckConstraint(condition=Q(organisations__gt=0), name="a_statement_counts_somebody"),
        ]

    def __str__(self) -> str:
        return self.public_id
