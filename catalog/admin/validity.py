"""Terms that are in force from one instant until another: added for the time ahead, ended, never changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar, Unpack

from django import forms
from django.contrib import admin, messages
from django.contrib.postgres.constraints import ExclusionConstraint
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.access import signed_in
from accounts.admin.base import StaffAdmin
from accounts.admin.shapes import Left
from accounts.admin.tasks import change_page
from accounts.four_eyes import Act, Asked, ask
from catalog.acts import TERMS, facts_of
from catalog.price_changes import TermsOverlap, beside, followed, in_the_way
from kernel import clock, display
from kernel.periods import local_day, start_of_day, truncate
from kernel.shapes import Cleaned, RowFormOptions, Sent, Uploads, Wording

ASKED: Left[Asked[object]] = Left("asked")
"""What an edit has become that takes two."""


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
        alone = {name: data.get(name, getattr(self.instance, name, None)) for name in self.ALONE}
        if since := self.in_the_way(alone, start, data.get("valid_until")):
            raise forms.ValidationError(str(TermsOverlap(since=display.instant(since))))
        return data

    def in_the_way(self, alone: Cleaned, start: datetime, end: datetime | None) -> datetime | None:
        """Since when something is valid in the same time; `alone` says of what there is one at any time."""
        others = type(self.instance)._default_manager.filter(**alone).exclude(pk=self.instance.pk)
        others = others.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=start))
        within = others.filter(valid_from__lt=end) if end else others
        since: datetime | None = within.order_by("valid_from").values_list("valid_from", flat=True).first()
        return since


class FollowingForm(ValidityForm):
    """What a new row without an end follows ends where that begins."""

    def __init__(self, data: Sent = None, files: Uploads = None, **options: Unpack[RowFormOptions]) -> None:
        super().__init__(data, files, **options)
        if "valid_from" in self.fields:
            self.fields["valid_from"].help_text = _(
                "Where something had a price before, somebody else approves this first; approved later, it begins then."
                " What is in force without an end ends there."
            )

    def in_the_way(self, alone: Cleaned, start: datetime, end: datetime | None) -> datetime | None:
        terms = type(self.instance)(pk=self.instance.pk, **alone, valid_from=start, valid_until=end)
        other = in_the_way(terms) if self.instance._state.adding else beside(terms).first()
        if other is None and self.instance._state.adding and followed(terms):
            constraints = self.instance._meta.constraints
            self.not_asked = {each.name for each in constraints if isinstance(each, ExclusionConstraint)}
        return other.valid_from if other else None


class AskingAdmin(StaffAdmin):
    """Rows of which an edit may take two: then it is asked for (`ASKED`), and kept once somebody else has said yes."""

    asks_why = True

    def _record(self, request: HttpRequest, obj: Model, change: str, message: object) -> None:
        """Of what was asked for the trail says so, and once it is done that it was."""
        if ASKED.of(request) is None:
            super()._record(request, obj, change, message)

    def response_add(self, request: HttpRequest, obj: Model, post_url_continue: str | None = None) -> HttpResponse:
        return self._to_what_waits(request) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Model) -> HttpResponse:
        return self._to_what_waits(request) or super().response_change(request, obj)

    @staticmethod
    def _to_what_waits(request: HttpRequest) -> HttpResponse | None:
        asked = ASKED.of(request)
        if asked is None or not asked.waits:
            return None
        messages.info(request, asked.sentence)
        return redirect(change_page(asked.act))


class ValidityAdmin(AskingAdmin):
    """Everything but the end is fixed once it is added."""

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str] | tuple[str, ...]:
        if obj is None:
            return ()
        return self._looks(field for field in self.get_fields(request, None) if field not in ("valid_until", "anyway"))

    def takes_two(self, terms: Model, change: bool) -> Act[object] | None:
        """The act that enters a new row or moves the end of one, if nobody does it alone."""
        kind = TERMS.get(type(terms))
        return kind and (kind.ending if change else kind.entering)

    def save_model(self, request: HttpRequest, obj: Model, form: forms.ModelForm, change: bool) -> None:
        """What takes two is asked for, and kept once somebody else has said yes."""
        kind = self.takes_two(obj, change)
        if kind is None or (change and not form.changed_data):
            super().save_model(request, obj, form, change)
            return
        asked = ask(
            kind,
            customer=getattr(obj, "customer", None),
            subject=obj,
            facts=facts_of(obj),
            reason=form.cleaned_data["reason"],
            actor=signed_in(request).actor,
            at=clock.now(),
        )
        ASKED.on(request, asked)

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
