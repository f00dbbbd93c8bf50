"""What the OpenAPI document says of itself, and how it calls what has several names; the endpoints say the rest."""

from __future__ import annotations

DOCUMENT = {
    "TITLE": "Billing Portal",
    "DESCRIPTION": "Prepaid and postpaid billing for customers' programs and product teams. Amounts are whole đồng, instants ISO 8601 in UTC.",
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ActionEnum": "orders.models.Action",
        "CreateActionEnum": ["create"],
        "ResizeActionEnum": ["resize"],
        "BillingModeEnum": "accounts.models.BillingMode",
        "BuyerKindEnum": "accounts.models.BuyerProfile.Kind",
        "CreditKindEnum": "payments.origins.CreditKind",
        "CreditNoteReasonEnum": "invoices.models.CreditNote.Reason",
        "InvoiceKindEnum": "invoices.models.Invoice.Kind",
        "MoneyStepCodeEnum": "payments.story.Code",
        "MonthsEnum": "lifecycle.api.PERIODS",
        "InvoiceStatusEnum": "invoices.models.Invoice.Status",
        "OrderItemStateEnum": "orders.models.OrderItem.State",
        "OrderStateEnum": "orders.models.OrderState",
        "PaymentKindEnum": "payments.models.Payment.Kind",
        "PaymentMeansEnum": "payments.models.Payment.Means",
        "PaymentStateEnum": "payments.models.PaymentState",
        "RequestStateEnum": "lifecycle.models.ProvisioningRequest.State",
        "ResourceStateEnum": "lifecycle.models.State",
        "SessionActionEnum": "orders.models.CheckoutSession.Action",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}
