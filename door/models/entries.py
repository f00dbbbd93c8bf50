"""Who comes in: what they say of themselves before their address is confirmed, and what they agreed to."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User
from door.models.addresses import CONFIRMED_WITHIN
from kernel.ids import new_id
from kernel.text import validate_printable
from store.personal import Because, kept
from store.triggers import append_only, frozen


class SignUpQuerySet(models.QuerySet["SignUp"]):
    def lock(self, pk: UUID) -> SignUp:
        return self.select_for_update(no_key=True).get(pk=pk)

    def older_than(self, age: timedelta, *, at: datetime) -> Self:
        return self.filter(asked_at__lt=at - age)


class SignUp(models.Model):
    """
    Somebody wants an account. There is none, and no customer, before whoever reads the address has set a password: so
    nobody blocks another's address, or waits in an account for its reader. Forgotten a week later, whatever became of it.
    """

    MAY_BE_DELETED: ClassVar = True

    class Kind(models.TextChoices):
        COMPANY = "company", _("a company or organisation")
        PERSON = "person", _("a person")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(_("customer is"), max_length=7, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=200, validators=[validate_printable])
    tax_code = models.CharField(_("tax code"), max_length=20, blank=True)
    email = models.EmailField(_("mail address"))
    language = models.CharField(_("language"), max_length=5)
    versions = models.JSONField(_("agreed to"))
    asked_at = models.DateTimeField(_("asked"))
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    objects = SignUpQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-up")
        verbose_name_plural = _("sign-ups")
        indexes: ClassVar = [models.Index(name="sign_ups_by_time", fields=["asked_at"])]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_company_that_signs_up_has_a_tax_code",
                condition=~Q(kind="company") | ~Q(tax_code=""),
                violation_error_message=_("A company has a tax code."),
            ),
        ]
        triggers: ClassVar = [
            frozen(
                "stays_as_it_was_said",
                columns=["kind", "name", "tax_code", "email", "language", "versions", "asked_at"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.email})"

    def is_open(self, at: datetime) -> bool:
        return self.done_at is None and at < self.asked_at + CONFIRMED_WITHIN


class Agreement(models.Model):
    """Who agreed to which version of what, and when. Never changed: another version is another row."""

    AT_CLOSING: ClassVar = kept(Because.PROOF)

    class Document(models.TextChoices):
        TERMS = "terms", _("terms")
        PRIVACY = "privacy", _("privacy notice")

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="agreements", verbose_name=_("user"))
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="agreements", verbose_name=_("customer")
    )
    document = models.CharField(_("document"), max_length=7, choices=Document.choices)
    version = models.CharField(_("version"), max_length=40)
    language = models.CharField(_("language"), max_length=5)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_agreement_per_user_and_version", fields=["user", "document", "version"]),
            models.CheckConstraint(name="an_agreement_names_a_version", condition=~Q(version="")),
        ]
        triggers: ClassVar = [append_only()]

    def __str__(self) -> str:
        return f"{self.user}: {self.document} {self.version}"
