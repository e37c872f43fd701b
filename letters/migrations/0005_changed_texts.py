"""Versions that change a text, and what partners say of a draft."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("letters", "0004_recipient_email")]
    operations = []
