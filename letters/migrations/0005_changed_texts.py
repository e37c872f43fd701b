"""Versions that change a text, and what partners say of a draft."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import letters.languages
import letters.models


class Migration(migrations.Migration):
    dependencies = [("letters", "0004_recipient_email")]
    operations = [
        migrations.CreateModel(
            name="Comment",
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
                        default=letters.models.new_comment_id, editable=False, max_length=16, unique=True
                    ),
                ),
                ("passage", models.PositiveSmallIntegerField(blank=True, null=True, verbose_name="passage")),
                ("passage_digest", models.CharField(blank=True, editable=False, max_length=64)),
                ("words", models.TextField(max_length=2000, verbose_name="comment")),
                ("name", models.CharField(blank=True, max_length=120, verbose_name="name")),
                ("organisation", models.CharField(blank=True, max_length=255, verbose_name="organisation")),
                (
                    "language",
                    models.CharField(
                        choices=letters.languages.CHOICES, max_length=8, verbose_name="language"
                    ),
                ),
                ("is_private", models.BooleanField(default=False, verbose_name="for the coalition alone")),
                (
                    "at",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now, verbose_name="when"
                    ),
                ),
                (
                    "fate",
                    models.CharField(
                        choices=[
                            ("open", "Not decided yet"),
                            ("taken_up", "Taken up"),
                            ("not_taken_up", "Not taken up"),
                        ],
                        default="open",
                        max_length=16,
                        verbose_name="what became of it",
                    ),
                ),
                ("answer", models.CharField(blank=True, max_length=400, verbose_name="answer")),
                ("hidden_at", models.DateTimeField(blank=True, null=True, verbose_name="hidden")),
                (
                    "answered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="answered by",
                    ),
                ),
                (
                    "text",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="comments",
                        to="letters.text",
                        verbose_name="text",
                    ),
                ),
            ],
            options={
                "verbose_name": "comment",
                "verbose_name_plural": "comments",
                "ordering": ["at", "pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(words="", _negated=True), name="a_comment_says_something"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(passage__isnull=True, passage_digest=""),
                            models.Q(
                                ("passage__isnull", False),
                                models.Q(passage_digest="", _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="a_comment_knows_what_its_passage_said",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Version",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(null=True, verbose_name="number")),
                (
                    "change",
                    models.CharField(
                        choices=[("editorial", "Editorial change"), ("material", "Material change")],
                        max_length=16,
                        verbose_name="change",
                    ),
                ),
                (
                    "drafted_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="drafted"),
                ),
                ("published_at", models.DateTimeField(null=True, verbose_name="published")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="drafted by",
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="letters.letter",
                        verbose_name="letter",
                    ),
                ),
            ],
            options={
                "verbose_name": "version of a letter",
                "verbose_name_plural": "versions of letters",
                "ordering": ["letter", "number"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["letter", "number"], name="a_version_of_a_letter_exists_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(published_at__isnull=True),
                        fields=["letter"],
                        name="a_letter_has_one_draft_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(number__isnull=True, published_at__isnull=True),
                            models.Q(number__isnull=False, number__gt=1, published_at__isnull=False),
                            _connector="OR",
                        ),
                        name="a_version_has_a_number_once_it_is_published",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="DraftedText",
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
                        choices=letters.languages.CHOICES, max_length=8, verbose_name="language"
                    ),
                ),
                (
                    "standing",
                    models.CharField(
                        choices=[("official", "Official"), ("courtesy", "Courtesy translation")],
                        max_length=16,
                        verbose_name="standing",
                    ),
                ),
                ("title", models.CharField(max_length=255, verbose_name="title")),
                ("subtitle", models.CharField(blank=True, max_length=400, verbose_name="occasion")),
                ("body", models.TextField(verbose_name="body")),
                ("what_changed", models.TextField(max_length=600, verbose_name="what changed")),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="drafted",
                        to="letters.version",
                    ),
                ),
            ],
            options={
                "verbose_name": "drafted text",
                "verbose_name_plural": "drafted texts",
                "ordering": ["language"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=["version", "language"], name="a_version_is_drafted_once_a_language"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="text",
            name="what_changed",
            field=models.TextField(blank=True, editable=False, max_length=600, verbose_name="what changed"),
        ),
        migrations.RemoveConstraint(model_name="text", name="a_later_version_says_what_kind_of_change_it_is"),
        migrations.AddConstraint(
            model_name="text",
            constraint=models.CheckConstraint(
                condition=models.Q(("version__gt", 1), ("change", "first"), _connector="OR"),
                name="the_first_version_changes_nothing",
            ),
        ),
    ]
