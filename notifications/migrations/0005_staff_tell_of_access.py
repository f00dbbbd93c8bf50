from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0004_overtaken_notices_and_corrections"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("resource_created", "Resource created"),
                    ("provisioning_failed", "Provisioning failed, money returned"),
                    ("resource_resized", "Resource resized"),
                    ("resource_renewed", "Resource renewed"),
                    ("resource_recovered", "Resource recovered"),
                    ("resource_deleted", "Resource deleted"),
                    ("resource_trashed", "Resource moved to the trash"),
                    ("resource_purged", "Resource deleted for good"),
                    ("resource_gone", "Resource lost"),
                    ("resource_expiring", "Resource expires soon"),
                    ("resource_in_grace", "Resource expired, still running"),
                    ("purge_coming", "Resource will be deleted for good"),
                    ("resource_rolled_over", "Resource continues as postpaid"),
                    ("auto_renew_announced", "Auto-renewal ahead"),
                    ("auto_renew_done", "Auto-renewal done"),
                    ("auto_renew_failed", "Auto-renewal failed"),
                    ("payment_received", "Payment received"),
                    ("payment_taken_back", "Payment taken back"),
                    ("payment_failed", "Payment failed"),
                    ("refund", "Refund to the wallet"),
                    ("invoice_issued", "Invoice issued"),
                    ("invoice_corrected", "Invoice corrected"),
                    ("invoice_due", "Invoice due soon"),
                    ("invoice_overdue", "Invoice overdue"),
                    ("invoice_paid", "Invoice paid"),
                    ("invoice_partially_paid", "Invoice partially paid"),
                    ("automatic_payment", "Automatic invoice payment"),
                    ("credit_adjusted", "Credit adjusted"),
                    ("access_changed", "Access changed by our staff"),
                    ("billing_mode_switched", "Billing mode switched"),
                ],
                max_length=30,
                verbose_name="kind",
            ),
        ),
    ]
