"""Dates in Arabic; Django's own formats for it lack the one with the time."""

DATE_FORMAT = "j F Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j F Y، H:i"
