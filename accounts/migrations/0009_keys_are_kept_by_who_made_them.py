from django.db import migrations


def find_keepers(apps, schema_editor):
    """Who made a key stands in the audit trail."""
    Key, User, AuditEntry = (apps.get_model("accounts", name) for name in ("CustomerKey", "User", "AuditEntry"))
    makers = dict(AuditEntry.objects.filter(verb="issue API key").values_list("subject", "actor"))
    users = {user.email: user for user in User.objects.exclude(customer=None)}
    for key in Key.objects.filter(keeper=None):
        user = users.get(makers.get(str(key.pk)))
        if user is not None and user.customer_id == key.customer_id:
            Key.objects.filter(pk=key.pk).update(keeper=user)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_customer_keys_have_a_keeper")]
    operations = [migrations.RunPython(find_keepers, migrations.RunPython.noop)]
