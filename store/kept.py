"""Rows of which triggers keep a part."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models

from store.rights import kept_columns


class KeepsColumns(models.Model):
    """A model with `kept` columns: saving leaves them out, for the application may not write them, not even as they are."""

    class Meta:
        abstract: ClassVar[bool] = True

    def _do_update(
        self, base_qs: models.QuerySet[Self], using: str | None, pk_val: object, values: Any, *rest: Any
    ) -> Any:
        kept = kept_columns(type(self))
        values = [value for value in values if value[0].column not in kept]
        return super()._do_update(base_qs, using, pk_val, values, *rest)
