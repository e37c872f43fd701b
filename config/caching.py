"""Who may keep which answer, and for how long: one table, in which every address has one class.

Views say nothing about caches; config.middleware.CachingMiddleware says it for them, by this table. What stands in no
class is kept by nobody, and neither is any answer but a page that is there: a cache may keep a 404 unasked, and a
letter that was asked for too early would be missing at its launch.
"""

from collections.abc import Mapping

# Names are never older than 5 s in a shared cache, and never shown when they cannot be asked for again: behind nginx
# and one more cache that is 12 s at most, and the promise is a minute.
FRESH = "public, max-age=0, s-maxage=5, must-revalidate, proxy-revalidate"
NOT_STORED = "no-store, private"

# What anybody may read: the same for everybody, without a cookie, and for Vary it has Accept-Encoding at most.
PAGE = {"Cache-Control": FRESH}
DATA = {"Cache-Control": FRESH, "Access-Control-Allow-Origin": "*"}  # other sites' pages may read it
PICTURE = {"Cache-Control": "public, max-age=604800"}  # names nobody, and its address changes with it
# What is one person's own, or behind a secret link: kept by nobody, and in no index.
PERSONAL = {"Cache-Control": NOT_STORED, "X-Robots-Tag": "noindex, nofollow, noarchive"}
# The desk, with its downloads; it alone has cookies, for its own addresses.
DESK = {"Cache-Control": NOT_STORED}
HEALTH = {"Cache-Control": NOT_STORED}
# An address that moved: for one browser, since secret links are moved too.
MOVED = {"Cache-Control": "private, max-age=86400"}
NOTHING = {"Cache-Control": NOT_STORED}

# Every name of config/urls.py. Everything below /admin/ is the desk.
CLASSES: tuple[tuple[Mapping[str, str], str], ...] = (
    (PAGE, "home host letter signatories versions version deliveries news share archive"),
    (PAGE, "press counting statement event_wall embed embed_code"),
    # These count, and some of them name.
    (PAGE, "letter_pdf letter_html letter_docx letter_txt poster card map"),
    (DATA, "live signatories_json signatories_csv"),
    (PAGE, "feed sitemap robots"),
    (PICTURE, "host_picture"),
    (PERSONAL, "sign sign_sent confirm own_page own_press agree vouch signed_card"),
    (PERSONAL, "gathering_letter gathering_sign gathering_sent gathering_comments embargoed"),
    (PERSONAL, "workshop workshop_sign workshop_sent invitation invitation_sign unsubscribe"),
    (HEALTH, "healthz"),
)
CLASS_OF = {name: headers for headers, names in CLASSES for name in names.split()}


def headers_of(name: str | None, method: str | None, status: int, *, is_desk: bool) -> Mapping[str, str]:
    """Return the headers about keeping an answer of the address with that name (None where there is none)."""
    if is_desk:
        return DESK
    if status == 301:
        return MOVED
    headers = CLASS_OF.get(name or "", NOTHING)
    is_there = status in (200, 304) and method in ("GET", "HEAD")
    return headers if is_there or headers is PERSONAL else NOTHING
