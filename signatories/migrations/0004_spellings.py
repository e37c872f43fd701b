"""What organisations and signatures are looked for by is filled in where they were written before it existed."""

from django.db import migrations

from signatories import likeness


def fill(apps, schema_editor):
    for model, aliases in (("Organisation", True), ("Signature", False)):
        rows = apps.get_model("signatories", model).objects.filter(spellings="")
        for row in rows.iterator(chunk_size=500):
            written = [row.name, *(row.aliases if aliases else [])]
            row.spellings = likeness.spellings(*written, latin=row.latin, website=row.website)
            row.save(update_fields=["spellings"])


def ask_about_proposals(apps, schema_editor):
    """A proposed correction became one of the questions staff are asked."""
    for proposal in apps.get_model("signatories", "Proposal").objects.select_related("signature"):
        proposal.signature.question = "correction"
        proposal.signature.asked_at = proposal.proposed_at
        proposal.signature.save(update_fields=["question", "asked_at"])


class Migration(migrations.Migration):
    dependencies = [("signatories", "0003_desk")]
    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(ask_about_proposals, migrations.RunPython.noop),
    ]
