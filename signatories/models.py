"""Who says it too: organisations, their signatures, and, apart from both, their contacts."""

import secrets
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from letters import countries, languages
from letters.models import Letter, Recipient, Staff, Text
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
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)
    # Since when it waits for staff; the database derives it, so no act can forget it and the queue is one index.
    queued_at = models.GeneratedField(
        verbose_name=_("waits since"),
        expression=Case(
            When(status__in=DECIDABLE, then=Coalesce("confirmed_at", "created_at")),
            When(status=SignatureStatus.UNCONFIRMED, by_phone=True, then="created_at"),
            When(Q(status=SignatureStatus.PUBLISHED) & ~Q(question=""), then="asked_at"),
        ),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )

    likeness: float  # as an organisation's
    why: str

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
            models.Index(fields=["letter", "status", "-published_at"], name="signatures_newest_first"),
            models.Index(
                fields=["letter", "country"],
                condition=Q(status=SignatureStatus.PUBLISHED),
                name="published_by_country",
            ),
            GinIndex(fields=["spellings"], opclasses=["gin_trgm_ops"], name="signatures_by_spelling"),
            models.Index(fields=["batch"], condition=~Q(batch=""), name="signatures_of_a_batch"),
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

    def empty(self) -> None:
        """Take away everything that says who it was; whoever calls saves."""
        self.name = self.latin = self.country = self.kind = self.website = self.batch = ""
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
