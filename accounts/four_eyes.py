"""
What one member of staff does not decide alone: whatever moves money above a limit, and whatever opens a customer's account.

An app declares its acts as subclasses of `Act`, in a module that its `ready` imports. A page asks (`ask`) or, of what is done
at once, leaves it for review (`leave_for_review`). `approve`, `refuse`, `withdraw`, `expire` and `review` are the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Generic, NamedTuple, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Abs, Coalesce
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.audit import Did
from accounts.models import Customer, StaffAct, User
from accounts.services import record_audit
from accounts.staff import Right
from kernel.actors import Actor
from kernel.errors import DomainError
from kernel.periods import local_day, start_of_day
from kernel.shapes import Wording
from store.tally import Tally, for_each

State = StaffAct.State
UNDECIDED_AT_MOST = timedelta(days=30)
ADMINISTRATOR = "administrator"
"""How the settings of limits call superusers."""


class OwnApproval(DomainError):
    code = "own-approval"
    message = _("Somebody else has to decide this: you asked for it, or did it.")


class ApprovedAlready(DomainError):
    code = "approved-already"
    message = _("This has been approved already.")


class ClosedAlready(DomainError):
    code = "closed-already"
    message = _("This was refused, withdrawn or has expired. Ask for it anew.")


class ReviewedAlready(DomainError):
    code = "reviewed-already"
    message = _("This has been reviewed already.")


class ReviewsAwaited(DomainError):
    code = "reviews-awaited"
    message = _(
        "%(count)s acts of yours that opened customers' accounts are still to be reviewed. Somebody else looks at them before you"
        " do more."
    )


class NotYours(DomainError):
    code = "not-yours"
    message = _("Only who asked for it withdraws it. You can refuse it.")


Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class Act(Generic[Result_co]):
    """
    A kind of act for two. `right` is what the second person needs.

    `code` is also the name of its limits in `settings.ALONE`: how much a day each group moves by it without a second person.
    An act without an amount always waits. Of acts that open an account (`opens`) so many may be unreviewed, see
    `settings.UNREVIEWED`.
    """

    known: ClassVar[dict[str, Act[object]]] = {}

    code: str
    label: Wording
    right: Right
    opens: bool = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" in vars(cls):
            cls().declare()

    def declare(self) -> None:
        """A subclass with a code is known by itself; acts that differ in data alone are objects of one class."""
        Act.known[self.code] = self
        StaffAct.labels[self.code] = self.label

    def facts(self, act: StaffAct) -> list[tuple[Wording, object]]:
        """What the second person should know, as (label, value)."""
        del act
        return []

    def carry_out(self, act: StaffAct, *, actor: Actor, at: datetime) -> Result_co:
        """
        Do it, by a service, with the facts that were asked for; the caller's transaction holds the customer and the act.

        :raises DomainError: it is not possible (any more)
        """
        raise NotImplementedError


class Asked(NamedTuple, Generic[Result]):
    """The act as it is recorded, and what carrying it out returned, if it was carried out at once."""

    act: StaffAct
    result: Result | None = None

    @property
    def waits(self) -> bool:
        return self.act.state == State.WAITING

    @property
    def sentence(self) -> str:
        """What to say when nothing has happened yet; empty otherwise."""
        return gettext("Nothing has moved yet: it waits for somebody else's approval.") if self.waits else ""

    def told(self, words: Callable[[Result], str]) -> str:
        """What to say: what came of it, in `words`, or that nothing has happened yet."""
        return self.sentence if self.result is None else words(self.result)


class _Undone(Exception):
    """Takes back what was only tried."""


@transaction.atomic
def ask(
    kind: type[Act[Result]] | Act[Result],
    *,
    customer: Customer | None,
    reason: str,
    actor: Actor,
    at: datetime,
    amount: int | None = None,
    subject: object = "",
    facts: Mapping[str, object] | None = None,
) -> Asked[Result]:
    """
    Do it, if that is within what `actor` does alone; otherwise it waits for somebody else. It is tried before it waits.

    :param facts: JSON-ready, what `carry_out` needs beside customer and amount
    :raises DomainError: it is not possible: nobody is asked
    """
    kind = kind() if isinstance(kind, type) else kind
    if customer is not None:
        customer = Customer.objects.lock(customer.pk)
    alone = _is_within_limit(kind, amount, actor=actor, at=at)
    act = StaffAct.objects.create(
        act=kind.code,
        state=State.ALONE if alone else State.WAITING,
        customer=customer,
        subject=str(subject)[:200],
        amount=amount,
        facts=dict(facts or {}),
        reason=reason,
        asked_by=actor.name,
        asked_at=at,
        decided_by=actor.name if alone else "",
        decided_at=at if alone else None,
    )
    if alone:
        return Asked(act, kind.carry_out(act, actor=actor, at=at))
    try:
        with transaction.atomic():
            kind.carry_out(act, actor=actor, at=at)
            raise _Undone
    except _Undone:
        _record(Did.ASK, act, actor=actor, at=at, reason=reason)
    return Asked(act)


@transaction.atomic
def leave_for_review(
    code: str,
    *,
    customer: Customer | None,
    subject: object,
    reason: str,
    actor: Actor,
    at: datetime,
    facts: Mapping[str, object] | None = None,
) -> StaffAct:
    """
    Record what `actor` has just done in this transaction, tell whom it concerns, and leave it to somebody else to review.

    :param code: of one of `notifications.acts`, which tell; this app lies below notices
    :raises ReviewsAwaited: more of theirs opens accounts than their role may leave unreviewed
    """
    refuse_unreviewed(code, actor=actor)
    act = StaffAct.objects.create(
        act=code,
        state=State.TO_REVIEW,
        customer=customer,
        subject=str(subject)[:200],
        facts=dict(facts or {}),
        reason=reason,
        asked_by=actor.name,
        asked_at=at,
    )
    Act.known[act.act].carry_out(act, actor=actor, at=at)
    return act


@transaction.atomic
def approve(act_id: int, *, actor: Actor, at: datetime) -> Asked[object]:
    """
    Carry out what somebody else asked for.

    :raises OwnApproval: the same person asked for it
    :raises ApprovedAlready, ClosedAlready: it was decided before
    :raises DomainError: it is not possible any more
    """
    act = _decide(_held(act_id, State.WAITING), State.APPROVED, actor=actor, at=at)
    return Asked(act, Act.known[act.act].carry_out(act, actor=actor, at=at))


@transaction.atomic
def refuse(act_id: int, *, reason: str, actor: Actor, at: datetime) -> StaffAct:
    """
    Somebody else than who asked decides that it shall not be.

    :raises OwnApproval: the same person asked for it: they withdraw it
    :raises ApprovedAlready, ClosedAlready: it was decided before
    """
    return _decide(_held(act_id, State.WAITING), State.REFUSED, reason=reason, actor=actor, at=at)


@transaction.atomic
def withdraw(act_id: int, *, reason: str, actor: Actor, at: datetime) -> StaffAct:
    """
    Who asked for it does not want it any more.

    :raises NotYours: somebody else asked for it
    :raises ApprovedAlready, ClosedAlready: it was decided before
    """
    return _decide(_held(act_id, State.WAITING), State.WITHDRAWN, reason=reason, actor=actor, at=at)


@transaction.atomic
def review(act_id: int, *, reason: str, actor: Actor, at: datetime) -> StaffAct:
    """
    Somebody else has looked at what was done, and says what they found.

    :raises OwnApproval: the same person did it
    :raises ReviewedAlready: somebody was faster
    """
    return _decide(_held(act_id, State.TO_REVIEW), State.REVIEWED, reason=reason, actor=actor, at=at)


def expire_waiting(*, at: datetime) -> Tally:
    """What nobody has decided for so long is closed."""
    actor = Actor.job("expire-acts")

    @transaction.atomic
    def expire(pk: int) -> None:
        _decide(_held(pk, State.WAITING), State.EXPIRED, actor=actor, at=at)

    old = StaffAct.objects.waiting().filter(asked_at__lte=at - UNDECIDED_AT_MOST)
    return for_each(list(old.order_by("pk").values_list("pk", flat=True)), expire, what="act of staff")


def limit_of(actor: Actor, code: str) -> int:
    """How much a day `actor` moves alone by this act: the most that one of their groups may; 0 when none may."""
    return _most_of(actor, settings.ALONE.get(code, {}))


def _most_of(actor: Actor, limits: Mapping[str, int]) -> int:
    """The highest of `limits`, which are by group, that one of their groups has."""
    person = User.objects.filter(email=actor.name, is_staff=True, is_active=True).first()
    if person is None:
        return 0
    names = {*person.groups.values_list("name", flat=True), *([ADMINISTRATOR] if person.is_superuser else [])}
    return max((limits.get(name, 0) for name in names), default=0)


def refuse_unreviewed(code: str, *, actor: Actor) -> None:
    """
    Whoever has got hold of somebody's sign-in opens so many accounts and no more. Where nobody else is there to review, nobody waits.

    :raises ReviewsAwaited:
    """
    asked = Act.known[code]
    if not asked.opens:
        return
    User.objects.select_for_update(no_key=True).filter(
        email=actor.name
    ).first()  # two at once count one after the other
    codes = [code for code, kind in Act.known.items() if kind.opens]
    count = StaffAct.objects.to_review().filter(act__in=codes, asked_by=actor.name).count()
    if count < _most_of(actor, settings.UNREVIEWED):
        return
    others = User.objects.filter(is_active=True, is_staff=True).exclude(email=actor.name)
    if others.filter(Q(is_superuser=True) | Q(groups__permissions__codename=asked.right.codename)).exists():
        raise ReviewsAwaited(count=count)


def _is_within_limit(kind: Act[object], amount: int | None, *, actor: Actor, at: datetime) -> bool:
    """Whether this and what `actor` did alone today by the same act come to no more than the limit: parts add up."""
    limit = limit_of(actor, kind.code)
    if amount is None or abs(amount) > limit:
        return False
    User.objects.select_for_update(no_key=True).get(email=actor.name)  # two forms at once count one after the other
    today = StaffAct.objects.filter(
        act=kind.code, asked_by=actor.name, state=State.ALONE, asked_at__gte=start_of_day(local_day(at))
    )
    done: int = today.aggregate(sum=Coalesce(Sum(Abs("amount")), 0))["sum"]
    return done + abs(amount) <= limit


def _held(act_id: int, state: State) -> StaffAct:
    """The act in this state, held after its customer."""
    customer = StaffAct.objects.values_list("customer", flat=True).get(pk=act_id)
    if customer is not None:
        Customer.objects.lock(customer)
    act = StaffAct.objects.select_for_update(no_key=True).get(pk=act_id)
    if act.state == state:
        return act
    if act.state == State.REVIEWED:
        raise ReviewedAlready
    raise ApprovedAlready if act.state in {State.APPROVED, State.ALONE, State.TO_REVIEW} else ClosedAlready


def _decide(act: StaffAct, state: State, *, reason: str = "", actor: Actor, at: datetime) -> StaffAct:
    is_own = is_own_act(act, actor)
    if is_own and state in {State.APPROVED, State.REFUSED, State.REVIEWED}:
        raise OwnApproval
    if state == State.WITHDRAWN and not is_own:
        raise NotYours
    act.state, act.decided_by, act.decided_at, act.decided_because = state, actor.name, at, reason[:500]
    act.save(update_fields=["state", "decided_by", "decided_at", "decided_because"])
    _record(DECISIONS[state], act, actor=actor, at=at, reason=reason)
    return act


def is_own_act(act: StaffAct, actor: Actor) -> bool:
    """Whether the same person asked for it, under whatever address they signed in then."""
    if act.asked_by == actor.name:
        return True
    return act.asker_id is not None and User.objects.filter(pk=act.asker_id, email=actor.name).exists()


DECISIONS = {
    State.APPROVED: Did.APPROVE,
    State.REFUSED: Did.REFUSE,
    State.WITHDRAWN: Did.WITHDRAW,
    State.EXPIRED: Did.EXPIRE,
    State.REVIEWED: Did.REVIEW,
}
"""As the audit trail calls them."""


def _record(verb: Did, act: StaffAct, *, actor: Actor, at: datetime, reason: str) -> None:
    record_audit(
        verb,
        act.pk,
        actor=actor,
        at=at,
        reason=reason,
        customer=act.customer,
        act=act.act,
        amount=act.amount,
        asked_by=act.asked_by,
        asked_because=act.reason,
    )
