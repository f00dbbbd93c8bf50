"""What can be asked of the lists of invoices. Every wish stands in the address, so it can be kept and shared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Unpack

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from catalog.models import Product
from invoices.models import Invoice, InvoiceLine
from invoices.queries import Wanted
from invoices.ranges import MonthRange, between, named_range
from invoices.spend import DEFAULT_KEY, invoices_tagged
from kernel.fields import field_of
from kernel.periods import CalendarMonth
from kernel.shapes import FieldWords, FormOptions, Sent
from kernel.tags import LONGEST_KEY, LONGEST_VALUE, folded, wanted
from lifecycle.models import tagged

MONTH_FORMAT = "%Y-%m"
MOST_MONTHS_AGO = 240
REASONABLE = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))]


class MonthField(forms.DateField):
    """A month as YYYY-MM; its value is the first day."""

    def __init__(self, *, only: str = "", **words: Unpack[FieldWords]) -> None:
        """`only`: the choice of months that it belongs to."""
        attributes = {"type": "month", "placeholder": "2027-01", "pattern": r"\d{4}-\d{2}"}
        widget = forms.DateInput(format=MONTH_FORMAT, attrs=attributes | ({"data-only": only} if only else {}))
        super().__init__(input_formats=[MONTH_FORMAT], widget=widget, required=False, validators=REASONABLE, **words)


class ProductField(forms.ModelChoiceField):
    """A product by its code."""

    def __init__(self) -> None:
        super().__init__(
            Product.objects.order_by("code"),
            to_field_name="code",
            required=False,
            label=_("Product"),
            empty_label=_("All"),
        )


class InvoiceFilters(forms.Form):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": _("Number or resource")}),
    )
    product = ProductField()
    status = forms.ChoiceField(
        label=_("Status"),
        required=False,
        choices=[
            ("", _("All")),
            ("open", _("To pay")),
            ("overdue", _("Overdue")),
            ("unpaid", _("Unpaid")),
            ("partially_paid", _("Partially paid")),
            ("paid", _("Paid")),
            ("void", _("Void")),
        ],
    )
    months = forms.ChoiceField(
        label=_("Months"),
        required=False,
        choices=[
            ("", _("All")),
            ("this", _("This month")),
            ("last", _("Last month")),
            ("last-2", _("Last 2 months")),
            ("last-3", _("Last 3 months")),
            ("last-6", _("Last 6 months")),
            ("last-12", _("Last 12 months")),
            ("ago", _("From … to … months ago")),
            ("between", _("From month to month")),
        ],
    )
    oldest = forms.IntegerField(
        label=_("From (months ago)"),
        required=False,
        min_value=0,
        max_value=MOST_MONTHS_AGO,
        initial=6,
        widget=forms.NumberInput(attrs={"data-only": "ago"}),
    )
    newest = forms.IntegerField(
        label=_("to (months ago)"),
        required=False,
        min_value=0,
        max_value=MOST_MONTHS_AGO,
        initial=1,
        widget=forms.NumberInput(attrs={"data-only": "ago"}),
    )
    first = MonthField(label=_("From month"), only="between")
    last = MonthField(label=_("to month"), only="between")

    def wanted(self, *, at: datetime) -> Wanted:
        """What is asked for; wishes that make no sense are shown with their error and left out."""
        self.is_valid()
        asked = self.cleaned_data
        return Wanted(
            months=self.months_wanted(at=at),
            product=asked.get("product"),
            status=asked.get("status") or "",
            text=(asked.get("q") or "").strip(),
        )

    def months_wanted(self, *, at: datetime) -> MonthRange | None:
        asked = self.cleaned_data
        match asked.get("months"):
            case "ago":
                newest = asked.get("newest") or 0
                oldest = asked.get("oldest")
                return between(newest if oldest is None else oldest, newest, at=at)
            case "between":
                return _from_to(asked.get("first"), asked.get("last"), at=at)
            case name:
                return named_range(name or "", at=at)


def _from_to(first: date | None, last: date | None, *, at: datetime) -> MonthRange | None:
    """Either end may be open: the other one, or the present month, takes its place. The order does not matter."""
    if first is None and last is None:
        return None
    start = first or last
    end = CalendarMonth(last.year, last.month) if last else CalendarMonth.of(at)
    assert start is not None
    months = sorted([CalendarMonth(start.year, start.month), end])
    return MonthRange(months[0], months[1])


class TagField(forms.CharField):
    """What is tagged like this: "Environment=production", any value of "Environment", or none: "!Environment"."""

    def __init__(self) -> None:
        widget = forms.TextInput(attrs={"placeholder": "Environment=production"})
        super().__init__(label=_("Tag"), required=False, max_length=LONGEST_KEY + LONGEST_VALUE + 1, widget=widget)


class UsageFilters(forms.Form):
    """`hide` are columns that are left out; anything may stand there."""

    month = MonthField(label=_("Month"))
    product = ProductField()
    tag = TagField()
    hide = forms.Field(required=False, widget=forms.MultipleHiddenInput)

    def month_wanted(self, *, at: datetime) -> CalendarMonth:
        """The month asked for; without one, the last that is over."""
        self.is_valid()
        asked = self.cleaned_data.get("month")
        return CalendarMonth(asked.year, asked.month) if asked else CalendarMonth.of(at).previous

    def within(self, customer: Customer) -> tuple[QuerySet[Invoice], QuerySet[InvoiceLine]]:
        """The customer's invoices and lines that are asked for, of any month."""
        invoices: QuerySet[Invoice] = Invoice.objects.filter(customer=customer)
        lines = InvoiceLine.objects.filter(customer=customer)
        if product := self.cleaned_data.get("product"):
            invoices, lines = invoices.filter(product=product), lines.filter(invoice__product=product)
        if tag := wanted(self.cleaned_data.get("tag") or ""):
            invoices, lines = invoices_tagged(invoices, tag), lines.filter(tagged(tag))
        return invoices, lines


class SpendFilters(UsageFilters):
    """By the values of which tag. An old key, which no resource has any more, can stand in the address."""

    key = forms.ChoiceField(label=_("By the tag"), required=False)
    field_order = ("month", "key", "product", "tag")

    def __init__(self, data: Sent = None, *, keys: Sequence[str], **options: Unpack[FormOptions]) -> None:
        super().__init__(data, **options)
        asked = wanted(str((data or {}).get("key") or ""))
        known = set(map(folded, keys))
        more = [asked.key] if asked and folded(asked.key) not in known else []
        field_of(self, forms.ChoiceField, "key").choices = [(key, key) for key in (*keys, *more)]

    @property
    def key_wanted(self) -> str:
        """The key asked for; without one, the environment."""
        return self.cleaned_data.get("key") or DEFAULT_KEY
