"""Something on every list of the staff area, `times` times."""

from __future__ import annotations

from datetime import date

from allauth.mfa.models import Authenticator
from django.db.models import F

from accounts.audit import Did
from accounts.four_eyes import ask
from accounts.models import Customer, CustomerGroup, CustomerKey, Identity
from accounts.services import record_audit
from billing_portal.models import AuditLook, ClockMove, Close, Finding, JobRun
from billing_portal.recounting import differences, mend
from budgets.services.balance import set_balance_alert
from budgets.services.setting import set_budget
from catalog.commitments import shortfall_item
from catalog.models import Commitment, CommitmentOffer, Coupon, Discount, Item, Product, ProductKey
from door.models import SignUp
from door.services.addresses import ask_for_address
from door.services.privacy import ask_for_privacy
from door.services.sign_up import ask_to_sign_up, sign_up
from invoices.models import BillingRun, DunningStep, Hold, ParkedBilling, Question, Rung
from invoices.services.holds import place_hold
from invoices.services.shortfalls import decide
from kernel.ids import new_id
from kernel.periods import CalendarMonth
from ledger.holds import Wanted, place_holds
from lifecycle.models import CreditWarning, DeliveryChannel, ProvisioningRequest, Resource
from notifications.choices import choose_mails
from notifications.models import MailTrouble, Notice
from notifications.recipients import ask_recipient
from notifications.troubles import note_trouble
from orders.models import Action, CheckoutSession, Order
from payments.acts import AdjustCredit
from payments.gateways.base import Moved, Movement, Succeeded
from payments.models import (
    ExpectedTransfer,
    GatewayNotice,
    Payment,
    PaymentRequest,
    Shortage,
    StatementDay,
    TransferClaim,
    UsageHold,
)
from payments.services.behalf import Asking, ask_to_pay
from payments.services.correct import correct_invoice
from payments.services.credit import grant_promotional_credit
from payments.services.outcomes import record_outcome
from payments.services.poc import grant_poc_credit
from payments.services.reconcile import read_day
from payments.services.reversals import take_back
from payments.services.transfers import record_bank_transfer
from team.services.closing import ask_to_close
from team.services.invitations import invite
from tests.cast import (
    DAY,
    LONG_AGO,
    NOON,
    STAFF,
    TEAM,
    chosen,
    create,
    make_buyer,
    make_colleague,
    make_coupon,
    make_customer,
    make_item,
    make_metered,
    make_product,
    make_provider,
    make_user,
    order,
    owner_of,
    quote,
    switch_mode,
    taxed_at,
)
from tests.links import linked_account, tops_up
from tests.owner import around_all_guards
from tests.refunds import returned, topped_up
from usage.models import Batch
from usage.services.intake import take_records


def populate(number: int) -> None:
    """One more of everything, each with its own customer, product and names."""
    product = make_product(f"product{number}")
    item = make_item(product, f"flavour{number}", 181_000)
    prepaid = make_customer(f"Prepaid {number}", credit=5_000_000)
    postpaid = make_customer(f"Postpaid {number}", mode="postpaid")
    _history(number, product, item, prepaid, postpaid)
    _staff_work(number, product, prepaid)
    _outside(number, prepaid)
    _at_the_door(number, prepaid)


