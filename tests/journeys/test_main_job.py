"""The main job, by HTTP and mailbox: sign, confirm, approve, watch."""

import pytest

from signatories.models import Signature
from tests.factories import enter, make_letter, make_staff, sign_form

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("prefix", "language"), [("", "en"), ("/ar", "ar"), ("/fr", "fr"), ("/sw", "sw")])
def test_an_organisation_signs_confirms_is_approved_and_stands_on_the_page(
    client, work, mailbox, prefix, language
):
    letter = make_letter(languages=("en", "ar", "fr", "sw"))
    alice = make_staff()
    page = f"{prefix}/letters/asylum/"
    assert client.get(page).status_code == 200
    assert client.get(f"{page}sign/").status_code == 200

    answer = client.post(f"{page}sign/", sign_form())
    assert (answer.status_code, answer["Location"]) == (303, f"{page}sign/sent/")
    assert client.get(answer["Location"]).status_code == 200
    work()
    link = mailbox.link_to("amina@kettle.example")
    assert link.startswith(f"{prefix}/s/")

    assert client.get(link).status_code == 200
    assert Signature.objects.get().status == "unconfirmed"
    assert client.post(link, {"visibility": "public"}).status_code == 200
    signature = Signature.objects.get()
    assert (signature.status, signature.language) == ("awaiting_moderation", language)
    assert "Blue Kettle" not in client.get(page).content.decode()

    enter(client, alice)
    answer = client.post(f"/admin/signatories/signature/{signature.pk}/decide/", {"decision": "approve"})
    assert answer.status_code == 302
    assert "Blue Kettle" in client.get(page).content.decode()
    assert client.get("/letters/asylum/live.json").json()["organisations"] == 1
    work()
    assert len(mailbox.to("amina@kettle.example")) == 3
    assert letter.signatures.published().count() == 1
