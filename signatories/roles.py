"""The roles at the desk, as docs/moderating.md tells them and tests hold the desk to them.

Migrations make the groups, from lists of their own: one that read this table would make something else each time the
table changes. Whoever changes a role changes this table and writes a migration, and a test asks for both.
"""

from django.utils.translation import gettext_noop

_Rights = dict[str, str]  # {model: what may be done to it: "view add change delete", and "export"}

_SIGNATURES: _Rights = {
    "signatories.signature": "view add change",
    "signatories.organisation": "view change",
    "signatories.remark": "view add",
    "signatories.evidence": "view add",
    "signatories.vouch": "view add change",
    "signatories.merge": "view add change",
    "signatories.distinction": "view add",
}
_LETTERS: _Rights = {
    f"letters.{model}": "view add change delete"
    for model in ("host", "hosttext", "hostlink", "letter", "text", "recipient", "figure")
}
_DELIVERIES: _Rights = {"signatories.delivery": "view add change"}
_LISTS: _Rights = {"signatories.importfile": "view add change"}
_INVITATIONS: _Rights = {"signatories.invitation": "view add change"}
_WORKSHOPS: _Rights = {"signatories.workshop": "view add change"}
_UPDATES: _Rights = {"signatories.update": "view add change"}
_COMMENTS: _Rights = {"letters.comment": "view change"}
_PRESS: _Rights = {"letters.presscontact": "view add change delete", "letters.presslink": "view add change"}
_QUOTES: _Rights = {"signatories.quote": "view change"}
_EVENTS: _Rights = {"letters.event": "view"}  # of what one may see; see letters.admin.EventAdmin

ROLES: dict[str, _Rights] = {
    gettext_noop("Moderator"): {**_SIGNATURES, **_INVITATIONS, **_WORKSHOPS, **_QUOTES, **_EVENTS},
    gettext_noop("Editor"): {**_LETTERS, **_DELIVERIES, **_COMMENTS, **_UPDATES, **_PRESS, **_EVENTS},
    gettext_noop("Data officer"): {
        "signatories.signature": "view",
        "signatories.organisation": "view",
        "signatories.contact": "view export",
        **_LISTS,
        **_INVITATIONS,
        **_EVENTS,
    },
    gettext_noop("Manager"): {
        **_SIGNATURES,
        **_LETTERS,
        **_DELIVERIES,
        **_LISTS,
        **_INVITATIONS,
        **_WORKSHOPS,
        **_COMMENTS,
        **_UPDATES,
        **_PRESS,
        **_QUOTES,
        **_EVENTS,
        "signatories.invalidation": "view add change",
        "letters.staff": "view add change",
    },
}


def permissions_of(role: str) -> set[str]:
    """Return what a role may do, as Django names it: "signatories.view_signature"."""
    return {
        f"{app}.{act}_{model}"
        for (app, _dot, model), acts in ((path.partition("."), acts) for path, acts in ROLES[role].items())
        for act in acts.split()
    }
