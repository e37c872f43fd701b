"""Mailboxes that mail came back from."""

import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signatories", "0009_changed_texts")]
    operations = [
        migrations.CreateModel(
            name="BouncingMailbox",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address_key", models.CharField(max_length=64, unique=True)),
                ("times", models.PositiveSmallIntegerField(default=0)),
                ("last_at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ("refuses_since", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name": "mailbox that mail came back from",
                "verbose_name_plural": "mailboxes that mail came back from",
            },
        ),
    ]
