"""
The living page: every component of the portal with sample data, for whoever builds a page. Also the light/dark switch.

`look` answers only where DEBUG is on; nothing in it touches the database.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from billing_portal.templatetags.states import HEALTH, STATES
from invoices.columns import Place, on_page
from invoices.reports import INVOICES
from kernel import display
from kernel.periods import local_day
from store.keyset import Page

THEMES = ("auto", "light", "dark")
A_YEAR = 365 * 24 * 3600
NOW = datetime(2027, 1, 12, 1, 0, tzinfo=UTC)


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light, dark or "as the device" in a cookie and go back to the page."""
    target = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        target = "/"
    response = HttpResponseRedirect(target)
    if request.POST.get("theme") in THEMES:
        response.set_cookie(
            "theme", request.POST["theme"], max_age=A_YEAR, samesite="Lax", secure=request.is_secure(), httponly=True
        )
    return response


@require_GET
def look(request: HttpRequest) -> HttpResponse:
    if not settings.DEBUG:
        raise Http404
    return render(request, "look.html", samples())


class SampleFilters(forms.Form):
    q = forms.CharField(
        label=_("Search"), required=False, widget=forms.SearchInput(attrs={"placeholder": _("Name or number")})
    )
    product = forms.ChoiceField(
        label=_("Product"), required=False, choices=[("", _("All")), ("vserver", "vServer"), ("vstorage", "vStorage")]
    )
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All")), ("unpaid", _("Unpaid")), ("paid", _("Paid"))]
    )


class SampleForm(forms.Form):
    amount = forms.CharField(
        label=_("Amount"),
        help_text=_("Between 10,000 ₫ and 100,000,000 ₫."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "class": "amount"}),
    )
    note = forms.CharField(label=_("Reference"), required=False)
    period = forms.ChoiceField(label=_("Period"), choices=[("1", _("1 month")), ("3", _("3 months"))])
    automatic = forms.BooleanField(
        label=_("Pay invoices automatically"), required=False, help_text=_("From the wallet, the oldest first.")
    )

    def clean_amount(self) -> str:
        raise forms.ValidationError(_("At least 10,000 ₫ can be topped up. Please enter more."))


def samples() -> dict[str, object]:
    """Everything that the living page shows, under the names that the components ask for."""
    return {
        "now": NOW,
        "later": NOW + timedelta(days=3, hours=5),
        "last_day": local_day(NOW - timedelta(days=3)),
        "clock_moved": True,
        "states": list(STATES),
        "healths": list(HEALTH),
        "tones": ["green", "amber", "red", "blue", "slate"],
        "sample_form": SampleForm({"amount": "500", "period": "1"}),
        "filters": SampleFilters(),
        "exports": [("CSV", "#csv"), ("XLSX", "#xlsx")],
        "periods": [(1, 199_000), (3, 597_000), (6, 1_194_000), (12, 2_388_000), (24, 4_776_000), (36, 7_164_000)],
        "unit_price": Decimal("7.7"),
        "credit": 1_500_000,
        "debit": -398_000,
        "figures": _figures(),
        "invoice_columns": on_page(
            INVOICES,
            number=Place.NAME,
            **dict.fromkeys(("resource_name", "issued_at", "due_date", "standing", "total", "due"), Place.WIDE),
        ),
        "invoices": _invoices(),
        "page": Page([], "n", "o"),
        "explained": _explained(),
        "months": _months(),
        "products": _products(),
        "spent": _spent(),
        "series": [str(one["label"]) for one in _products()],
        "first": {"label": _("Last month"), "amount": 1_940_000},
        "changes": [{"label": _("New"), "amount": 431_500}, {"label": _("Days in the month"), "amount": -62_600}],
        "last": {"label": _("This month"), "amount": 2_308_900},
        "price": _price(),
        "steps": _steps(),
        "provisioning": _provisioning(),
        "events": _events(),
        "consequences": [
            _("120,667 ₫ go back to your wallet."),
            _("You can recover it until 19 Jan 2027, 08:00. After that its data are gone for good."),
        ],
    }


def _figures() -> list[dict[str, object]]:
    return [
        {"label": _("Available"), "amount": 2_450_000, "note": _("of it 200,000 ₫ promotional")},
        {"label": _("Held"), "amount": 0, "note": _("for usage not yet billed")},
        {"label": _("To pay"), "amount": 1_287_550, "note": _("2 invoices, 1 overdue"), "url": "#invoices"},
        {"label": _("Spent in January"), "amount": 3_164_200, "note": _("431,500 ₫ less than in December")},
    ]


