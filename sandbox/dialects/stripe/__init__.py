"""Stripe: Checkout, and cards that are charged without their holders."""

from ..base import Dialect, Linking
from .calls import blueprint
from .telling import judge, link_notice, link_return_url, notice, refund_notice, return_url

STRIPE = Dialect(
    name="stripe",
    brand="Stripe",
    blueprint=blueprint,
    tells_failure=True,
    tries=16,
    gap_s=3600,  # growing, over three days
    timeout_s=10,
    notice=notice,
    judge=judge,
    return_url=return_url,
    reverses=True,
    has_disputes=True,
    refund_notice=refund_notice,
    may_try_again=True,
    linking=Linking(link_notice, link_return_url),
)
