"""Choosing rows of a list of the desk, as its page does it."""

from bs4 import BeautifulSoup

SIGNATURES = "/admin/signatories/signature/"
ORGANISATIONS = "/admin/signatories/organisation/"


def selection(client, page=SIGNATURES):
    """Open a list and return the signed selection it carries, "" where nothing can be chosen."""
    content = BeautifulSoup(client.get(page).content, "html.parser")
    shown = content.select_one("input[name=shown]")
    return shown["value"] if shown else ""


def tick(client, action, rows, *, page=SIGNATURES, follow=True, **fields):
    """Open a list, tick rows, and choose what to do with them."""
    fields = {"shown": selection(client, page), **fields} if "shown" not in fields else fields
    return send(client, action, rows, page=page, follow=follow, **fields)


def send(client, action, rows, *, page=SIGNATURES, follow=True, **fields):
    """Send a choice of rows, whatever list it is from."""
    keys = [getattr(row, "pk", row) for row in rows]
    return client.post(page, {"action": action, "_selected_action": keys, **fields}, follow=follow)


def outcomes(answer):
    """Return {name: what became of it}, "" for done, as a results page tells."""
    content = BeautifulSoup(answer.content, "html.parser")
    rows = content.select("#content-main .rows > li")
    return {
        row.select_one("bdi, .quiet").get_text(): " ".join(p.get_text() for p in row.select("p"))
        for row in rows
    }


def said(answer):
    """Return all messages of a page in one text."""
    return " ".join(str(message) for message in answer.context["messages"])
