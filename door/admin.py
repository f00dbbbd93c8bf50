"""What staff see of the front door. What allauth keeps for itself is not theirs to edit."""

from __future__ import annotations

from datetime import datetime

import allauth.account.admin  # registers what is taken away below
import allauth.mfa.admin
import allauth.usersessions.admin  # noqa: F401
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin
from accounts.admin.shown import column
from accounts.admin.tasks import ReasonForm, Task
from accounts.models import Customer, Identity, Provider, ProviderDomain
from door.models import AddressChange, Agreement, PrivacyRequest, SecondFactor, SignUp
from door.models.factors import TYPES
from door.rights import ANSWER_PRIVACY, OPEN_PASSWORDS, TAKE_DOMAIN, TAKE_SECOND_FACTOR
from door.services.domains import take_domain
from door.services.privacy import answer_request, note_request
from door.services.providers import open_passwords
from door.services.second_factor import take_second_factor
from kernel import display
from kernel.actors import Actor
from kernel.periods import start_of_day
from kernel.shapes import Cleaned
from kernel.text import validate_printable_lines

Kind = PrivacyRequest.Kind
admin.site.unregister((EmailAddress, UserSession, Authenticator))


@admin.register(AddressChange)
class AddressChangeAdmin(LookOnlyAdmin):
    list_display = ("asked_at", "user", "former", "address", "former_at", "new_at", "done_at", "ended_at")
    list_select_related = ("user",)
    search_fields = ("former", "address", "user__email")
    date_hierarchy = "asked_at"


@admin.register(SignUp)
class SignUpAdmin(LookOnlyAdmin):
    """Who has not come in yet, and may ask support why no mail comes."""

    list_display = ("asked_at", "name", "kind", "email", "tax_code", "done_at")
    list_filter = ("kind",)
    search_fields = ("name", "email", "tax_code")
    date_hierarchy = "asked_at"


@admin.register(Agreement)
class AgreementAdmin(LookOnlyAdmin):
    about = ("customer",)
    list_display = ("at", "customer", "user", "document", "version", "language")
    list_select_related = ("customer", "user")
    list_filter = ("document",)
    search_fields = ("customer__name", "user__email")
    date_hierarchy = "at"


class TakeSecondFactor(Task[SecondFactor]):
    name = "take"
    label = _("Take the second factor away")
    lead = _(
        "For who has lost telephone and codes: the password alone is enough then. The customer is told, and somebody else reviews it."
    )
    button = _("Take it away")
    right = TAKE_SECOND_FACTOR
    dangerous = asks_proof = True

    def is_open(self, subject: SecondFactor, at: datetime) -> bool:
        return True

    def carry_out(self, subject: SecondFactor, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        take_second_factor(subject.user, reason=data["reason"], actor=actor, at=at, language=get_language() or "")
        return text("The second factor is taken away.")


@admin.register(SecondFactor)
class SecondFactorAdmin(LookOnlyAdmin):
    """Who has one. Its secret is nobody's to see; support sees customers' users alone."""

    tasks = (TakeSecondFactor(),)
    whose = column("user", _("user"), str, order="user__email")
    kind = column("type", _("kind"), lambda kind: TYPES.get(kind, kind), order="type")
    since = column("created_at", _("set up"), display.instant, order="created_at")
    used = column("last_used_at", _("last used"), display.instant, order="last_used_at")
    list_display = (whose, kind, since, used)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    fields = (whose, kind, since, used)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SecondFactor]:
        found = super().get_queryset(request)
        return found if request.user.is_superuser else found.filter(user__is_staff=False)


