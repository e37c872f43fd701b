"""The application, writing down every request that reaches it; what a cache in front answers is not among them."""

import json
import os
from collections.abc import Iterable
from typing import Any

from config.wsgi import application as _application

_journal = os.open(os.environ["JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    line = {
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        **{name: value for name, value in environ.items() if name.startswith("HTTP_")},
    }
    os.write(_journal, json.dumps(line).encode() + b"\n")
    return _application(environ, start_response)
