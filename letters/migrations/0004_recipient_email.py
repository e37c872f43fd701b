"""Where recipients receive mail, and since when they are recipients; those that are there were there all along."""

import datetime

from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("letters", "0003_desk")]
    operations = [
        migrations.AddField(
            model_name="recipient",
            name="email",
            field=models.EmailField(blank=True, max_length=254, verbose_name="e-mail"),
        ),
        migrations.AddField(
            model_name="recipient",
            name="addressed_since",
            field=models.DateTimeField(
                default=datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC), editable=False
            ),
        ),
        migrations.AlterField(
            model_name="recipient",
            name="addressed_since",
            field=models.DateTimeField(default=timezone.now, editable=False),
        ),
    ]
