from django.db import migrations
from django.db.models.functions import Lower
from django.utils import timezone

WHY = "Two users had this mail address, written differently. The one who signed in last keeps it."


def set_aside_doubles(apps, schema_editor):
    """
    Of several users whose addresses differ in case alone, one keeps it: active before inactive, the latest to sign in, the
    first made. The others can sign in no more, until staff give them an address of their own; the audit trail names both.
    """
    User, AuditEntry = apps.get_model("accounts", "User"), apps.get_model("accounts", "AuditEntry")
    taken: dict[str, str] = {}
    users = User.objects.annotate(address=Lower("email"))
    for user in sorted(users.filter(address__in=_doubles(users)), key=_rank):
        keeper = taken.setdefault(user.address, user.email)
        if keeper == user.email:
            continue
        before = user.email
        user.email, user.is_active = f"user-{user.pk}.{before}"[:254], False
        user.save(update_fields=["email", "is_active"])
        AuditEntry.objects.create(
            at=timezone.now(), actor="system:upgrade", verb="set user aside", customer_id=user.customer_id,
            subject=f"user {user.pk}", reason=WHY, facts={"address": before, "kept_by": keeper},
        )  # fmt: skip


def _doubles(users):
    seen, doubles = set(), set()
    for address in users.values_list("address", flat=True).iterator():
        (doubles if address in seen else seen).add(address)
    return doubles


def _rank(user):
    return (not user.is_active, -(user.last_login.timestamp() if user.last_login else 0), user.pk)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_customers_are_found_by_parts")]
    operations = [migrations.RunPython(set_aside_doubles, migrations.RunPython.noop)]
