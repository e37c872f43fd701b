from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SignatoriesConfig(AppConfig):
    """Who says it too."""

    name = "signatories"
    verbose_name = _("signatories")
