"""Reads which opt-outs the staff want to see, and as which file. No address is among what can be asked for."""

from typing import Any
from urllib.parse import urlencode

from django import forms

from prefcenter.lists.suppressions import EXPORT_FORMATS, OF_A_CATEGORY, REASONS, SuppressionQuery
from unsubscribe.choices import Channel, Source
from unsubscribe.models import Category

from ..days import DayField

_ROWS = (("category", "reason"), ("channel", "source"), ("since", "until"), ("lifted",))


class AskedForm(forms.Form):
    category = forms.ModelChoiceField(
        Category.objects.all(), label="Category", required=False, empty_label="Everything: suppressed addresses"
    )
    reason = forms.ChoiceField(choices=[("", "Any"), *REASONS.items()], required=False)
    channel = forms.ChoiceField(choices=[("", "Any"), *Channel.choices], required=False)
    source = forms.ChoiceField(choices=[("", "Any"), *Source.choices], required=False)
    lifted = forms.ChoiceField(
        label="Status", choices=[("", "In force"), ("yes", "Lifted suppressions")], required=False
    )
    since, until = DayField("From"), DayField("To")

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("reason") in OF_A_CATEGORY and not said.get("category") and "category" not in self.errors:
            self.add_error("reason", "Choose a category as well: this reason applies only to categories.")
        if said.get("since") and said.get("until") and said["since"] > said["until"]:
            self.add_error("until", "The end date is before the start date.")
        return said

    def asked(self) -> SuppressionQuery:
        """Only of a valid form."""
        said = self.cleaned_data
        reasons = frozenset({said["reason"]} if said["reason"] else REASONS)
        return SuppressionQuery(
            said.get("category"),
            said["channel"],
            reasons,
            said["source"],
            said["since"],
            said["until"],
            is_lifted=bool(said.get("lifted")),
        )

    @property
    def in_rows(self) -> list[list[forms.BoundField]]:
        """As they stand side by side where there is room."""
        return [[self[name] for name in row if name in self.fields] for row in _ROWS]

    @property
    def query(self) -> str:
        """What was asked, for a URL; the number of the page stands elsewhere."""
        return urlencode({name: self.data[name] for name in AskedForm.base_fields if self.data.get(name)})


class ExportForm(AskedForm):
    """The same, carried along unseen, and the file. What was lifted is in none: whoever reads one would suppress it."""

    lifted = None  # type: ignore[assignment]  # Django's way to leave out a field of the base

    format = forms.ChoiceField(label="Format", choices=[(key, one.label) for key, one in EXPORT_FORMATS.items()])

    def clean(self) -> dict[str, Any]:
        said = super().clean()
        if said.get("format") and not EXPORT_FORMATS[said["format"]].takes(said.get("channel", "")):
            self.add_error("format", "This format contains only email addresses. Choose the channel Email, or Any.")
        return said

    @property
    def carried(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name != "format"]
