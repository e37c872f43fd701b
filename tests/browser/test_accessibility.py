"""axe finds nothing: on every page, in both directions of writing, on phones and desks, in light and dark."""

import re
from datetime import time

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.contrib.auth.tokens import default_token_generator
from django.template.loader import render_to_string
from django.utils import timezone, translation

from letters import comments
from signatories import invitations, on_behalf, parcels, tokens, unsubscribing, workshops
from signatories.delivery import Answer, record_answer
from signatories.models import Parcel, Purpose, Signature, Token, Update, UpdateMail
from signatories.withdrawal import withdraw
from tests.browser.conftest import follow, wait_for
from tests.factories import (
    make_claim,
    make_co_contact,
    make_comment,
    make_delivery,
    make_factor,
    make_figure,
    make_host,
    make_invitation,
    make_letter,
    make_organisation,
    make_press_contact,
    make_press_link,
    make_proposal,
    make_quote,
    make_signature,
    make_spokesperson,
    make_staff,
    make_update,
    make_version,
    make_vouch,
    make_voucher,
    make_workshop,
)
from tests.passkeys import Passkey

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("language", ["en", "ar"])]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"type": "tag", "values": RULES}
COLOURS = {"type": "rule", "values": ["color-contrast"]}  # all that differs in the dark
# Colours that are still fading to another scheme's would be measured half-way.
AXE = """async ([exclude, options]) => {
    await Promise.all(document.getAnimations().map(animation => animation.finished));
    return axe.run({include: [["html"]], exclude}, options);
}"""
LOOKS = [(360, "light", EVERYTHING), (1280, "light", EVERYTHING), (1280, "dark", COLOURS)]


def test_pages_to_read(visit, language):
    page, look = _reader(visit, language)
    look.at("/")
    letter = _make_full_letter(f"full-{language}")
    make_letter(f"closed-{language}", phase="closed", languages=("en", "ar"))
    gathering = make_letter(f"gathering-{language}", phase="gathering", languages=("en", "ar"))
    other = "ar" if language == "en" else "en"
    make_letter(f"fallback-{language}", languages=(other,), original_language=other)
    look.at(f"/letters/{letter.slug}/")
    assert page.locator(".neighbours").count() == 1
    look.at(f"/letters/{letter.slug}/signatories/")
    look.at(f"/letters/{letter.slug}/signatories/?by=country")
    look.at(f"/letters/{letter.slug}/signatories/?q=ketle")
    look.at(f"/letters/{letter.slug}/signatories/?q=nothing&country=TV")
    look.at(f"/letters/{letter.slug}/archive/")
    look.at(f"/letters/{letter.slug}/wall/")
    look.at(f"/letters/closed-{language}/wall/")
    look.at(f"/letters/closed-{language}/")
    look.at(f"/letters/closed-{language}/signatories/")
    look.at(f"/letters/fallback-{language}/")
    assert page.locator("article [lang]").first.get_attribute("lang") == other
    look.at(f"/g/{gathering.gathering_key}/")
    look.at("/hosts/harbour/")
    look.at("/")
    assert not look.found, "\n".join(look.found)


