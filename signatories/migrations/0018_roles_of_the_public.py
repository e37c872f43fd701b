"""What each role may do with what the public side brought."""

from importlib import import_module

from django.db import migrations

make_roles = import_module("signatories.migrations.0005_roles").make_roles

earlier = {
    role: rights
    for name in ("0011_roles_of_the_coalition", "0012_workshops", "0013_updates")
    for role, rights in import_module(f"signatories.migrations.{name}").ROLES.items()
}

PRESS = {"presscontact": "view add change delete", "presslink": "view add change"}
QUOTES = {"quote": "view change"}
ROLES = {
    "Moderator": earlier["Moderator"] | QUOTES,
    "Editor": earlier["Editor"] | PRESS,
    "Manager": earlier["Manager"] | PRESS | QUOTES,
}


def set_roles(apps, schema_editor):
    make_roles(apps, schema_editor, ROLES)


class Migration(migrations.Migration):
    dependencies = [("signatories", "0017_press")]
    operations = [migrations.RunPython(set_roles, migrations.RunPython.noop)]
