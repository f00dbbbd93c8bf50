from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.signals import password_changed, password_reset
from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from kernel import clock

if TYPE_CHECKING:
    from accounts.models import User


class OrdersConfig(AppConfig):
    name = "orders"
    verbose_name = _("Orders")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import orders.acts
        import orders.audit
        import orders.rights  # noqa: F401  # makes all three known
        from budgets.paid import counts
        from catalog.services import knows_new_customers
        from door.documents import applies
        from door.services.sessions import when_ended
        from orders.closing import end_visits_of_customer, orders_left
        from orders.queries import failed_items, has_never_ordered
        from orders.services.paid import OfOrders
        from orders.services.shared import OfOrders as SharedOrders
        from orders.spending import GIVEN_BACK, ORDERED, RENEWED
        from orders.terms import VERSION
        from payments.models.payables import PaidFor
        from payments.services.purposes import serves
        from payments.services.shareable import can_be_shared
        from payments.story import knows_orders
        from store.places import has_pages
        from store.races import slower_is_told
        from team.closing import ends_with_it, keeps_open

        serves(PaidFor.ORDER, OfOrders())
        can_be_shared("order", SharedOrders())
        knows_new_customers(has_never_ordered)
        knows_orders(failed_items)
        counts(ORDERED, RENEWED, GIVEN_BACK)
        keeps_open(orders_left)
        ends_with_it(end_visits_of_customer)
        has_pages("order", "orders", "resource", "resources", "trash", "terms")
        applies("terms", version=VERSION, page="terms")
        slower_is_told(
            one_open_order_per_resource="order-open",
            one_order_per_customer_and_key="still-running",
            orders_order_quote_id_key="quote-used",
        )
        user_logged_out.connect(end_visits, dispatch_uid="whoever signs out here is signed out on product pages")
        when_ended(end_visits_of_session)
        for changed in (password_changed, password_reset):
            changed.connect(end_all_visits, dispatch_uid="a new password signs out everywhere, on product pages too")


def end_visits(request: HttpRequest, **_signal: object) -> None:
    from orders.services.visits import end_visits_of

    if request.session.session_key:
        end_visits_of(request.session.session_key, at=clock.now())


def end_all_visits(user: User, **_signal: object) -> None:
    from orders.services.visits import end_visits_of_user

    end_visits_of_user(user, at=clock.now())


def end_visits_of_session(key: str) -> None:
    from orders.services.visits import end_visits_of

    end_visits_of(key, at=clock.now())
