from django.urls import path

from accounts import profile, views

urlpatterns = [
    path("downloads/<uuid:token>/", views.download_progress, name="download-progress"),
    path("customer/choose/", views.choose_customer, name="choose-customer"),
    path("settings/", views.settings, name="settings"),
    path("settings/language/", views.choose_language, name="settings-language"),
    path("settings/keys/", views.issue_key, name="key-issue"),
    path("settings/keys/<uuid:key_id>/take-over/", views.take_over_key, name="key-take-over"),
    path("settings/keys/<uuid:key_id>/rotate/", views.rotate_key, name="key-rotate"),
    path("settings/keys/<uuid:key_id>/revoke/", views.revoke_key, name="key-revoke"),
    path("settings/buyers/", profile.buyers, name="buyers"),
    path("settings/buyers/<uuid:buyer_id>/", profile.change, name="buyer-change"),
    path("settings/buyers/<uuid:buyer_id>/default/", profile.default, name="buyer-default"),
    path("settings/buyers/<uuid:buyer_id>/archive/", profile.archive, name="buyer-archive"),
]
