"""Users, what staff did, and switches of the billing mode. Customers themselves are looked after in `orders.admin`."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import ClassVar, Unpack

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import ManyToManyField, Model, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.access import signed_in
from accounts.admin.base import LookOnlyAdmin, StaffAdmin
from accounts.admin.reasons import WHY
from accounts.admin.shapes import Fieldsets, ListFilters
from accounts.admin.shown import column
from accounts.audit import acts_among, spellings_of, words_of
from accounts.four_eyes import leave_for_review, refuse_unreviewed
from accounts.may import Role
from accounts.models import AuditEntry, BillingModeSwitch, Customer, CustomerGroup, Membership, User
from accounts.proof import way_to_proof
from accounts.services.team import LastOwner, StaffAreNoMembers, add_member, change_role, is_last_owner, remove_member
from accounts.services.way_back import NoWayBack, is_last_way_back, locked_out_without
from accounts.staff import permission_words
from kernel import clock
from kernel.shapes import Cleaned, RowFormOptions, Sent, Uploads, Wording


class PasswordForm(AdminPasswordChangeForm):
    """Whoever sets somebody's password can sign in as them: why is said, told and reviewed."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 2}))


class Belongs(forms.ModelForm):
    """To which customer somebody belongs, and as what. Further ones are added in the portal, by who manages the team there."""

    customer = forms.ModelChoiceField(
        label=_("customer"),
        queryset=Customer.objects.all(),
        required=False,
        widget=AutocompleteSelect(Membership._meta.get_field("customer"), admin.site),
    )
    role = forms.ChoiceField(label=_("role"), choices=Role.choices, initial=Role.VIEWER)

    def __init__(self, data: Sent = None, files: Uploads = None, **options: Unpack[RowFormOptions]) -> None:
        super().__init__(data, files, **options)
        if self.instance.pk and (member := self.instance.membership):
            self.initial = {**self.initial, "customer": member.customer_id, "role": member.role}

    def clean(self) -> Cleaned | None:
        """The last owner stays, and the last who gets in without a company's sign-in that is required, whoever moves them."""
        data = super().clean()
        member = self.instance.membership if self.instance.pk else None
        if member and {"customer", "role"} & set(self.changed_data):
            if is_last_owner(member):
                self.add_error("role", str(LastOwner()))
            elif is_last_way_back(member):
                self.add_error("role", str(NoWayBack()))
        elsewhere = self.instance.belongs[1:] if self.instance.pk else []
        if data and data.get("is_staff") and (data.get("customer") or elsewhere):
            self.add_error("customer", str(StaffAreNoMembers()))
        return data


