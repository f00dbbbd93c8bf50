"""What customers and a product team do, each in a thread, drawn from the seed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import httpx

from tests.chaos.house import BANK_ACCOUNT
from tests.chaos.record import Bank, Caller, Operation, Told

LINKING = {"sandbox", "sandbox-momo", "sandbox-stripe"}


class Shopper:
    """
    One customer: orders, pays, changes, deletes, one after the other.

    :param gateways: the codes of those that are paid through
    :param only: of what a customer does, by the names in `ACTS`; all without it
    """

    def __init__(
        self,
        person: dict[str, str],
        caller: Caller,
        bank: Bank,
        shelves: dict[str, list[str]],
        *,
        random: Random,
        gateways: Sequence[str],
        only: Sequence[str] = (),
        paying: Callable[[], None] = lambda: None,
    ) -> None:
        self.person, self.caller, self.bank, self.shelves = person, caller, bank, shelves
        self.random, self.gateways, self.paying = random, gateways, paying
        self.pages = httpx.Client(timeout=20, trust_env=False, follow_redirects=True)
        self.pressed: set[str] = set()
        self.names = [name for name in ACTS if not only or name in only]
        self.weights = [ACTS[name][1] for name in self.names]

    def act(self) -> None:
        """One thing that a customer does."""
        [name] = self.random.choices(self.names, self.weights)
        ACTS[name][0](self)

    def top_up(self) -> None:
        wish = {"amount": self.random.randrange(10, 900) * 1000, "gateway": self._gateway()}
        self.paying()
        self._go_and_pay(self.caller.write("top-up", "top-ups/", wish))

    def top_up_from_linked(self) -> None:
        if linked := self._linked():
            wish = {"amount": self.random.randrange(10, 200) * 1000, "linked_account": linked}
            self.paying()
            self._again(self.caller.write("linked charge", "top-ups/", wish))

    def top_up_by_transfer(self) -> None:
        wish = {"amount": self.random.randrange(10, 900) * 1000}
        asked = self._again(self.caller.write("ask for transfer", "bank-transfers/", wish))
        if asked.told == Told.ACKNOWLEDGED:
            self._transfer(asked.answer)

    def buy(self) -> None:
        [product] = self.random.sample(sorted(self.shelves), 1)
        wish: dict[str, Any] = {
            "action": "create",
            "product": product,
            "name": f"r{self.random.randrange(10**6)}",
            "items": [{"item": self.random.choice(self.shelves[product])}],
        }
        if self.person["mode"] == "prepaid":
            wish |= {"months": 1, "coupon": "CHAOS" if self.random.random() < 0.2 else ""}
        self._order("create", wish)

    def change(self) -> None:
        """Renew, resize, delete or recover one of theirs, whichever is possible."""
        mine = (self.caller.read("resources/", page_size=50) or {}).get("results", [])
        possible = [(act, one) for one in mine for act in one["actions"] if act in CHANGES]
        if not possible:
            return
        wanted = self.random.choice(sorted({act for act, _one in possible}))
        resource = self.random.choice([one for act, one in possible if act == wanted])
        match wanted:
            case "delete":
                self._again(self.caller.write("delete", f"resources/{resource['id']}/delete/"))
            case "renew":
                self._order("renew", {"action": "renew", "resources": [resource["id"]], "months": 1})
            case "recover":
                self._order("recover", {"action": "recover", "resource": resource["id"], "months": 1})
            case "resize":
                items = [{"item": self.random.choice(self.shelves[resource["product"]])}]
                self._order("resize", {"action": "resize", "resource": resource["id"], "items": items})

    def pay_invoices(self) -> None:
        owed = (self.caller.read("invoices/", status=["unpaid", "partially_paid"], page_size=50) or {}).get(
            "results", []
        )
        if not owed:
            return
        some = [one["id"] for one in self.random.sample(owed, min(len(owed), self.random.choice([1, 1, 2])))]
        means = self.random.choice(["wallet", "wallet", "gateway", "linked_account", "transfer"])
        wish: dict[str, Any] = {"invoices": some, "means": means}
        match means:
            case "wallet" if self.random.random() < 0.3:
                wish["amount"] = self.random.randrange(1, 50) * 1000
            case "gateway":
                wish["gateway"] = self._gateway()
            case "linked_account":
                wish["linked_account"] = self._linked()
                if not wish["linked_account"]:
                    return
            case "transfer":
                asked = self._again(self.caller.write("ask for transfer", "bank-transfers/", {"invoices": some}))
                if asked.told == Told.ACKNOWLEDGED:
                    self._transfer(asked.answer)
                return
        self.paying()
        self._go_and_pay(self._again(self.caller.write("invoice payment", "invoices/pay/", wish)))

    def pay_again(self) -> None:
        """An order whose payment failed waits for another one; or is given up."""
        waiting = (self.caller.read("orders/", state="awaiting_payment") or {}).get("results", [])
        waiting = [one for one in waiting if one["means"] != "bank_transfer"]
        if not waiting:
            return
        order = self.random.choice(waiting)
        if self.random.random() < 0.3:
            self._again(self.caller.write("cancel order", f"orders/{order['id']}/cancel/"))
            return
        self.paying()
        paid = self.caller.write("order payment", f"orders/{order['id']}/pay/", {"gateway": self._gateway()})
        self._go_and_pay(self._again(paid))

    def finish(self, *, look: bool) -> None:
        """End at their gateways what is open there; and `look` how it stands with us, which has the gateway asked."""
        for state in ("created", "processing", "unknown"):
            for payment in (self.caller.read("payments/", state=state, page_size=100) or {}).get("results", []):
                self._press(payment["redirect_url"])
                if look:
                    self._again(self.caller.write("check payment", f"payments/{payment['id']}/check/"))

    def _order(self, action: str, wish: dict[str, Any]) -> None:
        quote = self._again(self.caller.write("quote", "quotes/", wish))
        if quote.told != Told.ACKNOWLEDGED:
            return
        means = self.random.choice(
            ["wallet", "wallet", "gateway", "gateway", "top_up_and_pay", "linked", "bank_transfer"]
        )
        order: dict[str, Any] = {"quote": quote.id, "means": means}
        if means in ("gateway", "top_up_and_pay"):
            order["gateway"] = self._gateway()
        if means == "linked":
            linked = self._linked()
            order |= {"means": "top_up_and_pay", "linked_account": linked} if linked else {"means": "wallet"}
        if means != "wallet":
            self.paying()
        placed = self._again(self.caller.write(f"order to {action}", "orders/", order))
        if placed.told != Told.ACKNOWLEDGED:
            return
        if placed.answer["means"] == "bank_transfer":
            found = self.caller.read("bank-transfers/", order=placed.id)
            for asked in (found or {}).get("results", []):
                self._transfer(asked)
        self._go_and_pay(placed)

    def _again(self, operation: Operation) -> Operation:
        """Most programs repeat what was not answered, with the same key; some never do."""
        for pause in (0.2, 1.0, 2.0):
            if operation.told != Told.UNKNOWN or self.random.random() < 0.4:
                break
            time.sleep(pause)
            self.caller.send(operation)
        return operation

    def _go_and_pay(self, operation: Operation) -> None:
        if operation.told != Told.ACKNOWLEDGED:
            return
        payment = operation.answer.get("payment") or operation.answer
        self._press(payment.get("redirect_url", ""))
        if payment.get("redirect_url") and self.random.random() < 0.5:  # back on our page; the others close the tab
            self.caller.write("check payment", f"payments/{payment['id']}/check/")

    def _press(self, page: str) -> None:
        """At the gateway: pay, most of the time."""
        action = self.random.choices(["pay", "cancel", "funds"], [8, 1, 1])[0]
        if not page or page in self.pressed:
            return
        for _try in range(4):
            try:
                shown = self.pages.get(page)
                if shown.is_success and self._pressed(str(shown.url), action):
                    self.pressed.add(page)
                    return
                if shown.status_code < 500:
                    return
            except httpx.HTTPError:  # leads back to a portal that is away, or the sandbox is
                pass
            time.sleep(0.5)

    def _pressed(self, page: str, action: str) -> bool:
        """Whoever comes back to a portal that is away has paid all the same."""
        return self.pages.post(page, data={"action": action}, follow_redirects=False).status_code < 500

    def _transfer(self, asked: dict[str, Any]) -> None:
        amount = asked["amount"] - asked["received"]
        if amount <= 0:
            return
        change = self.random.choices([0, -5_000, 5_000], [8, 1, 1])[0]
        self._again_at_bank(self.bank.transfer(BANK_ACCOUNT, max(amount + change, 1000), f"CK {asked['reference']}"))

    def _again_at_bank(self, line: Operation) -> None:
        if line.told == Told.UNKNOWN and self.random.random() < 0.5:
            time.sleep(1)
            self.bank.send(line)

    def _linked(self) -> str:
        """An account that can be charged; linked first if there is none."""
        found = (self.caller.read("linked-accounts/") or {}).get("results", [])
        active = [one["id"] for one in found if one["state"] == "active"]
        if active:
            return str(active[0])
        codes = [code for code in self.gateways if code in LINKING]
        words = self.caller.read("linked-accounts/consents/")
        if not codes or not words or len(found) >= 5:
            return ""
        wish = {"gateway": self.random.choice(codes), "consent": words[0]["version"]}
        begun = self._again(self.caller.write("link account", "linked-accounts/", wish))
        if begun.told == Told.ACKNOWLEDGED and begun.answer["redirect_url"]:
            try:
                self.pages.post(begun.answer["redirect_url"], data={"action": "agree-close"})
                self.caller.write("check link", f"linked-accounts/{begun.id}/check/")
            except httpx.HTTPError:
                pass
        return ""

    def _gateway(self) -> str:
        return self.random.choice(list(self.gateways))


CHANGES = {"renew", "resize", "delete", "recover"}
ACTS: dict[str, tuple[Callable[[Shopper], None], int]] = {
    "top-up": (Shopper.top_up, 4),
    "linked": (Shopper.top_up_from_linked, 2),
    "transfer": (Shopper.top_up_by_transfer, 2),
    "buy": (Shopper.buy, 6),
    "change": (Shopper.change, 6),
    "invoices": (Shopper.pay_invoices, 3),
    "pay-again": (Shopper.pay_again, 2),
}
"""What a customer does, and how often beside the others."""


class Team:
    """The people of a product whose system asks for requests: most of what is asked they can do."""

    def __init__(self, caller: Caller, random: Random) -> None:
        self.caller, self.random = caller, random

    def act(self) -> None:
        """Answer what waits."""
        asked = self.caller.read("provisioning-requests/", page_size=50)
        for request in (asked or {}).get("results", []):
            if request["answer_expected"]:
                outcome = {"outcome": "succeeded"}
                if self.random.random() < 0.15:
                    outcome = {"outcome": "failed", "reason_code": "no-capacity"}
                self.caller.write("answer", f"provisioning-requests/{request['id']}/answer/", outcome)


def act_until(stop: threading.Event, act: Callable[[], None], random: Random, *, gap: float, broken: list[str]) -> None:
    """Act until `stop`; `broken` hears of a fault of the load itself."""
    while not stop.wait(random.uniform(0, 2 * gap)):
        try:
            act()
        except Exception as error:
            broken.append(f"the load itself failed: {type(error).__name__}: {error}")
            raise
