"""The bases of all pages of the staff area: what is only looked at, what may be edited, and the tasks beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, ClassVar, Never, cast

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import flatten_fieldsets, unquote
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import PermissionDenied
from django.db import DataError, IntegrityError, models
from django.db.models import Model
from django.forms import Field, ModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as text
from django.utils.translation import gettext_lazy as _

from accounts.access import signed_in
from accounts.admin.exports import list_as_file
from accounts.admin.lists import StaffList, asked_sensibly
from accounts.admin.reasons import WHY, ReasonAsked
from accounts.admin.rows import WholeRow, sentence_of
from accounts.admin.shapes import FieldNames, Fieldsets, Left
from accounts.admin.shown import shown_well
from accounts.admin.tasks import Task, change_page, task_page
from accounts.audit import EDITS, edit_of
from accounts.models import Customer
from accounts.proof import ask_for_proof, way_to_proof
from accounts.services import record_audit
from kernel import clock
from kernel.errors import DomainError
from kernel.shapes import Wording
from store.search import related_model, search


def searched(model: type[models.Model], fields: Sequence[str]) -> str:
    """ "name, customer, tax code": what a search box looks at, in words; over a relation a name is that of the relation."""
    words: dict[str, None] = {}
    for lookup in fields:
        *way, last = lookup.lstrip("=").split("__")
        owner = reduce(related_model, way, model)
        field = owner._meta.get_field(last)
        assert isinstance(field, models.Field)
        words[str(owner._meta.verbose_name if way and last == "name" else field.verbose_name)] = None
    return f"{text('Searches')}: {', '.join(words)}"


class DayAndTime(AdminSplitDateTime):
    """Two boxes, each with a name of its own."""

    def __init__(self, attrs: dict[str, object] | None = None) -> None:
        super().__init__(attrs)
        self.widgets[0].attrs["aria-label"], self.widgets[1].attrs["aria-label"] = _("Date"), _("Time")


REFUSED: Left[Wording] = Left("refused")
"""What was refused of a form after all, in words."""


class EveryRow(admin.ModelAdmin):
    """Forms ask every rule of the row, and what the database or a service refuses all the same stands in them as a sentence."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """A key that no text of the database can hold is nobody's."""
        return None if "\0" in object_id else super().get_object(request, object_id, from_field)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (IntegrityError, DataError) as refusal:  # nothing is saved: the form is shown again, with the sentence
            REFUSED.on(request, sentence_of(self.model, refusal))
        except DomainError as refusal:
            REFUSED.on(request, str(refusal))
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: bool = False, **options: object
    ) -> type[ModelForm]:
        form = super().get_form(request, obj, change=change, **options)
        return cast(type[WholeRow], type(form.__name__, (WholeRow, form), {"refused": REFUSED.of(request)}))


def _name(column: object) -> object:
    return getattr(column, "__name__", column)


