"""ZaloPay, version 2."""

from ..base import Dialect
from .agreements import LINKING
from .calls import blueprint
from .telling import judge, notice, return_url

ZALOPAY = Dialect(
    name="zalopay",
    brand="ZaloPay",
    blueprint=blueprint,
    tells_failure=False,
    tries=3,
    gap_s=10,  # the vendor names the number of tries only
    timeout_s=10,
    notice=notice,
    judge=judge,
    return_url=return_url,
    linking=LINKING,
)
