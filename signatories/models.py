"""Who says it too: organisations, their signatures, and, apart from both, their contacts."""

import secrets
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from letters import countries, languages
from letters.models import Letter, Recipient, Text
from signatories import names
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


class SignatureStatus(models.TextChoices):
    UNCONFIRMED = "unconfirmed", _("Waiting to be confirmed")
    AWAITING_MODERATION = "awaiting_moderation", _("Waiting for a moderator")
    HELD = "held", _("Held")
    PUBLISHED = "published", _("Published")
    REJECTED = "rejected", pgettext_lazy("signature", "Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    SUPERSEDED = "superseded", _("Superseded")


ENDED = (SignatureStatus.REJECTED, SignatureStatus.WITHDRAWN, SignatureStatus.SUPERSEDED)
DECIDABLE = (SignatureStatus.AWAITING_MODERATION, SignatureStatus.HELD)


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


class Channel(models.TextChoices):
    FORM = "form", _("Form")
    IMPORT = "import", _("Imported list")
    ON_BEHALF = "on_behalf", _("Entered on behalf")


class Organisation(models.Model):
    """An organisation as staff know it. Made or chosen when a signature is approved, never by a stranger."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    name = models.CharField(_("name"), max_length=names.LONGEST)
    aliases = ArrayField(models.CharField(max_length=names.LONGEST), default=list, blank=True)
    name_key = models.CharField(max_length=names.LONGEST * 2, editable=False)
    country = models.CharField(_("country"), max_length=2, blank=True, choices=countries.choices)
    kind = models.CharField(_("kind"), max_length=16, blank=True, choices=Kind.choices)
    is_network = models.BooleanField(_("network"), default=False)
    website = models.URLField(_("website"), blank=True, max_length=300)
    verification = models.CharField(
        _("verification"), max_length=16, choices=Verification.choices, default=Verification.UNVERIFIED
    )

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["pk"]
        indexes = [
            GinIndex(fields=["name_key"], opclasses=["gin_trgm_ops"], name="organisations_by_likeness"),
        ]

    def __str__(self) -> str:
        return self.public_id  # Django's admin log copies this; it must hold no name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.fill_key()
        super().save(*args, **kwargs)

    def fill_key(self) -> None:
        """Derive what names are compared by; bulk_create does not call save."""
        self.name_key = names.key(self.name)

    @property
    def name_keys(self) -> set[str]:
        return {self.name_key, *(names.key(alias) for alias in self.aliases)}


class SignatureQuerySet(models.QuerySet["Signature"]):
    """Signatures, in the words of their way from the form to the wall."""

    def published(self) -> "SignatureQuerySet":
        return self.filter(status=SignatureStatus.PUBLISHED)

    def named(self) -> "SignatureQuerySet":
        """Those whose name the public may see."""
        return self.published().filter(visibility=Visibility.PUBLIC, staff_cap__in=["", StaffCap.PUBLIC])

    def unnamed(self) -> "SignatureQuerySet":
        """Those that count without being named to the public."""
        return self.published().exclude(visibility=Visibility.PUBLIC, staff_cap__in=["", StaffCap.PUBLIC])

    def live(self) -> "SignatureQuerySet":
        """Those that have not ended."""
        return self.exclude(status__in=ENDED)

    def waiting_for_staff(self) -> "SignatureQuerySet":
        """What somebody at the desk must decide: moderation, holds, phones to call, proposed corrections."""
        return self.filter(
            Q(status__in=DECIDABLE)
            | Q(status=SignatureStatus.UNCONFIRMED, by_phone=True)
            | Q(status=SignatureStatus.PUBLISHED, proposal__isnull=False)
        )

    def in_reading_order(self) -> "SignatureQuerySet":
        return self.order_by("sort_key", "pk")

    def newest_first(self) -> "SignatureQuerySet":
        return self.order_by(F("published_at").desc(nulls_last=True), "-pk")

    def oldest_first(self) -> "SignatureQuerySet":
        return self.order_by(F("confirmed_at").asc(nulls_first=True), "created_at", "pk")


class Signature(models.Model):
    """One organisation's yes to one letter, with its name, country and kind as signed."""

    public_id = models.CharField(max_length=16, unique=True, default=new_public_id, editable=False)
    letter = models.ForeignKey(
        Letter, models.PROTECT, related_name="signatures", verbose_name=_("letter"), editable=False
    )
    text = models.ForeignKey(Text, models.PROTECT, related_name="+", verbose_name=_("text that was read"))
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
    sort_key = models.TextField(blank=True, editable=False, db_collation="C")

    status = models.CharField(
        _("status"), max_length=24, choices=SignatureStatus.choices, default=SignatureStatus.UNCONFIRMED
    )
    hold_reason = models.CharField(_("held because"), max_length=24, blank=True, choices=HoldReason.choices)
    reject_reason = models.CharField(
        _("rejected because"), max_length=24, blank=True, choices=RejectReason.choices
    )
    visibility = models.CharField(
        _("who may see the name"), max_length=16, choices=Visibility.choices, default=Visibility.COUNTED_ONLY
    )
    staff_cap = models.CharField(
        _("at most, say staff"), max_length=16, blank=True, choices=StaffCap.choices, default=""
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
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)

    objects = SignatureQuerySet.as_manager()

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(status=SignatureStatus.PUBLISHED) | Q(organisation__isnull=False),
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
                condition=Q(erased_at__isnull=True) | Q(status__in=ENDED),
                name="an_erased_signature_has_ended",
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
            models.Index(fields=["letter", "status", "-published_at"], name="signatures_newest_first"),
            models.Index(
                fields=["letter", "country"],
                condition=Q(status=SignatureStatus.PUBLISHED),
                name="published_by_country",
            ),
            GinIndex(fields=["name_key"], opclasses=["gin_trgm_ops"], name="signatures_by_likeness"),
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

    def empty(self) -> None:
        """Take away everything that says who it was; whoever calls saves."""
        self.name = self.latin = self.country = self.kind = self.website = ""
        self.is_network = False
        self.dedupe_key = None
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
    def waits_since(self) -> datetime:
        return self.confirmed_at or self.created_at


class Contact(models.Model):
    """The person who signed for an organisation. Private: sealed, and in a table of its own.

    Hiding columns in the admin would be no protection, since a query string reads any column of a listed table.
    """

    signature = models.OneToOneField(Signature, models.CASCADE, related_name="contact")
    sealed = models.BinaryField()
    address_key = models.CharField(max_length=64, db_index=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")

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


class Purpose(models.TextChoices):
    CONFIRM = "confirm", _("Confirm")
    OWN_PAGE = "own_page", _("Own page")


class Token(models.Model):
    """A link that was mailed: its hash, what it is for, and until when. The link itself is stored nowhere."""

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="tokens")
    purpose = models.CharField(max_length=16, choices=Purpose.choices)
    digest = models.CharField(max_length=64, unique=True)
    code_digest = models.CharField(max_length=64, blank=True)
    code_tries = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(db_index=True)

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