def _history(number: int, product: Product, item: Item, prepaid: Customer, postpaid: Customer) -> None:
    coupon = make_coupon(f"SALE{number}", 20_000)
    bought = create(prepaid, item, name=f"web{number}", coupon=coupon.code)[0]
    measured = create(postpaid, item, name=f"usage{number}")[0]
    make_metered(product, f"traffic{number}", 500)
    use = {"resource": str(measured.pk), "key": "a", "used_at": NOON.isoformat(), "quantity": 1}
    sent = [use | {"item": f"traffic{number}"}, use | {"item": "nothing"}]
    take_records(product, sent, source=Batch.Source.API, actor=TEAM, at=NOON)
    waiting = quote(
        prepaid, Action.CREATE, product=str(product.pk), name=f"new{number}", items=chosen(item), months=1, quantity=1
    )
    order(waiting)
    shared = quote(
        prepaid,
        Action.CREATE,
        product=str(product.pk),
        name=f"shared{number}",
        items=chosen(item),
        months=1,
        quantity=1,
    )
    father = Asking(f"father{number}@family.example", f"Prepaid {number}", "vi")
    to_be_paid = order(shared, means=Order.Means.ON_BEHALF).pk
    ask_to_pay(prepaid, PaymentRequest.Kind.ORDER, [to_be_paid], father, actor=owner_of(prepaid), at=NOON)
    correct_invoice(bought.invoices.get().pk, 1_000, note="Goodwill", actor=STAFF, at=NOON)
    DeliveryChannel.objects.create(
        product=product, failures=1, failing_since=NOON, rests_until=NOON + DAY, error="HTTP 503"
    )
    ProvisioningRequest.objects.filter(resource=bought).exclude(state="succeeded").update(state="parked")
    CheckoutSession.objects.create(
        product=product, name="shop", configuration=[], return_url="https://shop.example/", created_at=NOON,
        expires_at=NOON + DAY,
    )  # fmt: skip
    invoice = bought.invoices.get()
    Question.objects.create(
        customer=prepaid, invoice=invoice, line=invoice.lines.get(), amount=5, text="why?", actor="x", at=NOON
    )
    run = BillingRun.objects.create(month=f"{2020 + number}-01", started_at=NOON)
    run.chunks.create(first=postpaid.pk, last=postpaid.pk)
    _commitments(number, postpaid)
    ParkedBilling.objects.create(
        run=run, month=run.month, customer=postpaid, cause="outlier", expected_total=9, at=NOON
    )


def _commitments(number: int, customer: Customer) -> None:
    terms = {"amount": 1_000, "share": "0.1"}
    CommitmentOffer.objects.create(name=f"Offer {number}", name_en="Offer", months=number, valid_from=LONG_AGO, **terms)
    since, until = date(2020, 1, 1), date(2020, 2, 1)
    shortfall_item()
    Commitment.objects.create(customer=customer, starts_on=since, ends_on=until, agreed_at=NOON, agreed_by="x", **terms)
    decide(CalendarMonth(2020, 1), [customer.pk], at=NOON)


def _at_the_door(number: int, customer: Customer) -> None:
    """With the letters that it is told by."""
    ask_for_address(make_user(customer), f"new{number}@customer.example", at=NOON, language="vi")
    ask_to_sign_up(
        kind="person", name=f"Somebody {number}", tax_code="", email=f"somebody{number}@new.example", language="vi",
        versions={"terms": "2026-01-01"}, at=NOON,
    )  # fmt: skip
    Authenticator.objects.create(user=make_user(customer), type="totp", data={"secret": "of the test"})
    provider, user = make_provider(customer, f"customer{number}.example"), make_user(customer)
    Identity.objects.create(
        provider=provider, user=user, issuer=provider.issuer, subject="1", email=user.email, bound_at=NOON, used_at=NOON
    )
    invite(customer, f"invited{number}@new.example", "viewer", actor=owner_of(customer), at=NOON)
    sign_up(SignUp.objects.get(email=f"somebody{number}@new.example").pk, "a-long-new-secret", at=NOON)
    leaver = make_user(make_customer(f"Leaver {number}"))
    ask_to_close(leaver.belongs[0].customer, user=leaver, actor=leaver.actor, at=NOON)


