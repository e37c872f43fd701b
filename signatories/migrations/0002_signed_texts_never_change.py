"""A text that somebody signed never changes: the database refuses.

Signing locks the text FOR SHARE, which its own foreign key does not: a text being changed at that very moment
would otherwise not see the signature, nor the signature the change. Signers do not wait for each other.
"""

from django.db import migrations

REFUSE = """
CREATE FUNCTION signatories_share_signed_text() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM letters_text WHERE id = NEW.text_id FOR SHARE;
    RETURN NEW;
END $$;
CREATE TRIGGER signing_shares_the_text BEFORE INSERT OR UPDATE OF text_id ON signatories_signature
    FOR EACH ROW EXECUTE FUNCTION signatories_share_signed_text();

CREATE FUNCTION signatories_refuse_signed_text_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM signatories_signature WHERE text_id = OLD.id) THEN
        RAISE EXCEPTION 'this text was signed; make a new version'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER signed_texts_never_change BEFORE UPDATE OR DELETE ON letters_text
    FOR EACH ROW EXECUTE FUNCTION signatories_refuse_signed_text_change();
"""
ALLOW = """
DROP TRIGGER signed_texts_never_change ON letters_text;
DROP FUNCTION signatories_refuse_signed_text_change();
DROP TRIGGER signing_shares_the_text ON signatories_signature;
DROP FUNCTION signatories_share_signed_text();
"""


class Migration(migrations.Migration):
    dependencies = [("signatories", "0001_initial")]
    operations = [migrations.RunSQL(REFUSE, ALLOW)]
