"""An address as a picture that phones read."""

import qrcode
from django.utils.html import format_html
from django.utils.safestring import SafeString


def drawing(address: str, *, label: str) -> SafeString:
    """Return a QR code to stand in the page itself: our policy allows no image of another kind."""
    code = qrcode.QRCode(border=4)
    code.add_data(address)
    rows = code.get_matrix()
    dark = "".join(
        f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, is_dark in enumerate(row) if is_dark
    )
    return format_html(
        '<svg class="qr" viewBox="0 0 {0} {0}" role="img" aria-label="{1}"><path d="{2}"/></svg>',
        len(rows),
        label,
        dark,
    )
