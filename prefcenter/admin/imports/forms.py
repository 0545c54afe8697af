"""What somebody says about a file: what it holds, and what is to be done with it."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat

from prefcenter.lists.imports import ColumnAnswer, ColumnQuestion, ImportOptions, Meaning
from prefcenter.lists.imports.columns import answers
from prefcenter.lists.imports.columns.answers import ADDRESS, IGNORE, UNDATED
from prefcenter.lists.imports.columns.questions import QuestionKind, Value
from prefcenter.lists.imports.wording import rows
from prefcenter.models import ImportKind
from unsubscribe.choices import Channel, Purpose, SuppressionReason
from unsubscribe.models import Category

#: Behind the number of a question that one of a few words answers.
CHOICE = "choice"
_REASONS = {
    "": "As stated in the file",
    SuppressionReason.UNSUBSCRIBED_ALL: "They unsubscribed",
    SuppressionReason.COMPLAINT: "They complained",
    SuppressionReason.HARD_BOUNCE: "The address does not exist",
    SuppressionReason.MANUAL: "Suppressed by us: send nothing, not even receipts",
}
_MEANINGS = {
    "": "Choose…",
    Meaning.UNSUBSCRIBED: "They unsubscribed",
    Meaning.SUBSCRIBED: "They are subscribed",
    Meaning.COMPLAINT: "They complained",
    Meaning.HARD_BOUNCE: "The address does not exist",
    Meaning.MANUAL: "Suppressed by us: send nothing, not even receipts",
    Meaning.IGNORE: "None of these: skip these lines",
}
_CHOICES = {
    "day-first": "The day (31/12/2026)",
    "month-first": "The month (12/31/2026)",
    "year-first": "The year (26/12/31)",
    UNDATED: "Use the time of the import",
    ADDRESS: "They belong to the same people: apply the row to them, too",
    IGNORE: "They belong to other people: ignore them",
}
_ASKED = {
    QuestionKind.ORDER: "What comes first in dates like {shown}?",
    QuestionKind.UNDATED: "Values that aren’t dates, like {shown} ({rows})",
    QuestionKind.ADDRESSES: "The addresses in this column ({rows})",
}


class OptionsForm(forms.Form):
    """Reason and category are about opt-outs; contacts have neither."""

    kind = forms.ChoiceField(
        label="File contents",
        choices=[(ImportKind.OPT_OUTS, "Opt-outs: stop sending to them"), (ImportKind.CONTACTS, "Contacts: add them")],
        help_text="Adding a contact doesn’t subscribe them to anything. People who opted out stay opted out.",
    )
    channel = forms.ChoiceField(label="Channel", choices=Channel.choices, initial=Channel.EMAIL)
    reason = forms.ChoiceField(
        label="Reason for the opt-outs",
        choices=list(_REASONS.items()),
        required=False,
        help_text="Lines without a reason count as unsubscribed. Lines that say “subscribed” are always skipped.",
    )
    category = forms.ModelChoiceField(
        Category.objects.filter(purpose=Purpose.MARKETING, retired_at=None),
        required=False,
        empty_label="Everything on this channel",
        help_text="Only for people who unsubscribed. Complaints and nonexistent addresses always apply to everything.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_about_everything = cleaned.get("reason") not in {"", None, SuppressionReason.UNSUBSCRIBED_ALL}
        if cleaned.get("category") and is_about_everything:
            self.add_error("category", "Opt-outs with this reason apply to everything. Leave the category empty.")
        return cleaned

    @property
    def options(self) -> ImportOptions:
        said = self.cleaned_data
        kind, channel = ImportKind(said["kind"]), Channel(said["channel"])
        if kind == ImportKind.CONTACTS:
            return ImportOptions(kind, channel)
        reason = SuppressionReason(said["reason"]) if said["reason"] else None
        return ImportOptions(kind, channel, reason, said["category"].pk if said["category"] else None)


class UploadForm(OptionsForm):
    file = forms.FileField(
        help_text="CSV or a plain list: exports from Mailchimp, Mailgun, SendGrid, Postmark or Klaviyo, or SHA-256."
    )
    field_order = ["file", "kind"]


def too_large() -> str:
    most = filesizeformat(settings.IMPORT_MAX_MB * 2**20)
    return f"This file is larger than {most}. Split it, or have it imported on the server with manage.py."


def _choice(question: ColumnQuestion) -> forms.ChoiceField:
    """For a question that one of a few words answers."""
    [example] = question.values
    label = _ASKED[QuestionKind(question.kind)].format(shown=example.shown, rows=rows(example.rows))
    choices = [("", "Choose…"), *((one, _CHOICES[one]) for one in question.choices)]
    return forms.ChoiceField(label=label, choices=choices, required=False)


class AnswersForm(forms.Form):
    """What the columns of a file mean: a choice for each value, or that the column as a whole says nothing about it."""

    def __init__(self, questions: Sequence[ColumnQuestion], data: Any = None) -> None:
        super().__init__(data)
        self._questions = questions
        for number, question in enumerate(questions):
            if question.choices:
                self.fields[f"{number}-{CHOICE}"] = _choice(question)
                continue
            self.fields[f"{number}"] = forms.BooleanField(label="This column doesn’t say who opted out", required=False)
            for place, value in self._asked(question):
                self.fields[f"{number}-{place}"] = forms.ChoiceField(
                    label=f"{value.shown} ({rows(value.rows)})",
                    choices=list(_MEANINGS.items()),
                    required=False,
                    initial=value.means or value.would_mean,
                )

    @property
    def columns(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """The heading of each column, and the fields about it; the one about the whole column is the last."""
        for number, question in enumerate(self._questions):
            names = [name for name in self.fields if name.startswith(f"{number}-")] + [f"{number}"]
            yield question.heading, [self[name] for name in names if name in self.fields]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in self.fields:
            if "-" in name and not cleaned.get(name) and not cleaned.get(name.partition("-")[0]):
                self.add_error(name, "Choose what this means, or confirm that the column doesn’t say who opted out.")
        return cleaned

    @property
    def said(self) -> dict[str, ColumnAnswer]:
        found: dict[str, ColumnAnswer] = {}
        for number, question in enumerate(self._questions):
            found[question.name] = found.get(question.name, ColumnAnswer()).with_more(self._said(number, question))
        return found

    def _said(self, number: int, question: ColumnQuestion) -> ColumnAnswer:
        if question.choices:
            return answers.parse(self.cleaned_data[f"{number}-{CHOICE}"])
        if self.cleaned_data.get(f"{number}"):
            return ColumnAnswer(is_ignored=True)
        return ColumnAnswer(
            {value.key: Meaning(self.cleaned_data[f"{number}-{place}"]) for place, value in self._asked(question)}
        )

    def _asked(self, question: ColumnQuestion) -> list[tuple[int, Value]]:
        """What is open, and what somebody answered before; the rest is known anyhow."""
        return [(place, one) for place, one in enumerate(question.values) if one.is_open or one.is_said]
