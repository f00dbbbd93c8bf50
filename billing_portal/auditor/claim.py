"""What a claim about the books is: a query that finds whatever contradicts it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from billing_portal.totals import Total
from kernel.shapes import SqlArguments

OF = re.compile(r":of\(([\w.]+)\)")
"""In a claim's query: the column that has the customer, where the rows of some customers can be looked at alone."""
NEW = re.compile(r":new\(([\w.]+)\)")
"""The id of a transaction, where it is enough to look at those that are new: they are not found by customer."""


@dataclass(frozen=True, slots=True)
class Claim:
    """
    Something that is true of the books at every instant.

    :ivar sentence: says it; what is found is named by it
    :ivar query: gives (label, customer) of each row that contradicts it, as of one instant; `:of(column)` stands for "of these
        customers", `:new(column)` for "since then", `%(at)s` for now
    :ivar nightly: it is asked of everything; one that is not is the quick form, for some customers, of a kept total
    """

    sentence: str
    query: str
    nightly: bool = True

    @property
    def is_quick(self) -> bool:
        """It can be asked of some customers alone."""
        return OF.search(self.query) is not None

    @property
    def is_timed(self) -> bool:
        """It is about how long something has been waiting."""
        return "%(at)s" in self.query

    def asked(self, customers: str | None, at: datetime | None, since: int = 0) -> tuple[str, SqlArguments]:
        """
        The query and its arguments; of everybody when no customers are named (`array_of`), else of transactions after `since`.

        Thousands of customers are named once, in a step of their own, and planned for as many as they are. The step of the claim
        is planned as if all of it were read: mostly nothing is found, and then a plan for the first few rows is the worst.
        """
        of, new = ("TRUE",) * 2 if customers is None else (r"\1 IN (SELECT id FROM these)", r"\1 > %(since)s")
        these = "" if customers is None else "these AS MATERIALIZED (SELECT unnest(%(customers)s::uuid[]) AS id), "
        query = f"WITH {these}broken AS MATERIALIZED ({NEW.sub(new, OF.sub(of, self.query))}) SELECT * FROM broken"
        arguments: SqlArguments = {"customers": customers, "at": at, "since": since}
        return query, arguments


def array_of(customers: Sequence[UUID]) -> str:
    """As PostgreSQL writes an array: put together once for all claims, for each of which it took longer than most queries."""
    return f"{{{','.join(map(str, customers))}}}"


def kept(total: Total) -> Claim:
    """That a kept total is what its rows say."""
    if not total.of_customers:
        return Claim(total.claim, f"SELECT label, NULL::uuid FROM ({total.differences}) d".replace("%", "%%"))
    if "customer_id" in total.key:
        customer = "SELECT label, (key ->> 'customer_id')::uuid FROM ({}) d"
    else:
        [(column, kind)] = total.key.items()
        customer = f"SELECT label, t.customer_id FROM ({{}}) d LEFT JOIN {total.table} t ON t.{column} = (d.key ->> '{column}')::{kind}"
    return Claim(total.claim, customer.format(total.differences).replace("%", "%%"))
