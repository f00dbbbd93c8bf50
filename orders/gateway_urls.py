"""Addresses that gateways know."""

from django.urls import path

from orders import gateway_views

urlpatterns = [
    path("payments/<uuid:payment_id>/return/", gateway_views.payment_return, name="payment-return"),
    path("payments/<uuid:payment_id>/check/", gateway_views.payment_check, name="payment-check"),
    path("gateways/<slug:code>/notice/", gateway_views.gateway_notice, name="gateway-notice"),
]
