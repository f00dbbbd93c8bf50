from django.urls import path

from invoices.views import billing, commitments

urlpatterns = [
    path("billing/", billing.billing_history, name="billing-history"),
    path("billing/invoices.zip", billing.billing_documents, name="billing-documents"),
    path("billing/invoices.<str:form>", billing.billing_export, name="billing-export"),
    path("billing/usage/", billing.usage_report, name="usage-report"),
    path("billing/usage.<str:form>", billing.usage_export, name="usage-export"),
    path("billing/focus.<str:form>", billing.focus_export, name="focus-export"),
    path("billing/focus/schema.json", billing.focus_schema, name="focus-schema"),
    path("billing/tags/", billing.tag_spend, name="tag-spend"),
    path("billing/tags.<str:form>", billing.tag_spend_export, name="tag-spend-export"),
    path("billing/commitments/", commitments.commitments, name="commitments"),
    path("billing/commitments/take/", commitments.take, name="commitment-take"),
    path("billing/commitments/renewal/", commitments.renewal, name="commitment-renewal"),
    path("invoices/<uuid:invoice_id>/pdf/", billing.invoice_document, name="invoice-pdf"),
    path("credit-notes/<uuid:note_id>/pdf/", billing.credit_note_document, name="credit-note-pdf"),
]
