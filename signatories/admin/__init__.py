"""The desk of signatories: what waits, one case at a time, organisations, and rules for many at once."""

from signatories.admin import deliveries, invalidations, invitations, organisations, signatures, tasks

__all__ = ["deliveries", "invalidations", "invitations", "organisations", "signatures", "tasks"]
