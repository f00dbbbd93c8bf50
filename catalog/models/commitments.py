"""Commitments: so much is spent a month for a number of months, and everything costs a share less."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from accounts.models import BillingModeSwitch, Customer
from catalog.models.products import Named
from catalog.models.validity import STARTS_BEFORE_IT_ENDS
from catalog.terms import LONGEST
from kernel import display
from kernel.ids import new_id
from kernel.periods import CalendarMonth, Period, start_of_day
from store.carried import CarriedKey, unique_with
from store.personal import Because, kept
from store.triggers import frozen, never_deleted

LARGEST = 10**11
"""A shortfall is the quantity of a line, of which the larger have no room."""
AMOUNT_IS_SANE = Q(amount__gt=0, amount__lte=LARGEST)
SHARE_IS_SANE = Q(share__gt=0, share__lt=1)


class DayRange(Func):
    """daterange(from, until), half-open."""

    function = "DATERANGE"


class CommitmentOffer(Named):
    """What an owner may commit to in the portal, while it is open: added for the time ahead, ended, never changed."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    amount = models.BigIntegerField(_("spend a month"), help_text=_("VND with VAT, as invoices say it."))
    share = models.DecimalField(_("share off"), max_digits=5, decimal_places=4)
    months = models.PositiveSmallIntegerField(_("for (months)"), help_text=_("1 to 36 calendar months."))
    valid_from = models.DateTimeField(_("open from"))
    valid_until = models.DateTimeField(_("open until"), null=True, blank=True)

    class Meta:
        verbose_name = _("commitment offer")
        verbose_name_plural = _("commitment offers")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="an_offer_is_of_a_spend_that_can_be_billed",
                violation_error_message=_("The spend of a month lies above 0 and below 100 billion đồng."),
                condition=AMOUNT_IS_SANE,
            ),
            models.CheckConstraint(
                name="an_offer_takes_a_share_off",
                violation_error_message=_("A discount is more than nothing and less than all."),
                condition=SHARE_IS_SANE,
            ),
            models.CheckConstraint(
                name="an_offer_is_for_one_to_thirty_six_months",
                violation_error_message=_("A commitment lasts 1 to 36 months."),
                condition=Q(months__gte=1, months__lte=LONGEST),
            ),
            models.CheckConstraint(
                name="an_offer_opens_before_it_closes",
                violation_error_message=_("The end must lie after the beginning."),
                condition=STARTS_BEFORE_IT_ENDS,
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen("only_its_end_changes", columns=["amount", "share", "months", "valid_from"]),
        ]

    @property
    def in_all(self) -> int:
        return self.amount * self.months


class CommitmentQuerySet(models.QuerySet["Commitment"]):
    def lasting(self, day: date) -> Self:
        """Those that are not over on `day`, begun or not."""
        return self.filter(ends_on__gt=Greatest(F("starts_on"), Value(day)))

    def standing(self) -> Self:
        """Those that were not called off before they began."""
        return self.filter(ends_on__gt=F("starts_on"))

    def of_month(self, month: CalendarMonth) -> Self:
        return self.filter(starts_on__lte=first_day(month), ends_on__gt=first_day(month))

    def lock(self, pk: UUID) -> Commitment:
        return self.select_for_update(of=("self",)).get(pk=pk)


