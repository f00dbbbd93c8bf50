from django.urls import path, register_converter
from django.urls.converters import StringConverter

from payments.models import AutomaticCharge
from payments.views import behalf, gateway, history, invoices, links, papers, payer, poc, transfers, wallet


class PurposeConverter(StringConverter):
    """What may be charged by itself."""

    regex = "|".join(AutomaticCharge.Purpose.values)


register_converter(PurposeConverter, "purpose")

urlpatterns = [
    path("invoices/<uuid:invoice_id>/", invoices.invoice, name="invoice"),
    path("invoices/<uuid:invoice_id>/question/", invoices.question, name="invoice-question"),
    path("invoices/pay/", invoices.pay_invoices, name="pay-invoices"),
    path("billing/statement.pdf", papers.monthly_statement, name="monthly-statement"),
    path("payments/", history.payment_history, name="payment-history"),
    path("payments/export.<str:form>", history.payment_export, name="payment-export"),
    path("payments/<uuid:payment_id>/", history.payment, name="payment"),
    path("payments/<uuid:payment_id>/cancel/", history.cancel_payment, name="payment-cancel"),
    path("payments/<uuid:payment_id>/return/", gateway.payment_return, name="payment-return"),
    path("payments/<uuid:payment_id>/check/", gateway.payment_check, name="payment-check"),
    path("gateways/<slug:code>/notice/", gateway.gateway_notice, name="gateway-notice"),
    path("credit/", history.credit_history, name="credit-history"),
    path("credit/statement.pdf", history.credit_statement, name="credit-statement"),
    path("credit/export.<str:form>", history.credit_export, name="credit-export"),
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/held/", wallet.held_credit, name="held-credit"),
    path("wallet/poc/<uuid:poc_id>/", poc.poc_credit, name="poc-credit"),
    path("wallet/top-up/", wallet.top_up, name="top-up"),
    path("wallet/automatic/", wallet.automatic_payment, name="automatic-payment"),
    path("linked-accounts/", links.linked_accounts, name="linked-accounts"),
    path("linked-accounts/link/", links.link, name="link-account"),
    path("linked-accounts/<uuid:link_id>/return/", links.link_return, name="link-return"),
    path("linked-accounts/<uuid:link_id>/unlink/", links.unlink_account, name="unlink-account"),
    path("linked-accounts/<uuid:link_id>/limits/", links.account_limits, name="account-limits"),
    path("linked-accounts/<uuid:link_id>/default/", links.default_account, name="default-account"),
    path("linked-accounts/automatic/off/", links.automatic_off, name="automatic-off"),
    path("linked-accounts/automatic/<purpose:purpose>/on/", links.automatic_on, name="automatic-on"),
    path("linked-accounts/automatic/<purpose:purpose>/off/", links.automatic_off, name="automatic-purpose-off"),
    path("transfers/<uuid:expected_id>/", transfers.transfer, name="transfer"),
    path("transfers/<uuid:expected_id>/give-up/", transfers.give_up, name="transfer-give-up"),
    path("transfers/claim/", transfers.claim, name="transfer-claim"),
    path("payment-requests/", behalf.payment_requests, name="payment-requests"),
    path("payment-requests/new/", behalf.ask_somebody, name="ask-to-pay"),
    path("payment-requests/<uuid:request_id>/withdraw/", behalf.withdraw, name="withdraw-request"),
    path("pay/<secret:token>/", payer.door, name="payer-door"),
    path("pay/for/<uuid:request_id>/", payer.payer, name="payer"),
    path("pay/for/<uuid:request_id>/return/", payer.payer_return, name="payer-return"),
    path("pay/for/<uuid:request_id>/transfer/", payer.payer_transfer, name="payer-transfer"),
    path("bank/transfers/", transfers.bank_feed, name="bank-feed"),
]
