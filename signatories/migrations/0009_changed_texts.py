"""Who has agreed to which version."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("signatories", "0008_invitations"), ("letters", "0005_changed_texts")]
    operations = []
