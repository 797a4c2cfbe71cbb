"""A caption never changes once written: PostgreSQL itself refuses, whoever asks."""

from django.db import migrations

FORWARDS = """
CREATE FUNCTION caption_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A caption never changes; write a new one.' USING ERRCODE = 'check_violation';
END $$;
CREATE TRIGGER caption_immutable
    BEFORE UPDATE OF text, origin, language, strategy, rank, log_probability, confidence
    ON captions_caption FOR EACH ROW
    WHEN (
        (OLD.text, OLD.origin, OLD.language, OLD.strategy, OLD.rank, OLD.log_probability,
         OLD.confidence)
        IS DISTINCT FROM
        (NEW.text, NEW.origin, NEW.language, NEW.strategy, NEW.rank, NEW.log_probability,
         NEW.confidence)
    )
    EXECUTE FUNCTION caption_refuse_change();
"""
BACKWARDS = """
DROP TRIGGER caption_immutable ON captions_caption;
DROP FUNCTION caption_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("captions", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
