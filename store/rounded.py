"""Rounding in SQL as `kernel.money` rounds: half up, once, of an exact fraction."""

from __future__ import annotations

from django.db.models import DecimalField, Func
from django.db.models.expressions import Combinable
from django.db.models.sql.compiler import SQLCompiler
from django.utils.deconstruct import deconstructible


@deconstructible(path="store.rounded.Rounded")
class Rounded(Func):
    """`number` over `over`, neither of them negative, as a whole number: div(2n + d, 2d) never leaves the exact."""

    output_field = DecimalField()

    def __init__(self, number: Combinable, over: Combinable) -> None:
        super().__init__(number, over)

    def as_sql(self, compiler: SQLCompiler, *_: object, **__: object) -> tuple[str, tuple[str | int, ...]]:
        (n, of_n), (d, of_d) = (compiler.compile(each) for each in self.get_source_expressions())
        return f"div(2 * ({n})::numeric + ({d})::numeric, 2 * ({d})::numeric)", (*of_n, *of_d, *of_d)
