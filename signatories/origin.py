"""Where a form was sent from: what protects the cookieless forms, in the place of a CSRF cookie."""

from django.http import HttpRequest


def sent_from_elsewhere(request: HttpRequest) -> bool:
    """Whether another site's page sent this form.

    Browsers say so in Sec-Fetch-Site, older ones in Origin. Where neither speaks the form is taken: what it asks
    for must still be confirmed from a mailbox, or carries a secret token in its address.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is not None and origin != "null":
        return origin.partition("://")[2].lower() != request.get_host().lower()
    return False
