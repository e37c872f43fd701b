"""The desk of signatories: what waits, one case at a time, organisations, and rules for many at once."""

from signatories.admin import deliveries, organisations, signatures

__all__ = ["deliveries", "organisations", "signatures"]
