"""Who pays: customers, and who works for them."""

from __future__ import annotations

import hashlib
from typing import ClassVar
from uuid import UUID

import pgtrigger
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Lower
from django.utils.functional import cached_property
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.may import ROLES, Rights, Role
from accounts.models.closed import opens_nothing_when_closed
from kernel.actors import Actor, ActorKind
from kernel.errors import DomainError
from kernel.ids import new_id
from kernel.text import validate_printable
from store.kept import KeepsColumns
from store.personal import blanked, deleted
from store.search import search_index
from store.triggers import frozen, kept, never_deleted


class BillingMode(models.TextChoices):
    """When one pays: before the time (prepaid) or after the usage (postpaid)."""

    PREPAID = "prepaid", _("prepaid")
    POSTPAID = "postpaid", _("postpaid")


class CustomerGroup(models.Model):
    """Customers who are treated alike, where a rule says so: of debts, say."""

    name = models.CharField(_("name"), max_length=60, unique=True, validators=[validate_printable])

    class Meta:
        verbose_name = _("customer group")
        verbose_name_plural = _("customer groups")
        triggers: ClassVar = [never_deleted()]

    def __str__(self) -> str:
        return self.name


class AccountClosed(DomainError):
    code = "account-closed"
    message = _("This account has closed: nothing new is begun for it.")


class CustomerQuerySet(models.QuerySet["Customer"]):
    def lock(self, pk: UUID) -> Customer:
        """The customer, held until the transaction ends. Always the first lock of a service."""
        return self.select_for_update(no_key=True).get(pk=pk)

    def lock_open(self, pk: UUID) -> Customer:
        """
        The same for what begins something.

        :raises AccountClosed:
        """
        held = self.lock(pk)
        if held.closed_at is not None:
            raise AccountClosed
        return held


class Customer(KeepsColumns):
    """
    The paying party: a company or a person. Users sign in and belong to it. Its billing mode follows from its switches, and
    invoices name one of its `buyers`.
    """

    AT_CLOSING: ClassVar = blanked("name", "email")

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.CharField(_("name"), max_length=200, validators=[validate_printable])
    email = models.EmailField(_("mail address for documents"))
    language = models.CharField(
        _("language"), max_length=5, choices=[("vi", "Tiếng Việt"), ("en", "English")], default="vi"
    )
    billing_mode = models.CharField(
        _("billing mode"), max_length=8, choices=BillingMode.choices, default=BillingMode.PREPAID
    )
    group = models.ForeignKey(
        CustomerGroup,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="customers",
        verbose_name=_("group"),
    )
    pays_invoices_automatically = models.BooleanField(
        _("automatic invoice payment"),
        default=True,
        help_text=_("Open invoices are paid from the wallet, the oldest first."),
    )
    wants_second_factor = models.BooleanField(
        _("second factor required"),
        default=False,
        help_text=_("Everybody who signs in for this customer needs one."),
    )
    idle_minutes = models.PositiveSmallIntegerField(
        _("signed out after so many minutes without use"), null=True, blank=True, help_text=_("Empty: as everybody.")
    )
    session_hours = models.PositiveSmallIntegerField(
        _("signed out after so many hours in any case"), null=True, blank=True, help_text=_("Empty: as everybody.")
    )
    created_at = models.DateTimeField(_("created"))
    closes_at = models.DateTimeField(_("is to be closed"), null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        indexes: ClassVar = [
            search_index("name", name="customers_by_part_of_name"),
            search_index("email", name="customers_by_part_of_mail"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="customer_billing_mode_is_known",
                violation_error_message=_("A customer is prepaid or postpaid."),
                condition=models.Q(billing_mode__in=BillingMode.values),
            ),
            models.CheckConstraint(
                name="sessions_of_a_customer_last_a_while_and_end",
                violation_error_message=_(
                    "A session lasts between five minutes and a day without use, and a week at most."
                ),
                condition=models.Q(models.Q(idle_minutes=None) | models.Q(idle_minutes__range=(5, 1440)))
                & models.Q(models.Q(session_hours=None) | models.Q(session_hours__range=(1, 168))),
            ),
        ]
        triggers: ClassVar = [
            never_deleted(),
            kept("only_a_switch_changes_the_mode", columns=["billing_mode"]),
            frozen("was_here_since_then", columns=["created_at"]),  # switches, acts and months are measured by it
            kept("only_its_closing_closes_it", columns=["closes_at", "closed_at"]),
            frozen(
                "stays_nameless_when_closed",
                columns=["name", "email"],
                unless="OLD.closed_at IS NULL OR NEW.name = '' AND NEW.email = ''",
            ),
        ]

    def __str__(self) -> str:
        return self.name or text("closed account %(end)s") % {"end": str(self.pk)[-8:]}

    @property
    def is_prepaid(self) -> bool:
        return self.billing_mode == BillingMode.PREPAID

    @property
    def is_postpaid(self) -> bool:
        return self.billing_mode == BillingMode.POSTPAID


class UserManager(BaseUserManager["User"]):
    def create_user(
        self,
        email: str,
        password: str | None = None,
        *,
        customer: Customer | None = None,
        role: str = Role.VIEWER,
        **fields: object,
    ) -> User:
        """Somebody who signs in, and belongs to `customer`, if any, as `role`."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        if customer is not None:
            Membership.objects.create(user=user, customer=customer, role=role, joined_at=user.date_joined)
        return user

    def get_by_natural_key(self, email: str | None) -> User:
        """The user who signs in with this address, however it is written."""
        return self.alias(address=Lower("email")).get(address=Lower(Value((email or "").strip())))

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)  # type: ignore[arg-type]


class User(AbstractUser):
    """Somebody who signs in: a member of customers, or staff, never both: whose act it was is never in doubt."""

    AT_CLOSING: ClassVar = blanked(
        *("first_name", "last_name"),
        of="user",
        email="'#' || t.id",
        password="'!'",  # noqa: S106 - it opens nothing
        last_login="NULL",
    )

    username = None  # type: ignore[assignment]  # people sign in with their mail address
    email = models.EmailField(_("mail address"), unique=True)
    customers = models.ManyToManyField(
        Customer, through="Membership", related_name="users", verbose_name=_("customers")
    )

    forgotten_at = models.DateTimeField(_("forgotten"), null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    chosen: UUID | None = None
    """For which of their customers they work now, where they said so."""

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints: ClassVar = [
            models.UniqueConstraint(
                Lower("email"),
                name="one_user_per_mail_address_however_written",
                violation_error_message=_("Another user signs in with this address already."),
            ),
            models.CheckConstraint(
                name="whoever_is_forgotten_does_not_sign_in",
                condition=Q(forgotten_at=None) | Q(is_active=False, is_staff=False),
                violation_error_message=_("This person has gone and is forgotten: nobody signs in as them."),
            ),
        ]
        triggers: ClassVar = [
            frozen("stays_forgotten", columns=["forgotten_at"], unless="OLD.forgotten_at IS NULL"),
            pgtrigger.Trigger(
                name="a_member_is_no_staff",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.UpdateOf("is_staff"),
                timing=pgtrigger.Deferred,  # they may leave in the same breath
                func="""
                IF EXISTS (
                    SELECT FROM accounts_user u JOIN accounts_membership m ON m.user_id = u.id WHERE u.id = NEW.id AND u.is_staff
                ) THEN
                    RAISE EXCEPTION 'user % is a member and would be staff', NEW.id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def get_session_auth_hash(self) -> str:
        """
        By which a session ends with the password. It does not follow from `SECRET_KEY`: sessions are rows, which no key opens, and a new
        one would give each another key, under which nobody lists it or signs it out.
        """
        return hashlib.sha256(f"session {self.password}".encode()).hexdigest()

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.STAFF if self.is_staff else ActorKind.CUSTOMER, self.email)

    @cached_property
    def belongs(self) -> list[Membership]:
        """Where they belong, the longest first; in a session only what counts there (`door.by_provider`)."""
        return list(self.memberships.select_related("customer__provider").order_by("joined_at", "pk"))

    @property
    def membership(self) -> Membership | None:
        """The one that counts now: what they chose, or else the longest."""
        return next((one for one in self.belongs if one.customer_id == self.chosen), next(iter(self.belongs), None))

    @property
    def has_strayed(self) -> bool:
        """They chose to work where they do not belong any more."""
        return self.chosen is not None and all(one.customer_id != self.chosen for one in self.belongs)

    @property
    def customer(self) -> Customer | None:
        """For whom they work now."""
        return self.membership.customer if self.membership else None

    @property
    def role(self) -> str:
        """As what."""
        return self.membership.role if self.membership else ""

    @property
    def rights(self) -> Rights:
        """What they may do there."""
        return self.membership.rights if self.membership else frozenset()


