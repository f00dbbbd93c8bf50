"""MoMo, version 2: the wallet."""

from ..base import Dialect, Linking
from .calls import blueprint
from .telling import judge, link_notice, link_return_url, notice, return_url

MOMO = Dialect(
    name="momo",
    brand="MoMo",
    blueprint=blueprint,
    tells_failure=True,
    tries=3,  # the vendor names none
    gap_s=10,
    timeout_s=15,
    notice=notice,
    judge=judge,
    return_url=return_url,
    linking=Linking(link_notice, link_return_url),
)
