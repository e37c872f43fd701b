"""Whom a letter invites to sign, and what they answered."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("signatories", "0007_imports")]
    operations = []
