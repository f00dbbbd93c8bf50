"""A product whose webhook never answers, among others: how long those wait for their requests."""

from __future__ import annotations

import socket
import threading
import time
from datetime import datetime, timedelta

from accounts.models import Customer
from catalog.models import Product
from kernel import clock
from lifecycle.models import ProvisioningRequest, Resource

PRODUCTS = 5
REQUESTS = 20
PATIENCE_SECONDS = 60
State = ProvisioningRequest.State


def beside_a_hanging_webhook() -> dict[str, object]:
    """
    `REQUESTS` for each of some products of which the first hangs; seconds until all of the others' are delivered.

    The job is rung as beat does it. Couriers must be up; they are waited for.
    """
    from billing_portal.celery import app

    while not app.control.ping(timeout=0.5):
        pass
    hangs, answers = _serve(answer=False), _serve(answer=True)
    customer, at = Customer.objects.earliest("pk"), clock.now()
    for number in range(PRODUCTS):
        name = f"neighbour{number}"
        product = Product.objects.create(
            code=name,
            name=name,
            name_en=name,
            provisioner=Product.Provisioner.WEBHOOK,
            webhook_url=f"http://127.0.0.1:{answers if number else hangs}/",
            webhook_secret=name,
        )
        for _ in range(REQUESTS):
            _owe(customer, product, at - timedelta(minutes=1))
    began = time.perf_counter()
    waiting = ProvisioningRequest.objects.filter(state=State.PENDING).exclude(product__code="neighbour0")
    while (left := waiting.count()) and time.perf_counter() - began < PATIENCE_SECONDS:
        app.send_task("billing_portal.tasks.run_job", args=("deliver-requests",), queue="couriers", expires=3)
        for _ in range(30):
            if not waiting.exists():
                break
            time.sleep(0.1)
    return {"seconds": time.perf_counter() - began, "left": left and waiting.count()}


def _owe(customer: Customer, product: Product, at: datetime) -> None:
    resource = Resource.objects.create(
        customer=customer,
        product=product,
        name="r",
        billing_mode="postpaid",
        configuration=[],
        created_at=at,
        changed_at=at,
    )
    ProvisioningRequest.objects.create(
        resource=resource,
        product=product,
        verb="stop",
        configuration=[],
        expects_answer=False,
        requested_at=at,
        next_attempt_at=at,
    )


def _serve(*, answer: bool) -> int:
    """The port of a server that takes a request at once, or holds every line and says nothing."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=100)
    held: list[socket.socket] = []

    def serve() -> None:
        while True:
            line, _address = listener.accept()
            held.append(line)
            if answer:
                line.recv(65536)
                line.sendall(b"HTTP/1.1 204 Taken\r\n\r\n")
                held.pop().close()

    threading.Thread(target=serve, daemon=True).start()
    return int(listener.getsockname()[1])
