"""The roles at the desk. The table is this migration's own, as it was when it was written; see signatories/roles.py."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

SIGNATURES = {
    "signature": "view change",
    "organisation": "view change",
    "remark": "view add",
    "evidence": "view add",
    "vouch": "view add change",
    "merge": "view add change",
    "distinction": "view add",
}
LETTERS = {
    model: "view add change delete"
    for model in ("host", "hosttext", "hostlink", "letter", "text", "recipient", "figure")
}
EVENTS = {"event": "view"}
ROLES = {
    "Moderator": SIGNATURES | EVENTS,
    "Editor": LETTERS | EVENTS,
    "Data officer": {"signature": "view", "organisation": "view", "contact": "view"} | EVENTS,
    "Manager": SIGNATURES | LETTERS | EVENTS | {"invalidation": "view add change", "staff": "view add change"},
}


def make_roles(apps, schema_editor, roles=None):
    database = schema_editor.connection.alias
    for label in ("letters", "signatories"):
        make_permissions(apps, label, database)
    groups = apps.get_model("auth", "Group").objects.using(database)
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    ours = permissions.filter(content_type__app_label__in=("letters", "signatories"))
    for role, rights in (roles or ROLES).items():
        codenames = [f"{act}_{model}" for model, acts in rights.items() for act in acts.split()]
        group, _made = groups.get_or_create(name=role)
        group.permissions.set(ours.filter(codename__in=codenames))


def make_permissions(apps, label, database):
    """Make now what Django makes after the last migration, in a new database too late for the roles."""
    app = apps.get_app_config(label)
    app.models_module = True  # an app of a migration has none, and would be passed over
    create_permissions(app, apps=apps, using=database, verbosity=0)
    app.models_module = None


class Migration(migrations.Migration):
    dependencies = [
        ("signatories", "0004_spellings"),
        ("letters", "0003_desk"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    # Backwards the groups stay: with them would go who is in them.
    operations = [migrations.RunPython(make_roles, migrations.RunPython.noop)]
