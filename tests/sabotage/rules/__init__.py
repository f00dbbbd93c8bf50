"""The guards that stand in code, and who is to notice: line by line, so that a list and its code cannot drift apart."""

from __future__ import annotations

from tests.sabotage.rules.commitments import COMMITMENTS
from tests.sabotage.rules.money import KEYS_LOOKED_UP, MONEY_RULES, OUTSIDE
from tests.sabotage.rules.people import AUDIT, LOCKS, PEOPLE_AND_RIGHTS
from tests.sabotage.rules.time import ORDER_OF_THINGS, TIME
from tests.sabotage.ways import Guard

RULES: tuple[Guard, ...] = (
    *KEYS_LOOKED_UP,
    *OUTSIDE,
    *MONEY_RULES,
    *TIME,
    *ORDER_OF_THINGS,
    *PEOPLE_AND_RIGHTS,
    *LOCKS,
    *AUDIT,
    *COMMITMENTS,
)
