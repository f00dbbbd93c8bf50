"""What customers ask for, what becomes of it, and for whom the portal vouches on product pages."""

from orders.models.offers import Action, CheckoutSession, Quote
from orders.models.orders import ITEM_EDGES, ORDER_EDGES, Order, OrderItem, OrderState
from orders.models.redemptions import OrderedWithCoupon
from orders.models.visits import Visit

__all__ = [
    "ITEM_EDGES",
    "ORDER_EDGES",
    "Action",
    "CheckoutSession",
    "Order",
    "OrderItem",
    "OrderState",
    "OrderedWithCoupon",
    "Quote",
    "Visit",
]
