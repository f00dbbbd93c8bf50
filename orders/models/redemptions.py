"""Coupons as orders see them."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger

from catalog.models import Redemption


class OrderedWithCoupon(Redemption):
    """
    A use of a coupon by an order: what orders promise about it.

    Coupons know nothing of orders, so the promise stands here, as triggers on their table.
    """

    class Meta:
        proxy = True
        default_permissions = ()
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="takes_off_what_the_order_says",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                func="""
                IF NOT EXISTS (
                    SELECT FROM orders_order o JOIN orders_quote q ON q.id = o.quote_id JOIN catalog_coupon c ON c.id = NEW.coupon_id
                    WHERE o.id = NEW.order_id AND o.customer_id = NEW.customer_id AND o.coupon_code = c.code
                        AND q.quoted_at >= c.valid_from AND (c.valid_until IS NULL OR q.quoted_at < c.valid_until)
                        AND NEW.amount = (SELECT sum((part ->> 'coupon')::bigint) FROM jsonb_array_elements(q.content -> 'items') part)
                ) THEN
                    RAISE EXCEPTION 'coupon % is not what order % was offered with', NEW.coupon_id, NEW.order_id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="is_used_while_the_order_stands",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Q(new__state="returned"),
                func="""
                IF NOT EXISTS (SELECT FROM orders_order WHERE id = NEW.order_id AND state IN ('cancelled', 'expired', 'refunded')) THEN
                    RAISE EXCEPTION 'order % stands, and keeps its coupon', NEW.order_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]
