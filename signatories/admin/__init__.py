"""The desk of signatories: what waits, one case at a time, organisations, and rules for many at once."""

from signatories.admin import invalidations, organisations, signatures, tasks

__all__ = ["invalidations", "organisations", "signatures", "tasks"]
