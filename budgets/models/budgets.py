"""What a customer means to spend in a calendar month."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, CustomerKey
from accounts.models.closed import opens_nothing_when_closed
from catalog.models import Product
from kernel import display
from kernel.ids import new_id
from kernel.money import MAXIMUM
from kernel.tags import LONGEST_KEY, LONGEST_VALUE, Wanted
from store.carried import CarriedKey, unique_with
from store.personal import Because, kept
from store.triggers import frozen, never_deleted


class Scope(models.TextChoices):
    """What of a customer's spending counts, see `budgets/scopes.py`."""

    EVERYTHING = "everything", _("everything")
    PRODUCT = "product", _("a product")
    KEY = "key", _("an API key")
    TAG = "tag", _("what is tagged so")


class Stops(models.TextChoices):
    """What a cap stops when it is reached."""

    NOTHING = "", _("nothing")
    POSTPAID = "postpaid", _("all that is paid afterwards (metered use of what is paid ahead goes on)")
    CHOSEN = "chosen", _("what I choose")


class BudgetQuerySet(models.QuerySet["Budget"]):
    def lock(self, pk: UUID) -> Budget:
        held = self.select_for_update(of=("self",), no_key=True)
        return held.select_related("customer", "product", "key").get(pk=pk)

    def standing(self) -> Self:
        """Those that were not removed."""
        return self.filter(removed_at=None)

    def with_what_they_are_about(self) -> Self:
        return self.select_related("customer", "product", "key")

    def acting(self, at: datetime) -> Self:
        """Caps that nobody has lifted for now."""
        acts = Q(refuses_orders=True) | ~Q(stops=Stops.NOTHING)
        return self.standing().filter(acts, Q(lifted_until=None) | Q(lifted_until__lte=at))


