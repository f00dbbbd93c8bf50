"""The staff area's pages about customers, resources and orders: what needs services of every app."""

from orders.admin import customers, fulfilment, orders, resources

__all__ = ["customers", "fulfilment", "orders", "resources"]
