from django.urls import path

from notifications import provider, views
from notifications.views import readers, recipients
from store import secret_paths  # noqa: F401  # makes `<secret:...>` known

urlpatterns = [
    path("notices/", views.notices, name="notices"),
    path("notices/read/", views.read_all, name="notices-read"),
    path("notices/<int:notice_id>/", views.notice, name="notice"),
    path("settings/recipients/", recipients.recipients, name="recipients"),
    path("settings/recipients/works-again/", recipients.works_again, name="address-works-again"),
    path("settings/recipients/<uuid:recipient_id>/", recipients.change, name="recipient-change"),
    path("settings/recipients/<uuid:recipient_id>/ask/", recipients.ask, name="recipient-ask"),
    path("settings/recipients/<uuid:recipient_id>/remove/", recipients.remove, name="recipient-remove"),
    path("recipients/<secret:token>/", readers.confirm, name="recipient-confirm"),
    path("stop/<secret:mark>/", readers.stop, name="stop-notices"),
    path("mail/events/", provider.mail_events, name="mail-events"),
]