def _invoices() -> list[SimpleNamespace]:
    names = [
        ("web-01", "vServer"),
        ("backup-hcm", "vStorage"),
        ("web-02", "vServer"),
        ("uptime", "vMonitor"),
        ("db-01", "vServer"),
    ]
    states = ["overdue", "unpaid", "partially_paid", "paid", "void"]
    totals = [181_500, 1_106_050, 542_300, 89_000, 12_300_000]
    return [
        SimpleNamespace(
            number=f"INV-2026-{1042 - row:06}",
            resource_name=name,
            product=product,
            issued_at=NOW - timedelta(days=11 * row, hours=7),
            due_date=local_day(NOW + timedelta(days=9 * row - 4)),
            standing=status,
            total=total,
            due=total if status in ("overdue", "unpaid") else total // 2 if status == "partially_paid" else 0,
        )
        for row, ((name, product), status, total) in enumerate(zip(names, states, totals, strict=True))
    ]


def _explained() -> dict[str, object]:
    facts = [
        {"label": _("Unit price"), "value": _("165,000 ₫ per 30 days, version of 1 Jan 2026")},
        {"label": _("Time"), "value": _("44,640 minutes (31 days)")},
        {"label": _("Rounding"), "value": _("170,500 ₫, nothing rounded")},
        {"label": _("VAT"), "value": _("10 %, not included: 17,050 ₫")},
    ]
    return {"formula": "165,000 × 44,640 / 43,200 = 170,500", "facts": facts, "is_confirmed": True}


def _months() -> list[dict[str, object]]:
    paid = [820, 910, 910, 1_240, 1_180, 1_310, 1_400, 1_395, 1_620, 1_580, 1_700, 0]
    return [
        {
            "label": display.short_month(date(2026, number, 1)),
            "paid": amount * 1000,
            "unpaid": {11: 412_000, 12: 1_287_550}.get(number, 0),
        }
        for number, amount in enumerate(paid, start=1)
    ]


def _products() -> list[dict[str, object]]:
    return [
        {"label": "vServer", "amount": 2_210_000},
        {"label": "vStorage", "amount": 734_200},
        {"label": "vMonitor", "amount": 190_000},
        {"label": "vCDN", "amount": 30_000},
    ]


def _spent() -> list[dict[str, object]]:
    """The last month is not billed yet."""
    return [
        {
            "label": display.short_month(date(2026, number, 1)),
            "parts": [(0, part) if number == 12 else (part, 0) for part in (number * 90_000, 700_000, 190_000, 30_000)],
            "before": 800_000 + number * 60_000,
        }
        for number in range(1, 13)
    ]


def _price() -> dict[str, object]:
    return {
        "lines": [
            {"label": _("Server 2 vCPU, 4 GB"), "note": _("90,000 ₫ × 2 × 60 days"), "amount": 360_000},
            {"label": _("Disk 40 GB SSD"), "note": _("35,000 ₫ × 2 × 60 days"), "amount": 140_000},
        ],
        "list_total": 625_000,
        "saving": 125_000,
        "coupon": {"code": "TET2027", "amount": 20_000},
        "tax": 43_636,
        "tax_note": _("10 %, included"),
        "total": 480_000,
        "total_note": _("until 13 Mar 2027, 08:00"),
    }


def _steps() -> list[dict[str, object]]:
    return [
        {"label": _("Choose"), "state": "done"},
        {"label": _("Pay"), "state": "done", "note": _("480,000 ₫ from the wallet")},
        {"label": _("Provisioning"), "state": "current", "busy": True, "note": _("usually under a minute")},
        {"label": _("Ready"), "state": "todo"},
    ]


def _provisioning() -> list[dict[str, object]]:
    return [
        {"label": _("Choose"), "state": "done"},
        {"label": _("Pay"), "state": "done"},
        {"label": _("Provisioning"), "state": "failed", "note": _("No capacity. 480,000 ₫ are back in your wallet.")},
        {"label": _("Ready"), "state": "todo"},
    ]


def _events() -> list[dict[str, object]]:
    return [
        {
            "at": NOW,
            "title": _("Moved to the trash"),
            "text": _("Deleted by lan@example.vn; purged on 19 Jan 2027"),
            "icon": "trash",
            "tone": "amber",
        },
        {
            "at": NOW - timedelta(days=3),
            "title": _("Renewed for 1 month"),
            "text": _("Automatically, from the wallet"),
            "icon": "renew",
            "tone": "blue",
        },
        {
            "at": NOW - timedelta(days=33),
            "title": _("Provisioned"),
            "text": _("Ready after 41 seconds"),
            "icon": "play",
            "tone": "green",
        },
    ]
