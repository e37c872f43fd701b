"""What is being said: hosts, letters, their texts, recipients and figures; and who did what."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol, TypeVar
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Max, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from letters import countries, languages
from letters.phases import Phase, grace_ends, phase_at

_ascii_slug = RegexValidator(
    r"^[a-z0-9]+(-[a-z0-9]+)*$", _("Use small Latin letters, digits and single hyphens.")
)


def _time_zone_exists(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(_("Use the name of a time zone, such as Europe/Zurich."))


def new_gathering_key() -> str:
    """Return 128 random bits for an address nobody can guess."""
    return secrets.token_urlsafe(16)


class _InALanguage(Protocol):
    language: str


_Spoken = TypeVar("_Spoken", bound=_InALanguage)


def _nearest(items: Iterable[_Spoken], language: str, *, original: str) -> _Spoken | None:
    """Return the item in that language, else in the original one, else any."""
    by_language = {item.language: item for item in items}
    return by_language.get(language) or by_language.get(original) or next(iter(by_language.values()), None)


class Staff(AbstractUser):
    """A person who works at the desk."""

    is_demonstration = models.BooleanField(
        _("for the demonstration only"),
        default=False,
        editable=False,
        help_text=_("Comes in with a password alone, and not at all in production."),
    )

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")


class Host(models.Model):
    """An organisation that publishes letters."""

    slug = models.SlugField(_("address"), unique=True, validators=[_ascii_slug])
    name = models.CharField(_("name"), max_length=255)
    website = models.URLField(_("website"), blank=True)
    picture = models.ImageField(
        _("picture"),
        upload_to="hosts/",
        blank=True,
        width_field="picture_width",
        height_field="picture_height",
        help_text=_("JPEG, PNG or WebP, at most 2 MB. It is stored anew, without the place it was taken."),
    )
    picture_width = models.PositiveIntegerField(null=True, editable=False)
    picture_height = models.PositiveIntegerField(null=True, editable=False)
    picture_credit = models.CharField(_("picture credit"), max_length=255, blank=True)
    revision = models.PositiveBigIntegerField(default=1, editable=False)

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("host", args=[self.slug])

    def text_for(self, language: str) -> "HostText | None":
        """Return what it says of itself in that language, else in another."""
        return _nearest(self.texts.all(), language, original=settings.LANGUAGE_CODE)


class HostText(models.Model):
    """What a host says of itself in one language."""

    host = models.ForeignKey(Host, models.CASCADE, related_name="texts", verbose_name=_("host"))
    language = models.CharField(_("language"), max_length=8, choices=languages.CHOICES)
    stands_for = models.TextField(_("what it stands for"), help_text=_("Markdown"))
    picture_alt = models.CharField(
        _("the picture in words"), max_length=255, blank=True, help_text=_("For those who cannot see it.")
    )

    class Meta:
        verbose_name = _("text of a host")
        verbose_name_plural = _("texts of a host")
        constraints = [
            models.UniqueConstraint(fields=["host", "language"], name="a_host_speaks_once_in_a_language"),
        ]

    def __str__(self) -> str:
        return f"{self.host} ({self.language})"

    @property
    def direction(self) -> str:
        return languages.direction(self.language)


class HostLink(models.Model):
    """A place elsewhere where a host can be found."""

    host = models.ForeignKey(Host, models.CASCADE, related_name="links", verbose_name=_("host"))
    label = models.CharField(_("label"), max_length=80)
    url = models.URLField(_("address"))

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.label


class LetterQuerySet(models.QuerySet["Letter"]):
    """Letters, in the words of their lifecycle."""

    def public(self, now: datetime | None = None) -> "LetterQuerySet":
        """Those that were opened, whether still open or not."""
        return self.filter(opens_at__lte=now or timezone.now())

    def gathering(self, now: datetime | None = None) -> "LetterQuerySet":
        """Those that collect behind their secret link."""
        now = now or timezone.now()
        return self.filter(gathers_at__lte=now).exclude(opens_at__lte=now)

    def newest_first(self) -> "LetterQuerySet":
        return self.order_by(F("opens_at").desc(nulls_first=True), "-pk")


GOAL_AT_MOST = 1_000_000


class Letter(models.Model):
    """An open letter: its dates, its addresses and what belongs to it.

    Its phase is computed from its dates and now, so everything happens at its date without anyone being awake.
    """

    host = models.ForeignKey(Host, models.PROTECT, related_name="letters", verbose_name=_("host"))
    slug = models.SlugField(
        _("address"),
        unique=True,
        validators=[_ascii_slug],
        help_text=_("One for all languages; it stands after /letters/."),
    )
    original_language = models.CharField(
        _("original language"), max_length=8, choices=languages.CHOICES, default=settings.LANGUAGE_CODE
    )
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="Europe/Zurich",
        validators=[_time_zone_exists],
        help_text=_("Deadlines are shown in it and in UTC, for example Europe/Zurich."),
    )
    gathers_at = models.DateTimeField(_("gathers from"), null=True, blank=True)
    opens_at = models.DateTimeField(_("opens"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes"), null=True, blank=True)
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)
    trusts_verified = models.BooleanField(
        _("trusts verified organisations"),
        default=False,
        help_text=_(
            "What a verified organisation signs from a mailbox we know appears without a moderator looking at it."
        ),
    )
    goal = models.IntegerField(
        _("goal"),
        null=True,
        blank=True,
        validators=[
            MinValueValidator(1, _("A goal is one organisation or more. Leave it empty for none.")),
            MaxValueValidator(
                GOAL_AT_MOST, _("There are not that many organisations. Give a smaller number.")
            ),
        ],
        help_text=_(
            "How many organisations you hope for: the letter shows how far it has come. Leave it empty to show none."
        ),
    )
    # Not hashed: what it protects stands in this same database, and staff must be able to hand it on again.
    gathering_key = models.CharField(max_length=32, unique=True, default=new_gathering_key, editable=False)
    revision = models.PositiveBigIntegerField(default=1, editable=False)

    text: "Text | None"  # set by those who list letters in a reader's language

    is_shown = False  # on a page that is being made, see letters.revision.letter_of

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering = [F("opens_at").desc(nulls_first=True), "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(gathers_at__isnull=True)
                | Q(opens_at__isnull=True)
                | Q(gathers_at__lte=F("opens_at")),
                name="a_letter_gathers_before_it_opens",
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(opens_at__isnull=False, closes_at__gte=F("opens_at")),
                name="a_letter_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True)
                | Q(closes_at__isnull=False, archived_at__gte=F("closes_at")),
                name="a_letter_is_archived_after_it_closes",
            ),
            models.CheckConstraint(
                condition=Q(goal__isnull=True) | Q(goal__gte=1), name="a_goal_is_one_organisation_or_more"
            ),
        ]

    def __str__(self) -> str:
        return self.slug

    def get_absolute_url(self) -> str:
        return reverse("letter", args=[self.slug])

    @property
    def phase(self) -> Phase:
        """Return where the letter is on its way right now."""
        return phase_at(
            timezone.now(),
            gathers_at=self.gathers_at,
            opens_at=self.opens_at,
            closes_at=self.closes_at,
            archived_at=self.archived_at,
        )

    @property
    def is_public(self) -> bool:
        return self.phase in (Phase.OPEN, Phase.CLOSED, Phase.ARCHIVED)

    @property
    def accepts_signatures(self) -> bool:
        return self.phase in (Phase.GATHERING, Phase.OPEN)

    @property
    def accepts_confirmations(self) -> bool:
        """Whether a signature made in time can still be confirmed."""
        return self.accepts_signatures or (
            self.closes_at is not None and timezone.now() < grace_ends(self.closes_at)
        )

    def current_texts(self) -> "list[Text]":
        """Return the newest version in each language."""
        return list(self.texts.order_by("language", "-version").distinct("language"))

    def text_for(self, language: str) -> "Text | None":
        """Return the newest text in that language, else in the original one, else in any."""
        return self.nearest_text(self.current_texts(), language)

    def nearest_text(self, texts: "Iterable[Text]", language: str) -> "Text | None":
        """Choose among texts at hand as `text_for` does."""
        return _nearest(texts, language, original=self.original_language)

    def version_number(self) -> int:
        """Return the number of the version that stands now."""
        return self.versions.in_force().aggregate(newest=Max("number"))["newest"] or FIRST_VERSION

    def binding_number(self) -> int:
        """Return the number of the last version that changed what is asked: an older yes is no yes to the letter."""
        material = self.versions.in_force().filter(change=TextChange.MATERIAL)
        return material.aggregate(newest=Max("number"))["newest"] or FIRST_VERSION

    def figures_for(self, language: str) -> "list[Figure]":
        """Return the figures in that language, else in the original one."""
        figures = list(self.figures.all())
        return [f for f in figures if f.language == language] or [
            f for f in figures if f.language == self.original_language
        ]


FIRST_VERSION = 1  # the one that was written before anything was changed; it has no row of its own


class TextStanding(models.TextChoices):
    OFFICIAL = "official", _("Official")
    COURTESY = "courtesy", _("Courtesy translation")


class TextChange(models.TextChoices):
    FIRST = "first", _("First version")
    EDITORIAL = "editorial", _("Editorial change")
    MATERIAL = "material", _("Material change")


class Text(models.Model):
    """One language of a letter, as it came with one version. Once signed it never changes: the database refuses.

    A language keeps its text until a version brings it another one; a translation that is made later begins with the
    number of the version it translates.
    """

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="texts", verbose_name=_("letter"))
    language = models.CharField(_("language"), max_length=8, choices=languages.CHOICES)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    standing = models.CharField(
        _("standing"), max_length=16, choices=TextStanding.choices, default=TextStanding.OFFICIAL
    )
    change = models.CharField(
        _("change"), max_length=16, choices=TextChange.choices, default=TextChange.FIRST
    )
    title = models.CharField(_("title"), max_length=255)
    subtitle = models.CharField(_("occasion"), max_length=400, blank=True)
    body = models.TextField(
        _("body"),
        help_text=_("Markdown. {organisations} and {countries} become the numbers of the list itself."),
    )
    what_changed = models.TextField(_("what changed"), blank=True, max_length=600, editable=False)

    class Meta:
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        ordering = ["language", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["letter", "language", "version"], name="a_version_of_a_text_exists_once"
            ),
            models.CheckConstraint(
                condition=Q(version__gt=1) | Q(change=TextChange.FIRST),
                name="the_first_version_changes_nothing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.language} {self.version})"

    @property
    def direction(self) -> str:
        return languages.direction(self.language)

    @property
    def is_courtesy(self) -> bool:
        return self.standing == TextStanding.COURTESY


class Recipient(models.Model):
    """Whom a letter addresses."""

    class Channel(models.TextChoices):
        EMAIL = "email", _("E-mail")
        POST = "post", _("Post")
        HAND = "hand", _("By hand")

    letter = models.ForeignKey(Letter, models.CASCADE, related_name="recipients", verbose_name=_("letter"))
    office = models.CharField(_("office"), max_length=255)
    style_of_address = models.CharField(_("style of address"), max_length=255, blank=True)
    mission = models.CharField(_("mission"), max_length=255, blank=True)
    country = models.CharField(
        _("government"),
        max_length=2,
        blank=True,
        choices=countries.choices,
        help_text=_("Signatories are told which governments receive the letter."),
    )
    language = models.CharField(_("language"), max_length=8, choices=languages.CHOICES, default="en")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices, default=Channel.EMAIL)
    email = models.EmailField(_("e-mail"), blank=True)
    # Signatories agree to the recipients there are; whoever is addressed later is handed no name meant for those.
    addressed_since = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.office

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Count a row that comes to address another government, or another office of none, as a new recipient."""
        was = Recipient.objects.filter(pk=self.pk).first()
        if was is not None and was._addressee != self._addressee:
            self.addressed_since = timezone.now()
        super().save(*args, **kwargs)

    @property
    def _addressee(self) -> tuple[str, ...]:
        return (self.country,) if self.country else (self.office, self.mission)

    @property
    def country_name(self) -> str:
        return countries.name(self.country)


