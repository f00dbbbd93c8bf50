"""What binds a customer to a spend, and what counts for it."""

from __future__ import annotations

from tests.sabotage.rules.where import ACTIONS
from tests.sabotage.ways import edited, words

AGREED, COUNTS, COSTS = f"{ACTIONS}commitments.py", f"{ACTIONS}what_counts.py", f"{ACTIONS}costs_of_commitments.py"
TOLD, REST = f"{ACTIONS}words_of_commitments.py", "tests/api/test_commitments.py"
ENDS, SHORT = "catalog.commitments:", "invoices.services.shortfalls:"

COMMITMENTS = (
    edited(
        f"{ENDS}agree", "starts_on.day != 1 or starts_on < following_month(at)", "False", f"{AGREED}::cannot_be_agreed",
        name="a commitment begins with a month that has not begun",
    ),
    edited(
        f"{ENDS}open_offers", "filter(until, valid_from__lte=at)", "all()", f"{AGREED}::not_open",
        name="a commitment offer is taken while it is open",
    ),
    edited(
        f"{ENDS}take_offer", "if actor.key:", "if False:", f"{AGREED}::a_program", name="a key takes no commitment offer",
    ),
    edited(
        f"{ENDS}set_renewal", "if actor.key and renews:", "if False:", f"{AGREED}::a_program",
        name="a key lets no commitment follow another",
    ),
    edited(
        f"{ENDS}set_renewal", "filter(pk=commitment_id, customer=customer)", "filter(pk=commitment_id)", f"{AGREED}::somebody_elses",
        name="a commitment is decided about by its own customer",
    ),
    edited(
        f"{ENDS}set_renewal", "if commitment.is_over(today) or ", "if ", f"{AGREED}::an_owner",
        name="what follows a commitment is decided until its last day",
    ),
    edited(
        f"{ENDS}set_renewal", "        others.update(ends_on=F(\"starts_on\"), renews=False)\n", "        pass\n", f"{AGREED}::ends_it_until",
        name="whoever ends a commitment on its last day calls off what follows",
    ),
    edited(
        f"{ENDS}set_renewal", "elif commitment.ends_on <= today + DAY:", "elif False:", f"{AGREED}::follow_until",
        name="another commitment follows one that is prolonged on its last day",
    ),
    edited(
        f"{ENDS}set_renewal", "if commitment.ends_on <= today + SAID_BEFORE:", "if False:", f"{TOLD}::told_again",
        name="a change of mind about a commitment is told again",
    ),
    edited(
        f"{ENDS}end_early", "not earliest_end(commitment, at) <= ends_on < commitment.ends_on", "False", f"{AGREED}::at_the_earliest",
        name="a commitment ends early after the present month",
    ),
    edited(
        f"{ENDS}end_early", "if commitment.is_called_off and commitment.follows_id:", "if False:", f"{AGREED}::call_off",
        name="a commitment that was called off does not come back",
    ),
    edited(
        f"{ENDS}_make", "if not customer.is_postpaid:", "if False:", f"{AGREED}::pays_ahead",
        name="who pays ahead commits to nothing",
    ),
    edited(
        f"{ENDS}_make", "    over.update(renews=False)\n", "", f"{AGREED}::takes_the_place",
        name="a commitment that another takes the place of does not come back",
    ),
    edited(
        "invoices.services.committing:take_offer", "    refuse_blocked(customer_id)\n", "", f"{REST}::dunning_blocks",
        name="whom dunning blocks takes no commitment offer",
    ),
    edited(
        "invoices.services.committing:set_renewal", "        refuse_blocked(customer_id)\n", "        pass\n", f"{REST}::dunning_blocks",
        name="whom dunning blocks lets no commitment follow another",
    ),
    edited(
        f"{SHORT}undecided", ".exclude(customer__in=parked)", "", f"{COSTS}::would_be_held_back",
        name="of a month of a commitment that is held back nothing lacks yet",
    ),
    edited(
        f"{SHORT}decide", "state=BillingRun.State.RUNNING, month__lt=month.key", "pk=None", f"{COUNTS}::are_written",
        name="a month of a commitment waits for late bills that are being written",
    ),
    edited(
        f"{SHORT}decide", "max(at, counted[one.pk].known_at or at)", "at", f"{COUNTS}::between_the_start",
        name="a month of a commitment is decided when the latest that counts was issued",
    ),
    edited(
        f"{SHORT}_drafts", "if line.total != lacking[one.pk]:", "if False:", f"{COSTS}::no_dong_with_vat",
        name="a shortfall of a commitment is billed to the đồng",
    ),
    words(
        f"{SHORT}CAME_LATE", "d.decided_at < f.issued_at", "TRUE", f"{COUNTS}::between_the_start",
        name="a late bill counts for its own month of a commitment while that is not decided",
    ),
    words(
        f"{SHORT}CAME_LATE", "AND f.issued_at > decided.at", "", f"{AGREED}::billed_again",
        name="a late bill that took the place of another counts once for a commitment",
    ),
    words(
        f"{SHORT}CAME_LATE", "position(%(use)s IN i.period_key) = 0", "%(use)s <> ''", f"{COUNTS}::before_the_commitment",
        name="use of paid time before a commitment does not count for it",
    ),
)  # fmt: skip
