"""A line of the audit log is never changed nor removed: PostgreSQL itself refuses, whoever asks."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log is only added to.' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER audit_append_only
    BEFORE UPDATE OR DELETE ON accounts_auditevent FOR EACH ROW
    EXECUTE FUNCTION audit_refuse_change();
"""
BACKWARDS = """
DROP TRIGGER audit_append_only ON accounts_auditevent;
DROP FUNCTION audit_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_audit_log")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