class Figure(models.Model):
    """A number with its label, its source and its date."""

    letter = models.ForeignKey(Letter, models.CASCADE, related_name="figures", verbose_name=_("letter"))
    language = models.CharField(_("language"), max_length=8, choices=languages.CHOICES, default="en")
    number = models.CharField(_("number"), max_length=40, help_text=_("As it is read, such as 42.7 million."))
    label = models.CharField(_("label"), max_length=255)
    source = models.CharField(_("source"), max_length=255)
    source_url = models.URLField(_("address of the source"), blank=True)
    as_of = models.DateField(_("as of"))

    class Meta:
        verbose_name = _("figure")
        verbose_name_plural = _("figures")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.number} {self.label}"


class Event(models.Model):
    """What was done, by whom, when, why. Append-only, and without personal data: the subject is a public id."""

    at = models.DateTimeField(_("when"), default=timezone.now)
    act = models.CharField(_("act"), max_length=40)
    subject_kind = models.CharField(_("kind"), max_length=20)
    subject_id = models.CharField(_("subject"), max_length=40)
    letter = models.ForeignKey(
        Letter, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("letter")
    )
    by = models.ForeignKey(
        Staff,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
        help_text=_("Nobody: the signatory, or the clock."),
    )
    reason = models.CharField(_("reason"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-at", "-pk"]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="events_of_a_subject"),
            models.Index(fields=["-at", "-id"], name="events_newest_first"),
            models.Index(fields=["-at"], condition=Q(by__isnull=False), name="events_of_staff"),
            models.Index(fields=["act", "-at"], name="events_of_an_act"),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.subject_kind} {self.subject_id}"


def record(
    act: str,
    *,
    kind: str,
    subject: object,
    letter: "Letter | int | None" = None,
    by: Staff | None = None,
    reason: str = "",
) -> None:
    """Write down that something was done. `subject` is a public id, never a name."""
    Event.objects.create(
        act=act,
        subject_kind=kind,
        subject_id=str(subject),
        letter_id=letter.pk if isinstance(letter, Letter) else letter,
        by=by,
        reason=reason,
    )


def new_comment_id() -> str:
    """Return a random id that tells neither order nor number."""
    return secrets.token_hex(8)


class CommentFate(models.TextChoices):
    OPEN = "open", _("Not decided yet")
    TAKEN_UP = "taken_up", _("Taken up")
    NOT_TAKEN_UP = "not_taken_up", _("Not taken up")


class CommentQuerySet(models.QuerySet["Comment"]):
    """Comments, in the words of those who may read them."""

    def for_partners(self) -> "CommentQuerySet":
        """Those that everybody behind the secret link may read."""
        return self.filter(is_private=False, hidden_at__isnull=True)

    def oldest_first(self) -> "CommentQuerySet":
        return self.order_by("at", "pk")


class Comment(models.Model):
    """What a partner says of a draft, or of one passage of it: kept with the version it was said of. Never public."""

    public_id = models.CharField(max_length=16, unique=True, default=new_comment_id, editable=False)
    text = models.ForeignKey(Text, models.PROTECT, related_name="comments", verbose_name=_("text"))
    # Which passage of that version, and what it said: later versions are searched for the same words.
    passage = models.PositiveSmallIntegerField(_("passage"), null=True, blank=True)
    passage_digest = models.CharField(max_length=64, blank=True, editable=False)
    words = models.TextField(_("comment"), max_length=2000)
    name = models.CharField(_("name"), max_length=120, blank=True)
    organisation = models.CharField(_("organisation"), max_length=255, blank=True)
    language = models.CharField(_("language"), max_length=8, choices=languages.CHOICES)
    is_private = models.BooleanField(_("for the coalition alone"), default=False)
    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)

    fate = models.CharField(
        _("what became of it"), max_length=16, choices=CommentFate.choices, default=CommentFate.OPEN
    )
    answer = models.CharField(_("answer"), max_length=400, blank=True)
    answered_by = models.ForeignKey(
        Staff, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    hidden_at = models.DateTimeField(_("hidden"), null=True, blank=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(words=""), name="a_comment_says_something"),
            models.CheckConstraint(
                condition=Q(passage__isnull=True, passage_digest="")
                | (Q(passage__isnull=False) & ~Q(passage_digest="")),
                name="a_comment_knows_what_its_passage_said",
            ),
        ]

    def __str__(self) -> str:
        return self.public_id


