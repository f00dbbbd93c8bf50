"""What is measured, in processes of their own: our services, and the same work by hand. Each returns JSON-ready facts."""

from __future__ import annotations

import hashlib
import resource
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings

from accounts.may import Role
from accounts.models import Customer, User
from bench import baselines
from bench.data import END, HISTORY_MONTHS, MONTH, READER, RESOURCES_PER_CUSTOMER, STAFF
from invoices import pdf
from invoices.models import BillingRun, Invoice
from invoices.pdf import invoice_pdf
from invoices.services import forecast
from invoices.services import month_end as month_end_service
from invoices.tasks import work_on_month
from kernel.actors import Actor
from kernel.shapes import SqlArguments
from ledger.models import Entry
from ledger.services import Fact, Kind, spend
from lifecycle.models import Resource
from lifecycle.services.sweeps import expire_resources, purge_resources, remind_about_ends
from notifications.models import Notice
from orders.services.renewal import renew_automatically
from payments.models import Payment
from store.keyset import _encode

if TYPE_CHECKING:
    from django.test import Client

ACTOR = Actor.job("bench")
MONTH_ENDS_AT = MONTH.period.ends_at
TIMES = 15
Facts = dict[str, object]


def month_end() -> Facts:
    """One worker of the month-end run; any number may do this at the same time."""
    began = time.perf_counter()
    run = month_end_service.run_month_end(MONTH, actor=ACTOR, at=MONTH_ENDS_AT)
    return _facts(began, state=run.state)


def dry_run() -> Facts:
    """The month end rehearsed: everything priced, nothing written."""
    began = time.perf_counter()
    invoices = forecast.dry_run(MONTH).invoices
    return _facts(began, invoices=invoices)


def month_end_by_hand(*, with_use: bool = False) -> Facts:
    period = MONTH.period
    arguments = {
        "start": period.starts_at,
        "end": period.ends_at,
        "key": MONTH.key,
        "at": MONTH_ENDS_AT,
        "due": MONTH_ENDS_AT + timedelta(days=settings.INVOICE_DUE_DAYS),
        "seller": "{}",
    }
    return _by_hand(baselines.MONTH_END_WITH_USE if with_use else baselines.MONTH_END, arguments)


def hash_of_the_bills() -> Facts:
    """A digest over what every resource was billed: amounts, taxes, lines, periods. Numbers and ids are not part of it."""
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(
            """
            SELECT i.resource_id, i.period_key, i.total, i.tax, i.period_start, i.period_end, l.position, l.item_id, l.price_id, l.minutes, l.amount, l.tax
            FROM invoices_invoice i JOIN invoices_invoiceline l ON l.invoice_id = i.id ORDER BY i.resource_id, i.period_key, l.position
            """
        )
        digest = hashlib.sha256()
        while rows := cursor.fetchmany(10_000):
            digest.update(repr(rows).encode())
        cursor.execute("SELECT count(*), count(DISTINCT number), max(substr(number, 7))::int FROM invoices_invoice")
        count, numbers, last = cursor.fetchone()
    return {"hash": digest.hexdigest(), "invoices": count, "gapless": count == numbers == last}


SWEEPS: dict[str, tuple[Callable[[], object], str, datetime]] = {
    "expire and roll over": (lambda: expire_resources(actor=ACTOR, at=END), "", END),
    "purge": (lambda: purge_resources(actor=ACTOR, at=END), baselines.PURGE, END),
    "remind": (lambda: remind_about_ends(at=END - timedelta(days=7)), baselines.REMIND, END - timedelta(days=7)),
}


def renew_nothing_automatically() -> Facts:
    """What is renewed by itself is announced with its price instead of reminded about."""
    began = time.perf_counter()
    return _facts(began, count=Resource.objects.exclude(auto_renew_months=None).update(auto_renew_months=None))


def sweep(name: str) -> Facts:
    began = time.perf_counter()
    return _facts(began, count=SWEEPS[name][0]())


def sweep_by_hand(name: str) -> Facts:
    """The same rows and the same facts, without batches, guards or SKIP LOCKED."""
    _sweep, statement, at = SWEEPS[name]
    words = {"at": at, "kind": name[:30], "event": name[:20], "verb": name[:10]}
    if statement:
        return _by_hand(statement, words)
    began = time.perf_counter()
    parts = [_by_hand(part, words) for part in (baselines.EXPIRE, baselines.ROLL_OVER)]
    return _facts(began, count=sum(part["count"] for part in parts))


def renew() -> Facts:
    """One worker of the auto-renewal; any number may do this at the same time."""
    began = time.perf_counter()
    renewed, failed = renew_automatically(actor=ACTOR, at=END - timedelta(days=7))
    return _facts(began, count=renewed, failed=failed)


def spends(count: int, customers: int) -> Facts:
    """`count` spends, one after the other, over the first `customers` customers."""
    ids = [_customer_id(number) for number in range(1, customers + 1)]
    batch = uuid4().int
    connection.ensure_connection()
    began = time.perf_counter()
    for number in range(count):
        _spend(ids[(batch + number * 7919) % len(ids)], f"{batch:x}-{number}")
    return _facts(began, count=count)


