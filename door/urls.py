from django.contrib.auth.views import LogoutView
from django.urls import path, register_converter
from django.urls.converters import StringConverter

from door import views
from door.views import keys, own_data, passkeys, second_factor, sessions
from store import secret_paths  # noqa: F401  # makes `<secret:...>` known


class Base36(StringConverter):
    regex = "[0-9A-Za-z]+"


register_converter(Base36, "base36")

urlpatterns = [
    path("login/", views.SignIn.as_view(), name="account_login"),
    path("logout/", LogoutView.as_view(), name="account_logout"),
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
    path("settings/data/", own_data.own_data, name="own-data"),
    path("settings/data/take/", own_data.hand_over, name="own-data-take"),
    path("settings/data/<uuid:asked_id>/cancel/", own_data.cancel, name="own-data-cancel"),
    path("settings/address/", views.change_address, name="address-change"),
    path("address/<secret:mark>/", views.confirm_change, name="address-confirm"),
]
