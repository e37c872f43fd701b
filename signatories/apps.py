from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class SignatoriesConfig(AppConfig):
    """Who says it too."""

    name = "signatories"
    verbose_name = _("signatories")

    def ready(self) -> None:
        """Have the fonts of documents looked for when everything else is checked."""
        from signatories import fonts  # only now: settings are read there

        checks.register(fonts.check)
