from tests.sandbox.conftest import merchant, sandbox

__all__ = ["merchant", "sandbox"]