def _staff_work(number: int, product: Product, customer: Customer) -> None:
    switch_mode(make_customer(), "postpaid", at=NOON)
    server = Resource.objects.filter(customer=customer).earliest("pk")
    [held] = place_holds([Wanted(customer.pk, UsageHold.source_of(server.pk, "2026-03"), 1)], at=NOON)
    UsageHold.objects.create(hold=held, customer=customer, resource=server, month="2026-03", so_far=1, ahead=0)
    Shortage.objects.create(customer=customer, product=product, missing=5, missing_now=5, at=NOON)
    CreditWarning.objects.create(customer=customer, resource=server, told_at=NOON)
    grant_promotional_credit(customer, 50_000, expires_at=NOON + DAY, reason="welcome", actor=STAFF, at=NOON)
    pilot = make_item(make_product(f"vpilot-{number}"), f"pilot-{number}", 100_000)
    grant_poc_credit(
        customer,
        200_000,
        products=[pilot.product_id],
        starts_at=NOON,
        expires_at=NOON + DAY,
        reason="pilot",
        actor=STAFF,
        at=NOON,
    )
    create(customer, pilot)
    somebody = make_colleague("somebody@portal.example")
    ask(AdjustCredit, customer=customer, amount=10_000, reason="typo", actor=somebody, at=NOON)
    rung = Rung.objects.create(
        group=CustomerGroup.objects.create(name=f"Group {number}"), act="call", days=number, valid_from=LONG_AGO
    )
    DunningStep.objects.create(customer=customer, rung=rung, act="call", at=NOON)
    place_hold(customer.pk, Hold.Kind.PROMISE, until=NOON + DAY, reason="called", actor=STAFF, at=NOON)
    taxed_at(f"0.0{number}")
    Discount.objects.create(customer=customer, product=product, share="0.25", valid_from=LONG_AGO)
    CustomerKey.issue(at=NOON, name=f"key{number}", customer=customer)
    ProductKey.issue(at=NOON, name=f"key{number}", product=product)
    make_user(customer)
    make_buyer(customer, f"Công ty {number}", tax_code="0100109106")
    address = f"a{number}@books.example"
    set_balance_alert(customer, below=10**9, days=None, actor=owner_of(customer), at=NOON)
    set_budget(customer, 1_000, product=product, confirmed=True, actor=owner_of(customer), at=NOON)
    ask_recipient(customer, address, "vi", [Notice.Kind.REFUND], actor=owner_of(customer), at=NOON)
    choose_mails(customer, is_wanted=False, actor=owner_of(customer), at=NOON)
    ask_for_privacy(customer, None, "correct", "my name", actor=owner_of(customer), at=NOON)
    note_trouble(address, MailTrouble.Why.BOUNCED, event=str(number), detail="550 no such user", at=NOON)
    record_audit(Did.VIEW_AS_CUSTOMER, number, actor=STAFF, at=NOON, reason="for a test", customer=customer)


def _outside(number: int, customer: Customer) -> None:
    tops_up(linked_account(customer, gateway="sandbox"))
    payment = Payment.objects.create(
        customer=customer, kind=Payment.Kind.TOP_UP, means=Payment.Means.GATEWAY, gateway="sandbox",
        reference=f"T-{number}", payable=f"top_up:{new_id()}", description="top-up", amount=100_000, actor="x",
        created_at=NOON,
    )  # fmt: skip
    ExpectedTransfer.objects.create(
        customer=customer, kind="top_up", payable=f"top_up:{number}", description="Top-up", amount=2_000,
        actor=STAFF.name, created_at=NOON, expires_at=NOON + DAY,
    )  # fmt: skip
    TransferClaim.objects.create(customer=customer, amount=3_000, day=NOON.date(), actor=STAFF.name, at=NOON)
    record_bank_transfer(customer.pk, 1_000, [], reference=f"FT{number}", reason="statement", actor=STAFF, at=NOON)
    arrived = record_outcome(payment.pk, Succeeded(f"G-{number}", 100_000, NOON), actor=STAFF, at=NOON)
    take_back(arrived.pk, 1_000, reference=f"R-{number}", reason="chargeback", actor=STAFF, at=NOON)
    returned(topped_up(customer, 2_000), 1_000)
    GatewayNotice.objects.create(
        gateway="sandbox", digest=f"{number:064}", body="{}", is_genuine=True, payment=payment, verdict="accepted",
        received_at=NOON,
    )  # fmt: skip
    _differ(number)
    JobRun.objects.create(job="bill-month", due_at=NOON, started_at=NOON, finished_at=NOON, outcome="done", count=1)
    ClockMove.objects.create(
        from_instant=NOON, to_instant=NOON + DAY, reached=NOON + DAY, state="done", reason="demo", actor="x"
    )
    Finding.note("a claim about the books", f"row {number}", customer.pk, at=NOON)
    Close.objects.create(claims=1, found=0, figures={}, at=NOON)
    AuditLook.objects.create(reached={}, customers=1, found=1, at=NOON)
    with around_all_guards():
        Coupon.objects.update(uses=F("uses") + 1)
    for difference in differences():
        mend(difference, actor=STAFF, at=NOON)


def _differ(number: int) -> None:
    statement = StatementDay.objects.create(source="sandbox", day=(NOON + number * DAY).date(), ask_at=NOON)
    line = Moved(Movement.PAYMENT, f"nobody-{number}", f"N-{number}", 5_000, NOON)
    read_day(statement, [line], actor="statements", at=NOON)
