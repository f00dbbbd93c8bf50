"""A gateway that answers what the test says, and the way of a customer there and back."""

import json
from datetime import timedelta

from django.urls import reverse

from payments.gateways.base import BadSignature, Caps, Pending, Redirect, Report, Succeeded
from tests.cast import NOON

HOSTED = "https://gateway.example/pay/1"


class FakeGateway:
    """A gateway that answers what the test says: `outcome` to questions, `answer` to a start."""

    code = "sandbox"
    caps = Caps(1_000, 50_000_000, timedelta(minutes=15), timedelta(days=2))

    def __init__(self):
        self.answer, self.outcome, self.asked, self.count = Redirect(HOSTED), Pending(), 0, 0

    def new_reference(self, now):
        self.count += 1
        return f"{now:%y%m%d}_{self.count:09}"

    def start(self, to_pay):
        self.order = to_pay
        return self.answer

    def query(self, *, reference, at):
        self.asked += 1
        return self.outcome

    def parse_notice(self, body, headers):
        try:
            told = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadSignature("unreadable") from error
        if told.get("mac") != "right":
            raise BadSignature("wrong mac")
        return Report(told["reference"], Succeeded("txn-1", told["amount"], NOON))

    def reply(self, verdict):
        return 200, "application/json", json.dumps({"verdict": verdict.value}).encode()


def top_up(client, **data):
    return client.post(reverse("top-up"), {"gateway": "sandbox", **data})


def came_back(client, payment, **query):
    return client.get(reverse("payment-return", args=[payment.pk]), query)
