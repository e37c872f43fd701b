"""How the desk's pages write what belongs to staff."""

from django import template

from letters.models import Staff
from signatories.admin import words

register = template.Library()


@register.filter
def colleague(staff: Staff) -> str:
    """Return what a member of staff is called among colleagues."""
    return words.colleague(staff)
