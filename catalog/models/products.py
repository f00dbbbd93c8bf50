"""Products with their policies, and the items that they are made of."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey
from catalog.meters import Aggregation
from catalog.service_categories import CATEGORY_OF, CHOICES, OTHER
from kernel.actors import Actor, ActorKind
from kernel.ids import new_id
from kernel.text import validate_printable
from store.triggers import frozen, never_deleted

LONGEST_STAGE = 90
STAGE = [MaxValueValidator(LONGEST_STAGE)]
"""Grace, and each stay in the trash: whole days."""


class Named(models.Model):
    """Something with a Vietnamese and an English name."""

    name = models.CharField(_("name (Vietnamese)"), max_length=120, validators=[validate_printable])
    name_en = models.CharField(_("name (English)"), max_length=120, validators=[validate_printable])

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name_in(get_language() or "vi")

    def name_in(self, language: str) -> str:
        return self.name_en if language.startswith("en") else self.name

    def as_issued(self, issued: str, language: str = "") -> str:
        """What a paper that says `issued` calls it: for English readers the English name, unless it was renamed since."""
        return self.name_in(language or get_language() or "vi") if issued == self.name else issued


class Product(Named):
    """A service on offer and the policies that its resources live by; each policy is business, so it is data."""

    class Provisioner(models.TextChoices):
        WEBHOOK = "webhook", _("signed webhook, answered through the API")
        POLLING = "polling", _("polled and answered through the API")

    class LateRenewal(models.TextChoices):
        IN_GRACE = "grace", _("in grace")
        IN_SUSPENSION = "suspension", _("in suspension too")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.SlugField(_("code"), unique=True)
    is_on_sale = models.BooleanField(_("on sale"), default=True)
    days_in_trash_after_expiry = models.PositiveSmallIntegerField(
        _("days in trash after expiry"), default=7, validators=STAGE, help_text=_("0 to 90.")
    )
    days_in_trash_after_deletion = models.PositiveSmallIntegerField(
        _("days in trash after deletion"), default=7, validators=STAGE, help_text=_("0 to 90; 0 deletes at once.")
    )
    grace_days = models.PositiveSmallIntegerField(
        _("days of grace between the end of paid time and the trash"),
        default=0,
        validators=STAGE,
        help_text=_("0 to 90."),
    )
    late_renewal = models.CharField(
        _("late renewal"),
        max_length=10,
        choices=LateRenewal.choices,
        default=LateRenewal.IN_GRACE,
        help_text=_("Until when the old period can be continued. Recovery from the trash begins a new one, always."),
    )
    is_refundable = models.BooleanField(_("unused paid time is refunded on deletion"), default=True)
    stopped_time_is_free = models.BooleanField(_("stopped time is free of charge (postpaid)"), default=False)
    days_without_credit = models.PositiveSmallIntegerField(
        _("days until a resource stops whose use credit does not cover (prepaid)"),
        default=3,
        db_default=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), *STAGE],
        help_text=_("After the notice. 1 to 90; empty: it runs on, and its customer is told alone."),
    )
    service_subcategory = models.CharField(
        _("kind of service"),
        max_length=60,
        choices=CHOICES,
        default=OTHER,
        db_default=OTHER,
        help_text=_("As FOCUS sorts services, for who compares the costs of several providers."),
    )
    provisioner = models.CharField(
        _("provisioning"), max_length=10, choices=Provisioner.choices, default=Provisioner.WEBHOOK
    )
    webhook_url = models.URLField(_("webhook address"), blank=True)
    webhook_secret = models.CharField(_("webhook secret"), max_length=100, blank=True)
    return_urls = models.JSONField(
        _("return addresses"),
        default=list,
        blank=True,
        help_text=_("Checkout sends customers back only to addresses that begin with one of these."),
    )

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_stage_of_the_end_lasts_90_days_at_most",
                violation_error_message=_("Each stage after the end lasts 90 days at most."),
                condition=Q(
                    days_in_trash_after_expiry__lte=LONGEST_STAGE,
                    days_in_trash_after_deletion__lte=LONGEST_STAGE,
                    grace_days__lte=LONGEST_STAGE,
                ),
            ),
            models.CheckConstraint(
                name="late_renewal_is_a_known_policy",
                violation_error_message=_("Late renewal is allowed in grace, or in suspension too."),
                condition=Q(late_renewal__in=["grace", "suspension"]),
            ),
            models.CheckConstraint(
                name="what_lacks_credit_stops_a_day_after_it_was_told_or_later",
                violation_error_message=_("What lacks credit stops after 1 to 90 days, or runs on."),
                condition=Q(days_without_credit__isnull=True) | Q(days_without_credit__range=(1, LONGEST_STAGE)),
            ),
            models.CheckConstraint(
                name="a_product_is_of_a_kind_that_focus_knows",
                violation_error_message=_("Choose one of the kinds of services that FOCUS knows."),
                condition=Q(service_subcategory__in=[*CATEGORY_OF]),
            ),
        ]
        triggers: ClassVar = [never_deleted()]

    @property
    def grace(self) -> timedelta:
        return timedelta(days=self.grace_days)

    @property
    def renews_from_trash(self) -> bool:
        """Whether what has expired may be renewed in the trash, too."""
        return self.late_renewal == self.LateRenewal.IN_SUSPENSION

    @property
    def keeps_deleted(self) -> bool:
        """Whether a deleted resource goes to the trash first."""
        return self.days_in_trash_after_deletion > 0

    def allows_return_to(self, url: str) -> bool:
        """On the list, or below an entry that ends with a slash; an address that climbs out of it again is not."""
        try:
            path = unquote(urlsplit(url).path)
        except ValueError:
            return False
        if "\\" in url or " " in url or not url.isprintable() or any(part in {".", ".."} for part in path.split("/")):
            return False
        return any(
            url == allowed or (allowed.endswith("/") and url.startswith(allowed)) for allowed in self.return_urls
        )


class ProductKey(ApiKey):
    """Lets a product team's programs act for its product."""

    PREFIX = "bpp_"

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="keys", verbose_name=_("product"))

    class Meta:
        verbose_name = _("product API key")
        verbose_name_plural = _("product API keys")

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.PRODUCT_TEAM, f"key:{self.name}")