class Budget(models.Model):
    """
    A limit in VND with VAT for every calendar month, on all that a customer spends or on a part of it. One that acts is called a cap: it
    refuses new orders that would pass it, and stops resources when it is reached.

    :ivar readers: ids of recipients; of those who chose notices about budgets these alone are told, or all where none is named
    :ivar chosen: ids of the resources that it stops, where they are chosen
    :ivar starts_again: what it stopped starts by itself when it is lifted
    :ivar lifted_until: our staff let it do nothing before that
    :ivar raised: how often the limit was raised: each time what was told begins anew
    :ivar removed_at: it counts no more; what was told by it stays
    """

    AT_CLOSING: ClassVar = kept(Because.PROOF)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, db_index=False, related_name="budgets", verbose_name=_("customer")
    )
    scope = models.CharField(_("of what"), max_length=10, choices=Scope.choices)
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    key = models.ForeignKey(
        CustomerKey,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("API key"),
    )
    tag_key = models.CharField(_("key of a tag"), max_length=LONGEST_KEY, default="", db_default="", blank=True)
    tag_value = models.CharField(_("its value"), max_length=LONGEST_VALUE, default="", db_default="", blank=True)
    monthly_limit = models.BigIntegerField(_("limit per month"))
    raised = models.PositiveIntegerField(_("raised"), default=0)
    readers = ArrayField(models.UUIDField(), verbose_name=_("recipients who are told"), default=list, blank=True)
    refuses_orders = models.BooleanField(_("refuses new orders"), default=False)
    stops = models.CharField(_("stops"), max_length=8, choices=Stops.choices, default=Stops.NOTHING, blank=True)
    chosen = ArrayField(models.UUIDField(), verbose_name=_("chosen resources"), default=list, blank=True)
    starts_again = models.BooleanField(_("starts again by itself"), default=True)
    lifted_until = models.DateTimeField(_("lifted until"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    objects = BudgetQuerySet.as_manager()

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        constraints: ClassVar = [
            unique_with(name="a_budget_is_one_customers"),
            CarriedKey("key", name="a_budget_is_about_its_customers_key"),
            models.CheckConstraint(
                name="a_budget_is_about_what_it_says",
                condition=Q(scope="everything", product__isnull=True, key__isnull=True, tag_key="", tag_value="")
                | Q(scope="product", product__isnull=False, key__isnull=True, tag_key="", tag_value="")
                | Q(scope="key", product__isnull=True, key__isnull=False, tag_key="", tag_value="")
                | Q(scope="tag", product__isnull=True, key__isnull=True) & ~Q(tag_key="") & ~Q(tag_value=""),
            ),
            models.CheckConstraint(
                name="a_budgets_limit_is_sane",
                condition=Q(monthly_limit__gt=0, monthly_limit__lte=MAXIMUM),
                violation_error_message=_("The limit of a budget is a positive amount."),
            ),
            models.CheckConstraint(
                name="a_budget_is_removed_after_it_was_made",
                condition=Q(removed_at__isnull=True) | Q(removed_at__gte=F("created_at")),
            ),
            models.CheckConstraint(
                name="what_a_cap_stops_is_named_where_it_is_chosen",
                condition=Q(stops__in=["", "postpaid"], chosen=[]) | Q(stops="chosen") & ~Q(chosen=[]),
            ),
            models.UniqueConstraint(
                name="one_budget_of_the_same",
                fields=["customer", "scope", "product", "key"],
                condition=Q(removed_at__isnull=True) & ~Q(scope="tag"),
                nulls_distinct=False,
                violation_error_message=_("There is a budget for this already."),
            ),
            models.UniqueConstraint(
                "customer",
                Lower("tag_key"),
                Lower("tag_value"),
                name="one_budget_of_the_same_tag",
                condition=Q(removed_at__isnull=True, scope="tag"),
                violation_error_message=_("There is a budget for this already."),
            ),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(),
            never_deleted(),
            frozen(
                "is_about_the_same",
                columns=["customer_id", "scope", "product_id", "key_id", "tag_key", "tag_value", "created_at"],
            ),
            frozen("is_removed_once", columns=["removed_at"], unless="OLD.removed_at IS NULL"),
            frozen(
                "stays_as_it_was_removed",
                columns=[
                    "monthly_limit",
                    "raised",
                    "refuses_orders",
                    "stops",
                    "chosen",
                    "starts_again",
                    "lifted_until",
                ],
                unless="OLD.removed_at IS NULL",
            ),
            pgtrigger.Trigger(
                name="a_cap_stops_its_customers_resources",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("chosen"),
                func="""
                IF EXISTS (
                    SELECT FROM unnest(NEW.chosen) c(id)
                    WHERE NOT EXISTS (SELECT FROM lifecycle_resource r WHERE r.id = c.id AND r.customer_id = NEW.customer_id)
                ) THEN
                    RAISE EXCEPTION 'budget % names a resource of somebody else', NEW.id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="what_was_told_begins_anew_when_it_is_raised",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("monthly_limit", "raised"),
                func="""
                IF TG_OP = 'INSERT' THEN
                    IF NEW.raised <> 0 THEN
                        RAISE EXCEPTION 'a new budget has not been raised' USING ERRCODE = 'check_violation';
                    END IF;
                ELSIF NEW.raised <> OLD.raised + (NEW.monthly_limit > OLD.monthly_limit)::int THEN
                    RAISE EXCEPTION 'budget % counts how often its limit was raised', OLD.id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.about}: {display.money(self.monthly_limit)}"

    @property
    def about(self) -> str:
        """What of the spending it is about, in the reader's language."""
        return str(self.tag or self.product or (self.key and self.key.name) or _("Everything"))

    @property
    def tag(self) -> Wanted | None:
        """How its resources are found, where it is about a tag; as text: "Environment=production"."""
        return Wanted(self.tag_key, self.tag_value) if self.tag_key else None

    @property
    def is_cap(self) -> bool:
        return self.refuses_orders or self.stops != Stops.NOTHING

    @property
    def acts(self) -> str:
        """What it does when it is reached, as notices keep it: refuse, stop, both, or nothing."""
        stops = self.stops != Stops.NOTHING
        return "both" if self.refuses_orders and stops else "refuse" if self.refuses_orders else "stop" if stops else ""

    def is_acting(self, at: datetime) -> bool:
        """`acting`, for one row."""
        return self.is_standing and self.is_cap and (self.lifted_until is None or self.lifted_until <= at)

    @property
    def is_standing(self) -> bool:
        return self.removed_at is None
