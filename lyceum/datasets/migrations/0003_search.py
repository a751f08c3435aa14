"""On PostgreSQL, a trigram index for search (see projects' 0002_search); what official
datasets are found by, and the size of those that were there before."""

from django.db import migrations

CREATE = """
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX dataset_search ON datasets_dataset
    USING gin (search_text gin_trgm_ops) WHERE deleted IS NULL;
"""
DROP = "DROP INDEX dataset_search;"


def _on_postgresql(sql):
    def run(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(sql)

    return run


def fill(apps, schema_editor):
    from lyceum.common.search import searchable

    for dataset in apps.get_model("datasets", "Dataset").objects.all():
        newest = dataset.versions.order_by("-number").first()
        if newest:
            dataset.size, dataset.file_count = newest.size, newest.file_count
        dataset.search_text = searchable(
            (dataset.name, dataset.name_en, dataset.summary, dataset.summary_en)
        )
        dataset.favourite_count = dataset.favourites.count()
        dataset.save()


class Migration(migrations.Migration):
    dependencies = [("datasets", "0002_hub")]
    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.RunPython(_on_postgresql(CREATE), _on_postgresql(DROP)),
    ]
