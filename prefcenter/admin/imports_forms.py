"""What somebody says about a file: what it holds, and what is to be done with it."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.template.defaultfilters import filesizeformat

from prefcenter.imports import Meaning, Means, Question, Terms
from prefcenter.imports.questions import Value
from prefcenter.imports.words import rows
from prefcenter.models import ImportKind
from unsubscribe.choices import Channel, Purpose, SuppressionReason
from unsubscribe.models import Category

_REASONS = {
    "": "As the file says",
    SuppressionReason.UNSUBSCRIBED_ALL: "They unsubscribed",
    SuppressionReason.COMPLAINT: "They complained",
    SuppressionReason.HARD_BOUNCE: "The address does not exist",
    SuppressionReason.MANUAL: "We block it: nothing at all, not even a receipt",
}
_MEANINGS = {
    "": "Please choose",
    Meaning.UNSUBSCRIBED: "They unsubscribed",
    Meaning.SUBSCRIBED: "They are subscribed",
    Meaning.COMPLAINT: "They complained",
    Meaning.HARD_BOUNCE: "The address does not exist",
    Meaning.MANUAL: "We block it: nothing at all, not even a receipt",
    Meaning.IGNORE: "Neither: leave these lines out",
}
_ORDERS = {"": "Please choose", "day-first": "The day (31/12/2026)", "month-first": "The month (12/31/2026)"}


class TermsForm(forms.Form):
    """Reason and category are about opt-outs; contacts have neither."""

    kind = forms.ChoiceField(
        label="What it holds",
        choices=[(ImportKind.OPT_OUTS, "Opt-outs: do not write to them"), (ImportKind.CONTACTS, "Contacts: know them")],
        help_text="Knowing an address is no consent: nothing is subscribed, and whoever opted out stays so.",
    )
    channel = forms.ChoiceField(label="Channel", choices=Channel.choices, initial=Channel.EMAIL)
    reason = forms.ChoiceField(
        label="Reason of the opt-outs",
        choices=list(_REASONS.items()),
        required=False,
        help_text="Where the file says nothing, they unsubscribed. Lines that say “subscribed” are never taken.",
    )
    category = forms.ModelChoiceField(
        Category.objects.filter(purpose=Purpose.MARKETING, retired_at=None),
        required=False,
        empty_label="Everything on this channel",
        help_text="For whoever unsubscribed. A complaint, or an address that does not exist, counts for everything.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        is_about_everything = cleaned.get("reason") not in {"", None, SuppressionReason.UNSUBSCRIBED_ALL}
        if cleaned.get("category") and is_about_everything:
            self.add_error("category", "With this reason the opt-outs are about everything: please choose no category.")
        return cleaned

    @property
    def terms(self) -> Terms:
        said = self.cleaned_data
        kind, channel = ImportKind(said["kind"]), Channel(said["channel"])
        if kind == ImportKind.CONTACTS:
            return Terms(kind, channel)
        reason = SuppressionReason(said["reason"]) if said["reason"] else None
        return Terms(kind, channel, reason, said["category"].pk if said["category"] else None)


class UploadForm(TermsForm):
    file = forms.FileField(
        help_text="CSV or a plain list, as Mailchimp, Mailgun, SendGrid, Postmark and Klaviyo export it, or as SHA-256."
    )
    field_order = ["file", "kind"]


def too_large() -> str:
    most = filesizeformat(settings.IMPORT_MAX_MB * 2**20)
    return f"This file is larger than {most}. Please split it, or have it imported on the server by the command."


class AnswersForm(forms.Form):
    """What the columns of a file mean: a choice for each value, or that the column as a whole says nothing about it."""

    def __init__(self, questions: Sequence[Question], data: Any = None) -> None:
        super().__init__(data)
        self._questions = questions
        for number, question in enumerate(questions):
            if not question.orders:
                self.fields[f"{number}"] = forms.BooleanField(
                    label="This column does not say who opted out", required=False
                )
            for place, value in self._asked(question):
                self.fields[f"{number}-{place}"] = forms.ChoiceField(
                    label=f"{value.shown} ({rows(value.rows)})",
                    choices=list(_MEANINGS.items()),
                    required=False,
                    initial=value.means or value.would_mean,
                )
            if question.orders:
                choices = [(one, _ORDERS[one]) for one in ("", *question.orders)]
                self.fields[f"{number}-order"] = forms.ChoiceField(
                    label=f"What comes first in its dates, such as {question.values[0].shown}",
                    choices=choices,
                    required=False,
                    initial=question.order,
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
                self.add_error(name, "Please choose what this means, or tick that the column does not say it.")
        return cleaned

    @property
    def said(self) -> dict[str, Means]:
        found: dict[str, Means] = {}
        for number, question in enumerate(self._questions):
            found[question.name] = found.get(question.name, Means()).with_more(self._said(number, question))
        return found

    def _said(self, number: int, question: Question) -> Means:
        if self.cleaned_data.get(f"{number}"):
            return Means(is_ignored=True)
        values = {value.key: Meaning(self.cleaned_data[f"{number}-{place}"]) for place, value in self._asked(question)}
        return Means(values, order=self.cleaned_data.get(f"{number}-order", ""))

    def _asked(self, question: Question) -> list[tuple[int, Value]]:
        """What is open, and what somebody answered before; the rest is known anyhow."""
        return [(place, one) for place, one in enumerate(question.values) if one.is_open or one.is_said]
