"""Uses in the staff area: batches, what was refused, and a file that is read."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.cast import NOON, create, make_metered
from usage.models import Batch, Record

PAGE = "admin:usage_batch_list_task"


@pytest.fixture
def server(bob, small, vserver):
    make_metered(vserver, "traffic", 500)
    return create(bob, small)[0]


def file_of(server, *lines):
    rows = "\n".join(["resource,item,key,used_at,quantity", *lines]).format(server=server.pk)
    return SimpleUploadedFile("uses.csv", rows.encode())


def test_support_reads_a_file_and_sees_what_became_of_it(staff, server):
    support = staff("support")
    page = reverse(PAGE, args=["read"])
    assert support.get(page).status_code == 200
    file = file_of(server, f"{{server}},traffic,a,{NOON.isoformat()},1.5", "{server},traffic,b,never,1")
    answer = support.post(
        page, {"product": server.product_id, "file": file, "reason": "the exporter was down"}, follow=True
    )
    assert "1 uses are taken, 0 were known already, 1 were refused." in answer.content.decode()
    assert Record.objects.count() == 1
    batches = support.get(reverse("admin:usage_batch_changelist")).content.decode()
    assert "vserver" in batches
    refused = support.get(reverse("admin:usage_refusedrecord_changelist")).content.decode()
    assert "never" in refused


def test_a_file_that_cannot_be_read_is_said_on_the_page(staff, server):
    form = {"product": server.product_id, "file": SimpleUploadedFile("a.csv", b"a,b\n1,2\n"), "reason": "x"}
    answer = staff("support").post(reverse(PAGE, args=["read"]), form)
    assert "no CSV file in UTF-8 with lines and the columns resource, item, key" in str(answer.context["form"].errors)
    assert not Batch.objects.exists()


@pytest.mark.parametrize("group", ["finance", "catalogue", "auditor"])
def test_others_look_and_read_no_file(staff, server, group):
    client = staff(group)
    assert client.get(reverse("admin:usage_batch_changelist")).status_code == 200
    assert client.get(reverse(PAGE, args=["read"])).status_code == 403
