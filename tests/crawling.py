"""Everything a stranger can fetch: every public address, in every language, of letters in any phase."""

from itertools import count
from typing import NamedTuple

from django.conf import settings
from django.test import Client

from letters import revision
from letters.models import Host, Letter

# Each public address by its name in config/urls.py; test_wall.py fails for one that stands in neither list.
CRAWLED = {
    "home": ["/"],
    "host": ["/hosts/{host}/"],
    "host_picture": ["/hosts/{host}/picture.jpg"],
    "letter": ["/letters/{letter}/"],
    "signatories": [
        f"/letters/{{letter}}/signatories/{asked}"
        for asked in ("", "?page=2", "?by=country", "?country=UG", "?kind=ally", "?initial=C", "?q=canary")
    ],
    "signatories_json": ["/letters/{letter}/signatories.json"],
    "signatories_csv": ["/letters/{letter}/signatories.csv"],
    "map": ["/letters/{letter}/map.svg"],
    "event_wall": ["/letters/{letter}/wall/"],
    "letter_pdf": ["/letters/{letter}/letter.pdf"],
    "deliveries": ["/letters/{letter}/deliveries/"],
    "news": ["/letters/{letter}/news/"],
    "feed": ["/letters/{letter}/feed.atom"],
    "embed": ["/letters/{letter}/embed/", "/letters/{letter}/embed/?names=200&theme=dark"],
    "embed_code": ["/letters/{letter}/embed/code/"],
    "archive": ["/letters/{letter}/archive/"],
    **{f"letter_{suffix}": [f"/letters/{{letter}}/letter.{suffix}"] for suffix in ("html", "docx", "txt")},
    "sitemap": ["/sitemap.xml"],
    "robots": ["/robots.txt"],
    "versions": ["/letters/{letter}/versions/"],
    "version": ["/letters/{letter}/versions/1/", "/letters/{letter}/versions/2/"],
    "press": ["/letters/{letter}/press/"],
    "counting": ["/letters/{letter}/counting/"],
    "statement": ["/letters/{letter}/as-of/guessed/"],
    "share": ["/letters/{letter}/share/", "/letters/{letter}/share/?country=KE"],
    "card": ["/letters/{letter}/card.png"],
    "poster": ["/letters/{letter}/poster.pdf"],
    "signed_card": ["/s/guessed/signed.png"],
    "embargoed": ["/p/guessed/"],
    "own_press": ["/s/guessed/press/"],
    "sign": ["/letters/{letter}/sign/"],
    "sign_sent": ["/letters/{letter}/sign/sent/"],
    "live": ["/letters/{letter}/live.json"],
    "gathering_letter": ["/g/guessed/"],
    "gathering_sign": ["/g/guessed/sign/"],
    "gathering_sent": ["/g/guessed/sign/sent/"],
    "gathering_comments": ["/g/guessed/comments/"],
    "workshop": ["/w/guessed/"],
    "workshop_sign": ["/w/guessed/sign/"],
    "workshop_sent": ["/w/guessed/sign/sent/"],
    "unsubscribe": ["/u/guessed/"],
    "confirm": ["/s/guessed/confirm/"],
    "own_page": ["/s/guessed/"],
    "agree": ["/s/guessed/agree/"],
    "invitation": ["/i/guessed/"],
    "invitation_sign": ["/i/guessed/sign/"],
    "vouch": ["/s/guessed/vouch/"],
    "healthz": ["/healthz"],
}
WITHOUT_LANGUAGE = {
    *("signatories_json", "signatories_csv", "host_picture", "live", "healthz"),
    *("sitemap", "robots"),
}
# The pages whose bytes follow a letter's revision, unlike forms, which nobody may keep. (Those of embed_code follow
# the day, too; its own test looks at that. Cards and posters say less than the letter's page, and are slow to draw.)
KEPT = {
    "share",
    *("press", "counting"),
    *("news", "feed", "embed", "sitemap"),
    *("signatories_json", "signatories_csv"),
    *("home", "host", "letter", "signatories", "map", "event_wall"),
    *("letter_pdf", "deliveries", "versions", "version", "live"),
    *("archive", "letter_html", "letter_docx", "letter_txt"),
}


_strangers = count()


class Answer(NamedTuple):
    status: int
    etag: str
    headers: dict
    body: bytes


def addresses(names):
    """Every address of these names, made of all the slugs there are, public or not."""
    slugs = {
        "host": list(Host.objects.order_by("pk").values_list("slug", flat=True)),
        "letter": list(Letter.objects.order_by("pk").values_list("slug", flat=True)),
    }
    for name in names:
        for pattern in CRAWLED[name]:
            field = next((field for field in slugs if f"{{{field}}}" in pattern), None)
            for path in [pattern.format(**{field: slug}) for slug in slugs[field]] if field else [pattern]:
                yield path
                if name not in WITHOUT_LANGUAGE:
                    yield from (f"/{code}{path}" for code, _ in settings.LANGUAGES if code != "en")


def crawl(names=CRAWLED):
    """Fetch them all as somebody nobody knows: {address: answer}. Nothing kept from before is served."""
    revision.forget()
    client = Client(
        REMOTE_ADDR=f"203.0.113.{next(_strangers) % 256}"
    )  # who guesses codes is slowed in its place
    return {path: _fetch(client, path) for path in addresses(names)}


def crawl_kept_pages(*, but_little_of=()):
    """Fetch the pages that are kept; of a letter that is not public, or one of these slugs, its page alone.

    What of a letter is written in several languages stands on its page: in other languages that one is enough, too.
    """
    revision.forget()
    client = Client()
    hidden = Letter.objects.exclude(pk__in=Letter.objects.public()).values_list("slug", flat=True)
    below = tuple(f"/letters/{slug}/" for slug in (*hidden, *but_little_of))
    twice = {"letter_docx", "letter_txt"}  # what letter.html says, in formats that take longer to write
    other_languages = tuple(f"/{code}/" for code, _ in settings.LANGUAGES if code != "en")
    whole = set(addresses({"home", "host", "letter"}))
    rest = [
        path
        for path in addresses(KEPT - twice)
        if "?" not in path and not path.startswith((*below, *other_languages))
    ]
    return {path: _fetch(client, path) for path in dict.fromkeys((*sorted(whole), *rest))}


def _fetch(client, path):
    response = client.get(path)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    headers = {name: value for name, value in response.headers.items() if name != "Expires"}  # a clock's
    return Answer(response.status_code, headers.get("ETag", ""), headers, body)
