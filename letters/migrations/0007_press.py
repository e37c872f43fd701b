"""Whom journalists ask about a letter, and the link that is theirs before its launch."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import letters.models
from letters import languages


class Migration(migrations.Migration):
    dependencies = [("letters", "0006_goal")]
    operations = [
        migrations.CreateModel(
            name="PressContact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=120, verbose_name="name or desk")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="e-mail")),
                ("phone", models.CharField(blank=True, max_length=32, verbose_name="phone")),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=languages.CHOICES, max_length=8),
                        size=None,
                        verbose_name="languages spoken",
                    ),
                ),
                (
                    "days",
                    models.CharField(
                        choices=[
                            ("mon_fri", "Monday to Friday"),
                            ("sun_thu", "Sunday to Thursday"),
                            ("every_day", "Every day"),
                        ],
                        default="mon_fri",
                        max_length=16,
                        verbose_name="days",
                    ),
                ),
                ("hours_from", models.TimeField(blank=True, null=True, verbose_name="from")),
                ("hours_until", models.TimeField(blank=True, null=True, verbose_name="until")),
                (
                    "time_zone",
                    models.CharField(
                        blank=True,
                        max_length=64,
                        validators=[letters.models._time_zone_exists],
                        verbose_name="time zone",
                    ),
                ),
                (
                    "letter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="press_contacts",
                        to="letters.letter",
                        verbose_name="letter",
                    ),
                ),
            ],
            options={
                "verbose_name": "press contact",
                "verbose_name_plural": "press contacts",
                "ordering": ["pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("email", ""), ("phone", ""), _negated=True),
                        name="a_press_contact_can_be_reached",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("languages__len__gt", 0)),
                        name="a_press_contact_speaks_a_language",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("hours_from__isnull", True), ("hours_until__isnull", True)),
                            models.Q(
                                ("hours_from__isnull", False),
                                ("hours_until__gt", models.F("hours_from")),
                                ("hours_until__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="hours_end_after_they_begin",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PressLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        default=letters.models.new_gathering_key, editable=False, max_length=32, unique=True
                    ),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made")),
                ("good_until", models.DateTimeField(verbose_name="good until")),
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
                    "letter",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="press_link",
                        to="letters.letter",
                        verbose_name="letter",
                    ),
                ),
            ],
            options={
                "verbose_name": "press link",
                "verbose_name_plural": "press links",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("good_until__gt", models.F("made_at"))),
                        name="a_press_link_is_good_for_a_while",
                    )
                ],
            },
        ),
    ]
