"""Secrets for a developer's own machine, made once and kept in var/. Production never reads them."""

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet


def development_secrets(var: Path) -> dict[str, str]:
    """Return the keys kept in var/secrets.json, making the file when there is none."""
    path = var / "secrets.json"
    if not path.exists():
        _write_once(path, {name: make() for name, make in _MAKERS.items()})
    kept: dict[str, str] = json.loads(path.read_text())
    return kept


_MAKERS: dict[str, Callable[[], str]] = {
    "SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "CONTACT_KEYS": lambda: Fernet.generate_key().decode(),
    "ADDRESS_KEY": lambda: secrets.token_urlsafe(32),
}


def _write_once(path: Path, content: dict[str, str]) -> None:
    """Write whole or not at all; of two that start at once, the first one's file stands."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(content))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
