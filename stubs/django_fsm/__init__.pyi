# What we use of django-fsm-2. Its own annotations make every decorated method, and the managers of every model with a state, `Any`.
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from django.db import models
from django.utils.functional import Promise

_Set_contra = TypeVar("_Set_contra", contravariant=True)
_Get_co = TypeVar("_Get_co", covariant=True)
_Transition = TypeVar("_Transition", bound=Callable[..., None])

class TransitionNotAllowed(Exception):
    def __init__(
        self, *args: str, object: models.Model | None = None, method: Callable[..., None] | None = None
    ) -> None: ...

class ConcurrentTransition(Exception): ...

class Transition:
    name: str
    source: str
    target: str | None
    conditions: list[Callable[[Any], bool]] | None

class FSMFieldMixin:
    protected: bool
    attname: str
    def get_all_transitions(self, instance_cls: type[models.Model]) -> Iterable[Transition]: ...

class FSMField(FSMFieldMixin, models.CharField[_Set_contra, _Get_co]):
    attname: str
    def __init__(
        self, verbose_name: Promise, *, default: str, choices: Sequence[tuple[str, Promise]], protected: bool
    ) -> None: ...

class ConcurrentTransitionMixin:
    def _update_initial_state(self) -> None: ...

def transition(
    field: FSMField[Any, Any],
    source: str | Sequence[str] = "*",
    target: str | None = None,
    conditions: list[Callable[[Any], bool]] | None = None,
) -> Callable[[_Transition], _Transition]: ...
def can_proceed(bound_method: Callable[..., None], check_conditions: bool = True) -> bool: ...
