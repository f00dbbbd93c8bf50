"""What owners may commit to, what was agreed, and the two tasks that take two: to agree, and to end early."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from django import forms
from django.contrib import admin
from django.db.models import F, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.tasks import ReasonForm, Task
from accounts.four_eyes import ask
from accounts.models import Customer
from catalog import acts
from catalog.admin.validity import InForce, ValidityAdmin, ValidityForm
from catalog.commitments import earliest_end
from catalog.coupon_acts import OfferCommitment
from catalog.models import Commitment, CommitmentOffer
from catalog.models.commitments import following_month
from catalog.rights import AGREE_COMMITMENT
from catalog.terms import LONGEST
from kernel import clock, display
from kernel.actors import Actor
from kernel.fields import DongField, PercentField
from kernel.periods import local_day
from kernel.shapes import Cleaned, Wording


class MonthField(forms.DateField):
    """A month, as its first day."""

    def __init__(self, label: Wording) -> None:
        widget = forms.DateInput(attrs={"type": "month"}, format="%Y-%m")
        wrong = {"invalid": _("Write the month as 2026-12.")}
        super().__init__(
            label=label, input_formats=["%Y-%m"], widget=widget, help_text=_("As 2026-12."), error_messages=wrong
        )


class OffField(PercentField):
    """Something, and less than all of it."""

    most = Decimal("0.9999")

    def to_python(self, value: object) -> Decimal | None:
        share = super().to_python(value)
        if share == 0:
            raise forms.ValidationError(_("A discount is more than nothing and less than all."))
        return share


class AgreeForm(ReasonForm):
    amount = DongField(label=capfirst(_("spend a month")), least=1, help_text=_("VND with VAT, as invoices say it."))
    share = OffField(label=capfirst(_("share off")), max_digits=5, decimal_places=4)
    starts_on = MonthField(label=capfirst(_("first month")))
    months = forms.IntegerField(label=capfirst(_("for (months)")), min_value=1, max_value=LONGEST)
    renews = forms.BooleanField(label=capfirst(_("is followed by another like it")), required=False)
    field_order = ("amount", "share", "starts_on", "months", "renews", "reason")


class AgreeCommitment(Task[Customer]):
    """Of a customer who pays afterwards: on the page of the customer."""

    name = "agree-commitment"
    label = _("Agree on a commitment")
    lead = _(
        "So much is spent in each month, with VAT, and all use costs a share less; what is not spent is billed at the month end."
        " It begins with a month that has not begun, once somebody else has approved it."
    )
    button = _("Ask for approval")
    right = AGREE_COMMITMENT
    form = AgreeForm
    once = True

    def is_open(self, subject: Customer, at: datetime) -> bool:
        return subject.is_postpaid and subject.closed_at is None

    def form_options(self, subject: Customer, *, at: datetime) -> dict[str, object]:
        return {"initial": {"starts_on": following_month(at), "months": 12}}

    def carry_out(self, subject: Customer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = ask(
            acts.AgreeCommitment,
            customer=subject,
            facts={
                "amount": data["amount"],
                "share": f"{data['share']:f}",
                "months": data["months"],
                "starts_on": data["starts_on"].isoformat(),
                "renews": data["renews"],
            },
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return asked.sentence


class EndForm(ReasonForm):
    ends_on = MonthField(label=_("The first month without it"))
    field_order = ("ends_on", "reason")


class EndCommitment(Task[Commitment]):
    name = "end"
    label = _("End it early")
    lead = _(
        "The months before are billed as agreed; nothing is owed for the rest. One that has not begun ends with the month of its"
        " beginning: then it was none. Somebody else approves it first."
    )
    button = _("Ask for approval")
    right = AGREE_COMMITMENT
    form = EndForm
    once = True

    def is_open(self, subject: Commitment, at: datetime) -> bool:
        return earliest_end(subject, at) < subject.ends_on

    def form_options(self, subject: Commitment, *, at: datetime) -> dict[str, object]:
        return {"initial": {"ends_on": earliest_end(subject, at)}}

    def carry_out(self, subject: Commitment, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        ends_on: date = data["ends_on"]
        asked = ask(
            acts.EndCommitment,
            customer=subject.customer,
            subject=subject.pk,
            facts={"commitment": str(subject.pk), "ends_on": ends_on.isoformat()},
            reason=data["reason"],
            actor=actor,
            at=at,
        )
        return asked.sentence


class OfferForm(ValidityForm):
    ALONE = ("amount", "share", "months")

    class Meta:
        field_classes: ClassVar = {"share": PercentField}


@admin.register(CommitmentOffer)
class CommitmentOfferAdmin(ValidityAdmin):
    form = OfferForm
    not_summed = ("amount", "months")
    list_display = ("name", "amount", "share", "months", "valid_from", "valid_until")
    list_filter = (InForce,)
    search_fields = ("name", "name_en")
    fields = ("name", "name_en", "amount", "share", "months", "valid_from", "valid_until")

    def takes_two(self, terms: Model, change: bool) -> OfferCommitment | None:
        """That it ends earlier gives nothing."""
        assert isinstance(terms, CommitmentOffer)
        before = CommitmentOffer.objects.get(pk=terms.pk).valid_until if change else None
        is_earlier = change and terms.valid_until is not None and (before is None or terms.valid_until <= before)
        return None if is_earlier else OfferCommitment()


class Lasting(admin.SimpleListFilter):
    title = _("in force")
    parameter_name = "now"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Wording]]:
        return [("yes", _("in force")), ("later", _("begins later")), ("over", _("ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        today = local_day(clock.now())
        match self.value():
            case "yes":
                return queryset.filter(starts_on__lte=today, ends_on__gt=today)
            case "later":
                return queryset.filter(starts_on__gt=today, ends_on__gt=F("starts_on"))
            case "over":
                return queryset.filter(Q(ends_on__lte=today) | Q(ends_on=F("starts_on")))
        return queryset


@admin.register(Commitment)
class CommitmentAdmin(LookOnlyAdmin):
    about = ("customer",)
    tasks = (EndCommitment(),)
    not_summed = ("amount",)
    list_display = ("customer", "amount", "share", "first", "last", "renews", "agreed_by", "agreed_at")
    list_select_related = ("customer",)
    list_filter = (Lasting, "renews")
    search_fields = ("customer__name",)
    date_hierarchy = "starts_on"
    fields = ("customer", "amount", "share", "first", "last", "renews", "follows", "offer", "agreed_at", "agreed_by")

    @admin.display(description=_("first month"), ordering="starts_on")
    def first(self, commitment: Commitment) -> str:
        return display.month(commitment.starts_on)

    @admin.display(description=_("Its last month"), ordering="ends_on")
    def last(self, commitment: Commitment) -> str:
        return text("called off before it began") if commitment.is_called_off else display.month(commitment.last_month)
