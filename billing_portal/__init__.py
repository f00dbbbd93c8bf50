"""The project: settings, addresses, the Celery application and the business calendar."""

from billing_portal.celery import app as celery_app

__all__ = ["celery_app"]
