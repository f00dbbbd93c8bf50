"""What a customer asks for: sealed quotes, and the checkout sessions that product pages send customers with."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer
from accounts.models.closed import opens_nothing_when_closed
from catalog.models import Product
from kernel import display
from kernel.ids import new_id
from lifecycle.models import Resource
from orders.deal import Deal
from store.carried import CarriedKey, unique_with
from store.personal import Because, kept
from store.triggers import append_only, frozen, never_deleted


class Action(models.TextChoices):
    """The paid actions on resources."""

    CREATE = "create", _("create")
    RESIZE = "resize", _("resize")
    RENEW = "renew", _("renew")
    RECOVER = "recover", _("recover")


class CheckoutSession(models.Model):
    """
    A product page sends the customer to the portal with this: what to do, with which resource, and where to come back to.

    A session about a resource is its customer's from the start; one for something new becomes the customer's who takes an
    offer from it. What came of it is an order, at most one that lives, or for a deletion `deleted_at`.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    class Action(models.TextChoices):
        """What a product page can send customers for: the paid actions, and deleting."""

        CREATE = "create", _("create")
        RESIZE = "resize", _("resize")
        RENEW = "renew", _("renew")
        RECOVER = "recover", _("recover")
        DELETE = "delete", _("delete")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, related_name="checkout_sessions", verbose_name=_("product")
    )
    action = models.CharField(_("action"), max_length=8, choices=Action.choices, default=Action.CREATE)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("customer")
    )
    resource = models.ForeignKey(
        Resource,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("resource"),
    )
    name = models.CharField(_("name"), max_length=100)
    configuration = models.JSONField(_("configuration"))
    tags = models.JSONField(_("tags"), default=dict, db_default={})
    return_url = models.URLField(_("return address"), max_length=500)
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"))
    deleted_at = models.DateTimeField(_("deletion confirmed"), null=True, blank=True)

    class Meta:
        verbose_name = _("checkout session")
        verbose_name_plural = _("checkout sessions")
        constraints: ClassVar = [
            unique_with(name="a_session_is_one_customers"),
            CarriedKey("resource", name="a_session_is_its_resources_customers"),
            models.CheckConstraint(
                name="only_a_session_for_something_new_is_about_no_resource",
                condition=Q(action="create", resource__isnull=True) | (~Q(action="create") & Q(resource__isnull=False)),
            ),
            models.CheckConstraint(
                name="a_session_about_a_resource_has_its_customer",
                condition=Q(resource__isnull=True) | Q(customer__isnull=False),
            ),
            models.CheckConstraint(
                name="only_a_session_for_a_deletion_ends_with_one",
                condition=Q(deleted_at__isnull=True) | Q(action="delete"),
            ),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(on="customer_id"),
            never_deleted(),
            frozen(
                "what_a_session_is_for_stays",
                columns=["product_id", "action", "resource_id", "name", "configuration", "tags", "return_url", "created_at",
                         "expires_at"],
            ),
            frozen("a_session_stays_its_customers", columns=["customer_id"], unless="OLD.customer_id IS NULL"),
            frozen("a_deletion_is_confirmed_once", columns=["deleted_at"], unless="OLD.deleted_at IS NULL"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.product}: {self.name}"


class Quote(models.Model):
    """
    An offer: what will happen and what it costs, computed at `quoted_at` and good until `expires_at`.

    `seal` is a digest over inputs and content. Paying computes the offer again from today's facts as of `quoted_at`: when
    the digest differs, the facts have changed and the offer is refused.
    """

    AT_CLOSING: ClassVar = kept(Because.BOOKS)

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="quotes", verbose_name=_("customer"))
    action = models.CharField(_("action"), max_length=8, choices=Action.choices)
    checkout_session = models.ForeignKey(
        CheckoutSession,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="quotes",
        verbose_name=_("checkout session"),
    )
    inputs = models.JSONField(_("inputs"))
    content = models.JSONField(_("content"))
    total = models.BigIntegerField(_("total"), help_text=_("To pay; negative when money comes back."))
    seal = models.CharField(max_length=64)
    quoted_at = models.DateTimeField(_("quoted"))
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        constraints: ClassVar = [
            unique_with(name="a_quote_is_one_customers"),
            CarriedKey("checkout_session", name="a_session_offers_to_its_own_customer"),
        ]
        triggers: ClassVar = [opens_nothing_when_closed(), append_only()]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {display.money(self.total)}"

    @cached_property
    def deal(self) -> Deal:
        """What is offered."""
        return Deal.from_json(self.content)
