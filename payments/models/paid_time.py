"""Paid time: how long a resource is paid for is what its invoices and POC credit cover."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger

from lifecycle.models import Resource


class PaidTime(Resource):
    """
    A resource as payments see it: time that lies ahead of it has been billed, or was paid with POC credit.

    Resources know nothing of payments, so the promise stands here, as a trigger on their table. Without either the end of
    paid time is at most the instant of what happened to it last: restored by staff, or converted to prepaid.
    """

    class Meta:
        proxy = True
        default_permissions = ()
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="paid_time_has_been_billed",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Update,
                timing=pgtrigger.Deferred,
                condition=pgtrigger.Condition(
                    "NEW.paid_until IS NOT NULL AND (OLD.paid_until IS NULL OR NEW.paid_until > OLD.paid_until)"
                ),
                func="""
                -- Of what the row says when all is done: it may have been cut short again by now.
                IF EXISTS (
                    SELECT FROM lifecycle_resource WHERE id = NEW.id AND paid_until >= NEW.paid_until
                ) AND NOT EXISTS (
                    SELECT FROM invoices_invoice
                    WHERE resource_id = NEW.id AND kind = 'prepaid' AND covered_until >= NEW.paid_until
                ) AND NOT EXISTS (
                    SELECT FROM payments_poctime WHERE resource_id = NEW.id AND covered_until >= NEW.paid_until
                ) AND NOT EXISTS (
                    SELECT FROM lifecycle_resourceevent WHERE resource_id = NEW.id AND at >= NEW.paid_until
                ) THEN
                    RAISE EXCEPTION 'resource % is not paid until %: neither an invoice nor POC credit says so', NEW.id, NEW.paid_until
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]
