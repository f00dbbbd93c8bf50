"""What customers type about money, and what they can ask of the lists of payments and of wallet movements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Unpack

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from invoices.forms import REASONABLE
from kernel.fields import DongField, field_of
from kernel.periods import Period, start_of_day
from kernel.shapes import FieldWords, FormOptions, Sent
from kernel.text import validate_printable, validate_printable_lines
from ledger.models import Account
from payments.gateways import open_codes
from payments.means import GATEWAY, TOP_UP_AND_PAY, WALLET
from payments.models import AutomaticCharge, LinkedAccount, Payment
from payments.queries import ACTIONS, BY_TRANSFER, STATES, OpenGateway, WantedMovements, WantedPayments, account_words
from payments.ways import LINKED

PRESETS = (100_000, 200_000, 500_000, 1_000_000, 2_000_000, 5_000_000)
EARLIEST, LATEST = date(2000, 1, 1), date(2999, 12, 31)


class TopUpForm(forms.Form):
    """
    A preset or an amount of one's own (which wins), and the gateway to pay it with.

    `once` is new on each page that is shown: the same page sent twice is one top-up.
    """

    preset = forms.TypedChoiceField(coerce=int, required=False, empty_value=None)
    amount = DongField(label=_("Another amount"), least=1, required=False)
    gateway = forms.ChoiceField()
    once = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Sent = None, *, gateways: list[OpenGateway], **options: Unpack[FormOptions]) -> None:
        super().__init__(data, **options)
        self.gateways = gateways
        self.presets = [
            amount for amount in PRESETS if any(gate.minimum <= amount <= gate.maximum for gate in gateways)
        ]
        field_of(self, forms.TypedChoiceField, "preset").choices = [(amount, str(amount)) for amount in self.presets]
        field_of(self, forms.ChoiceField, "gateway").choices = [(gate.code, gate.name) for gate in gateways]

    def clean(self) -> dict[str, object]:
        asked = self.cleaned_data
        wanted = asked.get("amount") or asked.get("preset")
        if wanted is None and "amount" not in self.errors:
            self.add_error("amount", _("Choose an amount, or enter one."))
        gate = next((gate for gate in self.gateways if gate.code == asked.get("gateway")), None)
        if wanted is not None and gate and not gate.minimum <= wanted <= gate.maximum:
            self.add_error("amount", _("The amount lies outside the limits named below."))
        asked["wanted"] = wanted
        return asked


class QuestionForm(forms.Form):
    """Which line of an invoice is not right, and why."""

    line = forms.TypedChoiceField(label=_("Line"), coerce=int)
    text = forms.CharField(
        label=_("What is not right?"),
        max_length=1000,
        validators=[validate_printable_lines],
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, data: Sent = None, *, lines: list[tuple[int, str]], **options: Unpack[FormOptions]) -> None:
        super().__init__(data, **options)
        field_of(self, forms.TypedChoiceField, "line").choices = lines


class PayForm(forms.Form):
    """Which invoices, by what means, and how much of them from the wallet."""

    means = forms.CharField(error_messages={"required": _("Choose a means of payment.")})
    amount = DongField(least=1, required=False)

    def clean_means(self) -> str:
        """As `Means.value` writes it. Whose account it is, and what each takes, the services say."""
        value: str = self.cleaned_data["means"]
        means, _colon, gateway = value.partition(":")
        by_gateway = means in (GATEWAY, TOP_UP_AND_PAY) and gateway in open_codes()
        from_account = means == TOP_UP_AND_PAY and gateway.startswith(LINKED)
        if value not in (WALLET, BY_TRANSFER) and not by_gateway and not from_account:
            raise ValidationError(_("Choose a means of payment."))
        return value


class AskToPayForm(forms.Form):
    """Who is asked to pay, and as whom they know the customer."""

    email = forms.EmailField(label=_("Mail address of who is to pay"), max_length=254)
    name = forms.CharField(
        label=_("Your name, as they know it"),
        max_length=60,
        validators=[validate_printable],
        help_text=_("They see this name, the seller, the amount and what it is for; nothing else of your account."),
    )
    language = forms.ChoiceField(label=_("Language of the mail"), choices=[("vi", "Tiếng Việt"), ("en", "English")])


class LimitsForm(forms.Form):
    """How much a linked account may be charged."""

    charge_limit = DongField(label=_("At most at once"), least=1)
    month_limit = DongField(label=_("At most in a calendar month"), least=1)

    def clean(self) -> dict[str, object]:
        asked = self.cleaned_data
        once, month = asked.get("charge_limit"), asked.get("month_limit")
        if once and month and once > month:
            self.add_error("month_limit", _("The limit of a month is at least that of one charge."))
        return asked


class AutomaticForm(forms.Form):
    """What is charged by itself, to which linked account; a top-up has a threshold and an amount."""

    linked = forms.ChoiceField(label=_("Linked account"))
    below = DongField(label=_("When less is available than"), least=1)
    amount = DongField(label=_("Top up by"), least=1)

    def __init__(
        self,
        data: Sent = None,
        *,
        links: Sequence[LinkedAccount],
        purpose: AutomaticCharge.Purpose,
        charge: AutomaticCharge | None = None,
    ) -> None:
        initial: dict[str, object] = {"below": 100_000, "amount": 500_000}
        if charge:
            initial = {"below": charge.below, "amount": charge.amount, "linked": str(charge.linked_id)}
        super().__init__(data, initial=initial, auto_id=f"id_{purpose}_%s")
        linked = field_of(self, forms.ChoiceField, "linked")
        linked.choices = [(str(one.pk), account_words(one.known_as)) for one in links]
        if purpose != AutomaticCharge.Purpose.TOP_UP:
            del self.fields["below"], self.fields["amount"]


class DayField(forms.DateField):
    """A day as YYYY-MM-DD, whatever the reader's language."""

    def __init__(self, **words: Unpack[FieldWords]) -> None:
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(input_formats=["%Y-%m-%d"], widget=widget, required=False, validators=REASONABLE, **words)