class StaffAdmin(ReasonAsked, EveryRow):
    """
    Rows that staff may edit; nothing is ever deleted here, and every edit is in the audit trail.

    `tasks` are offered on the page of one row, `list_tasks` on the list. `about` names the columns that point to rows whose pages
    lead to this list: so a page shows what apps above it know about its row, and knows none of them. With `asks_proof` who makes or
    edits a row has shown lately who they are: it lets somebody in for longer than a session lasts. Amounts of the list are added up,
    but for those `not_summed`: limits and balances.
    """

    tasks: ClassVar[Sequence[Task[Never]]] = ()
    list_tasks: ClassVar[Sequence[Task[None]]] = ()
    about: ClassVar[Sequence[str]] = ()
    asks_proof: ClassVar[bool] = False
    not_summed: ClassVar[Sequence[str]] = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 200
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    actions_on_top = True
    formfield_overrides: ClassVar[Mapping[type[models.Field], Mapping[str, object]]] = {
        models.DateTimeField: {"widget": DayAndTime}
    }
    change_form_template = "admin/subject.html"
    change_list_template = "admin/subjects.html"

    def __init__(self, model: type[models.Model], admin_site: admin.AdminSite) -> None:
        super().__init__(model, admin_site)
        for change in EDITS:
            edit_of(model, change)
        for declared in (
            "list_display",
            "readonly_fields",
        ):  # one page per model: what its class declares gets its look
            setattr(self, declared, self._looks(getattr(self, declared)))

    def _looks(self, fields: Iterable[object]) -> list[str]:
        """Columns with their look, where the framework's types know names alone."""
        return [shown_well(self.model, field) for field in fields]

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Fieldsets:
        """What is only looked at in a form has its look there too."""
        looks = {_name(field): field for field in self.get_readonly_fields(request, obj)}

        def shown(fields: FieldNames) -> FieldNames:
            return list(dict.fromkeys(looks.get(_name(field), field) for field in fields))

        return [
            (title, {**options, "fields": shown(options["fields"])})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """
        Only columns that the page itself filters by, or by which the page of another row links here. The framework would
        filter by any column of the row, so a secret that no page shows could be guessed letter by letter.
        """
        offered = [each[0] if isinstance(each, tuple) else each for each in self.get_list_filter(request)]
        if any(lookup == getattr(each, "parameter_name", None) for each in offered):
            return True
        named = [each for each in offered if isinstance(each, str)]
        columns = {name.partition("__")[0] for name in [*named, *self.about, self.date_hierarchy or "pk", "pk"]}
        return lookup.partition("__")[0] in columns and super().lookup_allowed(lookup, value, request)

    def get_changelist(self, request: HttpRequest, **options: object) -> type[ChangeList]:
        return StaffList

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[models.Model], search_term: str
    ) -> tuple[models.QuerySet[models.Model], bool]:
        """As everywhere: by id, or by words in the columns that the page names."""
        fields = [str(field) for field in self.get_search_fields(request)]
        return (search(queryset, search_term, fields) if fields else queryset), False

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """The search box says what it searches."""
        with asked_sensibly(request):
            found = super().get_changelist_instance(request)
        if self.search_fields:
            found.search_help_text = searched(self.model, self.search_fields)
        return found

    # The audit trail

    def log_addition(self, request: HttpRequest, obj: Model, message: object) -> LogEntry:
        self._record(request, obj, "add", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: object) -> LogEntry:
        self._record(request, obj, "change", message)
        return super().log_change(request, obj, message)

    def _record(self, request: HttpRequest, obj: Model, change: str, message: object) -> None:
        customer = obj if isinstance(obj, Customer) else getattr(obj, "customer", None)
        subject = f"{obj._meta.model_name} {obj.pk}"
        record_audit(
            edit_of(type(obj), change),
            subject,
            actor=signed_in(request).actor,
            at=clock.now(),
            reason=WHY.of(request) or "",
            customer=customer,
            name=str(obj),
            changes=message,
        )

    # Tasks and what belongs to a row

    def get_urls(self) -> list[URLPattern]:
        opts = self.opts
        own = [
            path(
                "<path:object_id>/task/<slug:name>/",
                self.admin_site.admin_view(self.task_view),
                name=f"{opts.app_label}_{opts.model_name}_task",
            ),
            path(
                "task/<slug:name>/",
                self.admin_site.admin_view(self.list_task_view),
                name=f"{opts.app_label}_{opts.model_name}_list_task",
            ),
            path(
                "export.<slug:form>",
                self.admin_site.admin_view(self.export_view),
                name=f"{opts.app_label}_{opts.model_name}_export",
            ),
        ]
        return own + super().get_urls()

    def task_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        task = next((task for task in self.tasks if task.name == name), None)
        subject = self.get_object(request, unquote(object_id)) if task else None
        if task is None or subject is None:
            raise Http404
        return task_page(request, task, subject, site_context=self._page(request), back=change_page(subject))

    def list_task_view(self, request: HttpRequest, name: str) -> HttpResponse:
        task = next((task for task in self.list_tasks if task.name == name), None)
        if task is None:
            raise Http404
        back = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return task_page(request, task, None, site_context=self._page(request), back=back)

    def export_view(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """The list as a file: what its filters leave, with sums."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            return list_as_file(self, self.get_changelist_instance(request), form)
        except IncorrectLookupParameters as wrong:
            raise Http404 from wrong

    def _page(self, request: HttpRequest) -> dict[str, object]:
        return {**self.admin_site.each_context(request), "opts": self.opts}

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        """Proof is asked when the page is opened, so that nobody types in vain, and the form may hold a password."""
        way = way_to_proof(request) if self.asks_proof and self.has_add_permission(request) else None
        return way or super().add_view(request, form_url, extra_context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        if self.asks_proof and request.method == "POST" and self.has_change_permission(request):
            ask_for_proof(request)
        page = {
            "staff_tasks": self._open_tasks(request, object_id),
            "related_lists": self._related(request, object_id),
            "look_only": isinstance(self, LookOnlyAdmin),
        }
        return super().change_view(request, object_id, form_url, {**page, **(extra_context or {})})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        offered = [
            {"url": self._task_url("list_task", task.name), "label": task.label}
            for task in self.list_tasks
            if task.may(signed_in(request))
        ]
        page = {"title": capfirst(self.opts.verbose_name_plural), "staff_tasks": offered}
        return super().changelist_view(request, {**page, **(extra_context or {})})

    def _open_tasks(self, request: HttpRequest, object_id: str) -> list[dict[str, object]]:
        mine = [task for task in self.tasks if task.may(signed_in(request))]
        subject = self.get_object(request, unquote(object_id)) if mine else None
        if subject is None:
            return []
        at = clock.now()
        return [
            {"url": self._task_url("task", subject.pk, task.name), "label": task.label, "dangerous": task.dangerous}
            for task in mine
            if task.is_open(subject, at) and task.is_for(signed_in(request), subject)
        ]

    def _task_url(self, kind: str, *arguments: object) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{kind}", args=arguments)

    def _related(self, request: HttpRequest, object_id: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        for page in self.admin_site._registry.values():
            options = page.opts
            for name in getattr(page, "about", ()):
                may_look = request.user.has_perm(f"{options.app_label}.view_{options.model_name}")
                if options.get_field(name).related_model is self.model and may_look:
                    url = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
                    query = f"{name}__id__exact={unquote(object_id)}"
                    found.append({"url": f"{url}?{query}", "label": capfirst(options.verbose_name_plural)})
        return found


class LookOnlyAdmin(StaffAdmin):
    """Money, documents, history and all that only services move: to be looked at. The database refuses edits too."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> FieldNames:
        """What is asked for; otherwise all columns of the row."""
        return self.fields or [
            field.name for field in self.model._meta.concrete_fields if field.name not in (self.exclude or ())
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str] | tuple[str, ...]:
        fieldsets = self.fieldsets or [(None, {"fields": self.get_fields(request, obj)})]
        return self._looks(flatten_fieldsets(fieldsets))


class RowsInline(admin.TabularInline):
    """Rows that belong to the row above: each box is called as its column is."""

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **options: object) -> Field | None:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if field is not None:
            field.widget.attrs.setdefault("aria-label", capfirst(str(field.label or db_field.verbose_name)))
        return field


class LookOnlyInline(RowsInline):
    """Rows that belong to the row above, to be looked at."""

    extra = 0
    max_num = 0
    can_delete = False
    show_change_link = False
    related_rows: ClassVar[Sequence[str]] = ()

    def __init__(self, parent_model: type[models.Model], admin_site: admin.AdminSite) -> None:
        super().__init__(parent_model, admin_site)
        looks = [shown_well(self.model, name) for name in self.fields or ()]
        for declared in ("fields", "readonly_fields"):
            setattr(self, declared, looks)
        self.verbose_name_plural = capfirst(self.verbose_name_plural)

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[models.Model]:
        return super().get_queryset(request).select_related(*self.related_rows)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
