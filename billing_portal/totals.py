"""
The kept totals: sums that stand in a column because they are asked for all the time, and the rows that they sum up.

Each is declared once. The auditor looks for rows where the two differ; `manage.py recount` names them, and mends by adding
a `Recount`, whose trigger is made from the same declaration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

BY_ID: Mapping[str, str] = {"id": "bigint"}
BY_UUID: Mapping[str, str] = {"id": "uuid"}


@dataclass(frozen=True, slots=True)
class Total:
    """
    Columns of `table` that say what `counted` says, one row per key; a row that `counted` lacks says zero.

    A total that is not `mended` is part of a document, or the rows do not say which of the two is wrong: people decide.
    """

    name: str
    claim: str
    table: str
    columns: tuple[str, ...]
    counted: str
    key: Mapping[str, str] = field(default_factory=lambda: BY_UUID)
    """Columns and their types."""
    label: str = "id"
    """SQL over the table: by what people know a row."""
    where: str = "TRUE"
    """Which rows keep the total; `counted` has no others."""
    of_customers: bool = True
    """Each row is some customer's: `customer_id`, of the table or the key."""
    is_row: bool = False
    """The row is nothing but the total: it is made where it lacks."""
    mended: bool = True

    @property
    def differences(self) -> str:
        """A query for (label, key, kept, counted) wherever the two differ, as of one instant."""
        keys = ", ".join(self.key)
        unequal = " OR ".join(f"coalesce(kept.{name}, 0) <> coalesce(counted.{name}, 0)" for name in self.columns)
        return f"""
        SELECT coalesce(kept.label, concat_ws(' ', {keys})) AS label, {_json(self.key)} AS key,
            {_json(self.columns, "kept")} AS kept, {_json(self.columns, "counted")} AS counted
        FROM (SELECT {keys}, {", ".join(self.columns)}, ({self.label})::text AS label FROM {self.table} WHERE {self.where}) kept
        FULL JOIN ({self.counted}) counted USING ({keys})
        WHERE {unequal}
        """

    @property
    def counts_anew(self) -> str:
        """
        PL/pgSQL that mends the row of `NEW.key` and notes what it said before and after.

        It is held first, and counted then: whoever moves the total at the same time has moved it before, or waits and moves
        what was counted.
        """
        this = " AND ".join(f"{{0}}.{name} = (NEW.key->>'{name}')::{kind}" for name, kind in self.key.items())
        moved = ", ".join(f"{name} = (NEW.counted->>'{name}')::bigint" for name in self.columns)
        made = ", ".join(
            [*(f"(NEW.key->>'{name}')::{kind}" for name, kind in self.key.items()), *("0" for _ in self.columns)]
        )
        making = f"INSERT INTO {self.table} ({', '.join([*self.key, *self.columns])}) VALUES ({made}) ON CONFLICT DO NOTHING;"
        return f"""
        {making if self.is_row else ""}
        SELECT {_json(self.columns, "held")} INTO NEW.kept FROM {self.table} held WHERE {this.format("held")} AND {self.where}
        FOR UPDATE;
        SELECT {_json(self.columns, "counted")} INTO NEW.counted
        FROM (SELECT) once LEFT JOIN ({self.counted}) counted ON {this.format("counted")};
        IF NEW.kept IS NULL OR NEW.kept = NEW.counted THEN
            RETURN NULL;
        END IF;
        UPDATE {self.table} held SET {moved} WHERE {this.format("held")};
        """


def _json(columns: Mapping[str, str] | tuple[str, ...], of: str = "") -> str:
    """A JSON object of these columns: as they are, or, `of` one side of a comparison, with zero for none."""
    pairs = (f"'{name}', " + (f"coalesce({of}.{name}, 0)::bigint" if of else name) for name in columns)
    return f"jsonb_build_object({', '.join(pairs)})"


ALL_USES_ARE_KNOWN = """(kind = 'poc' OR customer_id IN (
    SELECT g.customer_id FROM ledger_grant g
    LEFT JOIN (SELECT grant_id, sum(amount) AS amount FROM ledger_grantuse GROUP BY 1) u ON u.grant_id = g.id
    JOIN ledger_account a ON a.customer_id = g.customer_id AND a.kind = 'promotional'
    WHERE g.kind = 'promotional' GROUP BY g.customer_id, a.balance HAVING sum(g.amount - coalesce(u.amount, 0)) = a.balance
))"""
"""Of customers who had spent some before uses were kept, nothing says from which grant."""

