"""
Some acts outlast the session in which they are done: a key that goes on opening, a user who may sign in. Before such an act one
shows anew who one is, so that a stolen session, or a browser that was left open, gives nothing lasting away.

How one shows it, and for how long that counts, is the front door's (`door/`, `ACCOUNT_REAUTHENTICATION_TIMEOUT`).
"""

from __future__ import annotations

import time

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy as _

from kernel.errors import DomainError
from store.places import address_of


class ProofIsNeeded(DomainError):
    code = "proof-needed"
    status = 403
    message = _("Being signed in is not enough for this. Show at %(page)s that it is you, then send it again.")


def is_proven_anew(request: HttpRequest, *, but: str = "") -> bool:
    """
    Whether whoever asks has shown a little while ago, in this session, that they are its user.

    :param but: a way that does not count for it
    """
    records = get_authentication_records(request, get_user(request))
    proofs = [record["at"] for record in records if record.get("reauthenticated") and record["method"] != but]
    return bool(proofs) and time.time() - proofs[-1] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def ask_for_proof(request: HttpRequest) -> None:
    """
    On a page: whoever has not shown it lately does, and what they sent is carried out then.

    :raises ReauthenticationRequired: which leads there
    """
    if not is_proven_anew(request):
        raise ReauthenticationRequired


def way_to_proof(request: HttpRequest) -> HttpResponseRedirect | None:
    """The same where a form may hold passwords: the page is opened again after it, and nothing of what was sent is kept."""
    if is_proven_anew(request):
        return None
    return redirect(f"{address_of('account_reauthenticate')}?{urlencode({'next': request.get_full_path()})}")


def refuse_without_proof(request: HttpRequest) -> None:
    """:raises ProofIsNeeded: by REST, where nobody is led anywhere"""
    if not is_proven_anew(request):
        raise ProofIsNeeded(page=f"{settings.PUBLIC_URL}{address_of('account_reauthenticate')}")
