"""
Records of use, month by month.

The table is partitioned by the month of use: a part is made before its first record comes (`usage.parts`), and an old one can be
detached. So the key that makes a record unique for good stands in a table of its own, which a trigger of the records keeps.
"""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.models import Item
from lifecycle.models import Resource
from store.personal import Because, kept
from store.triggers import append_only, triggers_only
from usage.models.intake import Batch

DIGEST = "md5(concat_ws(' ', resource_id, item_id, key))::uuid"
"""What makes a record unique, for good."""
FACTS = "md5(concat_ws(' ', extract(epoch FROM used_at), coalesce(quantity::text, '-'), length(subject), subject, corrects))::uuid"
"""What it says: the same key with other facts is another use."""


class Record(models.Model):
    """
    So much was used of a metered item of a resource, at an instant; of levels: from then on.

    Nothing of it changes. Another record `corrects` the one of that key, at the same instant, and stands in its place; without a
    quantity it takes it back.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    resource = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("resource"),
    )
    item = models.ForeignKey(
        Item, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("item")
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="+",
        verbose_name=_("customer"),
    )
    batch = models.ForeignKey(
        Batch, on_delete=models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("batch")
    )
    used_at = models.DateTimeField(_("used at"))
    quantity = models.DecimalField(_("quantity"), max_digits=18, decimal_places=6, null=True)
    subject = models.CharField(_("of what"), max_length=100, db_default="", default="")
    key = models.CharField(_("key"), max_length=100)
    corrects = models.CharField(_("corrects the one of the key"), max_length=100, db_default="", default="")
    is_late = models.BooleanField(_("late"))

    class Meta:
        verbose_name = _("use")
        verbose_name_plural = _("uses")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_use_is_not_below_zero", condition=Q(quantity__isnull=True) | Q(quantity__gte=0)
            ),
            models.CheckConstraint(
                name="only_a_correction_takes_back", condition=Q(quantity__isnull=False) | ~Q(corrects="")
            ),
            models.CheckConstraint(name="a_use_has_a_key", condition=~Q(key="")),
            models.UniqueConstraint(
                name="a_use_is_corrected_once",
                fields=["resource", "item", "used_at", "corrects"],
                condition=~Q(corrects=""),
            ),
        ]
        indexes: ClassVar = [
            models.Index(name="uses_of_a_resource", fields=["resource", "item", "used_at"]),
            models.Index(name="uses_that_came_late", fields=["id"], condition=Q(is_late=True)),
        ]
        triggers: ClassVar = [
            append_only(),
            pgtrigger.Trigger(
                name="is_of_its_resource_and_product",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_records"),
                declare=[("broken", "text")],
                func="""
                IF NOT EXISTS (SELECT FROM new_records) THEN
                    RETURN NULL;
                END IF;
                SELECT n.key INTO broken FROM new_records n
                    LEFT JOIN lifecycle_resource r ON r.id = n.resource_id AND r.customer_id = n.customer_id
                    LEFT JOIN catalog_item i ON i.id = n.item_id AND i.product_id = r.product_id AND i.kind = 'metered'
                    LEFT JOIN usage_batch b ON b.id = n.batch_id AND b.product_id = r.product_id
                WHERE i.id IS NULL OR b.id IS NULL OR n.used_at < date_trunc('minute', r.created_at)
                    OR (r.state = 'deleted' AND n.used_at > r.changed_at) LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'the use of key % is of another customer, product or time than its resource', broken
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="corrects_what_there_is",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_records"),
                declare=[("broken", "text")],
                func="""
                SELECT n.key INTO broken FROM new_records n WHERE n.corrects <> '' AND NOT EXISTS (
                    SELECT FROM usage_record c WHERE c.resource_id = n.resource_id AND c.item_id = n.item_id
                        AND c.used_at = n.used_at AND c.key = n.corrects AND c.key <> n.key) LIMIT 1;
                IF broken IS NOT NULL THEN
                    RAISE EXCEPTION 'the use of key % corrects what there is not', broken USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Trigger(
                name="takes_its_key_for_good",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="new_records"),
                func=f"""
                INSERT INTO usage_recordkey (digest, facts) SELECT {DIGEST}, {FACTS} FROM new_records ORDER BY 1;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.key}"


class RecordKey(models.Model):
    """The key of a record, as a digest of it with its resource and item; kept when the record's month is detached."""

    digest = models.UUIDField(primary_key=True)
    facts = models.UUIDField()

    class Meta:
        verbose_name = _("key of a use")
        verbose_name_plural = _("keys of uses")
        triggers: ClassVar = [triggers_only()]

    def __str__(self) -> str:
        return str(self.digest)
