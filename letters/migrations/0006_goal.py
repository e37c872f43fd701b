"""How many organisations a letter hopes for."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("letters", "0005_changed_texts")]
    operations = [
        migrations.AddField(
            model_name="letter",
            name="goal",
            field=models.IntegerField(
                blank=True,
                help_text="How many organisations you hope for: the letter shows how far it has come. "
                "Leave it empty to show none.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(
                        1, "A goal is one organisation or more. Leave it empty for none."
                    ),
                    django.core.validators.MaxValueValidator(
                        1000000, "There are not that many organisations. Give a smaller number."
                    ),
                ],
                verbose_name="goal",
            ),
        ),
        migrations.AddConstraint(
            model_name="letter",
            constraint=models.CheckConstraint(
                condition=models.Q(("goal__isnull", True), ("goal__gte", 1), _connector="OR"),
                name="a_goal_is_one_organisation_or_more",
            ),
        ),
    ]
