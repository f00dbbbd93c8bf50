"""The stories of the portal, a file each: what every paid action offers, how it begins, is completed or given back."""

from __future__ import annotations

from orders.models import Action
from orders.services.stories.base import Story
from orders.services.stories.create import Create
from orders.services.stories.recover import Recover
from orders.services.stories.renew import Renew
from orders.services.stories.resize import Resize

STORIES: dict[Action, Story] = {
    Action.CREATE: Create(),
    Action.RESIZE: Resize(),
    Action.RENEW: Renew(),
    Action.RECOVER: Recover(),
}
"""The one place that tells the actions apart."""

__all__ = ["STORIES", "Story"]
