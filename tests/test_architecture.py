"""Dependencies run one way, names come from one place, and public pages know nobody."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from letters import revision
from tests.crawling import CRAWLED, addresses
from tests.factories import enter, make_letter, make_signature, make_staff

PROJECT = Path(settings.BASE_DIR)
MAY_IMPORT = {"letters": {"letters"}, "signatories": {"letters", "signatories"}}
OWN = {"config", "letters", "signatories", "tests"}


def modules_of(app):
    return [path for path in (PROJECT / app).rglob("*.py") if "migrations" not in path.parts]


def name_of(path):
    return path.relative_to(PROJECT).as_posix()


def imported_by(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def words_of(path):
    """Names and attributes a module uses, without its strings and comments."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id


# --- one way -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("app", MAY_IMPORT)
def test_imports_run_one_way(app):
    wrong = {
        (name_of(path), other)
        for path in modules_of(app)
        for other in imported_by(path)
        if other in OWN - MAY_IMPORT[app]
    }
    assert wrong == set()


def test_letters_do_not_know_signatures_by_their_reverse_name_either():
    known = {"signatures", "signature_set", "signatures__status"}
    assert [name_of(path) for path in modules_of("letters") if known & set(words_of(path))] == []
    strings = re.compile(r"""["']signatures?(__\w+)?["']""")
    assert [name_of(path) for path in modules_of("letters") if strings.search(path.read_text())] == []


def test_no_model_imports_an_act_and_nothing_imports_a_view():
    acts = {"signing", "verification", "moderation", "withdrawal", "lifecycle", "emails", "tasks"}
    for path in [*modules_of("letters"), *modules_of("signatories")]:
        text = path.read_text()
        if path.name == "models.py":
            for act in acts:
                assert not re.search(rf"^\s*(from|import) .*\b{act}\b", text, re.MULTILINE), (path.name, act)
        if path.parent.name in ("letters", "signatories") and path.name not in ("views.py", "admin.py"):
            assert not re.search(
                r"^\s*from \w+(\.views)? import .*\bviews\b|\.views import", text, re.MULTILINE
            )


def test_there_is_one_driver_for_postgresql():
    """Django would silently switch to psycopg 3 as soon as it is there."""
    assert find_spec("psycopg") is None
    assert find_spec("psycopg2") is not None


# --- one wall ----------------------------------------------------------------------------------------

# Who may ask for published or named signatures, and why.
READERS_OF_NAMES = {
    "signatories/wall.py",  # the wall itself
    "signatories/models.py",  # where the words are defined
    "signatories/export.py",  # what staff take away from the desk, in every status
}


def test_the_wall_alone_reads_the_names():
    readers = {
        name_of(path)
        for path in modules_of("signatories")
        if {"named", "unnamed", "published", "in_reading_order", "newest_first"} & _called_in(path)
    }
    assert readers == READERS_OF_NAMES


def _called_in(path):
    """The methods a module calls or defines."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    calls = {
        node.func.attr
        for node in nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    return calls | {node.name for node in nodes if isinstance(node, ast.FunctionDef)}


PUBLIC_PAGES = ["/", "/hosts/harbour/", "/letters/asylum/", "/letters/asylum/signatories/"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_no_public_page_is_given_a_signature(path):
    """A template can show only what it is given; the wall gives Signatory, which has no more than the public sees."""
    make_signature()
    answer = Client().get(path)
    given = [value for context in answer.context for layer in context.dicts for value in layer.values()]
    assert given
    assert [value for value in given if _is_of_signatories(value)] == []


def _is_of_signatories(value):
    model = getattr(value, "model", type(value))
    if isinstance(value, list | tuple) and value:
        return _is_of_signatories(value[0])
    return getattr(getattr(model, "_meta", None), "app_label", "") == "signatories"


# --- nobody in particular ----------------------------------------------------------------------------

PUBLIC_TEMPLATES = [
    path
    for folder in ("letters", "signatories", "plain", "emails")
    for path in sorted((PROJECT / "templates" / folder).rglob("*.*"))
] + sorted((PROJECT / "templates").glob("*.html"))
PERSONAL = re.compile(r"\{[{%][^}%]*\b(user|perms|messages|csrf_token|request\.\w+|debug|sql_queries)\b")


@pytest.mark.parametrize("path", PUBLIC_TEMPLATES, ids=name_of)
def test_no_public_template_asks_who_is_reading(path):
    assert PERSONAL.findall(path.read_text()) == []


def test_the_words_that_are_forbidden_would_be_found():
    for template in (
        "{{ user.name }}",
        "{% if perms.x %}",
        "{% csrf_token %}",
        "{{ request.GET }}",
        "{% for m in messages %}",
    ):
        assert PERSONAL.search(template), template


@pytest.mark.parametrize("path", PUBLIC_TEMPLATES, ids=name_of)
def test_no_public_template_calls_anybody_else_or_holds_script(path):
    text = path.read_text()
    assert not re.search(r"""(src|href|action)=["']?(https?:)?//""", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son\w+=", text)
    assert not re.search(r"(?<!field\.help_text)\|\s*safe\b|autoescape off", text) or path.suffix == ".txt"


@pytest.mark.django_db
def test_public_pages_are_the_same_for_staff_and_carry_no_cookie(client):
    make_signature()
    enter(client, make_staff())
    stranger = Client()
    for path in addresses(CRAWLED):
        one = client.get(path)
        revision.forget()
        other = stranger.get(path)
        assert _content(one) == _content(other), path
        assert not other.cookies, path
        assert not one.cookies, path
        assert "Cookie" not in other.headers.get("Vary", ""), path


def _content(response):
    return b"".join(response.streaming_content) if response.streaming else response.content


@pytest.mark.django_db
@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_a_public_page_opens_no_session(path, django_assert_max_num_queries):
    make_letter()
    with django_assert_max_num_queries(20) as queries:
        Client().get(path)
    tables = " ".join(query["sql"] for query in queries.captured_queries)
    assert not re.search(
        r"django_session|letters_staff|auth_|signatories_contact|signatories_proposal", tables
    )
