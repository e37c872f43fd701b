"""What a person, or a program for one, reads in a PDF."""

import os
import shutil
import subprocess

import pytest

_TURNING = "\u2066\u2067\u2068\u2069\u202a\u202b\u202c"


def can_be_read():
    """Whether this machine has what reads a PDF; tests that are about more than PDFs ask before."""
    return shutil.which("pdftotext") is not None


def text_of(pdf):
    """Return the words in reading order in one line, without the marks that only turn directions."""
    words = _ask("pdftotext", "-enc", "UTF-8", pdf=pdf)
    return " ".join(words.translate(dict.fromkeys(map(ord, _TURNING))).split())


def facts_of(pdf):
    """Return what a PDF says of itself: {"Title": ..., "Tagged": "yes", "Pages": "3"}."""
    lines = _ask("pdfinfo", pdf=pdf).splitlines()
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _ask(program, *options, pdf):
    if shutil.which(program) is None:
        reason = f"{program} is not installed here (poppler-utils), so nobody reads the PDF"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    where = ["-", "-"] if program == "pdftotext" else ["-"]
    return subprocess.run(
        [program, *options, *where], input=pdf, capture_output=True, check=True
    ).stdout.decode()
