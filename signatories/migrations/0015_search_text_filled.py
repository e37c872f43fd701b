"""What is searched for is filled in where names were written before it existed."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

from signatories import names

AT_ONCE = 5_000


def fill(apps, schema_editor):
    """Go through the names by their keys, a batch a statement and a transaction: a million take minutes."""
    signatures = apps.get_model("signatories", "Signature").objects.filter(search_text="").exclude(name="")
    last = 0
    while rows := list(
        signatures.filter(pk__gt=last).order_by("pk").values_list("pk", "name", "latin")[:AT_ONCE]
    ):
        last = rows[-1][0]
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                "UPDATE signatories_signature SET search_text = filled.search_text"
                " FROM unnest(%s::bigint[], %s::text[]) AS filled (id, search_text)"
                " WHERE signatories_signature.id = filled.id",
                [[row[0] for row in rows], [names.searchable(*row[1:]) for row in rows]],
            )


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("signatories", "0014_searching")]
    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        ValidateConstraint("signature", "a_name_can_be_searched_for"),
    ]
