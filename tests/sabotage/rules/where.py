"""The tests that are to notice, by short names."""

from __future__ import annotations

ACTIONS, TABLE = "tests/actions/test_", "tests/table/test_"
HELD, MEANWHILE, INSTANT = f"{ACTIONS}what_is_held.py", f"{ACTIONS}meanwhile.py", f"{ACTIONS}at_the_last_instant.py"
COUPONS, ORDERS, NOTICES = f"{ACTIONS}coupon_rules.py", f"{ACTIONS}quotes_and_orders.py", f"{ACTIONS}gateway_notices.py"
GATEWAY, CREATE, WALLET = f"{ACTIONS}gateway_money.py", f"{ACTIONS}create.py", f"{ACTIONS}wallet.py"
CHARGES, MONTH_END, RENEWAL = f"{ACTIONS}automatic_charges.py", f"{ACTIONS}month_end.py", f"{ACTIONS}auto_renew.py"
IDEMPOTENCY, KEYS, TWO = "tests/api/test_idempotency.py", "tests/api/test_keys.py", "tests/admin/test_four_eyes.py"
LEDGER = f"{TABLE}ledger.py"
