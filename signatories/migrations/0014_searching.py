"""What is searched for, and indexes by which a long list is searched, narrowed, counted and paged."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

NAMED = models.Q(staff_cap__in=["", "public"], status="published", visibility="public")


def add_index(**index):
    return migrations.AddIndex("signature", models.Index(**index))


class Migration(migrations.Migration):
    dependencies = [("signatories", "0013_updates")]
    operations = [
        migrations.AddField("signature", "search_text", models.TextField(default="", editable=False)),
        # From here on no name is written without it; those written before are looked at when they are filled.
        AddConstraintNotValid(
            "signature",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(name="", search_text=""),
                    models.Q(models.Q(name="", _negated=True), models.Q(search_text="", _negated=True)),
                    _connector="OR",
                ),
                name="a_name_can_be_searched_for",
            ),
        ),
        migrations.RemoveIndex("signature", "published_by_country"),
        add_index(
            fields=["letter", "country"],
            include=["kind", "visibility", "staff_cap"],
            condition=models.Q(status="published"),
            name="published_by_country",
        ),
        add_index(
            fields=["letter", "sort_key", "id"],
            include=["kind"],
            condition=NAMED,
            name="named_in_reading_order",
        ),
        add_index(
            fields=["letter", "country", "sort_key", "id"],
            include=["kind"],
            condition=NAMED,
            name="named_by_country",
        ),
        add_index(
            fields=["letter", "-published_at", "-id"],
            include=["channel"],
            condition=NAMED,
            name="named_newest_first",
        ),
        add_index(fields=["letter", "public_id"], condition=NAMED, name="named_by_public_id"),
        migrations.AddIndex(
            "signature",
            models.Index(fields=["letter", "organisation"], condition=NAMED, name="named_by_organisation"),
        ),
        migrations.AddIndex(
            "signature",
            GinIndex(
                fields=["search_text"], opclasses=["gin_trgm_ops"], condition=NAMED, name="named_by_words"
            ),
        ),
    ]
