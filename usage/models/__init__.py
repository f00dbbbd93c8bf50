"""What was used of metered items: records as product teams report them, and what of them was refused."""

from usage.models.intake import Batch, Outcome, RefusedRecord
from usage.models.records import Record, RecordKey

__all__ = ["Batch", "Outcome", "Record", "RecordKey", "RefusedRecord"]
