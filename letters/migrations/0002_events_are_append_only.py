"""What was done stays written down: the database refuses to change or delete an event."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION letters_refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE ON letters_event
    FOR EACH ROW EXECUTE FUNCTION letters_refuse_event_change();
"""
ALLOW = """
DROP TRIGGER events_are_append_only ON letters_event;
DROP FUNCTION letters_refuse_event_change();
"""


class Migration(migrations.Migration):
    dependencies = [("letters", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
