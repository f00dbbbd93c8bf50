"""Tax categories, and their rates over time."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from catalog.models.products import Named
from kernel.text import validate_printable
from store.triggers import append_only, never_deleted

STANDARD = "standard"
"""The category of whatever names no other."""
FIRST_DAYS = (date(1990, 1, 1), date(2999, 12, 31))
"""The first and the last day from which a rate can be in force: any program can compute with them."""


class TaxCategory(Named):
    """What is taxed alike. A price names one and knows no rate: rates change by law, prices only by ours."""

    code = models.SlugField(_("code"), primary_key=True)

    class Meta:
        verbose_name = _("tax category")
        verbose_name_plural = _("tax categories")
        triggers: ClassVar = [
            never_deleted(),
            pgtrigger.Trigger(
                name="keeps_its_code",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("code"),
                condition=pgtrigger.Q(old__code__df=pgtrigger.F("new__code")),
                func="RAISE EXCEPTION 'tax category %: prices name it by its code', OLD.code USING ERRCODE = 'restrict_violation';",
            ),
        ]


class TaxRate(models.Model):
    """
    From the beginning of a day of the billing zone on, a category is taxed at `rate`, until the next such day.

    Of several rows for one day the last one counts, so what was decided otherwise in the meantime is another row. Before its
    first day a category has no rate, and nothing of it can be priced.

    One that `reaches_back` came late: something had been taxed otherwise by then, or paid, which is to be corrected. The database says
    so, and that nothing of it was taxed after `reaches_until`.
    """

    category = models.ForeignKey(
        TaxCategory, on_delete=models.PROTECT, related_name="rates", verbose_name=_("tax category")
    )
    since = models.DateField(_("first day"))
    rate = models.DecimalField(_("VAT rate"), max_digits=4, decimal_places=3)
    source = models.CharField(
        _("source"), max_length=200, validators=[validate_printable], help_text=_("The law or decree that says so.")
    )
    reaches_back = models.BooleanField(_("came late"), default=False, db_default=False, editable=False)
    reaches_until = models.DateTimeField(_("last tax point of that"), null=True, blank=True, editable=False)
    entered_at = models.DateTimeField(_("entered"), null=True, blank=True, editable=False)
    """Unknown of those that were there first."""

    class Meta:
        verbose_name = _("tax rate")
        verbose_name_plural = _("tax rates")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_rate_of_vat_is_a_fraction",
                violation_error_message=_("A VAT rate is at least zero and less than a hundred percent."),
                condition=Q(rate__gte=0, rate__lt=1),
            ),
            models.CheckConstraint(
                name="a_rate_of_vat_begins_on_a_day_of_our_time",
                violation_error_message=_("The first day of a rate of VAT is between 1990 and 2999."),
                condition=Q(since__range=FIRST_DAYS),
            ),
        ]
        triggers: ClassVar = [append_only(but_for_triggers=True)]

    def __str__(self) -> str:
        return f"{self.category_id} {self.since:%Y-%m-%d}: {self.rate}"


RATES_OVER_TIME = """
(SELECT category_id, rate, since, lead(since, 1, 'infinity'::date) OVER (PARTITION BY category_id ORDER BY since) AS until FROM (
    SELECT DISTINCT ON (category_id, since) category_id, since, rate FROM catalog_taxrate ORDER BY category_id, since, id DESC) said)
"""
"""A row for each category and [since, until) with its rate, for SQL: what `Taxes` is for Python."""
