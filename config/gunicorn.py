"""How gunicorn serves, in production and in the demonstration: ``gunicorn -c config/gunicorn.py``."""

import os
from pathlib import Path
from typing import Any

from config.logs import Redact

wsgi_app = "config.wsgi"
bind = f"{os.environ.get('BIND', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4  # a worker that waits for the database can answer another
preload_app = False  # a reload must bring new code; forked database connections would be shared
timeout = 30
graceful_timeout = 20
keepalive = 5  # longer than the few requests a page needs
# A slow leak never grows old, and a crowd of thousands a second does not have workers start anew all the time.
max_requests = 500_000
max_requests_jitter = 50_000  # they do not restart together
# Workers prove that they live by touching a file; on a slow disk that alone can take too long.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes a safe file
control_socket_disable = True  # nobody asks it, and it would be written into the home directory
forwarded_allow_ips = "127.0.0.1"  # only a proxy on this machine may say that the visitor came by https

accesslog = None  # it would hold the addresses of signatories' machines, and tokens
errorlog = "-"


def on_starting(server: Any) -> None:
    """Redact what gunicorn itself logs, before any worker is made."""
    for handler in server.log.error_log.handlers:
        handler.addFilter(Redact())
