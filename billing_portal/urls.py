"""Every address of the portal."""

from django.contrib import admin
from django.urls import path

from billing_portal import health

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
]
