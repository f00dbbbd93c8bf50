"""The staff area's pages about customers, resources, orders and payments: what needs services of every app."""

from orders.admin import customers, fulfilment, orders, payments, resources

__all__ = ["customers", "fulfilment", "orders", "payments", "resources"]
