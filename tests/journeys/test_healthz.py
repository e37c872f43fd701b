"""What a load balancer asks."""

import pytest
from django.db.migrations.recorder import MigrationRecorder

pytestmark = pytest.mark.django_db


def test_it_answers_ok_while_the_database_answers_and_migrations_are_applied(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, b"ok\n", "text/plain")
    assert "no-store" in answer["Cache-Control"]
    assert client.head("/healthz").status_code == 200


def test_it_answers_503_while_a_migration_waits(client):
    MigrationRecorder.Migration.objects.filter(app="signatories").latest("pk").delete()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"migrations\n")


def test_it_has_one_address_and_takes_nothing(client):
    assert client.post("/healthz").status_code == 405
    assert client.get("/healthz/").status_code == 404
