"""What was sent together, and what of it was not taken."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from catalog.models import Product
from kernel import display
from kernel.ids import new_id
from store.triggers import append_only


class Outcome(models.TextChoices):
    """What became of a record. The first two are kept; a duplicate was kept before; all others are refused."""

    ACCEPTED = "accepted", _("Accepted.")
    LATE = "late", _("Accepted, but late: its month is closed.")
    DUPLICATE = "duplicate", _("Known already: nothing was added.")
    MALFORMED = "malformed", _("Something is missing or cannot be read. See the document of the API.")
    UNKNOWN_RESOURCE = "unknown-resource", _("There is no such resource.")
    NOT_YOURS = "not-yours", _("This resource is of another product.")
    UNKNOWN_ITEM = "unknown-item", _("This product has no metered item of this code.")
    OUT_OF_RANGE = "out-of-range", _("The time or the quantity lies outside of what can be billed.")
    KEY_TAKEN = "key-taken", _("Another use has this key. Correct that one, or use a key of its own.")
    UNKNOWN_CORRECTION = "unknown-correction", _("There is no record of this key and time to correct.")
    CORRECTED_ALREADY = "corrected-already", _("That record was corrected before: correct the correction.")


TAKEN = frozenset({Outcome.ACCEPTED, Outcome.LATE})
REFUSED = frozenset(Outcome) - TAKEN - {Outcome.DUPLICATE}


class Batch(models.Model):
    """Records that were sent together, by a product team's key or by staff as a file, and what became of them."""

    class Source(models.TextChoices):
        API = "api", _("product team")
        FILE = "file", _("file")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="+", verbose_name=_("product"))
    source = models.CharField(_("from"), max_length=4, choices=Source.choices)
    actor = models.CharField(_("by"), max_length=200)
    received_at = models.DateTimeField(_("received"))
    records = models.PositiveIntegerField(_("records"))
    accepted = models.PositiveIntegerField(_("accepted"))
    late = models.PositiveIntegerField(_("of them late"))
    duplicates = models.PositiveIntegerField(_("known already"))
    refused = models.PositiveIntegerField(_("refused"))

    class Meta:
        verbose_name = _("batch of uses")
        verbose_name_plural = _("batches of uses")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="each_record_of_a_batch_was_taken_known_or_refused",
                condition=Q(records=F("accepted") + F("duplicates") + F("refused"), late__lte=F("accepted")),
            )
        ]
        indexes: ClassVar = [models.Index(name="batches_of_a_product", fields=["product", "-received_at"])]
        triggers: ClassVar = [append_only()]

    def __str__(self) -> str:
        return f"{self.product} {display.instant(self.received_at)}"


class RefusedRecord(models.Model):
    """A record that was not taken, as it was sent, so that its team sees what to mend. Forgotten after a while."""

    MAY_BE_DELETED: ClassVar[bool] = True

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="refusals", verbose_name=_("batch"))
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, db_index=False, related_name="+", verbose_name=_("product")
    )
    position = models.PositiveIntegerField(_("position"), help_text=_("In its batch, from 0."))
    outcome = models.CharField(_("why"), max_length=18, choices=Outcome.choices)
    record = models.JSONField(_("as it was sent"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("refused use")
        verbose_name_plural = _("refused uses")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_refused_record_says_why", condition=Q(outcome__in=sorted(outcome.value for outcome in REFUSED))
            )
        ]
        indexes: ClassVar = [
            models.Index(name="refused_uses_of_a_product", fields=["product", "-id"]),
            models.Index(name="refused_uses_by_age", fields=["at"]),
        ]

    def __str__(self) -> str:
        return f"{self.batch} #{self.position}"