class VersionQuerySet(models.QuerySet["Version"]):
    """Versions of letters, in the words of those who change them."""

    def in_force(self) -> "VersionQuerySet":
        """Those that were published."""
        return self.filter(published_at__isnull=False)

    def drafted(self) -> "VersionQuerySet":
        return self.filter(published_at__isnull=True)


class Version(models.Model):
    """A change of a letter: drafted by staff and seen by nobody else, then published with a number of its own."""

    letter = models.ForeignKey(Letter, models.PROTECT, related_name="versions", verbose_name=_("letter"))
    number = models.PositiveSmallIntegerField(_("number"), null=True)
    change = models.CharField(
        _("change"),
        max_length=16,
        choices=[choice for choice in TextChange.choices if choice[0] != TextChange.FIRST],
    )
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("drafted by"))
    drafted_at = models.DateTimeField(_("drafted"), default=timezone.now)
    published_at = models.DateTimeField(_("published"), null=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        verbose_name = _("version of a letter")
        verbose_name_plural = _("versions of letters")
        ordering = ["letter", "number"]
        constraints = [
            models.UniqueConstraint(fields=["letter", "number"], name="a_version_of_a_letter_exists_once"),
            models.UniqueConstraint(
                fields=["letter"],
                condition=Q(published_at__isnull=True),
                name="a_letter_has_one_draft_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=True, published_at__isnull=True)
                | Q(number__isnull=False, number__gt=FIRST_VERSION, published_at__isnull=False),
                name="a_version_has_a_number_once_it_is_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id} {self.number or '-'}"

    @property
    def is_material(self) -> bool:
        return self.change == TextChange.MATERIAL


class DraftedText(models.Model):
    """What a version is to say in one language. Apart from the texts, so that no page can show it by mistake."""

    version = models.ForeignKey(Version, models.CASCADE, related_name="drafted")
    language = models.CharField(_("language"), max_length=8, choices=languages.CHOICES)
    standing = models.CharField(_("standing"), max_length=16, choices=TextStanding.choices)
    title = models.CharField(_("title"), max_length=255)
    subtitle = models.CharField(_("occasion"), max_length=400, blank=True)
    body = models.TextField(_("body"))
    what_changed = models.TextField(_("what changed"), max_length=600)

    class Meta:
        verbose_name = _("drafted text")
        verbose_name_plural = _("drafted texts")
        ordering = ["language"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "language"], name="a_version_is_drafted_once_a_language"
            ),
        ]

    def __str__(self) -> str:
        return self.language

    @property
    def direction(self) -> str:
        return languages.direction(self.language)


class PressDays(models.TextChoices):
    MONDAY_TO_FRIDAY = "mon_fri", _("Monday to Friday")
    SUNDAY_TO_THURSDAY = "sun_thu", _("Sunday to Thursday")
    EVERY_DAY = "every_day", _("Every day")


class PressContact(models.Model):
    """Whom journalists ask about a letter: a person or a desk that the host has decided to publish."""

    letter = models.ForeignKey(
        Letter, models.CASCADE, related_name="press_contacts", verbose_name=_("letter")
    )
    name = models.CharField(_("name or desk"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    languages = ArrayField(
        models.CharField(max_length=8, choices=languages.CHOICES), verbose_name=_("languages spoken")
    )
    days = models.CharField(
        _("days"), max_length=16, choices=PressDays.choices, default=PressDays.MONDAY_TO_FRIDAY
    )
    hours_from = models.TimeField(_("from"), null=True, blank=True)
    hours_until = models.TimeField(_("until"), null=True, blank=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, validators=[_time_zone_exists]
    )  # "" for the letter's own

    class Meta:
        verbose_name = _("press contact")
        verbose_name_plural = _("press contacts")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(email="", phone=""), name="a_press_contact_can_be_reached"),
            models.CheckConstraint(
                condition=Q(languages__len__gt=0), name="a_press_contact_speaks_a_language"
            ),
            models.CheckConstraint(
                condition=Q(hours_from__isnull=True, hours_until__isnull=True)
                | Q(hours_from__isnull=False, hours_until__isnull=False, hours_until__gt=F("hours_from")),
                name="hours_end_after_they_begin",
            ),
        ]

    def __str__(self) -> str:
        return f"press contact {self.pk}"

    @property
    def zone(self) -> str:
        """Return the name of the time zone its hours are meant in."""
        return self.time_zone or self.letter.time_zone

    @property
    def language_names(self) -> list[tuple[str, str]]:
        """Return (code, name in itself) of the languages it speaks."""
        return [(code, languages.own_name(code)) for code in self.languages]


class PressLink(models.Model):
    """The secret address at which journalists read a letter before its launch; a new one makes the old one nothing."""

    letter = models.OneToOneField(Letter, models.CASCADE, related_name="press_link", verbose_name=_("letter"))
    # Not hashed, for the reason of a letter's `gathering_key`.
    key = models.CharField(max_length=32, unique=True, default=new_gathering_key, editable=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now)
    good_until = models.DateTimeField(_("good until"))
    by = models.ForeignKey(Staff, models.PROTECT, related_name="+", verbose_name=_("made by"))

    class Meta:
        verbose_name = _("press link")
        verbose_name_plural = _("press links")
        constraints = [
            models.CheckConstraint(
                condition=Q(good_until__gt=F("made_at")), name="a_press_link_is_good_for_a_while"
            ),
        ]

    def __str__(self) -> str:
        return f"press link {self.pk}"
