"""The staff area as an application: Django's admin with our own site."""

from django.contrib.admin.apps import AdminConfig


class StaffAreaConfig(AdminConfig):
    default_site = "billing_portal.admin.site.StaffSite"
