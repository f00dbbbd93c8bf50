from django.urls import path

from accounts import views

urlpatterns = [
    path("downloads/<uuid:token>/", views.download_progress, name="download-progress"),
    path("settings/", views.settings, name="settings"),
    path("settings/language/", views.choose_language, name="settings-language"),
    path("settings/keys/", views.issue_key, name="key-issue"),
    path("settings/keys/<uuid:key_id>/take-over/", views.take_over_key, name="key-take-over"),
    path("settings/keys/<uuid:key_id>/revoke/", views.revoke_key, name="key-revoke"),
]
