"""Every address of the desk, with a row for each to be about; for tests that must forget none."""

from dataclasses import dataclass
from functools import cache

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.urls import get_resolver, reverse
from django_tasks_db.models import DBTaskResult

from letters.models import Comment, Event, Host, Letter, Text, Version
from signatories import invalidation, merging, moderation, on_behalf, withdrawal
from signatories.models import Parcel, ParcelStatus
from tests.factories import (
    make_claim,
    make_delivery,
    make_invitation,
    make_letter,
    make_list,
    make_member,
    make_organisation,
    make_press_contact,
    make_quote,
    make_rule,
    make_signature,
    make_staff,
    make_update,
    make_workshop,
)


@cache
def names_of_the_desk():
    """Return {name: its parameters} of every address below /admin/; redirects to another address have no name."""
    return dict(_named(get_resolver(), "", ""))


def _named(resolver, namespace, prefix):
    for pattern in resolver.url_patterns:
        path = f"{prefix}{pattern.pattern}"
        if hasattr(pattern, "url_patterns"):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _named(pattern, inner, path)
        elif path.startswith("admin/") and pattern.name:
            yield f"{namespace}{pattern.name}", list(pattern.pattern.regex.groupindex)


@dataclass
class World:
    """One row for every form of the desk, and somebody to be looked at."""

    rows: dict[str, object]

    def address(self, name):
        """Return the address of that name, about this world's row."""
        return reverse(name, kwargs={each: self._value(name, each) for each in names_of_the_desk()[name]})

    def _value(self, name, parameter):
        short = name.rpartition(":")[2]
        for key in (f"{short} {parameter}", parameter):
            if key in self.rows:
                return self.rows[key]
        models = [model for model in self.rows if short.startswith(f"{model}_")]
        assert models, f"Say in tests/desk.py which row {name} is about: {parameter} has no value."
        return self.rows[max(models, key=len)]


_OF_A_LETTER = ("board", "prepare", "preview", "make", "mark", "supplement", "pack", "cover")


def make_world():
    """A signature that waits and one that was decided, with all that belongs to them; a draft; a colleague."""
    olga = make_staff("olga")
    colleague = make_member("zoe", "Moderator")
    make_letter("draft", phase="draft")
    signature = make_signature(make_letter(), status="awaiting_moderation")
    published = make_signature(signature.letter, name="Red Kettle")
    moderation.hold(published, by=olga)
    moderation.approve(published, by=olga)
    absorbed, other = make_organisation("Red Kettle Circle"), make_organisation("Green Pot")
    merging.merge(published.organisation, absorbed, by=olga)
    rule = invalidation.begin(make_rule(signature.letter, name_pattern="*spam*"), counted=0, by=olga)
    gone = make_signature(signature.letter, name="Blue Jug")
    handed = make_delivery(signature.letter, status="sent")
    withdrawal.withdraw(gone)
    parcel = Parcel.objects.create(letter=signature.letter, by=olga, total=1, status=ParcelStatus.READY)
    entered = {"visibility": "public", "language": "en", "channel": "phone", "evidence": "A call."}
    text = signature.text
    on_behalf.enter(signature.letter, text=text, claim=make_claim("Green Jug"), by=olga, **entered)
    draft = Version.objects.create(letter=signature.letter, by=olga, change="editorial")
    draft.drafted.create(language="en", standing="official", title="New", body="We ask.", what_changed="All.")
    update = make_update(signature.letter, by=olga)
    comment = Comment.objects.create(text=signature.text, words="Hm.", language="en")
    invitation = make_invitation(signature.letter, name="Green Pot", status="to_send")
    return World(
        {
            **{f"{page} pk": signature.letter_id for page in ("export_letter", "import_list")},
            "enter_on_behalf pk": signature.letter_id,
            **{
                f"{page} pk": signature.letter_id
                for page in ("change_text", "preview_version", "act_on_version")
            },
            "who_has_agreed pk": signature.letter_id,
            **{f"{page} pk": signature.letter_id for page in ("workshops_of_letter", "comments_of_letter")},
            **{f"{page} pk": signature.letter_id for page in ("updates_of_letter", "write_update")},
            **{
                f"{page} pk": signature.letter_id
                for page in ("press_of_letter", "act_on_press_link", "spokespeople_of_letter")
            },
            "act_on_press_contact pk": make_press_contact(signature.letter, by=olga).pk,
            "act_on_quote public_id": make_quote(published).public_id,
            **{f"{act}_update public_id": update.public_id for act in ("show", "rewrite", "act_on")},
            "act_on_workshop public_id": make_workshop(signature.letter, by=olga).workshop.public_id,
            "act_on_comment public_id": comment.public_id,
            "imported_list public_id": make_list(signature.letter, by=olga).public_id,
            "letters_staff": colleague.pk,
            "auth_user_password": colleague.pk,
            "auth_group": Group.objects.get(name="Moderator").pk,
            "letters_event": Event.objects.filter(subject_kind="signature").first().pk,
            "letters_host": Host.objects.get().pk,
            "letters_letter": Letter.objects.get(slug="draft").pk,
            "letters_text": Text.objects.get(letter__slug="draft").pk,
            "signatories_signature": signature.pk,
            "signatories_organisation": published.organisation_id,
            "signatories_organisation_merge other": other.pk,
            "signatories_invalidation": rule.pk,
            "signatories_invitation": invitation.pk,
            **{
                f"signatories_invitation_{page} pk": signature.letter_id
                for page in ("new", "unanswered", "follow_up")
            },
            "signatories_delivery": handed.pk,
            **{f"signatories_delivery_{page} pk": signature.letter_id for page in _OF_A_LETTER},
            "signatories_delivery_parcel public_id": parcel.public_id,
            "signatories_delivery_download public_id": parcel.public_id,
            "django_tasks_database_dbtaskresult": DBTaskResult.objects.first().pk,
            "language": "en",
            "app_label": "signatories",
            "content_type_id": ContentType.objects.get_for_model(Letter).pk,
            "view_on_site object_id": signature.letter_id,
            "account_new_password pk": colleague.pk,
            "account_new_password key": "guessed",
            "mfa_remove_webauthn pk": 1,
            "account_nowhere rest": "nowhere",
        }
    )
