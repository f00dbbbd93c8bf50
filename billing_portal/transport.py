"""How requests arrive: https outside, plain http from the neighbours inside, and one address for one session."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.http.request import split_domain_port
from django.middleware.security import SecurityMiddleware

from billing_portal.environment import LOCAL_HOSTS, host_of

FOR_PROGRAMS = ("/api/", "/gateways/", "/healthz", "/readyz", "/metrics", "/static/")


class TransportMiddleware(SecurityMiddleware):
    """
    Django's, with two differences.

    Who asks at PORTAL_URL is a neighbour inside and is not sent to https, which ends in front of us. And a page that is
    asked for by another name of this machine than PUBLIC_URL has is asked for there: a session belongs to one name, and
    gateways and shops lead back to PUBLIC_URL.
    """

    def process_request(self, request: HttpRequest) -> HttpResponseBase | None:  # type: ignore[override]  # also ours
        host = request.get_host()
        if self._is_another_name_of_ours(host, request):
            return HttpResponseRedirect(settings.PUBLIC_URL + request.get_full_path())
        if f"http://{host}" == settings.PORTAL_URL:
            return None
        return super().process_request(request)

    def _is_another_name_of_ours(self, host: str, request: HttpRequest) -> bool:
        public = urlsplit(settings.PUBLIC_URL)
        name, port = split_domain_port(host)
        return (
            name in LOCAL_HOSTS
            and host_of(settings.PUBLIC_URL) in LOCAL_HOSTS
            and name != host_of(settings.PUBLIC_URL)
            and port == str(public.port or "")
            and request.method in {"GET", "HEAD"}
            and not request.path.startswith(FOR_PROGRAMS)
        )
