"""The books, to be looked at: accounts with their balances, transactions with their entries, grants."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import LookOnlyAdmin, LookOnlyInline
from accounts.admin.shown import column, instant, money
from ledger.models import Account, CreditHold, Entry, Grant, GrantUse, Transaction


class HoldInline(LookOnlyInline):
    model = CreditHold
    fields = ("source", "amount", "at", "ended_as", "ended_at")
    ordering = ("-pk",)


@admin.register(Account)
class AccountAdmin(LookOnlyAdmin):
    """House accounts keep no balance: theirs is summed over their entries."""

    shown_balance = column("shown_balance", _("balance"), money)
    list_display = ("kind", "customer", shown_balance, "held")
    fields = ("kind", "customer", shown_balance, "held")
    list_select_related = ("customer",)
    list_filter = (("customer", admin.EmptyFieldListFilter), "kind")
    search_fields = ("customer__name",)
    ordering = ("customer_id", "kind")
    inlines = (HoldInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        summed = Entry.objects.filter(account=OuterRef("pk")).order_by().values("account").annotate(sum=Sum("amount"))
        accounts: QuerySet[Account] = super().get_queryset(request)
        return accounts.annotate(shown_balance=Coalesce("balance", Subquery(summed.values("sum")), 0))


class EntryInline(LookOnlyInline):
    model = Entry
    fields = ("account", "amount", "balance_after")
    related_rows = ("account__customer",)
    ordering = ("pk",)


@admin.register(Transaction)
class TransactionAdmin(LookOnlyAdmin):
    inlines = (EntryInline,)
    about = ("customer",)
    list_display = ("at", "kind", "customer", "reference", "source")
    list_select_related = ("customer",)
    list_filter = ("kind",)
    search_fields = ("=source", "reference", "customer__name")
    date_hierarchy = "at"


@admin.register(Entry)
class EntryAdmin(LookOnlyAdmin):
    """Reached from an account: its movements, latest first."""

    about = ("account",)
    not_summed = ("balance_after",)
    list_display = ("transaction_at", "transaction", "account", "amount", "balance_after")
    list_select_related = ("transaction", "account__customer")
    search_fields = ("customer__name", "transaction__reference")

    @admin.display(description=_("at"))
    def transaction_at(self, entry: Entry) -> object:
        return instant(entry.transaction.at)

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        return {}


class UseInline(LookOnlyInline):
    model = GrantUse
    fields = ("transaction", "origin", "amount")
    related_rows = ("transaction", "origin")
    ordering = ("pk",)


@admin.register(Grant)
class GrantAdmin(LookOnlyAdmin):
    inlines = (UseInline,)
    list_display = ("at", "customer", "kind", "amount", "rest", "expires_at", "stopped_at", "reason")
    list_filter = ("kind",)
    list_select_related = ("customer",)
    search_fields = ("customer__name", "reason")
    ordering = ("-at", "-pk")
