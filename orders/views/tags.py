"""The pages of the tags: of one resource, and of several at once."""

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
from kernel.tags import CREATED_BY, MOST, folded, own
from lifecycle.models import Resource, State
from lifecycle.services.tags import change_tags
from orders.services.bulk import tag_many
from orders.views.lookups import chosen_ids, own_resource
from orders.views.resources import tell_bulk
from orders.views.tagging import TagsForm, TagsOfManyForm


@portal_page(LOOK, does=May.MANAGE_RESOURCES)
def tags(request: PortalRequest, pk: UUID) -> HttpResponse:
    """All tags of one resource."""
    found = own_resource(request, pk)
    if found.state == State.DELETED:
        return redirect("resource", pk=pk)
    form = TagsForm(request.POST if request.method == "POST" else None, initial={**TagsForm.values_of(found.tags)})
    if request.method == "POST" and form.is_valid():
        named = set(map(folded, form.given))
        gone = {key: None for key in own(found.tags) if folded(key) not in named}
        change_tags(found.pk, {**gone, **form.given}, actor=request.actor, at=request.at)
        messages.success(request, _("The tags are saved."))
        return HttpResponseRedirect(reverse("resource", args=[pk]), status=303)
    facts = {"resource": found, "created_by": found.tags.get(CREATED_BY, ""), "cancel": reverse("resource", args=[pk])}
    return _page(request, form, title=_("Tags of %(name)s") % {"name": found.name}, **facts)


@portal_page(LOOK, does=May.MANAGE_RESOURCES)
def tags_of_chosen(request: PortalRequest) -> HttpResponse:
    """What several resources are tagged with from now on; each takes it or is refused for itself."""
    chosen = chosen_ids([*request.GET.getlist("resource"), *request.POST.getlist("resource")])
    resources = list(Resource.objects.filter(customer=request.customer, pk__in=chosen).order_by("name", "pk"))
    if not resources:
        return render(request, "orders/nothing_chosen.html", status=404 if chosen else 200)
    form = TagsOfManyForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        pks = [resource.pk for resource in resources]
        done, refused = tag_many(request.customer, pks, form.given, actor=request.actor, at=request.at)
        tell_bulk(request, done, refused)
        return HttpResponseRedirect(reverse("resources"), status=303)
    count = len(resources)
    title = ngettext("Tags of %(count)d resource", "Tags of %(count)d resources", count) % {"count": count}
    return _page(request, form, title=title, resources=resources, cancel=reverse("resources"))


def _page(request: PortalRequest, form: TagsForm, **facts: object) -> HttpResponse:
    wrong = form.is_bound and not form.is_valid()
    return render(request, "orders/tags.html", {"form": form, "most": MOST, **facts}, status=400 if wrong else 200)
