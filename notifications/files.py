"""
The documents that go along with a mail: of what its notices are about.

An app says how files are made of its rows when the portal starts (`has_files`); which kinds want them stands in their entries.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from notifications.events import Subject, subject_of
from notifications.kinds import KINDS
from notifications.models import Notice


class File(NamedTuple):
    name: str
    content: bytes
    media_type: str


FilesOfMany = Callable[[list[UUID], datetime], list[File]]
_makers: dict[Subject, FilesOfMany] = {}


def has_files(subject: Subject, files_of_many: FilesOfMany) -> None:
    """An app tells how the files of its rows are made, in the active language and as the rows stand at an instant."""
    _makers[subject] = files_of_many


def files_for(notices: Iterable[Notice], *, at: datetime) -> list[File]:
    wanted: dict[Subject, dict[UUID, None]] = {}
    for notice in notices:
        kind = KINDS[notice.kind]
        if kind.with_files and kind.about in _makers:
            wanted.setdefault(kind.about, {})[UUID(subject_of(notice.event)[1])] = None
    return [file for subject, pks in wanted.items() for file in _makers[subject](list(pks), at)]
