from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LettersConfig(AppConfig):
    """What is being said."""

    name = "letters"
    verbose_name = _("letters")