def test_pages_to_share(visit, language):
    page, look = _reader(visit, language)
    letter = _make_full_letter(f"share-{language}")
    address = f"/letters/{letter.slug}/share/"
    look.at(address)
    assert page.locator(".copy + button").count() == 1
    follow(page.locator("form button"))
    look("invitation, nothing known")
    page.fill("[name=organisation]", "مطبخ الميناء")
    page.fill("[name=website]", "nowhere at all")
    follow(page.locator("form button"))
    look("invitation, half wrong")
    page.fill("[name=website]", "")
    follow(page.locator("form button"))
    look("invitation, made")
    link = page.locator(".done textarea").input_value()
    look.at("/letters/" + link.partition("/letters/")[2])
    signature = make_signature(letter, name="مطبخ الميناء")
    look.at(f"/s/{tokens.mint(signature, Purpose.CONFIRM).value}/confirm/")
    look.at(f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/")
    assert page.locator("img.card").count() == 1
    assert not look.found, "\n".join(look.found)


def test_pages_to_sign(visit, language):
    page, look = _reader(visit, language)
    letter = _make_full_letter(f"sign-{language}")
    make_letter(f"over-{language}", phase="closed", languages=("en", "ar"))
    signature = make_signature(letter, name="مطبخ الميناء", status="unconfirmed")
    address = f"/letters/{letter.slug}/sign/"
    look.at(address)
    _send(page)
    look("sign, everything missing")
    assert page.locator(".problem a").count() == 7
    page.fill("[name=organisation]", "a" * 256)
    page.fill("[name=website]", "nowhere at all")
    page.fill("[name=contact_email]", "amina")
    page.fill("[name=contact_phone]", "12")
    _send(page)
    look("sign, everything wrong")
    assert page.locator("#id_contact_phone_error").count() == 1
    look.at(f"{address}sent/")
    _send(page)
    look("sent, nothing typed")
    look.at(f"/letters/over-{language}/sign/", status=410)
    look.at(f"/s/{tokens.mint(signature, Purpose.CONFIRM).value}/confirm/")
    _send(page)
    look("confirm, nothing chosen")
    page.check("[name=visibility][value=public]")
    _send(page)
    look("confirmed")
    assert Signature.objects.get(pk=signature.pk).status == "awaiting_moderation"
    assert not look.found, "\n".join(look.found)


def test_a_signatorys_own_pages(visit, language):
    page, look = _reader(visit, language)
    letter = _make_full_letter(f"own-{language}")
    signature = make_signature(letter, name="مطبخ الميناء", latin="Matbakh al-Mina")
    make_proposal(signature)
    address = f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/"
    look.at(address)
    page.fill("[name=organisation]", "")
    follow(page.locator("form:has([name=organisation]) button"))
    look("own page, name missing")
    for summary in page.locator(".leaving summary").all():
        summary.click()
    look("own page, about to leave")
    page.check("#sure-withdraw")
    follow(page.locator("[value=withdraw]"))
    look("own page, withdrawn")
    look.at(f"/s/{tokens.mint(signature, Purpose.CONFIRM).value}/confirm/", status=410)
    page.goto(address)
    page.locator(".leaving summary").click()
    page.check("#sure-erase")
    follow(page.locator("[value=erase]"))
    look("erased")
    assert page.locator("h1").count() == 1
    assert not look.found, "\n".join(look.found)


def test_pages_of_vouching_and_of_several_contacts(visit, language):
    page, look = _reader(visit, language)
    letter = _make_full_letter(f"vouch-{language}")
    voucher = make_voucher(letter, name="بيت اللاجئين", latin="Bayt al-Lajiin")
    signature = make_signature(letter, name="Blue Kettle", website="https://kettle.example/")
    make_co_contact(signature)
    make_vouch(signature, make_voucher(letter, name="Green Door"), status="asked")
    own = f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/"
    look.at(f"{own}?known=nobody")
    page.fill("[name=known]", "bayt")
    page.keyboard.press("Enter")
    page.check("[name=voucher]")
    page.locator("[aria-labelledby=others] summary").click()
    look("own page, about to ask")
    follow(page.locator("[value=ask]"))
    look("own page, asked")
    make_vouch(make_signature(letter, name="Night Ferry"), voucher)
    look.at(f"/s/{tokens.mint(voucher, Purpose.VOUCH).value}/vouch/")
    _send(page.locator("section").first)
    look("vouch, nothing chosen")
    page.check("[name=answer][value=same_place]")
    _send(page.locator("section").first)
    look("vouch, answered")
    assert page.locator("[value=revoke]").count() == 2
    page.goto(own)
    page.locator("[aria-labelledby=others] summary").click()
    page.check("#sure-disown")
    follow(page.locator("[value=disown]"))
    look("own page, disowned")
    assert not look.found, "\n".join(look.found)


def test_pages_of_what_went_wrong(visit, language):
    page, look = _reader(visit, language)
    late = tokens.mint(make_signature(make_letter(f"late-{language}")), Purpose.OWN_PAGE).value
    Token.objects.update(expires_at=timezone.now())
    look.at("/nothing/here/", status=404)
    look.at("/s/unknown/", status=404)
    look.at(f"/s/{late}/", status=410)
    for status in (400, 403, 500, 503):
        _pretend(page, status, language)
        look.at(f"/pretended/{status}/", status=status)
    assert not look.found, "\n".join(look.found)


def test_the_desk(log_in, language):
    alice = make_staff()
    letter = _make_full_letter(f"desk-{language}")
    make_organisation("Blue Kettle Circle", verification="verified")
    held = make_signature(letter, name="Blue Kettle Circle!", status="held")
    case = make_signature(letter, name="Yes", status="awaiting_moderation", website="https://yes.example/")
    corrected = make_signature(letter, name="Night Ferry School")
    make_proposal(corrected)
    page = log_in(alice, locale=language)
    look = _Look(page, "")
    signatures = "/admin/signatories/signature/"
    look("queue")
    look.at(f"{signatures}?queue=all")
    for each in (held, case, corrected):
        look.at(f"{signatures}{each.pk}/change/")
    follow(page.locator(".look button"))
    look("contact")
    page.goto(signatures)
    page.locator("[name=_selected_action]").first.check()
    page.select_option("[name=action]", "reject_many")
    follow(page.locator(".actions button"))
    look("reason")
    look.at(f"/admin/letters/letter/{letter.pk}/preview/{language}/")
    look.leave_out = [[".inline-group"]]  # Django's own tables of recipients and figures have no labels
    look.at(f"/admin/letters/letter/{letter.pk}/change/")
    assert not look.found, "\n".join(look.found)


def test_handing_over(site, visit, log_in, settings, language):
    settings.DOCUMENTS_DIR = site.var / "documents"  # which the site shares with its worker
    alice = make_staff()
    letter = _make_full_letter(f"handed-{language}")
    gone = make_signature(letter, name="Night Ferry School")
    sent = make_delivery(letter, status="sent")
    record_answer(sent, answer=Answer(on=timezone.now().date(), words="نعم", is_public=True), by=alice)
    withdraw(gone)
    page = log_in(alice, locale=language)
    look = _Look(page, "")
    desk = "/admin/signatories/delivery/"
    look.at(desk)
    look.at(f"{desk}{sent.pk}/change/")
    look.at(f"{desk}letter/{letter.pk}/cover/")
    look.at(f"{desk}letter/{letter.pk}/?ticked=all")
    follow(page.locator(".deliveries button.default"))
    look("prepare")
    follow(page.locator(".deliveries button.default"))
    look("packing")
    parcels.fill(Parcel.objects.get().pk)
    page.wait_for_selector("#parcel form")  # the page has looked again by itself
    look("ready")
    with page.expect_download() as download:
        page.locator("#parcel button").click()
    assert download.value.suggested_filename == f"{letter.slug}-letters.zip"
    assert not look.found, "\n".join(look.found)

    page, look = _reader(visit, language)
    look.at(f"/letters/{letter.slug}/")
    look.at(f"/letters/{letter.slug}/deliveries/")
    assert not look.found, "\n".join(look.found)


def test_a_workshop(visit, log_in, language):
    alice = make_staff()
    letter = make_letter(
        f"room-{language}", phase="gathering", languages=("en", "ar"), original_language=language
    )
    full = make_workshop(letter, label="غرفة ٣", places=1)
    signature = make_signature(letter, status="awaiting_moderation", workshop=full.workshop)
    workshops.take_place(full.workshop, letter=letter)
    page = log_in(alice, locale=language)
    look = _Look(page, "")
    look.at(f"/admin/letters/letter/{letter.pk}/workshops/")
    follow(page.locator("form.panel button"))
    look("workshops, no label")
    page.fill("[name=label]", "Kakuma room 3")
    follow(page.locator("form.panel button"))
    look("sheet")
    code = page.locator(".sheet-address b").inner_text()
    look.at(f"/admin/letters/letter/{letter.pk}/workshops/")
    look.at(f"/admin/signatories/signature/?queue=all&workshop={full.workshop.public_id}")
    look.at(f"/admin/signatories/signature/{signature.pk}/change/")
    assert not look.found, "\n".join(look.found)

    page, look = _reader(visit, language)
    look.at(f"/w/{code}/")
    follow(page.locator(".sign-off .button").first)
    _send(page)
    look("workshop, everything missing")
    look.at(f"/w/{code}/sign/sent/")
    look.at(f"/w/{full.code}/")
    look.at("/w/guessed/", status=404)
    wait_for(lambda: timezone.now().second < 45)  # tries are counted by the minute of the clock
    for _ in range(20):
        page.request.get("/w/guessed/")
    look.at("/w/guessed/", status=429)
    assert not look.found, "\n".join(look.found)


def test_invitations(visit, log_in, language):
    alice = make_staff()
    letter = make_letter(f"guests-{language}", phase="gathering", languages=("en", "ar"))
    make_signature(letter, name="مطبخ الميناء", status="awaiting_moderation")
    invited = make_invitation(letter, name="مطبخ الميناء", network="Lake Network", words="Call on Friday.")
    for status in ("to_send", "bounced", "will_sign", "signed", "declined", "taken_off"):
        make_invitation(letter, name=f"Guild {status}", status=status)
    page, look = _reader(visit, language)
    address = f"/i/{invitations.mint(invited)}/"
    look.at(f"{address}?answer=will_sign")
    _send(page)
    look("invitation, no day")
    look.at(f"{address}sign/")
    page.goto(page.url.removesuffix("sign/") + "?answer=declined")
    _send(page)
    look("invitation, answered")
    assert page.locator(".done").count() == 1
    look.at("/i/guessed/", status=404)
    assert not look.found, "\n".join(look.found)

    page = log_in(alice, locale=language)
    look = _Look(page, "")
    desk = "/admin/signatories/invitation/"
    look.at(f"{desk}?letter__id__exact={letter.pk}")
    look.at(f"{desk}{invited.pk}/change/")
    page.locator("summary").last.click()
    look("invitation, to be corrected")
    look.at(f"{desk}letter/{letter.pk}/unanswered/?language=ar")
    look.at(f"{desk}letter/{letter.pk}/follow-up/")
    look.at(f"{desk}letter/{letter.pk}/new/")
    page.fill("[name=many-pasted]", "مطبخ الميناء;a@b.example\nNew;none;;Nowhere\n;x@y.example")
    follow(page.locator("button[value=read]"))
    look("lines as they are understood")
    assert not look.found, "\n".join(look.found)


def test_a_text_that_changes(visit, log_in, language):
    alice = make_staff()
    letter = make_letter(f"changed-{language}", languages=("en", "ar"), original_language=language)
    signature = make_signature(letter, name="بيت اللاجئين")
    waiting = make_signature(letter, name="Night Ferry", status="unconfirmed")
    page = log_in(alice, locale=language)
    look = _Look(page, "")
    address = f"/admin/letters/letter/{letter.pk}/text/"
    look.at(address)
    follow(page.locator("form.asked button.default"))
    look("change, nothing chosen")
    page.check("[name=change][value=material]")
    for closed in page.locator("details:not([open]) > summary").all():
        closed.click()
    for each in ("en", "ar"):
        page.fill(
            f"[name={each}-body]", "We ask for *more*.\n\n## Why\n\n* See [here](https://here.example)."
        )
        page.fill(f"[name={each}-what_changed]", "We ask for more.")
    follow(page.locator("form.asked button.default"))
    look("preview")
    follow(page.locator("[value=publish]"))
    look("published")
    look.at(f"/admin/letters/letter/{letter.pk}/agreed/")
    follow(page.locator("form.asked button.default"))
    look("agreed, nobody ticked")
    assert not look.found, "\n".join(look.found)

    page, look = _reader(visit, language)
    for rest in ("", "versions/", "versions/2/", "versions/1/"):
        look.at(f"/letters/{letter.slug}/{rest}")
    look.at(f"/s/{tokens.mint(waiting, Purpose.CONFIRM).value}/confirm/")
    look.at(f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/")
    look.at(f"/s/{tokens.mint(signature, Purpose.AGREE).value}/agree/")
    follow(page.locator("main form button"))
    look("agree, nothing ticked")
    page.check("[name=agrees]")
    follow(page.locator("main form button"))
    look("agreed")
    assert not look.found, "\n".join(look.found)


def test_news_and_frames(visit, log_in, language):
    alice = make_staff()
    letter = _make_full_letter(f"told-{language}")
    make_version(letter, change="material", what_changed="A fifth ask.")
    make_delivery(letter, status="sent")
    update = make_update(letter, languages=("ar",))
    desk = log_in(alice, locale=language)
    look = _Look(desk, "")
    desk.goto(f"/admin/updates/{update.public_id}/")
    follow(desk.locator("[value=publish]"))
    look("update, not said to be public")
    desk.check("[name=is_public]")
    follow(desk.locator("[value=publish]"))
    look("update, on the page")
    look.at(f"/admin/letters/letter/{letter.pk}/updates/")
    assert not look.found, "\n".join(look.found)

    page, look = _reader(visit, language)
    look.at(f"/letters/{letter.slug}/")
    look.at(f"/letters/{letter.slug}/news/")
    assert page.locator(".timeline .written").count() == 1
    look.at(f"/letters/{letter.slug}/embed/code/")
    for query in ("", "?theme=light", "?theme=dark", "?names=0"):
        look.at(f"/letters/{letter.slug}/embed/{query}")
    assert not look.found, "\n".join(look.found)


def test_updates_by_mail(visit, log_in, language):
    alice = make_staff(email="alice@harbour.example")
    letter = make_letter(f"news-{language}", languages=("en", "ar"), original_language=language)
    signature = make_signature(letter, name="بيت اللاجئين", language="sw")
    page = log_in(alice, locale=language)
    look = _Look(page, "")
    desk = f"/admin/letters/letter/{letter.pk}/updates/"
    look.at(desk)
    look.at(f"{desk}write/")
    follow(page.locator("form.panel button.default"))
    look("update, nothing written")
    for closed in reversed(page.locator("details:not([open]) > summary").all()):
        closed.click()
    page.fill("[name=en-subject]", "We were heard")
    page.fill("[name=en-body]", "They *listened*.\n\n## Next\n\n* See [here](https://here.example).")
    page.fill("[name=ar-subject]", "سمعونا")
    follow(page.locator("form.panel button.default"))
    look("update, half written")
    page.fill("[name=ar-body]", "لقد استمعوا.")
    follow(page.locator("form.panel button.default"))
    look("update, as it looks")
    follow(page.locator("[value=send]"))
    look("update, nothing chosen")
    page.check("[name=when][value=night]")
    page.check("[name=has_read]")
    follow(page.locator("[value=send]"))
    look("update, scheduled")
    update = Update.objects.get()
    now = timezone.now()
    Update.objects.update(status="sending", next_round_at=now, server_away_since=now)
    for key, status in (("a", "in_doubt"), ("b", "sent"), ("c", "waiting")):
        UpdateMail.objects.create(update=update, mailbox_key=key * 64, status=status)
    look.at(f"/admin/updates/{update.public_id}/")
    look.at(desk)
    assert not look.found, "\n".join(look.found)

    page, look = _reader(visit, language)
    link = unsubscribing.link(signature.contact.address_key, letter.pk)
    look.at(f"/u/{link}/")
    _send(page)
    look("unsubscribed")
    _send(page)
    look("subscribed again")
    look.at("/u/guessed/", status=404)
    look.at(f"/s/{tokens.mint(signature, Purpose.OWN_PAGE).value}/")
    assert not look.found, "\n".join(look.found)


def test_the_press(visit, log_in, language):
    slug = f"press-{language}"
    letter = _make_full_letter(slug)
    hours = {"hours_from": time(9), "hours_until": time(17)}
    make_press_contact(letter, name="مكتب الصحافة", phone="+254700000000", **hours)
    says = make_signature(letter, name="بيت اللاجئين", latin="Bayt", country="JO")
    make_quote(says, words="باب مفتوح.", language="ar", status="approved")
    for number in range(3):
        make_spokesperson(make_signature(letter, name=f"Speaks {number}", country="KE"))
    secret = make_letter(f"{slug}-secret", phase="gathering", languages=("en", "ar"))
    make_press_contact(secret)
    page, look = _reader(visit, language)
    look.at(f"/letters/{slug}/press/")
    follow(page.locator("main form button"))
    look("statement")
    look.at(f"/letters/{slug}/counting/")
    look.at(f"/p/{make_press_link(secret).key}/")
    look.at(f"/s/{tokens.mint(says, Purpose.OWN_PAGE).value}/press/")
    for act in ("offer", "volunteer"):
        page.locator(f"form:has([value={act}]) [name={'words' if act == 'offer' else 'would'}]").evaluate(
            "field => { field.value = ''; field.checked = false; }"
        )
        follow(page.locator(f"form:has([value={act}]) button:not([name])"))
        look(f"own press page, nothing to {act}")
    assert not look.found, "\n".join(look.found)

    page = log_in(make_staff("zoe"), locale=language)
    look = _Look(page, "")
    look.at(f"/admin/letters/letter/{letter.pk}/press/")
    page.locator(".press-desk details summary").first.click()
    look("a press contact, open")
    follow(page.locator("form.panel button.default"))
    look("a press contact, nothing given")
    look.at(f"/admin/letters/letter/{secret.pk}/press/")
    look.at(f"/admin/letters/letter/{letter.pk}/spokespeople/")
    make_quote(make_signature(letter, name="Waits"), words="We wait.")
    look.at("/admin/quotes/")
    for closed in page.locator(".press-desk details summary").all():
        closed.click()
    look("quotes, reasons open")
    assert not look.found, "\n".join(look.found)


def test_comments_on_a_draft(visit, log_in, language):
    alice = make_staff()
    letter = make_letter(f"draft-{language}", phase="gathering", languages=("en", "ar"))
    letter.texts.update(
        body="We ask.\n\n1. Stay *open*.\n2. Stay.\n\n## Why\n\n> As promised.\n\n---\n\nThanks."
    )
    text = letter.texts.get(language=language)
    answered = make_comment(letter, text=text, passage=2, name="Amina", organisation="مطبخ الميناء")
    comments.answer(answered, by=alice, fate="taken_up", words="Now it says please.")
    make_comment(letter, text=text, words="All of it is too long.")
    make_comment(letter, text=text, words="Between us.", is_private=True)
    make_comment(letter, text=text, passage=1, words="Pills", trapped=True)
    page, look = _reader(visit, language)
    address = f"/g/{letter.gathering_key}/comments/"
    look.at(address)
    look.at(f"{address}?on=1")
    _send(page)
    look("comment, nothing written")
    page.fill("[name=words]", "نعم")
    _send(page)
    look("comment, kept")
    assert page.locator(".done").count() == 1
    assert not look.found, "\n".join(look.found)

    page = log_in(alice, locale=language)
    look = _Look(page, "")
    look.at(f"/admin/letters/letter/{letter.pk}/comments/?text={text.pk}")
    follow(page.locator("button[value=hide]").first)
    look("comments, one hidden")
    assert not look.found, "\n".join(look.found)


def test_lists_exports_and_entries_on_behalf(log_in, language):
    alice = make_staff()
    letter = _make_full_letter(f"lists-{language}")
    page = log_in(alice, locale=language)
    look = _Look(page, "")
    of_letter = f"/admin/letters/letter/{letter.pk}"
    look.at(f"{of_letter}/export/")
    page.locator("details summary").click()
    page.check("[name=what][value=contacts]")
    follow(page.locator("button.default"))
    look("export, without a reason")
    look.at(f"{of_letter}/on-behalf/")
    follow(page.locator("button.default"))
    look("on behalf, nothing typed")
    said = {"visibility": "public", "language": "en", "channel": "phone", "evidence": "اتصال"}
    entered = on_behalf.enter(
        letter, text=letter.texts.first(), claim=make_claim("بيت النور"), by=alice, **said
    )
    look.at(f"{of_letter}/on-behalf/")
    look.at(f"/admin/signatories/signature/{entered.pk}/change/")
    look.at(f"{of_letter}/import/")
    page.fill("[name=pasted]", "Organisation\tCountry\nNight Ferry\tKenya\nYes\t\nبيت الزيتون\tسوريا")
    follow(page.locator("button.default"))
    look("columns")
    follow(page.locator("button.default"))
    look("columns, terms missing")
    page.check("[name=consent][value=unknown]")
    follow(page.locator("button.default"))
    look("rows")
    follow(page.locator("button.default"))
    look("being written")
    follow(page.locator("button[value=stop]"))
    look("stopped")
    assert not look.found, "\n".join(look.found)


def test_the_way_to_the_desk(visit, log_in, language):
    alice, bob = make_staff(f"alice-{language}"), make_staff(f"bob-{language}")
    make_staff(f"demo-{language}", is_demonstration=True)
    page = visit(locale=language)
    look = _Look(page, "")
    account = "/admin/account/"
    look.at(f"{account}login/")
    _type_password(page, f"bob-{language}", "wrong")
    look("wrong password")
    look.at(f"{account}password/forgotten/")
    look.at(f"{account}password/new/{alice.pk}/{default_token_generator.make_token(alice)}/")
    look.at(f"{account}password/new/{alice.pk}/wrong/", status=410)
    page.goto(f"{account}login/")
    _type_password(page, f"bob-{language}")
    look("which second factor")
    look.at(f"{account}app/")
    page.fill("[name=code]", "000000")
    follow(page.locator(".submit-row input"))
    look("wrong code")
    look.at(f"{account}passkeys/add/")
    make_factor(bob)
    page.goto(f"{account}login/")
    _type_password(page, f"bob-{language}")
    look("code")
    other = visit(locale=language)
    other.goto(f"{account}login/")
    _type_password(other, f"demo-{language}")
    at_the_desk = _Look(other, "")
    at_the_desk("the banner")
    keyed = _Look(log_in(alice, locale=language), "")
    key = Passkey().belongs_to(alice)
    pages = ("", "app/", "app/remove/", f"passkeys/{key.pk}/remove/", "recovery-codes/new/", "password/")
    for each in pages:
        keyed.at(f"{account}{each}")
    for each in ("confirm/code/", "confirm/passkey/"):
        keyed.at(f"{account}{each}")
    keyed.page.goto(f"{account}recovery-codes/new/")
    follow(keyed.page.locator(".submit-row input"))
    keyed("recovery codes")
    keyed.at(f"{account}recovery-codes/")
    keyed.at(f"/admin/letters/staff/{bob.pk}/second-factors/")
    found = [*look.found, *at_the_desk.found, *keyed.found]
    assert not found, "\n".join(found)


def _type_password(page, name, password="correct horse battery"):
    page.fill("[name=login]", name)
    page.fill("[name=password]", password)
    follow(page.locator("[type=submit]").first)


class _Look:
    """Goes to pages, looks at them in every way, and keeps what axe finds."""

    def __init__(self, page, prefix):
        self.page = page
        self.prefix = prefix
        self.leave_out = []
        self.found = []

    def at(self, path, *, status=200):
        answer = self.page.goto(self.prefix + path)
        assert answer.status == status, path
        if path.startswith("/admin/signatories/signature/"):
            self.page.wait_for_load_state("networkidle")  # the next case is fetched ahead
        self(path)

    def __call__(self, what):
        self.page.evaluate(AXE_SCRIPT)
        for width, scheme, rules in LOOKS:
            self.page.set_viewport_size({"width": width, "height": 800})
            self.page.emulate_media(color_scheme=scheme)
            options = {"runOnly": rules, "resultTypes": ["violations"], "preload": False}
            for problem in self.page.evaluate(AXE, [self.leave_out, options])["violations"]:
                nodes = [f"{node['target']} {node['failureSummary']}" for node in problem["nodes"]]
                self.found.append(f"{what} {width} {scheme}: {problem['id']} {nodes}")


def _reader(visit, language):
    page = visit()
    return page, _Look(page, "" if language == "en" else f"/{language}")


def _send(part):
    follow(part.locator("form button").last)


def _pretend(page, status, language):
    """Have the page of an error that cannot be had for the asking."""
    with translation.override(language):
        body = render_to_string(f"{status}.html")
    page.route(
        re.compile(f"/pretended/{status}/"),
        lambda route: route.fulfill(status=status, content_type="text/html", body=body),
    )


def _make_full_letter(slug):
    """An open letter with everything a letter can have."""
    host = make_host(website="https://harbour.example/")
    if not host.texts.exists():
        host.texts.create(language="en", stands_for="We **stand** for an open door.")
        host.links.create(label="ميناء", url="https://harbour.example/ar/")
    make_letter(f"{slug}-before", phase="closed")
    letter = make_letter(slug, languages=("en", "ar"), closes_at=timezone.now() + timezone.timedelta(days=9))
    for number in range(6):
        letter.recipients.create(office=f"Mission {number}", mission="بعثة", country="JO")
    make_figure(letter, source_url="https://www.unhcr.org/")
    make_signature(letter, name="لجنة معلّمي الخيمة التاسعة", latin="Lajnat Muallimi", country="SD")
    make_signature(letter, name="Network of Stall-Keepers", is_network=True)
    make_signature(letter, name="Night Ferry", visibility="counted_only")
    make_signature(letter, name="ဘ" * 60, country="MM")
    return letter
