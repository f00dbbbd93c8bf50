"""Tax categories with their rates over time: entered by two, and never changed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django import forms
from django.contrib import admin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyInline, StaffAdmin
from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import ask
from catalog import acts
from catalog.models import TaxCategory, TaxRate
from catalog.models.taxes import FIRST_DAYS
from catalog.rights import ENTER_TAX_RATE
from catalog.taxes import Taxes
from kernel import clock
from kernel.actors import Actor
from kernel.fields import PercentField
from kernel.shapes import Cleaned


class VatField(PercentField):
    """Less than all of it."""

    most = Decimal("0.999")


class RateForm(ReasonForm):
    since = forms.DateField(
        label=capfirst(_("first day")),
        validators=[MinValueValidator(FIRST_DAYS[0]), MaxValueValidator(FIRST_DAYS[1])],
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    rate = VatField(label=capfirst(_("VAT rate")), max_digits=4, decimal_places=3)
    source = TaxRate._meta.get_field("source").formfield()
    field_order = ("since", "rate", "source", "reason")


class EnterRate(Task[TaxCategory]):
    name = "rate"
    label = _("Enter a rate")
    lead = _(
        "From the beginning of that day on, this category is taxed at this rate, once somebody else has approved it. No price"
        " changes, and a rate that was to begin on the same day is replaced. What it would change, the rehearsal beside the VAT"
        " sales ledger shows. Where the day has passed, what is taxed already stays until you tax it anew, invoice by invoice."
    )
    button = _("Ask for approval")
    right = ENTER_TAX_RATE
    form = RateForm
    once = True

    def carry_out(self, subject: TaxCategory, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask(
            acts.EnterRate,
            customer=None,
            subject=subject,
            facts={
                "category": subject.pk,
                "since": data["since"].isoformat(),
                "rate": f"{data['rate']:f}",
                "source": data["source"],
            },
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return asked.sentence


class RateInline(LookOnlyInline):
    model = TaxRate
    ordering = ("since", "pk")
    fields = ("since", "rate", "source", "reaches_back", "entered_at")


@admin.register(TaxCategory)
class TaxCategoryAdmin(StaffAdmin):
    tasks = (EnterRate(),)
    inlines = (RateInline,)
    ordering = ("code",)
    list_display = ("code", "name", "name_en", "now_and_to_come")
    search_fields = ("code", "name", "name_en")
    fields = ("code", "name", "name_en")

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxCategory]:
        return super().get_queryset(request).prefetch_related(Prefetch("rates", TaxRate.objects.order_by("pk")))

    @admin.display(description=_("VAT rate"))
    def now_and_to_come(self, category: TaxCategory) -> str:
        said = [(category.pk, rate.since, rate.rate) for rate in category.rates.all()]
        return Taxes(said).words(category.pk, clock.now())

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Prices name the category by its code."""
        return () if obj is None else ("code",)
