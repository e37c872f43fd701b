"""Domains of mailboxes and websites: whose they are, as far as a name tells. Nothing is ever looked up elsewhere."""

from functools import lru_cache
from urllib.parse import unquote, urlsplit

from disposable_email_domains import blocklist
from publicsuffixlist import PublicSuffixList

# Mailboxes anybody can have: they say nothing about an organisation, and nothing against it.
_FREE_MAIL = frozenset(
    """
    gmail.com googlemail.com yahoo.com yahoo.fr yahoo.es yahoo.co.uk ymail.com rocketmail.com hotmail.com hotmail.fr
    outlook.com outlook.fr live.com live.fr msn.com icloud.com me.com mac.com aol.com gmx.com gmx.de gmx.net web.de
    mail.com mail.ru yandex.com yandex.ru proton.me protonmail.com pm.me tutanota.com tutamail.com tuta.io zoho.com
    orange.fr wanadoo.fr free.fr laposte.net qq.com 163.com 126.com sina.com naver.com riseup.net disroot.org
""".split()
)
# Hosts on which everybody has a page: there the page is what belongs to an organisation.
_PAGES = frozenset(
    """
    facebook.com instagram.com linkedin.com x.com t.me youtube.com tiktok.com linktr.ee medium.com bsky.app google.com
    threads.net vk.com tumblr.com patreon.com gofundme.com linkin.bio beacons.ai chat.whatsapp.com
""".split()
)
_ANOTHER_NAME = {
    "fb.com": "facebook.com",
    "fb.me": "facebook.com",
    "twitter.com": "x.com",
    "telegram.me": "t.me",
    "telegram.org": "t.me",
    "whatsapp.com": "chat.whatsapp.com",
}
# Hosts that rent out names and are not in the list of public suffixes.
_RENTED_BELOW = frozenset(
    """
    wordpress.com weebly.com business.site webnode.page webnode.com odoo.com jimdofree.com jimdosite.com substack.com
    home.blog squarespace.com mystrikingly.com godaddysites.com webs.com yolasite.com site123.me ucraft.site
""".split()
)
# What lies there belongs to nobody who could be told by it: short links, phone numbers, single videos.
_TELL_NOTHING = frozenset(
    "bit.ly tinyurl.com goo.gl t.co cutt.ly lnkd.in is.gd wa.me youtu.be fb.watch".split()
)
# Parts of an address under which such a host keeps pages; the part that follows tells whose page it is.
_SHELVES = frozenset(
    """
    pg pages people p groups events company in school showcase channel c user profile view site sites gen u
""".split()
)
# Places that are nobody's page: a single post, a form, a search.
_NOBODYS = frozenset(
    """
    share sharer posts photo photos video videos watch reel reels story stories permalink dialog hashtag search
    forms document d file drive maps login home intent playlist shorts invite joinchat explore feed a
""".split()
)


def registered(host: str) -> str:
    """Return the part of a host name that somebody registered ("www.amani.or.ke" is "amani.or.ke"), "" for none.

    Below hosts that rent out names ("amani.wordpress.com", "amani.github.io") that is the rented name.
    """
    host = host.strip().strip(".").casefold()
    if "." not in host or host.rpartition(".")[2].isdigit():  # an address in numbers
        return ""
    domain = str(_suffixes().privatesuffix(_in_letters(host)) or "")
    if domain not in _RENTED_BELOW:
        return domain
    rented = host.removesuffix(domain).strip(".").rpartition(".")[2]
    return f"{rented}.{domain}" if rented not in ("", "www") else domain


def of_website(url: str) -> str:
    """Return what of a web address belongs to one organisation: its domain, or its page on a host of many."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        domain = registered(parts.hostname or "")
    except ValueError:  # "[" without "]"
        return ""
    domain = _ANOTHER_NAME.get(domain, domain)
    if domain in _TELL_NOTHING or domain in _RENTED_BELOW:
        return ""
    if domain not in _PAGES:
        return domain
    page = _page(parts.path, parts.query)
    return f"{domain}/{page}" if page else ""


def of_mailbox(address: str) -> str:
    """Return the domain somebody registered for a mailbox."""
    return registered(address.rpartition("@")[2])


def is_free_mail(domain: str) -> bool:
    """Whether anybody can have a mailbox there."""
    return domain in _FREE_MAIL


def is_disposable(domain: str) -> bool:
    """Whether mailboxes there are made to be thrown away."""
    return domain in blocklist


def _page(path: str, query: str) -> str:
    """Return the part of an address that says whose page it is, "" where nothing does."""
    parts = [part.removeprefix("@") for part in unquote(path).casefold().split("/") if part]
    while parts and parts[0] in _SHELVES:
        del parts[0]
    if not parts or parts[0] in _NOBODYS:
        return ""
    if parts[0] == "profile.php":
        return next((field[3:] for field in query.split("&") if field.startswith("id=")), "")
    return parts[0]


def _in_letters(host: str) -> str:
    """Return a host as people read it, since it is written both ways: "xn--p1ai" is "рф"."""
    if "xn--" not in host:
        return host
    try:
        return host.encode().decode("idna")
    except UnicodeError:
        return host


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
