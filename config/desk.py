"""Which site the desk is, and what it lists."""

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig


class DeskConfig(AdminConfig):
    """Django's admin, with our own site, which lists nothing of django-allauth's: its rows hold secrets."""

    default_site = "signatories.desk.Desk"

    def ready(self) -> None:
        super().ready()
        for label in ("account", "mfa"):
            for model in apps.get_app_config(label).get_models():
                if admin.site.is_registered(model):
                    admin.site.unregister(model)