def spend_statement() -> str:
    """The statement of a spend for pgbench, which knows no arrays and no quoting."""
    from ledger.services import SPEND

    values = {
        "customer": "md5('customer' || :customer)::uuid",
        "amount": "100::bigint",
        "into": "'sales'",
        "bought_only": "false",
        "kind": "'adjustment'",
        "source": "'pgbench-' || :number",
        "reference": "''",
        "at": "now()",
    }
    return " ".join((SPEND % {name: f"({value})" for name, value in values.items()}).split())


def pages(depth: float) -> list[Facts]:
    """Each page of the customer with the long history: median and worst milliseconds, number of queries."""
    return [_page(name, address) for name, address in _addresses(depth)]


def export(form: str, months: int) -> Facts:
    """Download the invoices of the last `months` months of the long history, and forget them."""
    client = _client(User.objects.get(email=READER))
    _get(client, "/login/")
    began = time.perf_counter()
    span = f"months=between&first={_month_back(months - 2)}&last={_month_back(-1)}"
    answer = client.get(f"/billing/invoices.{form}?{span}")
    assert answer.status_code == 200, answer.status_code
    size = sum(len(part) for part in answer.streaming_content)
    return _facts(began, bytes=size)


def month_end_by_celery(workers: int) -> Facts:
    """Send the task to Celery workers that are up, as the calendar's job does, and wait for the end of the run."""
    from billing_portal.celery import app

    while not app.control.ping(timeout=0.5):
        pass
    began = time.perf_counter()
    for _ in range(workers):
        work_on_month.delay(MONTH.key, MONTH_ENDS_AT.isoformat())
    while not BillingRun.objects.filter(state=BillingRun.State.DONE).exists():
        time.sleep(0.02)
    return _facts(began)


def latencies(seconds: float, customers: int) -> Facts:
    """Spend and open a page in turns for `seconds`; returns the 99th percentiles in ms."""
    client = _client(_some_reader())
    spent: list[float] = []
    opened: list[float] = []
    _get(client, "/billing/")
    _spend(_customer_id(1), uuid4().hex)
    until = time.monotonic() + seconds
    number = 0
    while time.monotonic() < until:
        number += 1
        began = time.perf_counter()
        _spend(_customer_id(1 + number * 7919 % customers), uuid4().hex)
        spent.append(time.perf_counter() - began)
        if number % 5 == 0:
            opened.append(_get(client, "/billing/"))
        time.sleep(0.005)
    return {"spend": _p99(spent), "page": _p99(opened), "spends": len(spent), "pages": len(opened)}


