"""Updates of a letter, mailed to its signatories."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("signatories", "0009_changed_texts")]
    operations = []
