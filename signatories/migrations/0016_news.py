"""News of a letter on its public pages."""

from django.db import migrations, models

# What is mailed keeps its words, and so does what everybody reads.
KEEP = """
CREATE OR REPLACE FUNCTION signatories_keep_what_was_mailed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told varchar;
    shown timestamptz;
BEGIN
    -- Locked, so that what is scheduled or published in this moment is what was read.
    SELECT status, published_at INTO told, shown FROM signatories_update
        WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.update_id ELSE NEW.update_id END FOR SHARE;
    IF told <> 'draft' OR shown IS NOT NULL OR (TG_OP = 'UPDATE' AND NEW.update_id <> OLD.update_id) THEN
        RAISE EXCEPTION 'this update is no draft any more' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""
AS_BEFORE = """
CREATE OR REPLACE FUNCTION signatories_keep_what_was_mailed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    told varchar;
BEGIN
    -- Locked, so that what is scheduled in this moment is what was read.
    SELECT status INTO told FROM signatories_update
        WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.update_id ELSE NEW.update_id END FOR SHARE;
    IF told <> 'draft' OR (TG_OP = 'UPDATE' AND NEW.update_id <> OLD.update_id) THEN
        RAISE EXCEPTION 'this update is no draft any more' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("signatories", "0015_search_text_filled")]
    operations = [
        migrations.AddField(
            "update",
            "published_at",
            models.DateTimeField(null=True, verbose_name="on the letter’s page since"),
        ),
        migrations.AddIndex(
            "update",
            models.Index(
                fields=["letter", "-published_at"],
                condition=models.Q(published_at__isnull=False),
                name="news_newest_first",
            ),
        ),
        migrations.RunSQL(KEEP, AS_BEFORE),
    ]
