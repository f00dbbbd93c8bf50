"""Linked accounts beside themselves: nothing is charged twice, and no limit is passed by two at once."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction

from payments.models import AutomaticCharge, LinkedAccount, Payment
from payments.services.automatic import charge_automatically
from payments.services.gateway import start_top_up
from payments.services.link_acts import unlink
from payments.services.wallet import wallet_of
from payments.services.ways import AccountLimit, AccountNotUsable
from tests.actions.conftest import LinkingGate, linking
from tests.cast import JOB, NOON, make_customer, owner_of
from tests.links import agreed, linked_account, tops_up
from tests.races.test_races import at_once
from tests.table.attack import run
from tests.table.test_linked_accounts import CHARGE

__all__ = ["linking"]
pytestmark = pytest.mark.django_db(transaction=True)


def top_up(link: LinkedAccount, payable: str = "", amount: int = 300_000) -> Payment:
    actor = owner_of(link.customer)
    return start_top_up(link.customer, amount, gateway=f"linked:{link.pk}", payable=payable, actor=actor, at=NOON)


def test_four_workers_fill_a_wallet_once(linking: LinkingGate) -> None:
    customer = make_customer()
    charge = tops_up(linked_account(customer))
    at_once([lambda: charge_automatically(charge.pk, actor=JOB, at=NOON)] * 4)
    assert linking.charged == [500_000]
    assert wallet_of(customer.pk).available == 500_000
    assert AutomaticCharge.objects.get().failure == ""


def test_sessions_at_once_top_up_no_more_often_than_was_agreed_to_for_a_day() -> None:
    """Around the code that counts: six sessions write a top-up each, by two accounts; three a day were agreed to."""
    first = linked_account(make_customer())
    second = linked_account(first.customer)
    charge = tops_up(first, amount=200_000)
    results = at_once([lambda: written(first, charge.consent_id)] * 6)
    assert sorted(map(str, results))[:3] == ["1", "1", "1"]
    assert all("agreed to for a day" in str(refusal) for refusal in sorted(results, key=str)[3:])
    charge.linked, charge.consent = second, agreed(second, "top_up")
    charge.save()
    [late] = at_once([lambda: written(second, charge.consent_id)])
    assert "agreed to for a day" in str(late)
    assert Payment.objects.count() == 3


def written(link: LinkedAccount, consent: object) -> int | DatabaseError:
    try:
        with transaction.atomic():
            return run(CHARGE, link.customer_id, link.gateway, 200_000, NOON, link.pk, consent)
    except DatabaseError as refusal:
        return refusal


def test_a_page_that_is_sent_twice_at_once_charges_once(linking: LinkingGate) -> None:
    link = linked_account(make_customer())
    results = at_once([lambda: top_up(link, "top_up:page-1")] * 4)
    assert len({result.pk for result in results}) == 1
    assert linking.charged == [300_000]


def test_two_at_once_do_not_pass_the_limit_of_the_month(linking: LinkingGate) -> None:
    link = linked_account(make_customer(), month_limit=500_000)
    results = at_once([lambda: top_up(link)] * 2)
    assert {type(result) for result in results} == {Payment, AccountLimit}
    assert linking.charged == [300_000]


def test_unlinking_beside_a_charge_comes_before_it_or_after_it(linking: LinkingGate) -> None:
    link = linked_account(make_customer())
    results = at_once([lambda: top_up(link), lambda: unlink(link.pk, actor=owner_of(link.customer), at=NOON)])
    assert isinstance(results[0], Payment | AccountNotUsable)
    assert isinstance(results[1], LinkedAccount)
    link.refresh_from_db()
    assert link.state == "unlinked"
    assert len(linking.charged) == Payment.objects.count()
