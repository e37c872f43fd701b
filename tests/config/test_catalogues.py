"""Translations are compiled without gettext, and wrong ones are named."""

import gettext
import os

import pytest

from config.catalogues import compile_catalogues

HEADER = (
    '#, fuzzy\nmsgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
)


@pytest.fixture
def source(tmp_path):
    source = tmp_path / "fr" / "LC_MESSAGES" / "django.po"
    source.parent.mkdir(parents=True)
    source.write_text(HEADER + 'msgid "Sign"\nmsgstr "Signer"\n\n#, fuzzy\nmsgid "Close"\nmsgstr "Proche"\n')
    return source


def _translate(source, word):
    with source.with_suffix(".mo").open("rb") as file:
        return gettext.GNUTranslations(file).gettext(word)


def test_what_is_translated_is_compiled(source, tmp_path):
    assert compile_catalogues(tmp_path) == []
    assert _translate(source, "Sign") == "Signer"


def test_a_guess_of_gettext_is_not_used(source, tmp_path):
    compile_catalogues(tmp_path)
    assert _translate(source, "Close") == "Close"


def test_a_compiled_catalogue_is_left_alone(source, tmp_path):
    compile_catalogues(tmp_path)
    compiled = source.with_suffix(".mo")
    os.utime(compiled, (compiled.stat().st_mtime + 10,) * 2)
    before = compiled.stat()
    compile_catalogues(tmp_path)
    assert compiled.stat() == before


def test_a_lost_placeholder_is_named(source, tmp_path):
    with source.open("a") as file:
        file.write('\n#, python-format\nmsgid "%(count)d names"\nmsgstr "%(nombre)d noms"\n')
    (error,) = compile_catalogues(tmp_path)
    assert "django.po:" in error
    assert not source.with_suffix(".mo").exists()


def test_no_translations_are_no_error(tmp_path):
    assert compile_catalogues(tmp_path / "nowhere") == []
