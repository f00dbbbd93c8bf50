"""The table of codes in docs/api.md is complete and true."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from kernel.errors import DomainError
from stack import web
from store.races import races

NO_REFUSALS_HERE = {
    # what only staff do
    "approved-already", "billed-again-already", "commitment-not-earlier", "committed", "coupon-changed", "clock-fixed", "clock-move-under-way", "clock-not-forward",
    "closed-already", "credit-exceeds-invoice", "held-as-a-whole", "hold-over", "nothing-to-call-about", "question-answered", "usage-file-too-long", "wrong-coupon-line", "wrong-usage-file", "mode-already", "month-not-over",
    "not-acting", "not-failing", "nothing-parked", "not-parked", "not-returnable", "not-stuck", "not-refused", "not-taken-back", "not-void", "not-yours", "given-back-before", "not-as-told", "taken-back-before", "nothing-expected", "nothing-held", "nothing-left",
    "nothing-to-bill", "orders-open", "own-approval", "plan-changed", "price-not-ended", "price-not-in-the-past", "priced-already",
    "poc-credit-over", "prepaid-for-poc", "price-replaced", "priced-otherwise", "rate-said-already", "taxed-rightly", "credited-in-part", "question-open", "use-taken-away", "category-gone", "refund-asked-about", "refund-ended", "refund-open", "reversal-closed", "reviewed-already", "reviews-awaited", "sent-already", "settled-already", "still-fails", "terms-over", "terms-overlap", "still-held",
    "less-is-left", "sent-back-already", "claim-answered", "difference-ended", "no-money-of-nobody", "statement-of-another-day", "statement-unreadable", "transfer-differs", "transfer-recorded-already",
    # what is only on pages
    "address-change-over", "address-of-the-company", "address-taken", "claimed-already", "not-waiting", "sign-up-over", "too-many-claims",
    "domain-not-confirmed", "domain-taken", "last-domain", "not-by-provider", "not-of-the-company", "provider-asked-too-often", "provider-away", "provider-busy",
    "provider-not-tried", "provider-off", "provider-secret-unreadable", "provider-settings-changed", "provider-untrusted", "too-many-domains",
    # reasons that are kept with what came to nothing
    "charge-corrected", "not-running-any-more", "postpaid-by-now", "renewed-meanwhile",
}  # fmt: skip
OF_THE_PROTOCOL = {
    "address-too-long", "authentication-failed", "bad-request", "busy", "concurrent-change", "headers-too-large",
    "internal-error", "length-required", "malformed-request", "method-not-allowed", "not-acceptable",
    "not-authenticated", "not-found", "parse-error", "permission-denied", "throttled", "too-large",
    "unsupported-media-type",
}  # fmt: skip


def table() -> dict[str, set[int]]:
    """The statuses by code."""
    text = Path("docs/api.md").read_text().partition("## Codes")[2]
    found: dict[str, set[int]] = {}
    for statuses, codes in re.findall(r"^\| ([\d, ]+) \| ([^|]*) \|", text, re.MULTILINE):
        numbers = [int(number) for number in statuses.split(", ")]
        names = re.findall(r"`([a-z-]+)`", codes)
        for position, name in enumerate(names):  # a row of several statuses names one code for each
            found.setdefault(name, set()).add(numbers[position] if len(numbers) > 1 else numbers[0])
    return found


def refusals(of: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    for kind in of.__subclasses__():
        if "code" in vars(kind) and not kind.__module__.startswith("tests."):
            yield kind
        yield from refusals(kind)


def test_the_table_names_every_refusal_with_its_status():
    import_module("billing_portal.urls")
    listed = table()
    expected = {kind.code: kind.status for kind in refusals()}

    assert set(expected) >= NO_REFUSALS_HERE
    missing = {code for code in expected if code not in listed} - NO_REFUSALS_HERE
    assert missing == set()
    wrong = {
        code: (status, listed[code]) for code, status in expected.items() if status not in listed.get(code, {status})
    }
    assert wrong == {}


def test_the_table_names_nothing_else():
    known = {kind.code for kind in refusals()} | OF_THE_PROTOCOL

    assert set(table()) - known == set()
    assert set(table()) >= {*OF_THE_PROTOCOL, *races().values(), *web.CODES.values()}
    assert set(table()) & NO_REFUSALS_HERE == set()


def test_each_refusal_has_a_code_and_a_name_of_its_own():
    import_module("billing_portal.urls")
    found = list(refusals())
    assert [code for code, times in Counter(kind.code for kind in found).items() if times > 1] == []
    assert [name for name, times in Counter(kind.__name__ for kind in found).items() if times > 1] == []
