"""Where a form was sent from is what a browser says; whatever it says is answered."""

from __future__ import annotations

import pytest
from django.test import RequestFactory

from billing_portal.middleware import form_address


@pytest.mark.parametrize(
    ("referer", "form"),
    [
        ("http://testserver/wallet/?a=1", "/wallet/?a=1"),
        ("http://testserver//elsewhere.example/", "/elsewhere.example/"),
        ("http://elsewhere.example/wallet/", ""),
        ("http://[::1", ""),
        ("http://[v1.x]/", ""),
        ("http://testserver", ""),
        ("", ""),
    ],
)
def test_a_refused_form_goes_back_to_its_page_here_or_nowhere(referer, form):
    request = RequestFactory().post("/wallet/top-up/", headers={"referer": referer})

    assert form_address(request) == form
