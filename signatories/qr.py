"""An address as a picture that phones read."""

from functools import lru_cache

import qrcode
from django.utils.html import format_html
from django.utils.safestring import SafeString


def drawing(address: str, *, label: str, is_public: bool = False) -> SafeString:
    """Return a QR code to stand in the page itself: our policy allows no image of another kind.

    That of a public address is remembered, since its page is made anew with every name.
    """
    width, dark = (_kept_outline if is_public else _outline)(address, border=4)
    svg = '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}"><path d="{2}"/></svg>'
    return format_html(svg, width, label, dark)


def image(address: str) -> SafeString:
    """Return a QR code as a file of its own, without a border."""
    width, dark = _outline(address, border=0)
    svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}"><path d="{1}"/></svg>'
    return format_html(svg, width, dark)


def _outline(address: str, *, border: int) -> tuple[int, str]:
    """Return how many modules a code is wide, and the path around the dark ones."""
    code = qrcode.QRCode(border=border)
    code.add_data(address)
    rows = code.get_matrix()
    dark = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark
    )
    return len(rows), dark


_kept_outline = lru_cache(maxsize=256)(_outline)
