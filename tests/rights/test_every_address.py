"""
Every address of the portal and of the API, times everybody, times what is one's own, another's or nobody's.

The addresses come from the resolver and what they need from where they declare it: a new one is tested by being there, and one
that declares nothing fails. What is sent says nothing, and is taken back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.utils.html import escape
from django.utils.translation import override

from accounts.access import VIEWED_CUSTOMER
from accounts.may import FOR_KEYS, LOOKING, ROLES, May, Role, allows, lacking
from accounts.models import CustomerKey, User
from accounts.staff import ensure_staff_groups
from catalog.models import ProductKey
from invoices.models import CreditNote, Invoice
from tests.cast import LONG_AGO, make_customer, make_user
from tests.proof import proven
from tests.rights.addresses import OPEN, Address, addresses

pytestmark = pytest.mark.django_db


def ours() -> list[Address]:
    """What belongs to a customer."""
    return [one for one in addresses() if one.name not in OPEN and one.is_for_customers]


def asked(address: Address, client: Client, things: Any) -> Iterator[tuple[str, HttpResponse]]:
    """The answer to each of its methods; what it did is undone."""
    for method in address.needs:
        with transaction.atomic():
            answer = address.ask(client, method, things)
            transaction.set_rollback(True)
        yield method, answer


def browser(user: User | None = None) -> Client:
    client = Client(headers={"accept-language": "en"}, raise_request_exception=False)
    if user:
        client.force_login(user)
        proven(client)
    return client


def test_every_address_says_what_it_needs():
    undeclared = [str(one) for one in addresses() if one.name not in OPEN and one.is_for_customers and not one.needs]
    nobodys = [f"{method} {one}" for one in ours() for method, need in one.needs.items() if not need]
    gone = OPEN.keys() - {one.name for one in addresses()}

    assert (undeclared, nobodys, gone) == ([], [], set())
    assert len(ours()) > 150


def test_whoever_has_not_signed_in_is_asked_to(alices):
    wrong = []
    for address in ours():
        for method, answer in asked(address, browser(), alices):
            is_sent = answer.status_code == 302 and answer["Location"].startswith("/login/")
            if answer.status_code != 401 if address.is_api else not is_sent:
                wrong.append(f"{method} {address}: {answer.status_code}")
    assert wrong == []


@pytest.mark.parametrize("role", list(Role))
def test_each_role_is_let_in_where_its_rights_allow_it_and_nowhere_else(alices, alice, role):
    """And who sees no bills is told no document's number: on no page, by no API, in no answer to what they write."""
    rights, client, wrong, refused, telling = ROLES[Role(role)], browser(make_user(alice, role=role)), [], 0, []
    numbers = [Invoice.objects.get(pk=alices["invoice"]).number, CreditNote.objects.get(pk=alices["note"]).number]
    for address in ours():
        for method, answer in asked(address, client, alices):
            need = address.needs[method]
            if not answer.streaming and any(number in answer.content.decode(errors="ignore") for number in numbers):
                telling.append(f"{method} {address}")
            if allows(need, rights):
                is_right = answer.status_code not in {401, 403, 500} and not leads_to_sign_in(answer)
            else:
                refused += 1
                is_right = answer.status_code == 403 and names(lacking(need, rights), answer)
            if not is_right:
                wrong.append(f"{method} {address}: {answer.status_code}")
    assert wrong == []
    assert (refused > 0) == (role != Role.OWNER)
    assert len(telling) > 5 if May.VIEW_BILLING in rights else telling == []


@pytest.mark.parametrize("right", sorted(FOR_KEYS))
def test_a_key_opens_what_its_one_right_opens(alices, alice, right):
    secret = CustomerKey.issue(at=LONG_AGO, customer=alice, name="test", carries=[right])[1]
    client, wrong = browser(), []
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    for address in ours():
        if address.is_api:
            for method, answer in asked(address, client, alices):
                need = address.needs[method]
                if allows(need, {right}):
                    is_right = answer.status_code not in {401, 403, 500}
                else:
                    is_right = answer.status_code == 403 and names(lacking(need, {right}), answer)
                if not is_right:
                    wrong.append(f"{method} {address}: {answer.status_code}")
    assert wrong == []


def leads_to_sign_in(answer: HttpResponse) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith("/login/")


def names(rights: list[Any], answer: HttpResponse) -> bool:
    """The refusal says what is missing."""
    with override("en"):
        said = [str(right.label) for right in rights]
    return bool(rights) and all(
        one in answer.content.decode() or escape(one) in answer.content.decode() for one in said
    )


def test_anothers_is_not_there_for_an_owner_of_somebody_else(alices):
    """The answer is the same, letter by letter, as to what nobody has."""
    stranger, wrong, tried = browser(make_user(make_customer("Mallory", credit=1_000_000))), [], 0
    nothing = dict.fromkeys(alices, uuid4()) | dict.fromkeys(("notice", "member", "user"), 10**9)
    for address in ours():
        if not address.thing:
            continue
        tried += 1
        absent = dict(asked(address, stranger, nothing))
        for method, answer in asked(address, stranger, alices):
            if (answer.status_code, told(answer, alices)) != (404, told(absent[method], nothing)):
                wrong.append(f"{method} {address}: {answer.status_code}, {absent[method].status_code}")
    assert wrong == []
    assert tried > 60


def told(answer: HttpResponse, things: Any) -> str:
    """What an answer says, whatever it was asked for."""
    said = answer.content.decode()
    for pk in set(things.values()):
        said = said.replace(f"/{pk}/", "/…/")
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", said)


def test_staff_who_belong_to_nobody_have_nothing_here(alices):
    wrong = []
    for group in ("finance", ""):
        staff = make_user(None, is_staff=True, is_superuser=not group)
        if group:
            staff.groups.add(ensure_staff_groups()[group])
        client = browser(staff)
        for address in ours():
            method, answer = next(asked(address, client, alices))
            if answer.status_code != 403:
                wrong.append(f"{group} {method} {address}: {answer.status_code}")
    assert wrong == []


def test_staff_who_view_the_portal_as_a_customer_look_and_do_nothing(alices, alice):
    staff = make_user(None, is_staff=True)
    staff.groups.add(ensure_staff_groups()["support"])
    client, wrong = browser(staff), []
    session = client.session
    session[VIEWED_CUSTOMER] = str(alice.pk)
    session.save()
    for address in ours():
        if address.is_api:
            continue
        for method, answer in asked(address, client, alices):
            is_open = method == "GET" and allows(address.needs[method], LOOKING) and address.name != "visit"
            if (answer.status_code == 403) == is_open or leads_to_sign_in(answer):
                wrong.append(f"{method} {address}: {answer.status_code}")
    assert wrong == []


def test_a_product_teams_key_finds_nothing_of_customers(alices, vserver):
    secret = ProductKey.issue(at=LONG_AGO, product=vserver, name="test")[1]
    client = browser()
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    wrong = []
    for address in ours():
        if address.is_api:
            open_to_them = set(address.view.cls.for_products)
            for method, answer in asked(address, client, alices):
                if address.view.actions[method.lower()] not in open_to_them and answer.status_code != 404:
                    wrong.append(f"{method} {address}: {answer.status_code}")
    assert wrong == []
