"""A signatory can agree to recipients that were added after it had signed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("signatories", "0018_roles_of_the_public")]
    operations = [
        migrations.AddField("signature", "named_to_newer_at", models.DateTimeField(editable=False, null=True))
    ]
