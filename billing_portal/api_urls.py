"""Every address of the API."""

from django.urls import URLPattern, URLResolver, path, re_path
from rest_framework.routers import SimpleRouter

from accounts.api.buyers import BuyerViewSet
from accounts.api.customers import CustomerViewSet, KeyViewSet
from accounts.api.endpoints import Nowhere
from billing_portal.api import Docs, Root, SchemaView
from budgets.api.balance import BalanceAlertViewSet
from budgets.api.budgets import BudgetViewSet
from catalog.api.coupons import CouponViewSet
from catalog.api.products import ProductViewSet
from door.api import PrivacyRequestViewSet
from foresight.api import CostViewSet, DifferenceViewSet, OutlookViewSet
from invoices.api.commitments import CommitmentViewSet
from invoices.api.debts import StandingViewSet
from invoices.api.documents import CreditNoteViewSet, InvoiceViewSet
from invoices.api.usage import UsageViewSet
from notifications.api import NoticeViewSet, RecipientViewSet
from orders.api.orders import OrderViewSet
from orders.api.provisioning import ProvisioningViewSet
from orders.api.quotes import QuoteViewSet
from orders.api.resources import ResourceViewSet
from orders.api.sessions import SessionViewSet
from orders.api.visits import VisitViewSet
from payments.api.behalf import PaymentRequestViewSet
from payments.api.holds import HoldViewSet
from payments.api.links import AutomaticChargeViewSet, LinkedAccountViewSet
from payments.api.papers import MonthlyStatementViewSet
from payments.api.payments import PaymentViewSet
from payments.api.poc import PocCreditViewSet
from payments.api.starting import InvoicePaymentViewSet, TopUpViewSet
from payments.api.transfers import TransferViewSet
from payments.api.wallet import EntryViewSet, WalletViewSet
from team.api import ActivityViewSet, ClosingViewSet, InvitationViewSet, MemberViewSet

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("products", ProductViewSet, "product")
router.register("quotes", QuoteViewSet, "quote")
router.register("buyers", BuyerViewSet, "buyer")
router.register("orders", OrderViewSet, "order")
router.register("resources", ResourceViewSet, "resource")
router.register("invoices", InvoiceViewSet, "invoice")
router.register("commitments", CommitmentViewSet, "commitment")
router.register("credit-notes", CreditNoteViewSet, "credit-note")
router.register("payments", PaymentViewSet, "payment")
router.register("wallet/entries", EntryViewSet, "wallet-entry")
router.register("wallet/holds", HoldViewSet, "wallet-hold")
router.register("poc-credit", PocCreditViewSet, "poc-credit")
router.register("top-ups", TopUpViewSet, "top-up")
router.register("bank-transfers", TransferViewSet, "bank-transfer")
router.register("linked-accounts", LinkedAccountViewSet, "linked-account")
router.register("automatic-charges", AutomaticChargeViewSet, "automatic-charge")
router.register("payment-requests", PaymentRequestViewSet, "payment-request")
router.register("usage", UsageViewSet, "usage")
router.register("users", MemberViewSet, "user")
router.register("activity", ActivityViewSet, "activity")
router.register("invitations", InvitationViewSet, "invitation")
router.register("closings", ClosingViewSet, "closing")
router.register("budgets", BudgetViewSet, "budget")
router.register("keys", KeyViewSet, "key")
router.register("recipients", RecipientViewSet, "recipient")
router.register("privacy-requests", PrivacyRequestViewSet, "privacy-request")
router.register("notices", NoticeViewSet, "notice")
router.register("checkout-sessions", SessionViewSet, "checkout-session")
router.register("visits", VisitViewSet, "visit")
router.register("provisioning-requests", ProvisioningViewSet, "provisioning-request")

urlpatterns: list[URLPattern | URLResolver] = [
    path("", Root.as_view(), name="root"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", Docs.as_view(), name="docs"),
    path("wallet/", WalletViewSet.as_view({"get": "retrieve"}), name="wallet"),
    path("wallet/alert/", BalanceAlertViewSet.as_view({"get": "retrieve", "post": "change"}), name="wallet-alert"),
    path("dunning/", StandingViewSet.as_view({"get": "retrieve"}), name="dunning"),
    path("costs/", CostViewSet.as_view({"get": "explored"}), name="costs"),
    path("costs/outlook/", OutlookViewSet.as_view({"get": "ahead"}), name="costs-outlook"),
    path("costs/difference/", DifferenceViewSet.as_view({"get": "compared"}), name="costs-difference"),
    path("customer/", CustomerViewSet.as_view({"get": "retrieve"}), name="customer"),
    path("customer/language/", CustomerViewSet.as_view({"post": "language"}), name="customer-language"),
    path(
        "customer/automatic-payment/",
        CustomerViewSet.as_view({"post": "automatic_payment"}),
        name="customer-automatic-payment",
    ),
    path("coupons/check/", CouponViewSet.as_view({"post": "check"}), name="coupon-check"),
    path("invoices/pay/", InvoicePaymentViewSet.as_view({"post": "create"}), name="invoice-pay"),
    path("invoices/statement/", MonthlyStatementViewSet.as_view({"get": "retrieve"}), name="invoice-statement"),
    *router.urls,
    re_path("", Nowhere.as_view()),
]
