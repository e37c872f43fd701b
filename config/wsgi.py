"""What gunicorn serves."""

import os
import re
from collections.abc import Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_django = get_wsgi_application()

_BOUNDARY = re.compile(r";\s*(boundary=(?:\"[^\"]*\"|[^;]*))", re.IGNORECASE)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Serve with Django, which sees of a Content-Type what kind it is and the boundary of its parts.

    A sender may name any codec Python has as its charset: some raise errors before a middleware is asked, others
    smuggle broken characters in. We read everything as UTF-8.
    """
    kind, parameters, _ = environ.get("CONTENT_TYPE", "").partition(";")
    if parameters:
        boundary = _BOUNDARY.search(environ["CONTENT_TYPE"])
        environ["CONTENT_TYPE"] = f"{kind}; {boundary[1]}" if boundary else kind
    return _django(environ, start_response)