def _page(name: str, address: str) -> Facts:
    client = _client(User.objects.get(email=READER))
    _get(client, address)
    times = sorted(_get(client, address) for _ in range(TIMES))
    with CaptureQueriesContext(connection) as queries:
        _get(client, address)
    return {
        "name": name,
        "median": 1000 * times[TIMES // 2],
        "worst": 1000 * times[-1],
        "queries": len(queries),
        "slowest": max((query["time"] + " " + query["sql"][:3000] for query in queries), default=""),
    }


def _addresses(depth: float) -> list[tuple[str, str]]:
    """The histories, from the page that lies at `depth` (0 the first .. 1 the last) of each list on."""
    reader = User.objects.get(email=READER)
    assert reader.customer
    lists: list[tuple[str, Any, tuple[str, ...], list[str]]] = [
        ("invoices", Invoice.objects, ("issued_at", "id"), ["/billing/", "/api/v1/invoices/"]),
        ("payments", Payment.objects, ("created_at", "id"), ["/payments/", "/api/v1/payments/"]),
        ("credit", Entry.objects, ("id",), ["/credit/", "/api/v1/wallet/entries/"]),
        ("notices", Notice.objects, ("id",), ["/notices/", "/api/v1/notices/"]),
        ("resources", Resource.objects, ("id",), ["/resources/", "/api/v1/resources/"]),
    ]
    found = []
    for name, objects, key, addresses in lists:
        rows = objects.filter(customer=reader.customer).order_by(*(f"-{column}" for column in key))
        row = rows[int(rows.count() * depth)] if depth else None
        query = f"?after={_encode(row, key)}" if row else ""
        found += [(f"{'API' if '/api/' in address else 'page'}: {name}", f"{address}{query}") for address in addresses]
    found.append(("page: usage report", f"/billing/usage/?month={_month_back(1 + depth * (HISTORY_MONTHS - 2))}"))
    return found if depth else [*found, ("page: home", "/")]


def searches(size: int) -> list[Facts]:
    """What staff and a customer type in their boxes: median milliseconds until the answer is there, and of the bare statement by hand."""
    staff, customer = _client(User.objects.get(email=STAFF)), _client(_some_reader())
    name, number = f"server-{size // 2}", f"U2026-{size // 3:07}"
    owner = f"customer {max(size // RESOURCES_PER_CUSTOMER, 1) // 2}"
    rare = ("lifecycle_resource", "search_form(name) LIKE '%%' || %(typed)s || '%%'", "id DESC")
    of_owner = (
        "invoices_invoice",
        "customer_id IN (SELECT id FROM accounts_customer WHERE search_form(name) LIKE '%%' || %(typed)s || '%%')",
        "id DESC",
    )
    by_number = ("invoices_invoice", "number = %(typed)s", "id DESC")
    return [
        _search("staff find a resource by its name", staff, "/admin/find/", name, rare),
        _search("staff find a customer's invoices by the name", staff, "/admin/invoices/invoice/", owner, of_owner),
        _search("staff find an invoice by its number", staff, "/admin/find/", number, by_number),
        _search("staff search for what every resource is called", staff, "/admin/find/", "server", rare),
        _search("a customer finds a resource and its invoice", customer, "/search/", "server-1", rare),
        _deep("a staff list, its first page", staff, "/admin/invoices/invoice/", 0),
        _deep("a staff list, far inside", staff, "/admin/invoices/invoice/", 0.7),
    ]


def documents(count: int, together: int) -> Facts:
    """Set the PDFs of `count` invoices, `together` in one file."""
    invoices = list(Invoice.objects.select_related("product")[:count])
    invoice_pdf(invoices[0], at=MONTH_ENDS_AT)
    began = time.perf_counter()
    for start in range(0, count, together):
        invoice_pdf(*invoices[start : start + together], at=MONTH_ENDS_AT)
    return _facts(began)


def documents_by_hand(count: int) -> Facts:
    """As many of the bare layout with the words of one: what typst itself takes."""
    invoice = Invoice.objects.select_related("product").first()
    assert invoice
    words = pdf._invoice(invoice, at=MONTH_ENDS_AT)
    pdf.render(words)
    began = time.perf_counter()
    for number in range(count):
        pdf.render(words | {"number": str(number)})
    return _facts(began)


def _search(name: str, client: Client, address: str, typed: str, by_hand: tuple[str, str, str]) -> Facts:
    table, condition, order = by_hand
    statement = f"SELECT * FROM {table} WHERE {condition} ORDER BY {order} LIMIT 6"
    return {
        "name": name,
        "median": 1000 * _median(lambda: _answered(client, f"{address}?{urlencode({'q': typed})}")),
        "by_hand": 1000 * _median(lambda: _asked(statement, {"typed": typed})),
    }


def _deep(name: str, client: Client, address: str, depth: float) -> Facts:
    rows = Invoice.objects.order_by("-id")
    row = rows[int(rows.count() * depth)]
    query = f"?after={_encode(row, ('id',))}" if depth else ""
    statement = "SELECT * FROM invoices_invoice WHERE id < %(row)s ORDER BY id DESC LIMIT 51"
    return {
        "name": name,
        "median": 1000 * _median(lambda: _answered(client, f"{address}{query}")),
        "by_hand": 1000 * _median(lambda: _asked(statement, {"row": row.pk})),
    }


def _median(measured: Callable[[], float]) -> float:
    measured()
    return sorted(measured() for _ in range(TIMES))[TIMES // 2]


def _answered(client: Client, address: str) -> float:
    began = time.perf_counter()
    answer = client.get(address)
    assert answer.status_code in {200, 302}, f"{address}: {answer.status_code}"
    return time.perf_counter() - began


def _asked(statement: str, arguments: SqlArguments) -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        cursor.fetchall()
    return time.perf_counter() - began


def _month_back(count: float) -> str:
    months = MONTH.year * 12 + MONTH.month - int(count)
    return f"{months // 12:04}-{months % 12 + 1:02}"


def _client(user: User) -> Any:
    from django.test import Client

    warnings.filterwarnings("ignore", "No directory at")  # static files are not collected here
    override_settings(
        ALLOWED_HOSTS=["*"],
        CACHES={"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}},
        STORAGES=settings.STORAGES
        | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}},
    ).enable()
    client = Client()
    client.force_login(user)
    return client


def _get(client: Client, address: str) -> float:
    """Seconds until the whole answer is there."""
    began = time.perf_counter()
    answer = client.get(address)
    taken = time.perf_counter() - began
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    return taken


def _some_reader() -> User:
    customer = Customer.objects.get(pk=_customer_id(1))
    return User.objects.create_user(f"{uuid4().hex}@customer.example", customer=customer, role=Role.OWNER)


def _spend(customer_id: UUID, source: str) -> None:
    spend(customer_id, 100, into=Kind.SALES, kind=Fact.ADJUSTMENT, source=source, at=datetime.now(UTC))


def _customer_id(number: int) -> UUID:
    return UUID(hashlib.md5(f"customer{number}".encode(), usedforsecurity=False).hexdigest())


def _by_hand(statement: str, arguments: SqlArguments) -> Facts:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        count = cursor.fetchone()[0]
    return _facts(began, count=count)


def _p99(times: list[float]) -> float:
    return 1000 * sorted(times)[int(len(times) * 0.99)]


def _facts(began: float, **facts: Any) -> Facts:
    """With the wall time, and the most memory that this process has ever held."""
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, **facts}
