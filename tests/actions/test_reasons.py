"""Why something was not done: kept as a code, said in the language of whoever reads it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.translation import override

from accounts.models import Customer
from catalog.models import Item
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.reasons import Reason, in_words
from lifecycle.models import Failure, ProvisioningRequest, ResourceEvent
from lifecycle.services.acts import NotRecoverable
from lifecycle.services.sweeps import expire_resources
from notifications.models import Notice
from notifications.render import words_of
from orders.models import Action, OrderItem
from orders.services.fulfil import answer_provisioning
from orders.services.stories.base import NotRunningAnyMore, RenewedMeanwhile
from orders.services.stories.renew import NewEndInThePast
from orders.services.stories.resize import ChargeCorrected, PostpaidByNow
from tests.cast import DAY, JOB, NOON, answer, chosen, create, order, quote

pytestmark = pytest.mark.django_db
STORED: list[type[DomainError]] = [
    NotRunningAnyMore,
    RenewedMeanwhile,
    NewEndInThePast,
    PostpaidByNow,
    ChargeCorrected,
    NotRecoverable,
]


def said(notice: Notice, language: str) -> str:
    with override(language):
        return " ".join(words_of(notice).sentences)


def test_a_time_out_is_told_in_the_readers_language_whatever_the_worker_speaks(alice: Customer, small: Item) -> None:
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    bought = order(quote(alice, Action.CREATE, **inputs))
    with override("vi"):
        answer_provisioning(
            bought.items.get().request_id,
            ProvisioningRequest.State.TIMED_OUT,
            actor=Actor.job("time-out"),
            at=NOON + DAY,
        )
    notice = Notice.objects.get(kind="provisioning_failed")
    assert notice.facts["reason"] == "timed-out"
    assert "Reason: The product team did not answer in time." in said(notice, "en")
    assert "Lý do: Đội sản phẩm không trả lời kịp thời hạn." in said(notice, "vi")
    item = bought.items.get()
    assert item.reason == "timed-out"
    with override("en"):
        assert item.why == "The product team did not answer in time."
        assert ResourceEvent.objects.get(kind="provisioning_failed").why == item.why


def test_a_resize_that_came_too_late_says_so_in_the_readers_language(alice: Customer, small: Item, large: Item) -> None:
    (web,) = create(alice, small)
    late = order(quote(alice, Action.RESIZE, NOON + 29 * DAY, resource=str(web.pk), items=chosen(large)))
    expire_resources(actor=JOB, at=NOON + 30 * DAY)
    assert answer(late, at=NOON + 30 * DAY + timedelta(minutes=1)).state == "refunded"
    assert late.items.get().reason == "not-running-any-more"
    notice = Notice.objects.get(kind="provisioning_failed")
    assert "Reason: The resource is not running any more." in said(notice, "en")
    assert "Lý do: Tài nguyên không còn chạy nữa." in said(notice, "vi")


def test_what_the_product_team_wrote_stays_as_it_was_written(alice: Customer, small: Item) -> None:
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    answer(order(quote(alice, Action.CREATE, **inputs)), succeed=False, reason="No capacity in HAN-1")
    assert OrderItem.objects.get().why == "No capacity in HAN-1"
    assert "Lý do: No capacity in HAN-1" in said(Notice.objects.get(kind="provisioning_failed"), "vi")


def test_what_the_product_team_says_by_code_is_said_in_the_readers_language_and_its_words_are_quoted(
    alice: Customer, small: Item
) -> None:
    inputs = {"product": str(small.product_id), "name": "web", "items": chosen(small), "quantity": 1, "months": 1}
    why = str(Reason(Failure.NO_CAPACITY, "HAN-1 is full: 3 hosts down"))
    answer(order(quote(alice, Action.CREATE, **inputs)), succeed=False, reason=why)
    notice = Notice.objects.get(kind="provisioning_failed")
    assert "Reason: There is no capacity left for it. “HAN-1 is full: 3 hosts down”" in said(notice, "en")
    assert "Lý do: Không còn đủ năng lực để cung cấp. “HAN-1 is full: 3 hosts down”" in said(notice, "vi")
    assert OrderItem.objects.get().reason == "no-capacity: HAN-1 is full: 3 hosts down"
    assert OrderItem.objects.get().reason_code == "no-capacity"


@pytest.mark.parametrize("code", [*(refusal.code for refusal in STORED), *Failure.values])
def test_a_reason_that_is_kept_has_a_sentence_that_needs_no_other_facts(code: str) -> None:
    with override("en"):
        english = in_words(code)
    with override("vi"):
        vietnamese = in_words(code)
    assert len({code, english, vietnamese}) == 3
    assert "%(" not in english + vietnamese
