"""What every test stands on: a real PostgreSQL, collected static files, mails as files, forgotten pages."""

import email
import email.policy
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.core.signals import setting_changed
from django.utils import translation
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult
from hypothesis import HealthCheck, settings

from letters import revision

# A machine that stands still for a moment says nothing about what is tested.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")

# As the migrations tell them, not as signatories.roles does: a test holds the two together.
_ROLES = {
    role: rights
    for migration in (
        "0011_roles_of_the_coalition",
        "0012_workshops",
        "0013_updates",
        "0018_roles_of_the_public",
    )
    for role, rights in import_module(f"signatories.migrations.{migration}").ROLES.items()
}


@pytest.fixture(scope="session", autouse=True)
def _static_files(tmp_path_factory):
    """Templates name static files by their content, so those are collected once."""
    from django.conf import settings

    settings.STATIC_ROOT = tmp_path_factory.mktemp("static")
    # A storage that was made before, while tests were collected, would stay where it is.
    setting_changed.send(sender=None, setting="STATIC_ROOT", value=settings.STATIC_ROOT, enter=True)
    call_command("collectstatic", interactive=False, verbosity=0)


@pytest.fixture(autouse=True)
def _nothing_remembered():
    """No test sees a page, an edition or the language of the one before."""
    revision.forget()
    translation.deactivate()
    yield
    revision.forget()


@pytest.fixture(autouse=True)
def _roles_are_there(request):
    """A test with transactions of its own empties all tables, also those that migrations filled."""
    wants_database = {"db", "transactional_db"} & set(request.fixturenames)
    if not wants_database and not request.node.get_closest_marker("django_db"):
        return
    request.getfixturevalue("db")
    if Group.objects.exists():
        return
    for role, rights in _ROLES.items():
        codenames = [f"{act}_{model}" for model, acts in rights.items() for act in acts.split()]
        ours = Permission.objects.filter(content_type__app_label__in=("letters", "signatories"))
        Group.objects.create(name=role).permissions.set(ours.filter(codename__in=codenames))


@pytest.fixture(autouse=True)
def _own_folders(settings, tmp_path):
    settings.MAIL_DIR = tmp_path / "mail"
    settings.DOCUMENTS_DIR = tmp_path / "documents"
    settings.EMAIL_BACKEND = "config.eml.EmailBackend"


@pytest.fixture(autouse=True)
def _decisions_are_mailed_at_once(settings):
    """Nobody waits five minutes for a mail; tests of taking a decision back set the time again."""
    settings.UNDO_FOR = timedelta(0)


@pytest.fixture(autouse=True)
def _quick_passwords(settings):
    """Half a second of hashing for each member of staff would be half of the time tests take."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


class Mailbox:
    """The mails that were sent, read from the files they became."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def messages(self) -> list[email.message.EmailMessage]:
        files = sorted(self.folder.glob("*.eml")) if self.folder.exists() else []
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]

    def to(self, address: str) -> list[email.message.EmailMessage]:
        return [message for message in self.messages() if address in message["To"]]

    def text_to(self, address: str) -> str:
        """The text of the last mail to an address."""
        return self.to(address)[-1].get_body(("plain",)).get_content()

    def link_to(self, address: str, containing: str = "/s/") -> str:
        """The path of the last link of that kind in the last mail to an address."""
        lines = [line.strip() for line in self.text_to(address).splitlines()]
        url = [line for line in lines if line.startswith("http") and containing in line][-1]
        return "/" + url.split("/", 3)[3]

    def code_to(self, address: str) -> str:
        lines = [line.strip() for line in self.text_to(address).splitlines()]
        return next(line for line in lines if line.isdigit() and len(line) == 6)


@pytest.fixture
def mailbox(settings) -> Mailbox:
    return Mailbox(settings.MAIL_DIR)


@pytest.fixture
def work(db) -> Callable[[], None]:
    """Does what the worker does until nothing is due; inside the test's own transaction, unlike the worker."""
    worker = Worker(
        queue_names=["default"],
        interval=0,
        batch=True,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="test",
        excluded_queue_names=[],
    )

    def work_off() -> None:
        while (job := DBTaskResult.objects.ready().get_locked()) is not None:
            job.claim(worker.worker_id)
            worker.run_task(job)

    return work_off