class Commitment(models.Model):
    """
    A customer who pays afterwards spends at least `amount` in each calendar month from `starts_on` until `ends_on` (first days of
    months, half-open), and all use costs `share` less. What is not spent is billed.

    Frozen; only its end may come nearer, by two of the staff, and whether it is followed by another like it. What has ended
    before it began was called off.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="commitments", verbose_name=_("customer")
    )
    offer = models.ForeignKey(
        CommitmentOffer, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("offer")
    )
    follows = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="followed_by",
        verbose_name=_("follows"),
    )
    amount = models.BigIntegerField(_("spend a month"))
    share = models.DecimalField(_("share off"), max_digits=5, decimal_places=4)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until before"))
    renews = models.BooleanField(_("is followed by another like it"), default=False)
    agreed_at = models.DateTimeField(_("agreed"))
    agreed_by = models.CharField(_("agreed by"), max_length=150)

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        constraints: ClassVar = [
            unique_with(name="a_commitment_is_one_customers"),
            CarriedKey("follows", name="a_commitment_follows_one_of_its_customer"),
            models.UniqueConstraint(
                name="one_commitment_follows_another", fields=["follows"], condition=Q(ends_on__gt=F("starts_on"))
            ),
            models.CheckConstraint(name="a_commitment_is_of_a_spend_that_can_be_billed", condition=AMOUNT_IS_SANE),
            models.CheckConstraint(name="a_commitment_takes_a_share_off", condition=SHARE_IS_SANE),
            models.CheckConstraint(
                name="a_commitment_is_of_whole_months",
                condition=Q(starts_on__day=1, ends_on__day=1, ends_on__gte=F("starts_on")),
            ),
            ExclusionConstraint(
                name="commitments_of_a_customer_never_overlap",
                expressions=[
                    ("customer", RangeOperators.EQUAL),
                    (DayRange("starts_on", "ends_on"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "is_as_agreed",
                columns=[
                    "customer_id",
                    "offer_id",
                    "follows_id",
                    "amount",
                    "share",
                    "starts_on",
                    "agreed_at",
                    "agreed_by",
                ],
            ),
            frozen("its_end_only_comes_nearer", columns=["ends_on"], unless="NEW.ends_on < OLD.ends_on"),
            pgtrigger.Trigger(
                name="is_of_a_customer_who_pays_afterwards",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF (SELECT c.billing_mode <> 'postpaid' FROM accounts_customer c WHERE c.id = NEW.customer_id) THEN
                    RAISE EXCEPTION 'customer % does not pay afterwards', NEW.customer_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.customer}: {display.money(self.amount)} ({display.month(self.starts_on)} – {display.month(self.last_month)})"

    @property
    def last_month(self) -> date:
        """The first day of the last month."""
        return first_day(month_of(self.ends_on).previous)

    @property
    def period(self) -> Period:
        return Period(start_of_day(self.starts_on), start_of_day(self.ends_on))

    @property
    def months(self) -> int:
        return months_between(self.starts_on, self.ends_on)

    @property
    def is_called_off(self) -> bool:
        """Before it began: then it was none."""
        return self.ends_on == self.starts_on

    def is_over(self, day: date) -> bool:
        return self.ends_on <= day or self.is_called_off

    def has_begun(self, day: date) -> bool:
        return self.starts_on <= day


class CommittedSwitch(BillingModeSwitch):
    """A switch of the billing mode as commitments see it: who has one that is not over goes on paying afterwards."""

    class Meta:
        proxy = True
        default_permissions = ()
        triggers: ClassVar = [
            pgtrigger.Trigger(
                name="leaves_nobody_who_is_committed",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                condition=pgtrigger.Condition("NEW.to_mode <> 'postpaid'"),
                func="""
                IF EXISTS (
                    SELECT FROM catalog_commitment c WHERE c.customer_id = NEW.customer_id AND c.ends_on > c.starts_on
                        AND c.ends_on > (NEW.at AT TIME ZONE billing_zone())::date
                ) THEN
                    RAISE EXCEPTION 'customer % has committed to a spend that is billed afterwards', NEW.customer_id
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
        ]


def month_of(day: date) -> CalendarMonth:
    return CalendarMonth(day.year, day.month)


def first_day(month: CalendarMonth) -> date:
    return date(month.year, month.month, 1)


def after_months(start: date, months: int) -> date:
    """The first day of the month that is so many months after that of `start`."""
    years, month = divmod(start.month - 1 + months, 12)
    return date(start.year + years, month + 1, 1)


def months_between(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def following_month(at: datetime) -> date:
    """The first day of the month after that of `at`: when a commitment begins at the earliest."""
    return first_day(CalendarMonth.of(at).following)
