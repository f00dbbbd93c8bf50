"""The billing zone is the database's: a process with another one does not work."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.backends.signals import connection_created

from billing_portal import zone
from tests.owner import database_url

pytestmark = pytest.mark.django_db


def test_the_database_keeps_the_zone_of_its_first_start(settings) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT billing_zone()")
        assert cursor.fetchone() == ("Asia/Ho_Chi_Minh",)
    zone.compare(connection=connection)


def test_another_zone_is_refused_with_both_names(settings) -> None:
    settings.BILLING_ZONE = "America/Santiago"
    with pytest.raises(ImproperlyConfigured, match=r"America/Santiago here, but .* Set BILLING_ZONE=Asia/Ho_Chi_Minh"):
        zone.compare(connection=connection)


def test_it_is_asked_once_per_process(django_assert_num_queries) -> None:
    zone.compare_at_first_connection()
    with django_assert_num_queries(2):
        connection_created.send(sender=type(connection), connection=connection)
    with django_assert_num_queries(0):
        connection_created.send(sender=type(connection), connection=connection)


def test_a_command_in_another_zone_ends_with_the_sentence() -> None:
    env = os.environ | {"DATABASE_URL": database_url(), "BILLING_ZONE": "America/Santiago"}
    found = subprocess.run([sys.executable, "manage.py", "audit"], env=env, capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert found.stderr.startswith("BILLING_ZONE is America/Santiago here")
    assert "Traceback" not in found.stderr
