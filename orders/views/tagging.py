"""How tags are typed in: the fixed keys as fields, free ones in lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Unpack

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kernel.errors import InvalidInput
from kernel.shapes import Cleaned, FormOptions, Sent
from kernel.tags import FIXED, LONGEST_VALUE, Tags, checked, folded, own

ABOUT = {
    "Assignee": gettext_lazy("who looks after it"),
    "Company": gettext_lazy("for which company it runs"),
    "Department": gettext_lazy("who bears its cost"),
    "Environment": gettext_lazy("such as production, staging or test"),
}
LONGEST_TEXT = 8_000
TEXTAREA = {"rows": 4, "spellcheck": "false"}


class TagsForm(forms.Form):
    """The fixed keys each in a field of its own, the free ones a line each."""

    tags = forms.CharField(
        label=gettext_lazy("Other tags"), required=False, max_length=LONGEST_TEXT, widget=forms.Textarea(attrs=TEXTAREA),
        help_text=gettext_lazy("One a line: key = value."),
    )  # fmt: skip

    def __init__(self, data: Sent = None, **options: Unpack[FormOptions]) -> None:
        super().__init__(data, **options)
        for key in FIXED:
            self.fields[name_of(key)] = forms.CharField(
                label=key, required=False, max_length=LONGEST_VALUE, help_text=ABOUT[key]
            )
        self.order_fields([name_of(key) for key in FIXED])

    def clean(self) -> Cleaned:
        given = self.cleaned_data
        try:
            pairs = [*_lines(given.get("tags", "")), *((key, given.get(name_of(key))) for key in FIXED)]
            named = [folded(key) for key, value in pairs if value]
            for key, _value in pairs:
                if named.count(folded(key)) > 1:
                    raise InvalidInput(_("The tag %(key)s is named twice."), field="tags", key=key)
            given["change"] = checked({key: value for key, value in pairs if value})
        except InvalidInput as refusal:
            self.add_error("tags", str(refusal))
        return given

    @property
    def is_filled_in(self) -> bool:
        return bool(self.errors or self.given)

    @property
    def given(self) -> dict[str, str | None]:
        """What was filled in."""
        change: dict[str, str | None] = self.cleaned_data["change"]
        return change

    @staticmethod
    def values_of(tags: Tags) -> dict[str, str]:
        """The fields' values for tags as they are."""
        free = [f"{key} = {value}" for key, value in own(tags).items() if key not in FIXED]
        return {"tags": "\n".join(free), **{name_of(key): tags[key] for key in FIXED if key in tags}}


class TagsOfManyForm(TagsForm):
    """What is left empty stays as it is with each of them."""

    off = forms.CharField(
        label=gettext_lazy("Take off"), required=False, max_length=LONGEST_TEXT, widget=forms.Textarea(attrs=TEXTAREA),
        help_text=gettext_lazy("Keys, one a line."),
    )  # fmt: skip

    def clean(self) -> Cleaned:
        given = super().clean()
        if "change" in given:
            try:
                keys = [line.strip() for line in given.get("off", "").splitlines() if line.strip()]
                given["change"] = checked({**given["change"], **dict.fromkeys(keys)})
            except InvalidInput as refusal:
                self.add_error("off", str(refusal))
            else:
                if not given["change"]:
                    self.add_error(None, _("Fill in what is to be changed."))
        return given


def name_of(key: str) -> str:
    """The name of a fixed key's field."""
    return f"tag-{key}"


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """:raises InvalidInput: a line says no key and value"""
    for line in filter(None, map(str.strip, text.splitlines())):
        key, _sign, value = line.partition("=")
        if not key.strip() or not value.strip():
            raise InvalidInput(_("Write each tag as key = value: “%(line)s”"), field="tags", line=line[:60])
        yield " ".join(key.split()), value.strip()
