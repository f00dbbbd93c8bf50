"""The staff area's pages about people. `base` and `tasks` are how every page of the staff area is built."""

from accounts.admin import keys, people

__all__ = ["keys", "people"]
