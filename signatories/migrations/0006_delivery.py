"""Deliveries: who was handed which snapshot, and that what was handed over never changes but to be emptied."""

import django.db.models.deletion
import django.utils.timezone
import signatories.models
from django.conf import settings
from django.db import migrations, models

REFUSE = """
CREATE FUNCTION signatories_refuse_delivery_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.letter_id, NEW.recipient_id, NEW.text_id, NEW.content, NEW.revision, NEW.organisations, NEW.countries,
        NEW.public_countries, NEW.named, NEW.made_at) IS DISTINCT FROM
       (OLD.letter_id, OLD.recipient_id, OLD.text_id, OLD.content, OLD.revision, OLD.organisations, OLD.countries,
        OLD.public_countries, OLD.named, OLD.made_at)
       OR (OLD.status <> 'to_send' AND NEW.sha256 <> OLD.sha256) THEN
        RAISE EXCEPTION 'what was handed over never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER deliveries_never_change BEFORE UPDATE ON signatories_delivery
    FOR EACH ROW EXECUTE FUNCTION signatories_refuse_delivery_change();

CREATE FUNCTION signatories_refuse_delivered_name_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.delivery_id, NEW.signature_id, NEW.position) IS DISTINCT FROM
       (OLD.delivery_id, OLD.signature_id, OLD.position)
       OR ((NEW.name, NEW.latin, NEW.country, NEW.kind, NEW.is_network) IS DISTINCT FROM
           (OLD.name, OLD.latin, OLD.country, OLD.kind, OLD.is_network)
           AND (NEW.name, NEW.latin, NEW.country, NEW.kind, NEW.is_network) IS DISTINCT FROM
               (''::varchar, ''::varchar, ''::varchar, ''::varchar, FALSE)) THEN
        RAISE EXCEPTION 'a name that was handed over can only be emptied'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER delivered_names_never_change BEFORE UPDATE ON signatories_deliveredname
    FOR EACH ROW EXECUTE FUNCTION signatories_refuse_delivered_name_change();

CREATE FUNCTION signatories_empty_delivered_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE signatories_deliveredname SET name = '', latin = '', country = '', kind = '', is_network = FALSE
        WHERE signature_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER an_erased_signature_empties_delivered_names AFTER UPDATE OF erased_at ON signatories_signature
    FOR EACH ROW WHEN (NEW.erased_at IS NOT NULL) EXECUTE FUNCTION signatories_empty_delivered_names();
"""
ALLOW = """
DROP TRIGGER an_erased_signature_empties_delivered_names ON signatories_signature;
DROP FUNCTION signatories_empty_delivered_names();
DROP TRIGGER delivered_names_never_change ON signatories_deliveredname;
DROP FUNCTION signatories_refuse_delivered_name_change();
DROP TRIGGER deliveries_never_change ON signatories_delivery;
DROP FUNCTION signatories_refuse_delivery_change();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0004_recipient_email"),
        ("signatories", "0005_roles"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Delivery",
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
                (
                    "order",
                    models.CharField(
                        choices=[
                            ("alphabet", "By alphabet"),
                            ("by_country", "By country"),
                            ("own_country_first", "By country, the recipient’s own first"),
                        ],
                        max_length=20,
                        verbose_name="order of the names",
                    ),
                ),
                ("content", models.JSONField(editable=False)),
                (
                    "revision",
                    models.PositiveBigIntegerField(editable=False, verbose_name="revision of the letter"),
                ),
                ("organisations", models.PositiveIntegerField(editable=False, verbose_name="organisations")),
                ("countries", models.PositiveIntegerField(editable=False, verbose_name="countries")),
                ("public_countries", models.PositiveIntegerField(editable=False)),
                ("named", models.PositiveIntegerField(editable=False, verbose_name="named")),
                (
                    "sha256",
                    models.CharField(blank=True, editable=False, max_length=64, verbose_name="SHA-256"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("to_send", "To send"),
                            ("sent", "Sent"),
                            ("bounced", "Came back"),
                            ("acknowledged", "Acknowledged"),
                            ("met", "Met"),
                            ("answered", "Answered"),
                        ],
                        default="to_send",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                ("status_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="since")),
                (
                    "made_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="made"
                    ),
                ),
                (
                    "released_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="first downloaded"),
                ),
                ("sent_at", models.DateTimeField(blank=True, null=True, verbose_name="sent")),
                ("answered_on", models.DateField(blank=True, null=True, verbose_name="answered on")),
                ("answer_words", models.TextField(blank=True, max_length=4000, verbose_name="answer")),
                (
                    "answer_link",
                    models.URLField(blank=True, max_length=300, verbose_name="where the answer stands"),
                ),
                (
                    "answer_is_public",
                    models.BooleanField(default=False, verbose_name="shown on the letter’s page"),
                ),
                (
                    "by",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="letters.letter",
                        verbose_name="letter",
                    ),
                ),
                (
                    "recipient",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="deliveries",
                        to="letters.recipient",
                        verbose_name="recipient",
                    ),
                ),
                (
                    "supplement_to",
                    models.ForeignKey(
                        blank=True,
                        help_text="The delivery whose list this one carries on: it names who came later.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supplements",
                        to="signatories.delivery",
                        verbose_name="supplement to",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        editable=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="letters.text",
                        verbose_name="text that was handed over",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivery",
                "verbose_name_plural": "deliveries",
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="DeliveredName",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField()),
                ("name", models.CharField(blank=True, max_length=255)),
                ("latin", models.CharField(blank=True, max_length=255)),
                ("country", models.CharField(blank=True, max_length=2)),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("refugee_led", "Led by refugees"),
                            ("displaced_led", "Led by internally displaced or stateless people"),
                            ("ally", "An ally"),
                        ],
                        max_length=16,
                    ),
                ),
                ("is_network", models.BooleanField(default=False)),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                (
                    "signature",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="delivered_names",
                        to="signatories.signature",
                    ),
                ),
                (
                    "delivery",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="names",
                        to="signatories.delivery",
                    ),
                ),
            ],
            options={
                "verbose_name": "delivered name",
                "verbose_name_plural": "delivered names",
                "ordering": ["delivery", "position"],
            },
        ),
        migrations.CreateModel(
            name="Parcel",
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
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("packing", "Being made"),
                            ("ready", "Ready"),
                            ("failed", "Could not be made"),
                            ("gone", "Deleted"),
                        ],
                        default="packing",
                        max_length=8,
                        verbose_name="status",
                    ),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made")),
                ("done", models.PositiveIntegerField(default=0, verbose_name="letters made")),
                ("total", models.PositiveIntegerField(verbose_name="letters to make")),
                (
                    "left_out",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="made by",
                    ),
                ),
                (
                    "deliveries",
                    models.ManyToManyField(
                        related_name="+", to="signatories.delivery", verbose_name="deliveries"
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
            ],
            options={
                "verbose_name": "parcel",
                "verbose_name_plural": "parcels",
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="CoverText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
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
                        verbose_name="language",
                    ),
                ),
                ("words", models.TextField(help_text="Markdown", max_length=4000, verbose_name="words")),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="letters.letter",
                        verbose_name="letter",
                    ),
                ),
            ],
            options={
                "verbose_name": "cover text",
                "verbose_name_plural": "cover texts",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("letter", "language"), name="a_letter_is_covered_once_in_a_language"
                    )
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("status", "to_send"), ("sent_at__isnull", False), _connector="OR"),
                name="a_delivery_that_left_says_since_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("status", "to_send"), models.Q(("sha256", ""), _negated=True), _connector="OR"
                ),
                name="a_delivery_that_left_has_a_hash",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("answer_is_public", False),
                    models.Q(("answer_words", ""), _negated=True),
                    models.Q(("answer_link", ""), _negated=True),
                    _connector="OR",
                ),
                name="a_public_answer_says_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer_link", ""), ("answer_words", "")),
                    ("answered_on__isnull", False),
                    _connector="OR",
                ),
                name="an_answer_has_a_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveredname",
            constraint=models.UniqueConstraint(
                fields=("delivery", "signature"), name="a_delivery_names_a_signature_once"
            ),
        ),
        migrations.RunSQL(REFUSE, ALLOW),
    ]
