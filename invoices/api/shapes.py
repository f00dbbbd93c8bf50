"""How invoices, credit notes and columns of reports look by REST."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.api.fields import AnyField, FieldOptions, Input, Instant, Rate, TagSet, Text
from catalog.api.configurations import ProductCode
from catalog.meters import Aggregation, Kind
from invoices.columns import Column, Form
from invoices.explain import use_of
from invoices.models import CreditNote, Invoice, InvoiceLine, Question
from invoices.reports import INVOICES

FIELDS: dict[Form, Callable[..., AnyField]] = {
    Form.PRODUCT: ProductCode,
    Form.INSTANT: Instant,
    Form.DAY: serializers.DateField,
    **dict.fromkeys((Form.TEXT, Form.UNIT), serializers.CharField),
    **dict.fromkeys((Form.RATE, Form.SHARE), Rate),
    **dict.fromkeys((Form.WHOLE, Form.MONEY, Form.MOVED, Form.OFF), serializers.IntegerField),
    Form.TAGS: TagSet,
}


def with_columns(fields: dict[str, AnyField], columns: Sequence[Column]) -> dict[str, AnyField]:
    """The members of a shape, and after them the columns of its report."""
    return fields | {column.name: _member(column) for column in columns if column.in_api}


def _member(column: Column) -> AnyField:
    options: FieldOptions[str] = {"help_text": column.help} if column.help else {}
    if column.source:
        options["source"] = column.source
    if column.may_be_none:
        options["allow_null"] = True
    if column.form == Form.CODE:
        return serializers.ChoiceField(choices=column.choices, **options)
    return FIELDS[column.form](**options)


class CountedPart(serializers.Serializer[object]):
    """So many units (or packages) of a month at one price."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind], source="kind.value")
    quantity = Rate()
    unit_price = Rate()


class UseExplanation(serializers.Serializer[object]):
    """
    The month's quantity, what was billed of it before, and where its units lie. `parts` x (1 - discount), rounded half-up, not below
    `minimum` once more is used than is `included`, not above `cap`, less `amount_before`, is the amount.
    """

    aggregation = serializers.ChoiceField(
        choices=Aggregation.choices, help_text="How what was used in a month became one quantity."
    )
    quantity = Rate(help_text="Of the month, with this line.")
    quantity_before = Rate()
    amount_before = serializers.IntegerField()
    included = Rate()
    minimum = serializers.IntegerField()
    cap = serializers.IntegerField(allow_null=True)
    parts = CountedPart(many=True)


class LineExplanation(serializers.Serializer[object]):
    """
    amount = unit_price x quantity x (1 - discount) x minutes / per_minutes, rounded half-up to whole đồng; of what is metered
    (per_minutes 0) see `use`.
    """

    price = serializers.UUIDField(source="price_id", help_text="The version of the price.")
    unit_price = Rate()
    quantity = Rate()
    discount = Rate()
    committed = Rate(help_text="The part of the discount that a commitment gives.")
    minutes = serializers.IntegerField()
    per_minutes = serializers.IntegerField(help_text="0: metered, priced by each unit that is used.")
    includes_vat = serializers.BooleanField()
    vat_rate = Rate(help_text="The rate of the price's tax category at the tax point.")
    taxed_at = Instant(help_text="The tax point: when it was paid ahead, or the last minute of use.")
    use = serializers.SerializerMethodField()

    @extend_schema_field(UseExplanation(allow_null=True))
    def get_use(self, line: InvoiceLine) -> object:
        return UseExplanation(use_of(line)).data if not line.per_minutes else None


class InvoiceLineShape(serializers.Serializer[object]):
    """One item over one stretch of unchanged configuration and price."""

    position = serializers.IntegerField()
    name = serializers.CharField()
    unit = serializers.CharField()
    starts_at = Instant()
    ends_at = Instant()
    amount = serializers.IntegerField(help_text="Before VAT is added, if it is not included.")
    tax = serializers.IntegerField()
    total = serializers.IntegerField()
    tags = TagSet(help_text="Those of the resource when the invoice was issued.")
    explanation = LineExplanation(source="*")


class InvoiceShape(serializers.Serializer[object]):
    """The bill for one resource over one covered period."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=Invoice.Status.choices)
    is_overdue = serializers.SerializerMethodField()
    resource = serializers.UUIDField(
        source="resource_id", allow_null=True, help_text="None: it bills what lacks to a commitment."
    )
    period_key = serializers.CharField()
    is_late = serializers.BooleanField(
        help_text="It bills what was used, and no time, for that is billed already: paid ahead, or by the bill before what was reported late."
    )
    covered_until = Instant(help_text="Earlier than period_end when the service was cut short.")
    coupon_code = serializers.CharField()
    term_months = serializers.IntegerField(help_text="For how many months ahead it was paid.")
    saved = serializers.IntegerField(help_text="What more it would be without its term prices.")
    saved_before = serializers.IntegerField(
        help_text="Of the same term before a resize. Leaving it early takes both off."
    )
    paid = serializers.IntegerField()
    refunded = serializers.IntegerField()

    def get_fields(self) -> dict[str, AnyField]:
        return with_columns(super().get_fields(), INVOICES)

    def get_is_overdue(self, invoice: Invoice) -> bool:
        return invoice.is_overdue(self.context["view"].at)


class CreditedPartShape(serializers.Serializer[object]):
    """What a credit note takes back at one rate of VAT."""

    vat_rate = serializers.DecimalField(max_digits=4, decimal_places=3)
    net = serializers.IntegerField()
    tax = serializers.IntegerField()


class CreditNoteShape(serializers.Serializer[object]):
    """A correction of an invoice."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    invoice = serializers.UUIDField(source="invoice_id")
    reason = serializers.ChoiceField(choices=CreditNote.Reason.choices)
    note = serializers.CharField()
    amount = serializers.IntegerField()
    tax = serializers.IntegerField()
    refunded = serializers.IntegerField(help_text="The part that had been paid and was given back.")
    minutes_unused = serializers.IntegerField(allow_null=True)
    issued_at = Instant()
    parts = CreditedPartShape(many=True, help_text="By rate of VAT, the lowest first; they add up to the note.")


class QuestionShape(serializers.Serializer[object]):
    """A line that the customer questions: its amount is neither dunned nor paid automatically until the answer."""

    id = serializers.UUIDField()
    position = serializers.IntegerField(source="line.position")
    amount = serializers.IntegerField()
    text = serializers.CharField()
    state = serializers.ChoiceField(choices=Question.State.choices)
    answer = serializers.CharField()
    credit_note = serializers.UUIDField(source="credit_note_id", allow_null=True)
    at = Instant()
    answered_at = Instant(allow_null=True)


class LineQuestion(Input):
    position = serializers.IntegerField(min_value=1, max_value=32767)
    text = Text(max_length=1000)


WORDS = {"type": "object", "additionalProperties": {"type": "string"}}


@extend_schema_field(WORDS)
class Party(serializers.JSONField):
    """Name, address, tax code or identity number as of issue."""


@extend_schema_field(WORDS | {"properties": {"bank": WORDS}})
class Seller(Party):
    """And the bank account that transfers go to."""


class InvoiceDetail(InvoiceShape):
    """An invoice with its lines, the credit notes on it, and what the customer questions."""

    buyer = Party()
    seller = Seller()
    lines = InvoiceLineShape(many=True)
    credit_notes = CreditNoteShape(many=True)
    questions = QuestionShape(many=True)
