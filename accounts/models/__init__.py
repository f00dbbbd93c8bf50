"""Who pays and who works for us: customers, their users and keys, what staff do, and what is kept of it."""

from accounts.models.acts import StaffAct
from accounts.models.buyers import BuyerProfile, as_named
from accounts.models.keys import ApiKey, CustomerKey, KeySpending, digest_of
from accounts.models.people import AccountClosed, BillingMode, Customer, CustomerGroup, Membership, User
from accounts.models.providers import Identity, Provider, ProviderDomain
from accounts.models.records import AUDIT_ENTRY, AuditEntry, BillingModeSwitch, IdempotencyKey
from accounts.models.seals import Seal

__all__ = [
    "AUDIT_ENTRY",
    "AccountClosed",
    "ApiKey",
    "AuditEntry",
    "BillingMode",
    "BillingModeSwitch",
    "BuyerProfile",
    "Customer",
    "CustomerGroup",
    "CustomerKey",
    "IdempotencyKey",
    "Identity",
    "KeySpending",
    "Membership",
    "Provider",
    "ProviderDomain",
    "Seal",
    "StaffAct",
    "User",
    "as_named",
    "digest_of",
]
