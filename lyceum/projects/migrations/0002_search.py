"""On PostgreSQL, a trigram index makes substring search independent of size."""

from django.db import migrations

CREATE = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX project_search ON projects_project
    USING gin (search_text gin_trgm_ops) WHERE deleted IS NULL;
"""
DROP = "DROP INDEX project_search;"


def _on_postgresql(sql):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql)

    return run


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial")]
    operations = [migrations.RunPython(_on_postgresql(CREATE), _on_postgresql(DROP))]