class Item(Named):
    """Something of a product that a configuration can hold."""

    class Kind(models.TextChoices):
        FLAVOUR = "flavour", _("flavour")
        VOLUME = "volume", _("volume")
        PACKAGE = "package", _("package")
        METERED = "metered", _("metered")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="items", verbose_name=_("product"))
    code = models.SlugField(_("code"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    aggregation = models.CharField(
        _("how use adds up"),
        max_length=13,
        choices=Aggregation.choices,
        blank=True,
        default="",
        db_default="",
        help_text=_("Of metered items alone: how what was used in a month becomes one quantity."),
    )
    unit = models.CharField(_("unit"), max_length=30, validators=[validate_printable])
    maximum = models.PositiveIntegerField(_("most per resource"), default=1)
    is_held_ahead = models.BooleanField(
        _("days ahead are held"),
        default=True,
        db_default=True,
        help_text=_("Of metered items of prepaid resources: not only what was used is held, but the next days too."),
    )
    least_held = models.PositiveIntegerField(
        _("least that is held (₫)"),
        default=0,
        db_default=0,
        help_text=_("Of metered items of prepaid resources, once their use costs anything in a month."),
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("item")
        verbose_name_plural = _("items")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="item_code_is_unique_in_its_product",
                violation_error_message=_("Another item of this product has this code."),
                fields=["product", "code"],
            ),
            models.CheckConstraint(
                name="metered_items_and_no_others_say_how_use_adds_up",
                violation_error_message=_("Say how use adds up if the item is metered, and only then."),
                condition=Q(kind="metered", aggregation__in=Aggregation.values)
                | ~Q(kind="metered") & Q(aggregation=""),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            frozen(
                "is_metered_as_it_always_was",
                columns=["kind", "aggregation"],
                unless="OLD.kind <> 'metered' AND NEW.kind <> 'metered'",
            ),
        ]

    @property
    def is_metered(self) -> bool:
        """It is billed by what was used of it, and chosen by nobody."""
        return self.kind == self.Kind.METERED

    @property
    def is_choice(self) -> bool:
        """A resource has exactly one of its product's flavours or packages; the rest is added to it."""
        return self.kind in {self.Kind.FLAVOUR, self.Kind.PACKAGE}
