import pytest

from tests.sandbox.conftest import merchant, sandbox

__all__ = ["merchant", "sandbox"]


@pytest.fixture
def fixed_request(monkeypatch):
    """MoMo's requests have one name."""
    for module in ("momo", "momo_links"):
        monkeypatch.setattr(f"payments.gateways.{module}.uuid.uuid4", lambda: type("U", (), {"hex": "rid1"}))