TOTALS = (
    Total(
        "held",
        "what is held of a wallet is the sum of its open holds",
        "ledger_account",
        ("held",),
        "SELECT account_id AS id, sum(amount) AS held FROM ledger_credithold WHERE ended_at IS NULL GROUP BY 1",
        key=BY_ID,
        label="kind || ' of ' || customer_id",
        where="balance IS NOT NULL",
    ),
    Total(
        "balances",
        "a wallet's balance is the sum of its entries",
        "ledger_account",
        ("balance",),
        """
        SELECT e.account_id AS id, sum(e.amount) AS balance
        FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id WHERE a.balance IS NOT NULL GROUP BY 1
        """,
        key=BY_ID,
        label="kind || ' of ' || customer_id",
        where="balance IS NOT NULL",
    ),
    Total(
        "grants",
        "what is left of a grant is what its uses left",
        "ledger_grant",
        ("rest",),
        f"""
        SELECT g.id, g.amount - coalesce(sum(u.amount), 0) AS rest
        FROM ledger_grant g LEFT JOIN ledger_grantuse u ON u.grant_id = g.id WHERE {ALL_USES_ARE_KNOWN} GROUP BY g.id
        """,
        key=BY_ID,
        where=ALL_USES_ARE_KNOWN,
    ),
    Total(
        "transfers",
        "what was given of a bank transfer is the sum of its payments",
        "payments_banktransfer",
        ("assigned",),
        "SELECT transfer_id AS id, sum(amount) AS assigned FROM payments_payment WHERE transfer_id IS NOT NULL GROUP BY 1",
        key=BY_ID,
        label="reference",
        of_customers=False,
    ),
    Total(
        "taken back",
        "what was taken back of a payment is the sum of its reversals, less what was given back",
        "payments_payment",
        ("taken_back",),
        "SELECT payment_id AS id, sum(amount - given_back) AS taken_back FROM payments_reversal GROUP BY 1",
        label="reference",
    ),
    Total(
        "to source",
        "what went back of a payment is the sum of its refunds",
        "payments_payment",
        ("to_source",),
        "SELECT payment_id AS id, sum(amount) AS to_source FROM payments_refund WHERE state <> 'failed' GROUP BY 1",
        label="reference",
    ),
    Total(
        "allocated",
        "a payment's allocated part is the sum of its allocations",
        "payments_payment",
        ("allocated",),
        "SELECT payment_id AS id, sum(amount) AS allocated FROM payments_allocation WHERE payment_id IS NOT NULL GROUP BY 1",
        label="reference",
    ),
    Total(
        "reopened",
        "what was reopened is taken from invoices",
        "payments_reversal",
        ("reopened",),
        "SELECT reversal_id AS id, -sum(amount) AS reopened FROM payments_allocation WHERE reversal_id IS NOT NULL GROUP BY 1",
        key=BY_ID,
        label="reference",
        mended=False,
    ),
    Total(
        "paid",
        "an invoice's paid part is the sum of its allocations",
        "invoices_invoice",
        ("paid",),
        "SELECT invoice_id AS id, sum(amount) AS paid FROM payments_allocation GROUP BY 1",
        label="number",
    ),
    Total(
        "credited",
        "an invoice's credited part is the sum of its credit notes",
        "invoices_invoice",
        ("credited", "refunded"),
        "SELECT invoice_id AS id, sum(amount) AS credited, sum(refunded) AS refunded FROM invoices_creditnote GROUP BY 1",
        label="number",
    ),
    Total(
        "months",
        "monthly totals are the sums of their invoices",
        "invoices_monthlytotal",
        ("invoices", "charged", "paid", "due"),
        """
        SELECT customer_id, billing_month(issued_at) AS month, product_id, status, count(*) AS invoices,
            sum(total - credited) AS charged, sum(paid - refunded) AS paid, sum(due) AS due
        FROM invoices_invoice GROUP BY 1, 2, 3, 4
        """,
        key={"customer_id": "uuid", "month": "date", "product_id": "uuid", "status": "varchar"},
        label="customer_id || ' ' || month || ' ' || status",
        is_row=True,
    ),
    Total(
        "numbers",
        "numbers have no gaps",
        "invoices_numberseries",
        ("last",),
        """
        SELECT left(number, 1) AS series, substr(number, 2, 4)::smallint AS year, count(*) AS last
        FROM (SELECT number FROM invoices_invoice UNION ALL SELECT number FROM invoices_creditnote) documents GROUP BY 1, 2
        """,
        key={"series": "varchar", "year": "smallint"},
        label="series || year",
        mended=False,
        of_customers=False,
    ),
    Total(
        "coupons",
        "a coupon's uses are its redemptions",
        "catalog_coupon",
        ("uses",),
        "SELECT coupon_id AS id, count(*) AS uses FROM catalog_redemption WHERE state <> 'returned' GROUP BY 1",
        label="code",
        of_customers=False,
    ),
)
BY_NAME = {total.name: total for total in TOTALS}
