"""Pages about resources, buying and orders."""

from django.urls import path, register_converter

from orders.views import checkout, offers, order, quote, removal, resource, resources, tags, terms, trash, visit


class VerbConverter:
    regex = "start|stop|reboot"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(VerbConverter, "verb")

urlpatterns = [
    path("resources/", resources.resources, name="resources"),
    path("resources/export.<str:form>", resources.resources_export, name="resources-export"),
    path("resources/bulk/", resources.bulk, name="resources-bulk"),
    path("resources/delete/", removal.delete_chosen, name="resources-delete"),
    path("resources/tags/", tags.tags_of_chosen, name="resources-tags"),
    path("resources/new/", offers.choose_product, name="new-resource"),
    path("resources/new/<slug:product>/", offers.new_resource, name="new-resource-of"),
    path("resources/renew/", offers.renew, name="renew"),
    path("resources/<uuid:pk>/", resource.resource, name="resource"),
    path("resources/<uuid:pk>/<verb:verb>/", resource.act, name="resource-act"),
    path("resources/<uuid:pk>/auto-renew/", resource.auto_renew, name="resource-auto-renew"),
    path("resources/<uuid:pk>/tags/", tags.tags, name="resource-tags"),
    path("resources/<uuid:pk>/resize/", offers.resize, name="resize"),
    path("resources/<uuid:pk>/recover/", offers.recover, name="recover"),
    path("resources/<uuid:pk>/delete/", removal.delete, name="resource-delete"),
    path("resources/<uuid:pk>/purge/", removal.purge, name="resource-purge"),
    path("trash/", trash.trash, name="trash"),
    path("checkout/<uuid:pk>/", checkout.checkout, name="checkout"),
    path("checkout/<uuid:pk>/for/", checkout.take_for, name="checkout-for"),
    path("checkout/<uuid:pk>/leave/", checkout.leave, name="checkout-leave"),
    path("terms/", terms.terms, name="terms"),
    path("visit/<slug:product>/", visit.visit, name="visit"),
    path("trash/export.<str:form>", trash.trash_export, name="trash-export"),
    path("quotes/<uuid:pk>/", quote.quote, name="quote"),
    path("quotes/<uuid:pk>/refresh/", quote.refresh_quote, name="quote-refresh"),
    path("quotes/<uuid:pk>/with-money/", quote.quote_with_money, name="quote-with-money"),
    path("orders/", order.orders, name="orders"),
    path("orders/<uuid:pk>/", order.order, name="order"),
    path("orders/<uuid:pk>/pay/", order.pay_order, name="order-pay"),
    path("orders/<uuid:pk>/pay-from-wallet/", order.pay_order_from_wallet, name="order-pay-from-wallet"),
    path("orders/<uuid:pk>/buyer/", order.choose_order_buyer, name="order-buyer"),
    path("orders/<uuid:pk>/cancel/", order.cancel_order, name="order-cancel"),
    path("orders/<uuid:pk>/check/", order.check_order, name="order-check"),
]
