"""VNPay, version 2.1.0."""

from ..base import Dialect
from .calls import blueprint
from .telling import judge, notice, return_url

VNPAY = Dialect(
    name="vnpay",
    brand="VNPay",
    blueprint=blueprint,
    tells_failure=True,
    tries=10,
    gap_s=300,
    timeout_s=10,
    notice=notice,
    judge=judge,
    return_url=return_url,
    reverses=True,
)
