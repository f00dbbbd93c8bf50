"""
The staff area as an application: Django's admin with our own site.

The site stands apart from `billing_portal.admin`: making it must not register anything on it.
"""

from django.contrib.admin.apps import AdminConfig


class StaffAreaConfig(AdminConfig):
    default_site = "billing_portal.staff_site.StaffSite"
