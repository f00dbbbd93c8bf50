from django.urls import path

from invoices import views

urlpatterns = [
    path("billing/", views.billing_history, name="billing-history"),
    path("billing/invoices.zip", views.billing_documents, name="billing-documents"),
    path("billing/invoices.<str:form>", views.billing_export, name="billing-export"),
    path("billing/usage/", views.usage_report, name="usage-report"),
    path("billing/usage.<str:form>", views.usage_export, name="usage-export"),
    path("billing/focus.<str:form>", views.focus_export, name="focus-export"),
    path("billing/focus/schema.json", views.focus_schema, name="focus-schema"),
    path("billing/tags/", views.tag_spend, name="tag-spend"),
    path("billing/tags.<str:form>", views.tag_spend_export, name="tag-spend-export"),
    path("invoices/<uuid:invoice_id>/pdf/", views.invoice_document, name="invoice-pdf"),
    path("credit-notes/<uuid:note_id>/pdf/", views.credit_note_document, name="credit-note-pdf"),
]