class Membership(models.Model):
    """Somebody belongs to a customer, and as what. A customer that had an owner keeps one who may sign in."""

    MAY_BE_DELETED: ClassVar = True
    AT_CLOSING: ClassVar = deleted()

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("user"))
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="memberships", verbose_name=_("customer")
    )
    role = models.CharField(_("role"), max_length=9, choices=Role.choices)
    joined_at = models.DateTimeField(_("member since"))

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_membership_per_user_and_customer",
                fields=["user", "customer"],
                violation_error_message=_("This person belongs to the team already."),
            ),
            models.CheckConstraint(
                name="a_members_role_is_known",
                condition=Q(role__in=Role.values),
                violation_error_message=_("A member is owner, billing, technical or viewer."),
            ),
        ]
        triggers: ClassVar = [
            opens_nothing_when_closed(),
            frozen("is_of_one_person_and_customer", columns=["user_id", "customer_id", "joined_at"]),
            pgtrigger.Trigger(
                name="staff_are_no_members",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                PERFORM FROM accounts_user WHERE id = NEW.user_id AND is_staff FOR SHARE;
                IF FOUND THEN
                    RAISE EXCEPTION 'user % is staff and would be a member', NEW.user_id USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="an_owner_stays",
                level=pgtrigger.Row,
                when=pgtrigger.After,
                operation=pgtrigger.Delete | pgtrigger.UpdateOf("role"),
                func="""
                IF OLD.role = 'owner' THEN
                    PERFORM FROM accounts_customer WHERE id = OLD.customer_id FOR NO KEY UPDATE;  -- two who leave at once wait
                    IF NOT EXISTS (
                        SELECT FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
                        WHERE m.customer_id = OLD.customer_id AND m.role = 'owner' AND u.is_active
                    ) AND NOT EXISTS (SELECT FROM accounts_customer WHERE id = OLD.customer_id AND closed_at IS NOT NULL) THEN
                        RAISE EXCEPTION 'customer % would have no owner', OLD.customer_id USING ERRCODE = 'check_violation';
                    END IF;
                END IF;
                RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.customer}, {self.get_role_display()}"

    @property
    def rights(self) -> Rights:
        return ROLES[Role(self.role)]
