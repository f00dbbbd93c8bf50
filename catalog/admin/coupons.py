"""Coupons, and their uses."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.access import signed_in
from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import Act, Asked, ask
from catalog.admin.validity import ASKED, AskingAdmin, InForce
from catalog.batches import COLUMNS, MOST, WRITTEN, read_coupons, written
from catalog.coupon_acts import MakeCoupons, facts_of_coupon, gives_more, kept_terms, worth
from catalog.models import Coupon, Product, Redemption
from catalog.rights import MAKE_COUPONS
from kernel import clock
from kernel.actors import Actor
from kernel.cells import quoted
from kernel.fields import DongField, PercentField
from kernel.periods import start_of_day
from kernel.shapes import Cleaned
from kernel.text import validate_printable

MOST_BYTES = 2_000_000


class BatchForm(ReasonForm):
    batch = forms.CharField(label=_("Batch"), max_length=40, validators=[validate_printable])
    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST)
    begins_with = forms.CharField(
        label=_("Codes begin with"), max_length=20, required=False, validators=[validate_printable]
    )
    amount = DongField(label=_("Amount off (₫)"), least=1, required=False)
    share = PercentField(label=_("share off"), max_digits=5, decimal_places=4, required=False)
    first_day = forms.DateField(label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last_day = forms.DateField(
        label=_("Until the end of"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    minimum_order = DongField(label=_("Minimum order (₫)"), least=0, required=False)
    maximum_uses = forms.IntegerField(label=_("Uses of each code"), min_value=1, initial=1)
    new_customers_only = forms.BooleanField(label=_("new customers only"), required=False)
    products = forms.ModelMultipleChoiceField(
        Product.objects.order_by("code"), label=_("products"), required=False, help_text=_("None: all products.")
    )


class MakeBatch(Task[None]):
    name = "batch"
    label = _("Make a batch")
    lead = _("Each coupon has a code of its own that nobody can guess. Take them away as CSV afterwards.")
    button = _("Make them")
    right = MAKE_COUPONS
    form = BatchForm
    once = True

    def carry_out(self, subject: None, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        terms = {
            "amount": data["amount"],
            "share": data["share"],
            "valid_from": start_of_day(data["first_day"]),
            "valid_until": start_of_day(data["last_day"] + timedelta(days=1)),
            "minimum_order": data["minimum_order"] or 0,
            "maximum_uses": data["maximum_uses"],
            "new_customers_only": data["new_customers_only"],
        }
        asked = ask(
            MakeCoupons,
            customer=None,
            subject=data["batch"],
            amount=worth([Coupon(**terms)] * data["count"]),
            facts={
                "batch": data["batch"],
                "count": data["count"],
                "prefix": data["begins_with"],
                "terms": kept_terms(terms),
                "products": [str(product.pk) for product in data["products"]],
            },
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return _told(asked)


def _told(asked: Asked[list[Coupon]]) -> str:
    return asked.told(lambda made: text("%(count)d coupons are made.") % {"count": len(made)})


class FileForm(ReasonForm):
    batch = forms.CharField(label=_("Batch"), max_length=40, validators=[validate_printable])
    file = forms.FileField(label=capfirst(_("CSV file")), help_text=", ".join(COLUMNS))

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(text("This file is too large."))
        content: bytes = file.read()
        return content


class ReadBatch(Task[None]):
    name = "read"
    label = _("Read coupons from a file")
    lead = _("All of the file or nothing of it. Days count in the billing zone; products are named by their codes.")
    button = _("Read it")
    right = MAKE_COUPONS
    form = FileForm

    def carry_out(self, subject: None, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        coupons, _products = read_coupons(data["batch"], data["file"])
        asked = ask(
            MakeCoupons,
            customer=None,
            subject=data["batch"],
            amount=worth(coupons),
            facts={"batch": data["batch"], "content": data["file"].decode("utf-8-sig")},
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return _told(asked)


class TakeForm(forms.Form):
    batch = forms.CharField(label=_("Batch"), max_length=40, required=False, help_text=_("Empty: all coupons."))


class TakeBatch(Task[None]):
    name = "take"
    label = _("Coupons as CSV")
    lead = _("What is written can be read again; how often each was used stands beside it.")
    button = _("Download")
    right = MAKE_COUPONS
    form = TakeForm

    def carry_out(self, subject: None, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        """What is taken away is the answer itself, see `finish`."""
        return str(data["batch"])

    def finish(self, request: HttpRequest, subject: None, sentence: str, back: str) -> HttpResponse:
        del request, back
        coupons = Coupon.objects.order_by("batch", "code")
        answer = HttpResponse(content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="coupons.csv"'
        file = csv.writer(answer)
        file.writerow(WRITTEN)
        for row in written(coupons.filter(batch=sentence) if sentence else coupons):
            file.writerow([quoted(cell) if isinstance(cell, str) else cell for cell in row])
        return answer


class CouponForm(forms.ModelForm):
    class Meta:
        field_classes: ClassVar = {"share": PercentField}


@admin.register(Coupon)
class CouponAdmin(AskingAdmin):
    """Terms of a coupon that was used stay; its end and its number of uses may change. What gives more may take two."""

    form = CouponForm
    not_summed = ("amount", "minimum_order")
    list_tasks = (MakeBatch(), ReadBatch(), TakeBatch())
    list_display = (
        "code",
        "batch",
        "amount",
        "share",
        "minimum_order",
        "uses",
        "maximum_uses",
        "maximum_uses_per_customer",
        "valid_from",
        "valid_until",
    )
    list_filter = (InForce, "new_customers_only")
    search_fields = ("code", "=batch")
    readonly_fields = ("uses",)

    def get_readonly_fields(self, request: HttpRequest, obj: Coupon | None = None) -> list[str] | tuple[str, ...]:
        if obj is None or not obj.uses:
            return self.readonly_fields
        fixed = ("code", "amount", "share", "minimum_order", "valid_from", "products", "new_customers_only", "batch")
        return [*self.readonly_fields, *self._looks(fixed)]

    def save_model(self, request: HttpRequest, obj: Model, form: forms.ModelForm, change: bool) -> None:
        assert isinstance(obj, Coupon)
        changed = {name for name in form.changed_data if name in form.cleaned_data and name != "reason"}
        before = Coupon.objects.get(pk=obj.pk) if change else None
        if before and not gives_more(before, obj, changed):
            super().save_model(request, obj, form, change)
            return
        shown = before.products.all() if before else ()  # of one that was used they are no part of the form
        products = form.cleaned_data.get("products", shown)
        kind: Act[object] = MakeCoupons()
        asked = ask(
            kind,
            customer=None,
            subject=obj.code,
            amount=worth([obj]),
            facts=facts_of_coupon(obj, products, changed if before else ()),
            reason=form.cleaned_data["reason"],
            actor=signed_in(request).actor,
            at=clock.now(),
        )
        ASKED.on(request, asked)

    def save_related(
        self, request: HttpRequest, form: forms.ModelForm, formsets: Iterable[forms.BaseModelFormSet], change: bool
    ) -> None:
        """Its products are kept with it."""
        if ASKED.of(request) is None:
            super().save_related(request, form, formsets, change)


@admin.register(Redemption)
class RedemptionAdmin(LookOnlyAdmin):
    about = ("coupon",)
    list_display = ("at", "coupon", "customer", "amount", "state", "order_id")
    list_select_related = ("coupon", "customer")
    list_filter = ("state",)
    search_fields = ("coupon__code", "customer__name", "order_id")
