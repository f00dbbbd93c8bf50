"""What was used of metered items: records as product teams report them, what of them was refused, and the months that are billed."""

from usage.models.intake import Batch, Outcome, RefusedRecord
from usage.models.months import ClosedMonth
from usage.models.records import Record, RecordKey

__all__ = ["Batch", "ClosedMonth", "Outcome", "Record", "RecordKey", "RefusedRecord"]
