"""The base of every model with a protected state field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from django.db import models
from django_fsm import ConcurrentTransitionMixin, FSMFieldMixin


class StateMachine(ConcurrentTransitionMixin, models.Model):
    """
    A model whose FSM fields move by transitions alone.

    django-fsm-2's own mixin lifts the protection for the whole class, in all threads, while one row is refreshed. Here
    a refresh takes the protected values out of the instance instead, and puts them back when it fails.
    """

    class Meta:
        abstract: ClassVar[bool] = True

    def refresh_from_db(
        self,
        using: str | None = None,
        fields: Iterable[str] | None = None,
        from_queryset: models.QuerySet[Self] | None = None,
    ) -> None:
        deferred = self.get_deferred_fields()
        concrete = self._meta.concrete_fields
        wanted = set(fields) if fields is not None else {f.attname for f in concrete if f.attname not in deferred}
        held = {
            f.attname: self.__dict__.pop(f.attname)
            for f in concrete
            if isinstance(f, FSMFieldMixin) and f.protected and f.attname in wanted and f.attname in self.__dict__
        }
        try:
            models.Model.refresh_from_db(self, using=using, fields=list(wanted), from_queryset=from_queryset)
        except BaseException:
            self.__dict__.update(held)
            raise
        self._update_initial_state()
