"""Rooms in which many organisations sign, and who makes codes for them; and who answers comments on a draft."""

from importlib import import_module

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import signatories.models

make_roles = import_module("signatories.migrations.0005_roles").make_roles
roles = import_module("signatories.migrations.0011_roles_of_the_coalition").ROLES

WORKSHOPS = {"workshop": "view add change"}
COMMENTS = {"comment": "view change"}
ROLES = {
    "Moderator": roles["Moderator"] | WORKSHOPS,
    "Editor": roles["Editor"] | COMMENTS,
    "Manager": roles["Manager"] | WORKSHOPS | COMMENTS,
}


def set_roles(apps, schema_editor):
    make_roles(apps, schema_editor, ROLES)


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0005_changed_texts"),
        ("signatories", "0011_roles_of_the_coalition"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Workshop",
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
                ("label", models.CharField(max_length=80, verbose_name="label")),
                ("code_digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("places", models.PositiveSmallIntegerField(verbose_name="places")),
                (
                    "taken",
                    models.PositiveSmallIntegerField(default=0, editable=False, verbose_name="places taken"),
                ),
                (
                    "made_at",
                    models.DateTimeField(
                        default=django.utils.timezone.now, editable=False, verbose_name="made"
                    ),
                ),
                ("good_until", models.DateTimeField(verbose_name="good until")),
                ("stopped_at", models.DateTimeField(editable=False, null=True, verbose_name="stopped")),
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
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="letters.letter",
                        verbose_name="letter",
                    ),
                ),
            ],
            options={
                "verbose_name": "workshop",
                "verbose_name_plural": "workshops",
                "ordering": ["-made_at", "-pk"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(taken__lte=models.F("places")),
                        name="a_workshop_gives_no_place_it_has_not_got",
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="signature",
            name="workshop",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="signatures",
                to="signatories.workshop",
                verbose_name="workshop",
            ),
        ),
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                condition=models.Q(workshop__isnull=False),
                fields=["workshop"],
                name="signatures_of_a_workshop",
            ),
        ),
        migrations.RunPython(set_roles, migrations.RunPython.noop),
    ]
