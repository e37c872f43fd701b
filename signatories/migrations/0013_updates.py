"""News of a letter to those who signed it: what it says, to whom it was mailed, and who wants none of it."""

from importlib import import_module

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import signatories.models
from letters import languages

make_roles = import_module("signatories.migrations.0005_roles").make_roles
roles = import_module("signatories.migrations.0012_workshops").ROLES

UPDATES = {"update": "view add change"}
ROLES = {role: roles[role] | UPDATES for role in ("Editor", "Manager")}

REFUSE = """
CREATE FUNCTION signatories_keep_what_was_mailed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told varchar;
BEGIN
    -- Locked, so that what is scheduled in this moment is what was read.
    SELECT status INTO told FROM signatories_update
        WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.update_id ELSE NEW.update_id END FOR SHARE;
    IF told <> 'draft' OR (TG_OP = 'UPDATE' AND NEW.update_id <> OLD.update_id) THEN
        RAISE EXCEPTION 'this update is no draft any more' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER an_update_changes_while_it_is_a_draft
    BEFORE INSERT OR UPDATE OR DELETE ON signatories_updatetext
    FOR EACH ROW EXECUTE FUNCTION signatories_keep_what_was_mailed();
CREATE FUNCTION signatories_send_nothing_twice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'this mail was sent' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER what_was_sent_is_never_sent_again BEFORE UPDATE ON signatories_updatemail
    FOR EACH ROW WHEN (
        NEW.update_id <> OLD.update_id OR NEW.mailbox_key <> OLD.mailbox_key
        OR (OLD.status = 'sent' AND NEW.status NOT IN ('sent', 'bounced'))
        OR (OLD.status = 'bounced' AND NEW.status <> 'bounced')
    )
    EXECUTE FUNCTION signatories_send_nothing_twice();
"""
ALLOW = """
DROP TRIGGER what_was_sent_is_never_sent_again ON signatories_updatemail;
DROP FUNCTION signatories_send_nothing_twice();
DROP TRIGGER an_update_changes_while_it_is_a_draft ON signatories_updatetext;
DROP FUNCTION signatories_keep_what_was_mailed();
"""


def set_roles(apps, schema_editor):
    make_roles(apps, schema_editor, ROLES)


class Migration(migrations.Migration):
    dependencies = [
        ("letters", "0005_changed_texts"),
        ("signatories", "0012_workshops"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Update",
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
                            ("draft", "Draft"),
                            ("scheduled", "Leaves at its time"),
                            ("sending", "Being sent"),
                            ("paused", "Paused"),
                            ("sent", "Sent"),
                            ("stopped", "Stopped half-way"),
                        ],
                        default="draft",
                        max_length=16,
                        verbose_name="status",
                    ),
                ),
                (
                    "neutral_subject",
                    models.BooleanField(default=False, verbose_name="with a subject that says nothing"),
                ),
                ("made_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="written")),
                ("send_at", models.DateTimeField(null=True, verbose_name="leaves")),
                ("started_at", models.DateTimeField(null=True, verbose_name="begun")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended")),
                ("next_round_at", models.DateTimeField(null=True)),
                ("server_away_since", models.DateTimeField(null=True, verbose_name="mail server away since")),
                ("outcome", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="written by",
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
                "verbose_name": "update",
                "verbose_name_plural": "updates",
                "ordering": ["-made_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="UpdateMail",
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
                ("mailbox_key", models.CharField(max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Just leaving"),
                            ("sent", "Handed to the mail server"),
                            ("in_doubt", "In doubt: it may have left"),
                            ("refused", "Refused by the mail server"),
                            ("bounced", "Came back"),
                            ("passed_over", "Left out: unsubscribed, withdrawn or unreachable meanwhile"),
                            ("given_up", "Given up: the mail server kept putting it off"),
                        ],
                        default="waiting",
                        max_length=16,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("not_before", models.DateTimeField(null=True)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "update",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="mails",
                        to="signatories.update",
                    ),
                ),
            ],
            options={
                "verbose_name": "mail of an update",
                "verbose_name_plural": "mails of an update",
            },
        ),
        migrations.CreateModel(
            name="UpdateText",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "language",
                    models.CharField(choices=languages.CHOICES, max_length=8, verbose_name="language"),
                ),
                ("subject", models.CharField(max_length=150, verbose_name="subject")),
                ("body", models.TextField(help_text="Markdown", max_length=6000, verbose_name="words")),
                (
                    "update",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="texts",
                        to="signatories.update",
                    ),
                ),
            ],
            options={
                "verbose_name": "text of an update",
                "verbose_name_plural": "texts of an update",
                "ordering": ["language"],
            },
        ),
        migrations.CreateModel(
            name="Unsubscribed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mailbox_key", models.CharField(max_length=64)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "letter",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="letters.letter",
                    ),
                ),
            ],
            options={
                "verbose_name": "mailbox that wants no updates",
                "verbose_name_plural": "mailboxes that want no updates",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("mailbox_key", "letter"), name="a_mailbox_unsubscribes_from_a_letter_once"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("letter", None)),
                        fields=("mailbox_key",),
                        name="a_mailbox_unsubscribes_from_all_once",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="update",
            constraint=models.CheckConstraint(
                condition=models.Q(("status", "draft"), ("send_at__isnull", False), _connector="OR"),
                name="an_update_that_leaves_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="update",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "sending"), _negated=True),
                    ("next_round_at__isnull", False),
                    _connector="OR",
                ),
                name="an_update_under_way_has_a_next_round",
            ),
        ),
        migrations.AddIndex(
            model_name="updatemail",
            index=models.Index(
                condition=models.Q(("status", "waiting")), fields=["update", "id"], name="mails_that_wait"
            ),
        ),
        migrations.AddConstraint(
            model_name="updatemail",
            constraint=models.UniqueConstraint(
                fields=("update", "mailbox_key"), name="a_mailbox_gets_an_update_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="updatetext",
            constraint=models.UniqueConstraint(
                fields=("update", "language"), name="an_update_speaks_once_in_a_language"
            ),
        ),
        migrations.RunSQL(REFUSE, ALLOW),
        migrations.RunPython(set_roles, migrations.RunPython.noop),
    ]
