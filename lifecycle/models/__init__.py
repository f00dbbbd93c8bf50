"""What is rented: resources and their states, the time they were in use, what product teams were asked."""

from lifecycle.models.channels import DeliveryChannel
from lifecycle.models.halted import Start
from lifecycle.models.history import ResourceEvent, ServicePeriod
from lifecycle.models.provisioning import REQUEST_EDGES, Failure, ProvisioningRequest
from lifecycle.models.resource import EDGES, RUNNING, Resource, State
from lifecycle.models.tags import TagValue, tagged
from lifecycle.models.terms import Health, Renewal
from lifecycle.models.warnings import CreditWarning

__all__ = [
    "EDGES",
    "REQUEST_EDGES",
    "RUNNING",
    "CreditWarning",
    "DeliveryChannel",
    "Failure",
    "Health",
    "ProvisioningRequest",
    "Renewal",
    "Resource",
    "ResourceEvent",
    "ServicePeriod",
    "Start",
    "State",
    "TagValue",
    "tagged",
]
