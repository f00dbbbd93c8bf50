"""Every address of the portal."""

from django.contrib import admin
from django.urls import include, path, re_path

from accounts.api.endpoints import Nowhere
from accounts.language import choose_for_this_browser
from billing_portal import health, look, metrics, search, views
from billing_portal.help import views as help_views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", search.find, name="search"),
    path("help/", help_views.index, name="help"),
    path("help/<slug:slug>/", help_views.help_page, name="help-page"),
    path("", include("foresight.urls")),
    path("", include("orders.urls")),
    path("", include("budgets.urls")),
    path("", include("invoices.urls")),
    path("", include("payments.urls")),
    path("", include("notifications.urls")),
    path("", include("accounts.urls")),
    path("", include("team.urls")),
    path("", include("door.urls")),
    path("api/v1/", include("billing_portal.api_urls")),
    re_path("^api(/|$)", Nowhere.as_view()),
    path("admin/", admin.site.urls),
    path("look/", look.look, name="look"),
    path("theme/", look.set_theme, name="set-theme"),
    path("language/", choose_for_this_browser, name="set_language"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", metrics.metrics),
]
handler400 = "billing_portal.errors.bad_request"
handler500 = "billing_portal.errors.server_error"
