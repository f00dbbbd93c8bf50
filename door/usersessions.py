"""allauth's table of who is signed in where; what is written there, and when, is ours (`services.sessions`)."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class Config(AppConfig):
    """Without its receivers, which look at every session of a user, one by one, whenever they sign in."""

    name = "allauth.usersessions"
    verbose_name = _("Sessions")
    default_auto_field = "django.db.models.BigAutoField"