class AnswerForm(ReasonForm):
    done = forms.TypedChoiceField(
        label=_("Answer"),
        choices=[("yes", _("It is done")), ("no", _("It cannot be done"))],
        coerce=lambda said: said == "yes",
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(
        label=_("What the person reads"), max_length=1000, widget=forms.Textarea(attrs={"rows": 3})
    )
    field_order = ("done", "reason")


class AnswerRequest(Task[PrivacyRequest]):
    name = "answer"
    label = _("Answer")
    lead = _(
        "Do first what is asked. The person is told by a letter that there is an answer, and reads it in the portal."
    )
    button = _("Answer")
    right = ANSWER_PRIVACY
    form = AnswerForm

    def is_open(self, subject: PrivacyRequest, at: datetime) -> bool:
        return subject.state == PrivacyRequest.State.OPEN and subject.kind != PrivacyRequest.Kind.CLOSE

    def carry_out(self, subject: PrivacyRequest, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        answer_request(subject.pk, is_done=data["done"], answer=data["reason"], actor=actor, at=at)
        return text("The request is answered.")


class NoteForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("What is asked"),
        choices=[(kind.value, kind.label) for kind in (Kind.CORRECT, Kind.WITHDRAW, Kind.ERASE)],
    )
    text = forms.CharField(
        label=_("In their words"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        validators=[validate_printable_lines],
    )
    day = forms.DateField(label=_("Received on"), widget=forms.DateInput(attrs={"type": "date"}))


class NoteRequest(Task[Customer]):
    """On the page of a customer: what came by mail or by telephone."""

    name = "note-privacy"
    label = _("Put a privacy request on record")
    lead = _(
        "For what came by mail or telephone, from somebody whom you know. Its days count from then. The customer gets the first answer at once."
    )
    button = _("Put it on record")
    right = ANSWER_PRIVACY
    form = NoteForm
    once = True

    def is_open(self, subject: Customer, at: datetime) -> bool:
        return subject.closed_at is None

    def carry_out(self, subject: Customer, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        asked = note_request(
            subject, data["kind"], data["text"], received_at=start_of_day(data["day"]), actor=actor, at=at
        )
        return text("It is on record, to be done by %(day)s.") % {"day": display.day(asked.due_at)}


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(LookOnlyAdmin):
    """The register: what was asked by the law on personal data, by when it is due, and how it was answered."""

    about = ("customer",)
    tasks = (AnswerRequest(),)
    list_display = (
        *("asked_at", "kind", "asked_by", "customer", "first_due_at", "first_answered_at"),
        *("due_at", "state", "answered_at"),
    )
    list_select_related = ("customer",)
    list_filter = ("state", "kind", "due_at")
    search_fields = ("asked_by", "customer__name")
    date_hierarchy = "due_at"
    fieldsets = (
        (None, {"fields": ("kind", "text", "customer", "user", "asked_by", "asked_at")}),
        (_("Days"), {"fields": ("first_due_at", "first_answered_at", "due_at")}),
        (_("Answer"), {"fields": ("state", "answer", "answered_by", "answered_at")}),
    )


class OpenPasswordsTask(Task[Provider]):
    name = "open"
    label = _("Let people in by password again")
    lead = _(
        "For a customer whose provider does not work: it is required no longer. The customer is told with this reason, and somebody else reviews it."
    )
    button = _("Let them in")
    right = OPEN_PASSWORDS
    dangerous = asks_proof = True

    def is_open(self, subject: Provider, at: datetime) -> bool:
        return subject.is_required

    def carry_out(self, subject: Provider, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        open_passwords(subject.customer, reason=data["reason"], actor=actor, at=at)
        return text("Passwords let people in again.")


@admin.register(Provider)
class ProviderAdmin(LookOnlyAdmin):
    """Its secret is nobody's to see."""

    about = ("customer",)
    tasks = (OpenPasswordsTask(),)
    domains = column("speaks_for", _("Domains"), ", ".join)
    list_display = ("customer", "issuer", "on_since", "is_required", "joins_as", "tried_at")
    list_select_related = ("customer",)
    list_filter = ("is_required",)
    search_fields = ("customer__name", "issuer", "domains__name")
    fields = (
        "customer",
        "issuer",
        "client_id",
        domains,
        "joins_as",
        "trusts_factor",
        "set_at",
        "tried_at",
        "on_since",
        "is_required",
    )


class TakeDomainTask(Task[ProviderDomain]):
    name = "take"
    label = _("Take the domain back")
    lead = _(
        "For a domain that is somebody else's by now. Whoever came in by it is signed out; the customer is told with this reason, and "
        "somebody else reviews it."
    )
    button = _("Take it away")
    right = TAKE_DOMAIN
    dangerous = asks_proof = True

    def carry_out(self, subject: ProviderDomain, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        take_domain(subject, reason=data["reason"], actor=actor, at=at)
        return text("The domain is taken back.")

    def finish(self, request: HttpRequest, subject: ProviderDomain, sentence: str, back: str) -> HttpResponse:
        """Its own page is gone."""
        return super().finish(request, subject, sentence, reverse("admin:accounts_providerdomain_changelist"))


@admin.register(ProviderDomain)
class ProviderDomainAdmin(LookOnlyAdmin):
    """Whose people come in where."""

    tasks = (TakeDomainTask(),)
    list_display = ("name", "provider", "asked_at", "confirmed_at", "missing_since", "looks_at")
    list_select_related = ("provider__customer",)
    search_fields = ("name", "provider__customer__name")
    date_hierarchy = "asked_at"


@admin.register(Identity)
class IdentityAdmin(LookOnlyAdmin):
    """Who comes in as whom by a company's sign-in."""

    list_display = ("bound_at", "user", "provider", "email", "subject", "used_at")
    list_select_related = ("user", "provider__customer")
    search_fields = ("user__email", "email", "subject")
    date_hierarchy = "bound_at"
