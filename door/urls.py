from django.urls import path, register_converter
from django.urls.converters import StringConverter

from door import views
from door.views import company, keys, own_data, passkeys, providers, second_factor, sessions
from store import secret_paths  # noqa: F401  # makes `<secret:...>` known


class Base36(StringConverter):
    regex = "[0-9A-Za-z]+"


register_converter(Base36, "base36")

urlpatterns = [
    path("login/", views.SignIn.as_view(), name="account_login"),
    path("logout/", company.SignOut.as_view(), name="account_logout"),
    path("sign-up/", views.sign_up, name="account_signup"),
    path("sign-up/sent/", views.sign_up_sent, name="sign-up-sent"),
    path("sign-up/<secret:mark>/", views.confirm_sign_up, name="sign-up-confirm"),
    path("privacy/", views.privacy, name="privacy"),
    path("password/forgotten/", views.ForgottenPassword.as_view(), name="account_reset_password"),
    path("password/forgotten/sent/", views.LinkIsSent.as_view(), name="account_reset_password_done"),
    path(
        "password/new/<base36:uidb36>-<secret:key>/",
        views.NewPassword.as_view(),
        name="account_reset_password_from_key",
    ),
    path("settings/password/keys/", keys.keys_after_password, name="keys-after-password"),
    path("settings/password/", views.ChangePassword.as_view(), name="account_change_password"),
    path("sign-in/code/", second_factor.AskForCode.as_view(), name="mfa_authenticate"),
    path("settings/again/", second_factor.AskForPassword.as_view(), name="account_reauthenticate"),
    path("settings/again/code/", second_factor.AskForCodeAgain.as_view(), name="mfa_reauthenticate"),
    path("settings/again/passkey/", passkeys.AskForPasskeyAgain.as_view(), name="mfa_reauthenticate_webauthn"),
    path("sign-in/passkey/", passkeys.SignInByPasskey.as_view(), name="mfa_login_webauthn"),
    path("settings/passkeys/new/", passkeys.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("settings/passkeys/<int:pk>/remove/", passkeys.RemovePasskey.as_view(), name="mfa_remove_webauthn"),
    path("settings/second-factor/", second_factor.Overview.as_view(), name="mfa_index"),
    path("settings/second-factor/set-up/", second_factor.SetUp.as_view(), name="mfa_activate_totp"),
    path("settings/second-factor/off/", second_factor.SwitchOff.as_view(), name="mfa_deactivate_totp"),
    path("settings/second-factor/codes/", second_factor.Codes.as_view(), name="mfa_view_recovery_codes"),
    path("settings/second-factor/codes/new/", second_factor.NewCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("settings/second-factor/team/", second_factor.for_the_team, name="second-factor-team"),
    path("settings/sessions/", sessions.sessions, name="usersessions_list"),
    path("settings/sessions/lasting/", sessions.set_lasting, name="sessions-lasting"),
    path("settings/sessions/others/end/", sessions.end_other_sessions, name="sessions-end-others"),
    path("settings/sessions/<int:session_id>/end/", sessions.end_session, name="session-end"),
    path("settings/sessions/company/<uuid:identity_id>/forget/", sessions.forget_me, name="session-forget"),
    path("sign-in/company/", company.company_door, name="company-door"),
    path("sign-in/company/first/", company.company_first, name="company-first"),
    path("sign-in/company/<uuid:provider_id>/back/", company.company_back, name="company-back"),
    path("settings/again/company/", company.company_again, name="company-again"),
    path("settings/company/", providers.company, name="company"),
    path("settings/company/set-up/", providers.set_company, name="company-set"),
    path("settings/company/try/", providers.try_company, name="company-try"),
    path("settings/company/switch/", providers.switch_company, name="company-switch"),
    path("settings/company/domains/", providers.add_domain, name="company-domain-add"),
    path("settings/company/domains/<uuid:domain_id>/check/", providers.check_domain, name="company-domain-check"),
    path("settings/company/domains/<uuid:domain_id>/remove/", providers.remove_domain, name="company-domain-remove"),
    path("settings/company/people/<uuid:identity_id>/forget/", providers.forget_member, name="company-forget"),
    path("settings/data/", own_data.own_data, name="own-data"),
    path("settings/data/take/", own_data.hand_over, name="own-data-take"),
    path("settings/data/mails/", own_data.mails, name="own-data-mails"),
    path("settings/data/<uuid:asked_id>/cancel/", own_data.cancel, name="own-data-cancel"),
    path("settings/address/", views.change_address, name="address-change"),
    path("address/<secret:mark>/", views.confirm_change, name="address-confirm"),
]
