"""Who has agreed to which version, and that nobody counts who has not agreed to the last material one.

What was changed before versions were written down has been editorial, and is numbered as its texts are.
"""

import django.db.models.deletion
import django.db.models.functions.comparison
import django.utils.timezone
from django.db import migrations, models

STATUSES = [
    ("unconfirmed", "Waiting to be confirmed"),
    ("awaiting_moderation", "Waiting for a moderator"),
    ("held", "Held"),
    ("published", "Published"),
    ("to_agree_again", "Asked for a new yes"),
    ("rejected", "Rejected"),
    ("withdrawn", "Withdrawn"),
    ("superseded", "Superseded"),
]

# At the end of the transaction: acts bump the letter last, and so have waited for a version that is being published.
REFUSE = """
CREATE FUNCTION signatories_refuse_an_older_yes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM signatories_signature signature JOIN letters_version version USING (letter_id)
        WHERE signature.id = NEW.id AND signature.status = 'published' AND version.change = 'material'
        AND version.published_at IS NOT NULL AND version.number > signature.agreed_version
    ) THEN
        RAISE EXCEPTION 'it has not agreed to the text as it is now'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER who_is_counted_agreed_to_the_text
    AFTER INSERT OR UPDATE OF status, agreed_version ON signatories_signature DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.status = 'published') EXECUTE FUNCTION signatories_refuse_an_older_yes();
"""
ALLOW = """
DROP TRIGGER who_is_counted_agreed_to_the_text ON signatories_signature;
DROP FUNCTION signatories_refuse_an_older_yes();
"""


def write_versions_down(apps, schema_editor):
    Text = apps.get_model("letters", "Text")
    Version = apps.get_model("letters", "Version")
    by = apps.get_model("letters", "Staff").objects.order_by("pk").first()
    changed = Text.objects.filter(version__gt=1).values_list("letter", "version").order_by().distinct()
    Version.objects.bulk_create(
        Version(
            letter_id=letter,
            number=number,
            change="editorial",
            by=by,
            published_at=django.utils.timezone.now(),
        )
        for letter, number in changed
    )


class Migration(migrations.Migration):
    dependencies = [("signatories", "0008_invitations"), ("letters", "0005_changed_texts")]
    operations = [
        migrations.AddField(
            model_name="signature",
            name="agreed_version",
            field=models.PositiveSmallIntegerField(
                default=1, editable=False, verbose_name="version it agreed to"
            ),
        ),
        migrations.AlterField(
            model_name="signature",
            name="status",
            field=models.CharField(
                choices=STATUSES, default="unconfirmed", max_length=24, verbose_name="status"
            ),
        ),
        migrations.AlterField(
            model_name="invalidated",
            name="status",
            field=models.CharField(choices=STATUSES, max_length=24),
        ),
        migrations.AlterField(
            model_name="token",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("confirm", "Confirm"),
                    ("own_page", "Own page"),
                    ("vouch", "Vouch"),
                    ("agree", "Agree to a changed text"),
                    ("phone", "Confirm by phone"),
                ],
                max_length=16,
            ),
        ),
        migrations.RemoveConstraint(model_name="signature", name="a_published_signature_has_an_organisation"),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status__in", ("published", "to_agree_again")), _negated=True),
                    ("organisation__isnull", False),
                    _connector="OR",
                ),
                name="a_published_signature_has_an_organisation",
            ),
        ),
        # PostgreSQL cannot change how a column is derived.
        migrations.RemoveIndex(model_name="signature", name="the_queue"),
        migrations.RemoveField(model_name="signature", name="queued_at"),
        migrations.AddField(
            model_name="signature",
            name="queued_at",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(
                        status__in=("awaiting_moderation", "held"),
                        then=django.db.models.functions.comparison.Coalesce("confirmed_at", "created_at"),
                    ),
                    models.When(by_phone=True, status="unconfirmed", then="created_at"),
                    models.When(
                        channel="on_behalf",
                        mails_before_confirmed=0,
                        status="unconfirmed",
                        then="created_at",
                    ),
                    models.When(
                        models.Q(
                            ("status__in", ("published", "to_agree_again")),
                            models.Q(("question", ""), _negated=True),
                        ),
                        then="asked_at",
                    ),
                ),
                output_field=models.DateTimeField(null=True),
                verbose_name="waits since",
            ),
        ),
        migrations.AddIndex(
            model_name="signature",
            index=models.Index(
                condition=models.Q(("queued_at__isnull", False)),
                fields=["queued_at", "id"],
                name="the_queue",
            ),
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("reminders", models.PositiveSmallIntegerField(default=0)),
                (
                    "signature",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="signatories.signature",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="letters.version",
                    ),
                ),
            ],
            options={
                "verbose_name": "notice of a version",
                "verbose_name_plural": "notices of versions",
                "constraints": [
                    models.UniqueConstraint(
                        fields=["version", "signature"], name="a_contact_is_told_of_a_version_once"
                    ),
                ],
            },
        ),
        migrations.RunSQL(REFUSE, ALLOW),
        migrations.RunPython(write_versions_down, migrations.RunPython.noop),
    ]
