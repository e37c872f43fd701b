"""Whom a letter invites to sign, and what they answered. Erasing a signature empties the invitation it came from."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import letters.countries
import signatories.models

EMPTY = """
CREATE FUNCTION signatories_empty_invitations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM signatories_invitedcontact USING signatories_invitation
        WHERE signatories_invitation.id = invitation_id AND signature_id = NEW.id;
    DELETE FROM signatories_invitationlink USING signatories_invitation
        WHERE signatories_invitation.id = invitation_id AND signature_id = NEW.id;
    UPDATE signatories_invitation SET name = '', name_key = '', sort_key = '', country = '', words = '',
        network_id = NULL, network_label = '', emptied_at = NEW.erased_at
        WHERE signature_id = NEW.id AND emptied_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER an_erased_signature_empties_invitations AFTER UPDATE OF erased_at ON signatories_signature
    FOR EACH ROW WHEN (NEW.erased_at IS NOT NULL) EXECUTE FUNCTION signatories_empty_invitations();
"""
KEEP = """
DROP TRIGGER an_erased_signature_empties_invitations ON signatories_signature;
DROP FUNCTION signatories_empty_invitations();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0004_recipient_email"),
        ("signatories", "0007_imports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Invitation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=signatories.models.new_public_id, editable=False, max_length=16, unique=True
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=255, verbose_name="name")),
                ("name_key", models.CharField(blank=True, editable=False, max_length=510)),
                ("sort_key", models.TextField(blank=True, db_collation="C", editable=False)),
                (
                    "country",
                    models.CharField(
                        blank=True, choices=letters.countries.choices, max_length=2, verbose_name="country"
                    ),
                ),
                (
                    "language",
                    models.CharField(
                        choices=[
                            ("am", "አማርኛ"),
                            ("ar", "العربية"),
                            ("bn", "বাংলা"),
                            ("ckb", "کوردیی ناوەندی"),
                            ("de", "Deutsch"),
                            ("el", "Ελληνικά"),
                            ("en", "English"),
                            ("es", "Español"),
                            ("fa", "فارسی"),
                            ("fr", "Français"),
                            ("ha", "Hausa"),
                            ("hi", "हिन्दी"),
                            ("id", "Indonesia"),
                            ("it", "Italiano"),
                            ("ja", "日本語"),
                            ("ka", "Ქართული"),
                            ("ko", "한국어"),
                            ("ku", "Kurdî (kurmancî)"),
                            ("ln", "Lingála"),
                            ("my", "မြန်မာ"),
                            ("ne", "नेपाली"),
                            ("nl", "Nederlands"),
                            ("om", "Oromoo"),
                            ("pl", "Polski"),
                            ("ps", "پښتو"),
                            ("pt", "Português"),
                            ("rn", "Ikirundi"),
                            ("ro", "Română"),
                            ("ru", "Русский"),
                            ("rw", "Ikinyarwanda"),
                            ("sn", "ChiShona"),
                            ("so", "Soomaali"),
                            ("sr", "Српски"),
                            ("sv", "Svenska"),
                            ("sw", "Kiswahili"),
                            ("ta", "தமிழ்"),
                            ("th", "ไทย"),
                            ("ti", "ትግርኛ"),
                            ("tr", "Türkçe"),
                            ("uk", "Українська"),
                            ("ur", "اردو"),
                            ("vi", "Tiếng Việt"),
                            ("wo", "Wolof"),
                            ("yo", "Èdè Yorùbá"),
                            ("zh", "中文"),
                            ("zu", "IsiZulu"),
                        ],
                        max_length=8,
                        verbose_name="language of its mails",
                    ),
                ),
                ("network_label", models.CharField(blank=True, max_length=255, verbose_name="network")),
                ("words", models.TextField(blank=True, max_length=2000, verbose_name="note")),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("to_send", "To send"),
                            ("invited", "Invited"),
                            ("bounced", "Came back"),
                            ("will_sign", "Will sign"),
                            ("signed", "Signed"),
                            ("declined", "Will not sign"),
                            ("wrong_person", "Wrong person"),
                            ("taken_off", "Taken off the list"),
                        ],
                        default="to_send",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("promised_on", models.DateField(blank=True, null=True, verbose_name="will sign by")),
                (
                    "added_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="added"
                    ),
                ),
                ("sent_at", models.DateTimeField(editable=False, null=True, verbose_name="invited")),
                ("reminded_at", models.DateTimeField(editable=False, null=True, verbose_name="reminded")),
                (
                    "reminders",
                    models.PositiveSmallIntegerField(
                        default=0, editable=False, verbose_name="reminders since it answered"
                    ),
                ),
                ("answered_at", models.DateTimeField(editable=False, null=True, verbose_name="answered")),
                ("emptied_at", models.DateTimeField(editable=False, null=True, verbose_name="erased")),
                (
                    "chased_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who chases",
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="letters.letter",
                        verbose_name="letter",
                    ),
                ),
                (
                    "network",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="signatories.signature",
                        verbose_name="network",
                    ),
                ),
                (
                    "signature",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="signatories.signature",
                        verbose_name="signature",
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="InvitationLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(max_length=64, unique=True)),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "invitation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="links",
                        to="signatories.invitation",
                    ),
                ),
            ],
            options={
                "verbose_name": "link of an invitation",
                "verbose_name_plural": "links of invitations",
            },
        ),
        migrations.CreateModel(
            name="InvitedContact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sealed", models.BinaryField()),
                ("address_key", models.CharField(db_index=True, max_length=64)),
                (
                    "invitation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contact",
                        to="signatories.invitation",
                    ),
                ),
            ],
            options={
                "verbose_name": "contact of an invitation",
                "verbose_name_plural": "contacts of invitations",
            },
        ),
        migrations.AddIndex(
            model_name="invitation",
            index=models.Index(fields=["letter", "status", "sort_key", "id"], name="invitations_by_name"),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    models.Q(("status", "taken_off"), _negated=True), models.Q(("name", ""), _negated=True)
                ),
                fields=("letter", "name_key", "country"),
                name="an_organisation_is_invited_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("promised_on__isnull", False), ("status", "will_sign")),
                    models.Q(models.Q(("status", "will_sign"), _negated=True), ("promised_on__isnull", True)),
                    _connector="OR",
                ),
                name="a_promise_and_nothing_else_has_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ["invited", "bounced"]), _negated=True),
                    ("sent_at__isnull", False),
                    _connector="OR",
                ),
                name="who_was_invited_was_so_on_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="invitation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("name", ""), _negated=True), ("emptied_at__isnull", False), _connector="OR"
                ),
                name="an_invitation_has_a_name_until_it_is_emptied",
            ),
        ),
        migrations.RunSQL(EMPTY, KEEP),
    ]
