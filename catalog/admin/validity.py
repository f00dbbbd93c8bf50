"""Terms that are in force from one instant until another: added for the time ahead, ended, never changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.admin.base import StaffAdmin
from kernel import clock, display
from kernel.periods import local_day, start_of_day, truncate
from kernel.shapes import Cleaned, Wording


class ValidityForm(forms.ModelForm):
    """Terms with validity: added for the time ahead; afterwards only their end moves, and never into the past."""

    ALONE: ClassVar[tuple[str, ...]] = ()

    def clean_valid_from(self) -> datetime:
        start: datetime = self.cleaned_data["valid_from"]
        if start < truncate(clock.now()):
            raise forms.ValidationError(text("New terms begin now or later: what was charged already stays."))
        return start

    def clean_valid_until(self) -> datetime | None:
        end: datetime | None = self.cleaned_data["valid_until"]
        now = truncate(clock.now())
        before: datetime | None = self.instance.valid_until
        if self.instance._state.adding or end == before:
            return end
        if before is not None and before <= now:
            raise forms.ValidationError(text("These terms have ended; add new ones."))
        if end is not None and end < now:
            raise forms.ValidationError(text("The end cannot lie in the past."))
        return end

    def clean(self) -> Cleaned:
        """Say what overlaps; the database would refuse it with its own words."""
        data = super().clean() or {}
        start: datetime | None = data.get("valid_from") or self.instance.valid_from
        if start is None or self.errors:
            return data
        terms = {name: data.get(name, getattr(self.instance, name, None)) for name in self.ALONE}
        others = type(self.instance)._default_manager.filter(**terms).exclude(pk=self.instance.pk)
        others = others.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=start))
        if data.get("valid_until"):
            others = others.filter(valid_from__lt=data["valid_until"])
        other = others.order_by("valid_from").first()
        if other:
            since = display.instant(other.valid_from)
            raise forms.ValidationError(
                text("This overlaps with the terms valid from %(since)s. Give those an end first.") % {"since": since}
            )
        return data


class ValidityAdmin(StaffAdmin):
    """Everything but the end is fixed once it is added."""

    asks_why = True

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str] | tuple[str, ...]:
        if obj is None:
            return ()
        return self._looks(field for field in self.get_fields(request, None) if field not in ("valid_until", "anyway"))

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Midnight in the billing zone: terms begin in the time ahead."""
        midnight = start_of_day(local_day(clock.now()) + timedelta(days=1))
        return {"valid_from": midnight, **super().get_changeform_initial_data(request)}


class InForce(admin.SimpleListFilter):
    title = _("validity")
    parameter_name = "valid"

    def lookups(self, request: object, model_admin: object) -> list[tuple[str, Wording]]:
        return [("now", _("in force")), ("later", _("begins later")), ("ended", _("ended"))]

    def queryset(self, request: object, queryset: QuerySet[Model]) -> QuerySet[Model]:
        at = clock.now()
        open_end = Q(valid_until__isnull=True) | Q(valid_until__gt=at)
        match self.value():
            case "now":
                return queryset.filter(open_end, valid_from__lte=at)
            case "later":
                return queryset.filter(valid_from__gt=at)
            case "ended":
                return queryset.filter(valid_until__lte=at)
        return queryset
