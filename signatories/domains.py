"""Domains of mailboxes and websites: whose they are, as far as a name tells. Nothing is ever looked up elsewhere."""

from functools import lru_cache
from urllib.parse import urlsplit

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
    facebook.com fb.com instagram.com linkedin.com twitter.com x.com t.me telegram.me youtube.com tiktok.com
    linktr.ee wa.me chat.whatsapp.com google.com medium.com bsky.app
""".split()
)


def registered(host: str) -> str:
    """Return the part of a host name that somebody registered ("www.amani.or.ke" is "amani.or.ke"), "" for none."""
    host = host.strip().strip(".").casefold()
    return str(_suffixes().privatesuffix(host) or "") if "." in host else ""


def of_website(url: str) -> str:
    """Return what of a web address belongs to one organisation: its domain, or its page on a host of many."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        domain = registered(parts.hostname or "")
    except ValueError:  # "[" without "]"
        return ""
    if domain not in _PAGES:
        return domain
    page = parts.path.strip("/").partition("/")[0].casefold()
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


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()
