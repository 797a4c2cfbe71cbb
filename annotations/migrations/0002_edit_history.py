"""Every text carries its edit history as one JSON document, which PostgreSQL keeps itself.

A trigger writes it, so that it says what the versions say whoever changes them: the service, a
member who leaves and whose name goes from every version, or a release that knows nothing of it.
"""

from django.db import migrations, models

FORWARDS = """
CREATE FUNCTION annotation_history_of(wanted uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        jsonb_agg(
            jsonb_build_object(
                'number', number,
                'kind', kind,
                'author', author_id,
                'caption', caption_id,
                'reverted_to', reverted_to,
                'at', to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
            )
            ORDER BY number
        ),
        '[]'
    )
    FROM annotations_revision WHERE annotation_id = wanted
$$;
CREATE FUNCTION annotation_history_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Locked first: the versions are then read as they are when nobody else is writing one.
    PERFORM 1 FROM annotations_annotation WHERE id = NEW.annotation_id FOR NO KEY UPDATE;
    UPDATE annotations_annotation SET history = annotation_history_of(id)
    WHERE id = NEW.annotation_id;
    RETURN NULL;
END $$;
CREATE TRIGGER revision_keeps_history
    AFTER INSERT OR UPDATE ON annotations_revision FOR EACH ROW
    EXECUTE FUNCTION annotation_history_keep();
UPDATE annotations_annotation SET history = annotation_history_of(id);
"""
BACKWARDS = """
DROP TRIGGER revision_keeps_history ON annotations_revision;
DROP FUNCTION annotation_history_keep();
DROP FUNCTION annotation_history_of(uuid);
"""


class Migration(migrations.Migration):
    dependencies = [("annotations", "0001_initial")]
    operations = [
        migrations.AddField(
            model_name="annotation",
            name="history",
            field=models.JSONField(db_default=[], default=list, editable=False),
        ),
        migrations.RunSQL(FORWARDS, BACKWARDS),
    ]
