"""What a person who runs the portal is told: where mails go, and what is still to be decided before customers come."""

from __future__ import annotations

from django.conf import settings
from django.db import connection

FILED = "django.core.mail.backends.filebased.EmailBackend"


def mails_in_words() -> str:
    """Where mails go."""
    if settings.EMAIL_BACKEND == FILED:
        return f"mails are not sent but written to {settings.EMAIL_FILE_PATH}: EMAIL_URL names no server"
    return f"mails are sent through {settings.EMAIL_HOST}"


def runs_as_owner() -> bool:
    """Whether whoever runs the portal could lift what the database promises."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_has_role(tableowner, 'MEMBER') FROM pg_tables WHERE schemaname = 'public' AND tablename = 'ledger_entry'"
        )
        return bool(cursor.fetchone()[0])


def still_open() -> list[str]:
    """What a portal for real customers still lacks, one sentence each; nothing is asked for twice."""
    from accounts.models import User
    from catalog.models import Price
    from payments.gateways import open_codes

    lacking = {
        "There is no administrator: `manage.py set_up you@example.com` makes one.": not User.objects.filter(
            is_superuser=True, is_active=True
        ).exists(),
        "Invoices name no seller: set SELLER_NAME, SELLER_TAX_CODE and SELLER_ADDRESS.": not settings.SELLER_IS_NAMED,
        "No payment gateway is set up (`manage.py gateway list` says what each needs): customers pay from their wallet, "
        "and money comes in when staff record bank transfers.": not open_codes(),
        "Nothing is sold yet: sign in to the admin and add a product, its items and their prices.": not Price.objects.exists(),
        "The portal runs as the owner of its tables and could switch off their guards: docs/operate.md, Who may do what.": (
            runs_as_owner()
        ),
        f"Nobody is reached: {mails_in_words()}.": settings.EMAIL_BACKEND == FILED,
    }
    return [sentence for sentence, lacks in lacking.items() if lacks]
