from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notebooks', '0002_lifecycle'),
    ]

    operations = [
        migrations.AddField(
            model_name='notebookserver',
            name='restart',
            field=models.BooleanField(default=False, verbose_name='starts again once it has stopped'),
        ),
    ]
