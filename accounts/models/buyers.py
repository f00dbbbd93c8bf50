"""As whom a customer is named on invoices."""

from __future__ import annotations

from collections.abc import Collection
from typing import ClassVar, Self
from uuid import UUID

import pgtrigger
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.may import May
from accounts.models.closed import opens_nothing_when_closed
from accounts.models.people import Customer
from kernel.identity import personal_id_of, tax_code_of
from kernel.ids import new_id
from kernel.shapes import Json
from kernel.text import validate_printable
from store.carried import unique_with
from store.personal import blanked
from store.search import search_index
from store.triggers import frozen, never_deleted

HAS_A_DEFAULT = pgtrigger.Trigger(
    name="who_has_buyers_has_a_default",
    level=pgtrigger.Row,
    when=pgtrigger.After,
    operation=pgtrigger.Insert | pgtrigger.UpdateOf("is_default", "archived_at"),
    timing=pgtrigger.Deferred,  # between two statements of a change of the default there is none
    func="""
    IF EXISTS (SELECT FROM accounts_buyerprofile WHERE customer_id = NEW.customer_id AND archived_at IS NULL)
        AND NOT EXISTS (SELECT FROM accounts_buyerprofile WHERE customer_id = NEW.customer_id AND is_default) THEN
        RAISE EXCEPTION 'customer % has buyers, and none of them is the default', NEW.customer_id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
    """,
)


class BuyerProfileQuerySet(models.QuerySet["BuyerProfile"]):
    def in_use(self) -> Self:
        """Those that can be chosen."""
        return self.filter(archived_at=None)

    def in_order(self) -> Self:
        """The default first, then the latest."""
        return self.order_by("-is_default", "-created_at", "-id")

    def lock(self, pk: UUID) -> BuyerProfile:
        """Held until the transaction ends; its customer is held before."""
        return self.select_for_update(of=("self",), no_key=True).select_related("customer").get(pk=pk)


class BuyerProfile(models.Model):
    """
    As whom a customer is named on invoices: a company with its tax code, a person with their identity number, or neither.

    A customer has any number of them, and one default, which is taken wherever none was chosen: by auto-renewals and by
    the invoices of usage. Invoices keep a copy of what it said at their issue. It is archived, never deleted: orders name it.
    """

    AT_CLOSING: ClassVar = blanked("tax_code", "personal_id", "address", name="'#'", kind="'consumer'")

    class Kind(models.TextChoices):
        COMPANY = "company", _("company or organisation")
        PERSON = "person", _("person with an identity number")
        CONSUMER = "consumer", _("consumer, without a number")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="buyers", verbose_name=_("customer"))
    kind = models.CharField(_("buyer is"), max_length=8, choices=Kind.choices)
    name = models.CharField(_("name on invoices"), max_length=200, validators=[validate_printable])
    tax_code = models.CharField(
        _("tax code"),
        max_length=20,
        blank=True,
        help_text=_("10 digits, or 10 and 3 of a branch, such as 0101243150-001."),
    )
    personal_id = models.CharField(
        _("identity number"), max_length=20, blank=True, help_text=_("The 12 digits of the identity card.")
    )
    address = models.CharField(_("address"), max_length=300, blank=True, validators=[validate_printable])
    is_default = models.BooleanField(_("default"), default=False)
    created_at = models.DateTimeField(_("created"))
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True)

    objects = BuyerProfileQuerySet.as_manager()

    class Meta:
        verbose_name = _("buyer profile")
        verbose_name_plural = _("buyer profiles")
        indexes: ClassVar = [search_index("tax_code", name="buyers_by_part_of_tax_code")]
        constraints: ClassVar = [
            unique_with(name="a_buyer_is_one_customers"),
            models.UniqueConstraint(
                name="a_customer_has_one_default_buyer", fields=["customer"], condition=Q(is_default=True)
            ),
            models.CheckConstraint(
                name="a_buyer_has_the_number_of_its_kind",
                condition=Q(kind="company", personal_id="") & ~Q(tax_code="")
                | Q(kind="person", tax_code="", personal_id__regex=r"^[0-9]{12}$")
                | Q(kind="consumer", tax_code="", personal_id=""),
                violation_error_message=_("A company has a tax code, a person an identity number, a consumer neither."),
            ),
            models.CheckConstraint(
                name="a_buyer_has_a_name",
                condition=~Q(name=""),
                violation_error_message=_("Say what stands on the invoices."),
            ),
            models.CheckConstraint(
                name="what_is_archived_is_no_default",
                condition=Q(archived_at__isnull=True) | Q(is_default=False),
                violation_error_message=_("What is archived cannot be the default."),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            opens_nothing_when_closed(),
            frozen("stays_its_customers", columns=["customer_id", "created_at"]),
            frozen("is_archived_once", columns=["archived_at"], unless="OLD.archived_at IS NULL"),
            HAS_A_DEFAULT,
        ]

    def __str__(self) -> str:
        number = self.tax_code or self.identity
        return f"{self.name} ({number})" if number else self.name

    @property
    def identity(self) -> str:
        """Of an identity number the last digits, which are enough to tell people apart; the whole is a secret of theirs."""
        return f"…{self.personal_id[-3:]}" if self.personal_id else ""

    def identity_for(self, rights: Collection[May]) -> str:
        """The whole number only for who may change it."""
        return self.personal_id if May.MANAGE_PROFILE in rights else self.identity

    @property
    def is_doubtful(self) -> bool:
        """Its tax code came from a time when nobody looked at the check digit. It is printed as it is until somebody mends it."""
        return self.kind == self.Kind.COMPANY and tax_code_of(self.tax_code) != self.tax_code

    def clean(self) -> None:
        """
        Numbers in their one form, of the kind that the buyer is; what belongs to another kind is left out.

        :raises ValidationError: by field, each with what to change
        """
        wrong = {}
        self.name = self.name.strip()
        typed, self.tax_code, self.personal_id = (self.tax_code, self.personal_id), "", ""
        if self.kind == self.Kind.COMPANY:
            self.tax_code = tax_code_of(typed[0])
            if not self.tax_code:
                wrong["tax_code"] = wrong_tax_code(typed[0])
        if self.kind == self.Kind.PERSON:
            self.personal_id = personal_id_of(typed[1])
            if not self.personal_id:
                wrong["personal_id"] = text("An identity number has 12 digits and begins with 001 to 096.")
        if wrong:
            raise ValidationError(wrong, code="number")


def wrong_tax_code(typed: str) -> str:
    """What to change in a tax code that is none."""
    digits = "".join(filter(str.isdigit, typed))
    if not digits:
        return text("A company's invoices need its tax code.")
    if len(digits) in {10, 13}:
        return text("One digit of this tax code is wrong: the tenth does not fit the others. Please compare it.")
    return text("A tax code has 10 digits, or 10 and 3 of a branch, such as 0101243150-001.")


def as_named(customer: Customer, buyer: BuyerProfile | None) -> Json:
    """
    The buyer as documents keep and print it, JSON-ready. A customer without a profile is named by its own name: no exit
    waits for master data.
    """
    facts = {
        "name": customer.name,
        "kind": BuyerProfile.Kind.CONSUMER.value,
        "tax_code": "",
        "personal_id": "",
        "address": "",
    }
    if buyer is not None:
        facts = {name: str(getattr(buyer, name)) for name in facts}
    return facts | {"email": customer.email, "language": customer.language}
