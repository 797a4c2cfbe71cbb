"""Tell PostgreSQL what comparing trigrams costs, so that it asks the index, not every text.

pg_trgm calls each comparison as cheap as adding two numbers; it took 4 microseconds, some hundred
times as long. Where the extension belongs to somebody else, all stays as it is.
"""

from django.db import migrations

COSTS = """
DO $$ BEGIN
    ALTER FUNCTION word_similarity(text, text) COST {cost};
    ALTER FUNCTION word_similarity_op(text, text) COST {cost};
    ALTER FUNCTION word_similarity_commutator_op(text, text) COST {cost};
EXCEPTION WHEN insufficient_privilege OR undefined_function THEN
    RAISE NOTICE 'pg_trgm belongs to another role: costs stay as they are.';
END $$
"""


class Migration(migrations.Migration):
    dependencies = [
        ("annotations", "0003_edit_history_indexes"),
        ("gallery", "0002_albums_batches"),
    ]
    operations = [migrations.RunSQL(COSTS.format(cost=100), COSTS.format(cost=1))]
