"""Deleting and emptying the trash: typed confirmations that say what goes back and until when it can be undone."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.access import PortalRequest, portal_page
from accounts.may import LOOK, May
from kernel.display import instant, money
from lifecycle.models import Resource
from orders.actions import with_pending
from orders.services.bulk import delete_many
from orders.services.delete import Deletion, delete_resource, preview_deletion, purge_resource
from orders.views.lookups import actions_of, chosen_ids, own_resource
from orders.views.resources import tell_bulk
from payments.services.foretold import MoneyBack, money_back


@portal_page(LOOK, does=May.MANAGE_RESOURCES)
def delete(request: PortalRequest, pk: UUID) -> HttpResponse:
    resource = own_resource(request, pk)
    if "delete" not in actions_of(request, resource) and request.method != "POST":
        return redirect("resource", pk=pk)
    if is_confirmed(request, resource.name):
        deleted = delete_resource(resource.pk, actor=request.actor, at=request.at)
        messages.success(request, _('"%(name)s" is deleted.') % {"name": deleted.name})
        return HttpResponseRedirect(reverse("resource", args=[pk]), status=303)
    return ask_to_delete(request, resource, cancel_url=reverse("resource", args=[pk]))


def ask_to_delete(request: PortalRequest, resource: Resource, *, cancel_url: str, **facts: object) -> HttpResponse:
    deletion = preview_deletion(resource, at=request.at)
    return _ask(
        request,
        title=_("Delete %(name)s") % {"name": resource.name},
        lead=_("The resource stops at once."),
        word=resource.name,
        consequences=_consequences(resource, deletion),
        cancel_url=cancel_url,
        resource=resource,
        deletion=deletion,
        **facts,
    )


@portal_page(LOOK, does=May.MANAGE_RESOURCES)
def purge(request: PortalRequest, pk: UUID) -> HttpResponse:
    resource = own_resource(request, pk)
    if "purge" not in actions_of(request, resource) and request.method != "POST":
        return redirect("resource", pk=pk)
    if is_confirmed(request, resource.name):
        purge_resource(resource.pk, actor=request.actor, at=request.at)
        messages.success(request, _('"%(name)s" is deleted for good.') % {"name": resource.name})
        return redirect("trash")
    return _ask(
        request,
        title=_("Delete %(name)s for good") % {"name": resource.name},
        lead=_("Nothing brings it back afterwards."),
        word=resource.name,
        consequences=[
            _("Its data are gone at once and for good."),
            _("Nothing is refunded: that was settled when it went to the trash."),
        ],
        cancel_url=reverse("trash"),
        resource=resource,
    )


@portal_page(LOOK, does=May.MANAGE_RESOURCES)
def delete_chosen(request: PortalRequest) -> HttpResponse:
    """Several at once; each is deleted or refused for itself."""
    chosen = chosen_ids([*request.GET.getlist("resource"), *request.POST.getlist("resource")])
    own = Resource.objects.filter(customer=request.customer, pk__in=chosen).select_related("product").order_by("pk")
    found = [resource for resource in with_pending(own) if "delete" in actions_of(request, resource)]
    if not found:
        messages.warning(request, _("None of these can be deleted now."))
        return redirect("resources")
    word = str(len(found))
    if is_confirmed(request, word):
        done, refused = delete_many(
            request.customer, [resource.pk for resource in found], actor=request.actor, at=request.at
        )
        tell_bulk(request, done, refused)
        return redirect("resources")
    deletions = [preview_deletion(resource, at=request.at) for resource in found]
    refundable = [
        part
        for resource, deletion in zip(found, deletions, strict=True)
        if resource.product.is_refundable
        for part in deletion.unused
    ]
    undoable = [deletion.undoable_until for deletion in deletions]
    count = ngettext("Delete %(count)d resource", "Delete %(count)d resources", len(found)) % {"count": len(found)}
    kept = [until for until in undoable if until]
    return _ask(
        request,
        title=count,
        lead=_("They stop at once."),
        word=word,
        consequences=[
            *_back_in_words(money_back(refundable, at=request.at), *_poc_of(deletions)),
            *_unearned_in_words(sum(part.unearned for part in refundable)),
            _("What the trash keeps can be recovered until %(until)s.") % {"until": instant(min(kept))} if kept else "",
            _("What the trash does not keep is gone for good.") if len(kept) < len(undoable) else "",
        ],
        cancel_url=reverse("resources"),
        rows=list(zip(found, deletions, strict=True)),
    )


def _poc_of(deletions: list[Deletion]) -> tuple[int, int]:
    """What goes back to POC credit in all, and what is lost with such as has ended."""
    return sum(one.poc for one in deletions), sum(one.poc_lost for one in deletions)


def is_confirmed(request: PortalRequest, word: str) -> bool:
    return request.method == "POST" and request.POST.get("confirmation", "").strip() == word


def _ask(request: PortalRequest, *, word: str, consequences: list[str], **facts: object) -> HttpResponse:
    """The confirmation page; with status 422 and a hint when the word was wrong."""
    wrong = request.method == "POST"
    facts |= {
        "word": word,
        "consequences": [sentence for sentence in consequences if sentence],
        "action": request.get_full_path(),
        "error": _('This is not "%(word)s". Nothing was deleted.') % {"word": word} if wrong else "",
    }
    return render(request, "orders/confirm.html", facts, status=422 if wrong else 200)


def _back_in_words(back: MoneyBack, poc: int = 0, poc_lost: int = 0) -> list[str]:
    """What goes back to the wallet and to POC credit, until when its promotional part can be spent, what is lost, what is no longer due."""
    sentences = (
        [_("%(amount)s go back to your wallet.") % {"amount": money(back.refund)}] if back.refund or not poc else []
    )
    if poc:
        sentences.append(_("%(amount)s go back to your POC credit.") % {"amount": money(poc)})
    if poc_lost:
        ended = _("%(amount)s were paid with POC credit that has ended since: this part is lost.")
        sentences.append(ended % {"amount": money(poc_lost)})
    sentences += [
        _("Of it, %(amount)s are promotional credit, to be spent until %(until)s.")
        % {"amount": money(amount), "until": instant(until)}
        for until, amount in back.grants.items()
    ]
    if back.lost:
        lost = _("%(amount)s were paid with promotional credit that has ended since: this part is lost.")
        sentences.append(lost % {"amount": money(back.lost)})
    if back.off_what_is_due:
        sentences.append(
            _("%(amount)s of what is still due is cancelled.") % {"amount": money(back.off_what_is_due)},
        )
    return sentences


def _unearned_in_words(unearned: int) -> list[str]:
    sentence = _("The term is left early: the time that was used costs what it costs without it, %(amount)s more.")
    return [sentence % {"amount": money(unearned)}] if unearned else []


def _consequences(resource: Resource, deletion: Deletion) -> list[str]:
    if not resource.is_prepaid:
        said = [_("Usage ends this minute and is invoiced at once.")]
    elif not resource.product.is_refundable:
        said = [_("This product is not refundable: nothing goes back to your wallet.")]
    else:
        back = _back_in_words(deletion.back, deletion.poc, deletion.poc_lost)
        said = [*back, *_unearned_in_words(deletion.unearned)]
    if deletion.undoable_until is None:
        return [*said, _("It cannot be undone: the data are gone at once and for good.")]
    until = instant(deletion.undoable_until)
    if resource.customer.is_postpaid:
        undo = _("Its data are kept until %(until)s; our staff can restore it until then.")
    else:
        undo = _("You can recover it until %(until)s, for a newly paid period. After that its data are gone for good.")
    return [*said, undo % {"until": until}]
