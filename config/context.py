"""What every template may ask for."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language

from config.middleware import STAFF_PATH, split_language
from letters import languages


def page_languages(request: HttpRequest) -> dict[str, Any]:
    """Return the page's own address in every language we speak."""
    if request.path_info.startswith(STAFF_PATH):
        return {}
    _, path = split_language(request.path_info)
    current = get_language()
    return {
        "page_languages": [
            {
                "code": code,
                "name": languages.own_name(code),
                "url": (url := path if code == settings.LANGUAGE_CODE else f"/{code}{path}"),
                "address": f"{settings.SITE_URL}{url}",
                "current": code == current,
            }
            for code, _ in settings.LANGUAGES
        ]
    }
