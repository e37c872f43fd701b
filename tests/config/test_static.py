"""What browsers are sent of our style sheets and scripts: shortened, named by its content, and nothing else changed."""

from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

OURS = sorted(
    path.relative_to(settings.BASE_DIR / "static").as_posix()
    for folder in ("css", "js")
    for path in (settings.BASE_DIR / "static" / folder).iterdir()
)


def served(name):
    return Path(staticfiles_storage.path(staticfiles_storage.stored_name(name)))


@pytest.mark.parametrize("name", OURS)
def test_our_own_files_come_without_comments_and_blanks(name):
    written = (settings.BASE_DIR / "static" / name).read_text()
    said = served(name).read_text()
    assert len(said) < 0.9 * len(written)
    assert "/*" not in said
    assert "\n  " not in said
    assert served(name).with_name(f"{served(name).name}.br").exists()


def test_what_comes_with_a_library_is_served_as_it_came():
    name = "admin/js/jquery.init.js"
    assert served(name).read_text() == Path(finders.find(name)).read_text()


def test_collecting_again_changes_nothing():
    names = {name: served(name) for name in OURS}
    call_command("collectstatic", interactive=False, verbosity=0)
    assert {name: served(name) for name in OURS} == names


def test_words_in_a_script_stay_as_they_are():
    said = served("js/live.js").read_text()
    for written in ('"[data-live]"', '"no-cache"', '"visibilitychange"'):
        assert written in said
