"""Apps of others, as we wire them. The desk's own is in config/desk.py."""

from allauth.account.apps import AccountConfig as AllauthAccountConfig


class AccountConfig(AllauthAccountConfig):  # type: ignore[misc]  # django-allauth has no types
    """django-allauth without its middleware, which it looks for by name; ours works below /admin/ alone."""

    def ready(self) -> None:
        from allauth.account import checks  # noqa: F401 - registers them
