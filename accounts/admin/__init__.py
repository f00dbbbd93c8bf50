"""The staff area's pages about people. `base` and `tasks` are how every page of the staff area is built."""

from accounts.admin import buyers, four_eyes, keys, people

__all__ = ["buyers", "four_eyes", "keys", "people"]
