"""One thing that staff do: a page with what it means, a form with a reason, and one service call."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Generic, TypeVar, Unpack

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from accounts.access import signed_in
from accounts.models import IdempotencyKey, User, digest_of
from accounts.proof import ask_for_proof
from accounts.staff import Right
from kernel import clock
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.ids import new_id
from kernel.shapes import Cleaned, FormOptions, Json, Sent, Uploads, Wording

Row_contra = TypeVar("Row_contra", contravariant=True)


class SentAlready(DomainError):
    code = "sent-already"
    message = _("This form has been sent already, and was carried out once.")


class ReasonForm(forms.Form):
    """Every task asks why; the answer goes into the audit trail."""

    reason = forms.CharField(label=_("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, data: Sent = None, files: Uploads = None, **options: Unpack[FormOptions]) -> None:
        """Nouns that are labels as well begin with a capital there."""
        super().__init__(data, files, **options)
        for field in self.fields.values():
            field.label = capfirst(field.label) if field.label else field.label


class Task(Generic[Row_contra]):
    """
    Subclasses say what it is called and who may do it, and carry it out with a service.

    `subject` is the row that it is done to, or None for a task of a whole list. A task that is not naturally safe to
    repeat is done `once` per form: its key is kept in the transaction of its effect.
    """

    name: ClassVar[str]
    label: ClassVar[Wording]
    lead: ClassVar[Wording] = ""
    button: ClassVar[Wording] = _("Confirm")
    right: ClassVar[Right]
    dangerous: ClassVar[bool] = False
    once: ClassVar[bool] = False
    asks_proof: ClassVar[bool] = False
    """Whether who does it has shown lately who they are: it lets somebody in for longer than a session lasts."""
    form: ClassVar[type[forms.Form]] = ReasonForm
    template: ClassVar[str] = "admin/task.html"
    drawn_apart: ClassVar[tuple[str, ...]] = ()
    """Fields that the template draws itself."""
    folded: ClassVar[tuple[str, ...]] = ()
    """Fields that few need: folded below their label until something in them is typed, or wrong."""
    folded_label: ClassVar[Wording] = ""

    def is_open(self, subject: Row_contra, at: datetime) -> bool:
        """Whether the button is offered; the service decides again."""
        del subject, at
        return True

    def is_for(self, user: User, subject: Row_contra) -> bool:
        """Whether it is offered to this person for this row; the service decides again."""
        del user, subject
        return True

    def form_options(self, subject: Row_contra, *, at: datetime) -> Json:
        del subject, at
        return {}

    def initial(self, query: QueryDict) -> dict[str, object]:
        """What the address proposes."""
        del query
        return {}

    def context(self, subject: Row_contra, *, at: datetime) -> dict[str, object]:
        """
        What the page shows above the form.

        :raises DomainError: the task is impossible; the page says why and has no form
        """
        del subject, at
        return {}

    def carry_out(self, subject: Row_contra, data: Cleaned, *, actor: Actor, at: datetime) -> str:
        """Do it and say in a sentence what was done."""
        raise NotImplementedError

    def finish(self, request: HttpRequest, subject: Row_contra, sentence: str, back: str) -> HttpResponse:
        del subject
        messages.success(request, sentence)
        return redirect(back)

    def may(self, user: User) -> bool:
        """Whether this person does such things at all."""
        return bool(user.has_perm(self.right.permission))

    def may_do(self, user: User, subject: Row_contra) -> bool:
        """Whether this person does it to this row."""
        del subject
        return self.may(user)


def unfolds(form: forms.Form, names: Iterable[str]) -> bool:
    """Whether something was typed into one of these fields, or is wrong there."""
    return form.is_bound and not {*form.errors, *form.changed_data}.isdisjoint(names)


def task_page(
    request: HttpRequest, task: Task[Row_contra], subject: Row_contra, *, site_context: dict[str, object], back: str
) -> HttpResponse:
    """Show the task, or carry it out and go back; a refusal stays on the page as a sentence."""
    if not task.may_do(signed_in(request), subject):
        raise PermissionDenied
    if task.asks_proof and request.method == "POST":
        ask_for_proof(request)
    at = clock.now()
    options = task.form_options(subject, at=at)
    proposed = {**options.pop("initial", {}), **task.initial(request.GET)}
    sent = request.method == "POST"
    form = task.form(request.POST if sent else None, request.FILES if sent else None, initial=proposed, **options)
    if request.method == "POST" and form.is_valid():
        try:
            sentence = _carry_out(task, subject, form.cleaned_data, request, at=at)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            return task.finish(request, subject, sentence, back)
    try:
        page, refused = task.context(subject, at=at), ""
    except DomainError as refusal:
        page, refused = {}, str(refusal)
    context = {
        **site_context,
        **page,
        "title": task.label,
        "task": task,
        "subject": subject,
        "form": form,
        "is_unfolded": unfolds(form, task.folded),
        "refused": refused,
        "key": request.POST.get("key") or new_id().hex,
        "back": back,
        "at": at,
    }
    return TemplateResponse(request, task.template, context, status=200 if not form.errors else 422)


def _carry_out(
    task: Task[Row_contra], subject: Row_contra, data: dict[str, object], request: HttpRequest, *, at: datetime
) -> str:
    if not task.once:
        return task.carry_out(subject, data, actor=signed_in(request).actor, at=at)
    key = request.POST.get("key", "")
    with transaction.atomic():
        try:
            with transaction.atomic():
                IdempotencyKey.objects.create(
                    principal=f"staff:{signed_in(request).pk}",
                    key=digest_of(f"{task.name}:{key}"),  # whatever the form was sent with
                    fingerprint=digest_of(f"{task.name}:{getattr(subject, 'pk', '')}"),
                    created_at=at,
                )
        except IntegrityError:
            raise SentAlready from None
        return task.carry_out(subject, data, actor=signed_in(request).actor, at=at)


def change_page(subject: Model) -> str:
    """The address of a row's page in the staff area."""
    return reverse(f"admin:{subject._meta.app_label}_{subject._meta.model_name}_change", args=[subject.pk])
