"""What signatories say in their own words, and numbers that keep saying what they said."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import signatories.models
from letters import languages

REFUSE = """
CREATE FUNCTION signatories_keep_what_was_stated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a statement keeps saying what it said' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER a_statement_keeps_saying_what_it_said BEFORE UPDATE OR DELETE ON signatories_statement
    FOR EACH ROW EXECUTE FUNCTION signatories_keep_what_was_stated();
"""
ALLOW = """
DROP TRIGGER a_statement_keeps_saying_what_it_said ON signatories_statement;
DROP FUNCTION signatories_keep_what_was_stated();
"""


class Migration(migrations.Migration):
    dependencies = [("signatories", "0016_news"), ("letters", "0007_press")]
    operations = [
        migrations.CreateModel(
            name="Quote",
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
                ("words", models.CharField(max_length=300, verbose_name="quote")),
                (
                    "language",
                    models.CharField(choices=languages.CHOICES, max_length=8, verbose_name="language"),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("offered", "Waiting for a moderator"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                        ],
                        default="offered",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("names_somebody", "It names a person"),
                            ("endangers", "It could put somebody in danger"),
                            ("not_about_it", "It is not about the letter"),
                            ("attacks", "It attacks people instead of saying what should change"),
                            ("advertises", "It advertises something"),
                            ("to_say_otherwise", "It should be said otherwise, as written below"),
                        ],
                        max_length=24,
                        verbose_name="rejected because",
                    ),
                ),
                (
                    "answer",
                    models.CharField(blank=True, max_length=200, verbose_name="what to say otherwise"),
                ),
                (
                    "offered_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="offered"),
                ),
                ("decided_at", models.DateTimeField(null=True, verbose_name="decided")),
                (
                    "signature",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="quote",
                        to="signatories.signature",
                    ),
                ),
            ],
            options={
                "verbose_name": "quote",
                "verbose_name_plural": "quotes",
                "ordering": ["-pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("status", "offered")),
                        fields=["offered_at", "id"],
                        name="quotes_that_wait",
                    ),
                    models.Index(
                        condition=models.Q(("status", "approved")),
                        fields=["-decided_at", "-id"],
                        name="quotes_newest_first",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("words", ""), _negated=True), name="a_quote_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("status", "rejected"), models.Q(("reason", ""), _negated=True)),
                            models.Q(
                                models.Q(("status", "rejected"), _negated=True),
                                ("answer", ""),
                                ("reason", ""),
                            ),
                            _connector="OR",
                        ),
                        name="a_rejected_quote_and_no_other_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("decided_at__isnull", True), ("status", "offered")),
                            models.Q(
                                models.Q(("status", "offered"), _negated=True), ("decided_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="a_quote_is_decided_or_waits",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Spokesperson",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=languages.CHOICES, max_length=8), size=None
                    ),
                ),
                ("since", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "contact",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="spokesperson",
                        to="signatories.contact",
                    ),
                ),
            ],
            options={
                "verbose_name": "spokesperson",
                "verbose_name_plural": "spokespeople",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("languages__len__gt", 0)), name="a_spokesperson_speaks_a_language"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Statement",
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
                ("revision", models.PositiveBigIntegerField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="when")),
                ("organisations", models.PositiveIntegerField(verbose_name="organisations")),
                ("countries", models.PositiveIntegerField(verbose_name="countries")),
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
                "verbose_name": "statement of a number",
                "verbose_name_plural": "statements of numbers",
                "ordering": ["-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("letter", "revision"), name="a_revision_is_stated_once"),
                    models.CheckConstraint(
                        condition=models.Q(("organisations__gt", 0)), name="a_statement_counts_somebody"
                    ),
                ],
            },
        ),
        migrations.RunSQL(REFUSE, ALLOW),
        migrations.AddIndex(
            model_name="organisation",
            index=models.Index(
                condition=models.Q(("verification__in", ("verified", "peer_verified"))),
                fields=["id"],
                name="organisations_proven",
            ),
        ),
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                condition=models.Q(
                    ("staff_cap__in", ["", "public"]),
                    ("status", "published"),
                    ("visibility", "public"),
                    ("is_network", True),
                ),
                fields=["letter"],
                name="named_networks",
            ),
        ),
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                condition=models.Q(("channel__in", ("import", "list")), ("status", "published")),
                fields=["letter"],
                name="published_from_lists",
            ),
        ),
    ]