class NewUserForm(Belongs, AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email",)
        field_classes: dict[str, object] = {}


class EditUserForm(Belongs, UserChangeForm):
    class Meta:
        model = User
        fields = (
            "email",
            "password",
            "first_name",
            "last_name",
            "is_active",
            "is_staff",
            "is_superuser",
            "groups",
            "user_permissions",
        )
        field_classes: dict[str, object] = {}


class PermissionChoice(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Permission) -> str:
        return permission_words(obj)


class PermissionsInWords(StaffAdmin):
    """
    Permissions are chosen by what they allow; their names are stored in English, for programs. Those of apps that the staff area has no
    page of open nothing, and are not offered.
    """

    def formfield_for_manytomany(
        self, db_field: ManyToManyField, request: HttpRequest | None = None, **options: object
    ) -> forms.ModelMultipleChoiceField | None:
        if db_field.related_model is Permission:
            apps = {model._meta.app_label for model in self.admin_site._registry}
            offered = Permission.objects.filter(content_type__app_label__in=apps).select_related("content_type")
            options |= {"form_class": PermissionChoice, "queryset": offered}
        assert request is not None
        return super().formfield_for_manytomany(db_field, request, **options)


def _customers(belongs: Iterable[Membership]) -> str:
    return ", ".join(str(one.customer) for one in belongs)


@admin.register(User)
class PortalUserAdmin(PermissionsInWords, UserAdmin):
    """Customers' users. Staff users, their groups and their passwords are for superusers alone."""

    add_form, form, change_password_form = NewUserForm, EditUserForm, PasswordForm
    change_user_password_template = "admin/password.html"  # noqa: S105 - a template
    asks_why = asks_proof = True
    needs_no_reason = ("first_name", "last_name")
    OPENS = frozenset({"email", "customer", "role", "is_active"})
    """Edits of these let somebody in who was not, or elsewhere."""
    ordering = ("-pk",)
    whose = column("belongs", _("customers"), _customers)
    list_display = ("email", whose, "is_active", "is_staff", "last_login")
    list_filter = ("is_staff", "memberships__role", "is_active", "groups")
    search_fields = ("email", "first_name", "last_name", "memberships__customer__name")
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ("groups", "user_permissions")
    add_fieldsets = (
        (
            None,
            {
                "fields": ("email", "customer", "role", "usable_password", "password1", "password2"),
                "classes": ("wide",),
            },
        ),
    )
    fieldsets = (
        (None, {"fields": ("email", "password", "first_name", "last_name")}),
        (_("Customer"), {"fields": ("customer", "role", "is_active")}),
        (_("History"), {"fields": ("last_login", "date_joined")}),
    )
    STAFF: ClassVar[Fieldsets] = ((_("Staff"), {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        belongs = Membership.objects.select_related("customer").order_by("joined_at", "pk")
        users = super().get_queryset(request).prefetch_related(Prefetch("memberships", belongs, to_attr="belongs"))
        return users if self._sees_staff(request) else users.filter(is_staff=False, is_superuser=False)

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Fieldsets:
        found = super().get_fieldsets(request, obj)
        return [*found, *self.STAFF] if obj is not None and request.user.is_superuser else found

    def get_list_filter(self, request: HttpRequest) -> ListFilters:
        return self.list_filter if self._sees_staff(request) else ("memberships__role", "is_active")

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **options: object
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, change=change, **options)
        if not request.user.is_superuser and "customer" in form.base_fields:
            own = form.base_fields["customer"] = deepcopy(
                form.base_fields["customer"]
            )  # else superusers would have to as well
            own.required = True  # only superusers make users who belong to no customer
        return form

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:
        opened = sorted(self.OPENS & set(form.changed_data))
        before = User.objects.filter(pk=obj.pk).first() if change else None
        member = before.membership if before else None
        chosen: Customer | None = form.cleaned_data.get("customer")
        places = {one.pk for one in (member and member.customer, chosen) if one}
        for pk in sorted(places):
            Customer.objects.lock(pk)  # before the user, as everybody does who moves somebody
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            self._warn_of_ownerless(request, obj)
        self._belong(request, obj, member, form.cleaned_data.get("customer"), form.cleaned_data.get("role", ""))
        if change and not opened:
            return
        facts: dict[str, object] = {"changed": opened} if change else {"role": obj.role}
        if before and before.email != obj.email:
            facts["former_email"] = before.email
        if member and member.customer != obj.customer:
            facts["former_customer"] = str(member.customer_id)
        self._leave(request, "change-user" if change else "make-user", obj, form.cleaned_data["reason"], **facts)

    @staticmethod
    def _warn_of_ownerless(request: HttpRequest, user: User) -> None:
        """It may have to be: an account that was stolen. But nobody else there can let anybody in."""
        for member in user.memberships.select_related("customer"):
            if is_last_owner(member):
                words = _("%(customer)s has no owner any more who may sign in: make another user owner there.")
                messages.warning(request, words % {"customer": member.customer})
        for customer in locked_out_without(user):
            words = _(
                "Nobody gets in at %(customer)s any more should its company sign-in fail: let people in by password again, on its page."
            )
            messages.warning(request, words % {"customer": customer})

    @staticmethod
    def _belong(
        request: HttpRequest, user: User, member: Membership | None, customer: Customer | None, role: str
    ) -> None:
        """What the form says of where they belong."""
        actor, at = signed_in(request).actor, clock.now()
        if member and member.customer != customer:
            remove_member(member, actor=actor, at=at)
            member = None
        if customer and member is None:
            add_member(customer, user, role, actor=actor, at=at)
        elif member:
            change_role(member, role, actor=actor, at=at)
        user.__dict__.pop("belongs", None)

    @transaction.atomic
    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if way := way_to_proof(request):
            return way
        if request.method == "POST":  # before the session gets its new key, which a refusal would take back
            refuse_unreviewed("set-password", actor=signed_in(request).actor)
        answer: HttpResponse = super().user_change_password(request, id, form_url)
        user = self.get_object(request, id)
        why = WHY.of(request)
        if user is not None and why is not None:  # it was set
            self._leave(request, "set-password", user, why)
        return answer

    def _leave(self, request: HttpRequest, code: str, user: User, reason: str, **facts: object) -> None:
        leave_for_review(
            code,
            customer=user.customer,
            subject=user.email,
            facts=facts,
            reason=reason,
            actor=signed_in(request).actor,
            at=clock.now(),
        )

    @staticmethod
    def _sees_staff(request: HttpRequest) -> bool:
        """Who can change users must not get at staff; who only looks (auditors) sees them all."""
        return request.user.is_superuser or not request.user.has_perm("accounts.change_user")


@admin.register(Membership)
class MembershipAdmin(LookOnlyAdmin):
    """Who belongs where: changed by the customer, or on the page of a user."""

    about = ("customer", "user")
    list_display = ("user", "customer", "role", "joined_at")
    list_select_related = ("user", "customer")
    list_filter = ("role",)
    search_fields = ("user__email", "customer__name")
    date_hierarchy = "joined_at"


@admin.register(CustomerGroup)
class CustomerGroupAdmin(StaffAdmin):
    asks_why = True
    list_display = ("name",)
    search_fields = ("name",)


admin.site.unregister(Group)


@admin.register(Group)
class StaffGroupAdmin(PermissionsInWords, GroupAdmin):
    """What a group may: edits are in the audit trail, and none is deleted."""

    asks_proof = True
    ordering = ("name",)


class ActFilter(admin.SimpleListFilter):
    """The acts that occur, each once, however it was written when it was done."""

    title = _("act")
    parameter_name = "verb"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, Wording]]:
        return list(acts_among(AuditEntry.objects.order_by().values_list("verb", flat=True).distinct()))

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        code = self.value()
        return queryset.filter(verb__in=spellings_of(code)) if code else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(LookOnlyAdmin):
    act = column("verb", _("act"), words_of, order="verb")
    list_display = ("at", "actor", act, "customer", "reason", "subject")
    fields = ("at", "actor", act, "customer", "subject", "reason", "facts")
    list_select_related = ("customer",)
    list_filter = (ActFilter,)
    search_fields = ("actor", "subject", "reason", "customer__name")
    date_hierarchy = "at"


@admin.register(BillingModeSwitch)
class BillingModeSwitchAdmin(LookOnlyAdmin):
    list_display = ("at", "customer", "from_mode", "to_mode", "actor", "reason")
    list_select_related = ("customer",)
    list_filter = ("to_mode",)
    search_fields = ("customer__name", "actor", "reason")
    date_hierarchy = "at"
