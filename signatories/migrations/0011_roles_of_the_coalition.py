"""The roles once more, with what a coalition does beside moderating. The table is this migration's own."""

from importlib import import_module

from django.db import migrations

earlier = import_module("signatories.migrations.0005_roles")

SIGNATURES = {**earlier.SIGNATURES, "signature": "view add change"}
DELIVERIES = {"delivery": "view add change"}
LISTS = {"importfile": "view add change"}
INVITATIONS = {"invitation": "view add change"}
ROLES = {
    "Moderator": SIGNATURES | INVITATIONS | earlier.EVENTS,
    "Editor": earlier.LETTERS | DELIVERIES | earlier.EVENTS,
    "Data officer": earlier.ROLES["Data officer"] | {"contact": "view export"} | LISTS | INVITATIONS,
    "Manager": earlier.ROLES["Manager"] | SIGNATURES | DELIVERIES | LISTS | INVITATIONS,
}


def set_roles(apps, schema_editor):
    earlier.make_roles(apps, schema_editor, ROLES)


class Migration(migrations.Migration):
    dependencies = [("signatories", "0010_updates")]
    operations = [migrations.RunPython(set_roles, migrations.RunPython.noop)]