class ClaimForm(forms.Form):
    """A transfer that the customer says they have made."""

    amount = DongField(label=_("Amount"), least=1)
    day = DayField(label=_("Day of the transfer"))
    note = forms.CharField(
        label=_("Text of the transfer"),
        required=False,
        max_length=200,
        validators=[validate_printable],
        help_text=_("As you typed it in your bank's app, with the typing error if there was one."),
    )

    def __init__(self, data: Sent = None, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, **options)
        self.fields["day"].required = True


class DayFilters(forms.Form):
    """Filters of a list by day; days are those of the billing zone, the last one included."""

    since = DayField(label=_("From day"))
    until = DayField(label=_("To day"))

    def period(self) -> Period | None:
        """Either end may be open; the order does not matter."""
        days = [self.cleaned_data.get("since"), self.cleaned_data.get("until")]
        if days == [None, None]:
            return None
        first, last = sorted([days[0] or EARLIEST, days[1] or LATEST])
        return Period(start_of_day(first), start_of_day(last + timedelta(days=1)))


class PaymentFilters(DayFilters):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": _("Transaction id or details")}),
    )
    kind = forms.ChoiceField(label=_("Type"), required=False, choices=[("", _("All")), *Payment.Kind.choices])
    means = forms.ChoiceField(label=_("Means"), required=False, choices=[("", _("All")), *Payment.Means.choices])
    state = forms.ChoiceField(label=_("Status"), required=False, choices=[("", _("All")), *STATES])
    field_order = ("q", "kind", "means", "state", "since", "until")

    def wanted(self) -> WantedPayments:
        self.is_valid()
        asked = self.cleaned_data
        return WantedPayments(
            means=asked.get("means") or "",
            kind=asked.get("kind") or "",
            state=asked.get("state") or "",
            text=(asked.get("q") or "").strip(),
            period=self.period(),
        )


class MovementFilters(DayFilters):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": _("Description")}),
    )
    action = forms.ChoiceField(
        label=_("Action"),
        required=False,
        choices=[("", _("All")), *((name, words) for name, (words, _kinds) in ACTIONS.items())],
    )
    bucket = forms.ChoiceField(
        label=_("Kind of credit"),
        required=False,
        choices=[("", _("All")), *((kind.value, kind.label) for kind in Account.WALLET)],
    )
    field_order = ("q", "action", "bucket", "since", "until")

    def wanted(self) -> WantedMovements:
        self.is_valid()
        asked = self.cleaned_data
        return WantedMovements(
            action=asked.get("action") or "",
            bucket=asked.get("bucket") or "",
            text=(asked.get("q") or "").strip(),
            period=self.period(),
        )
