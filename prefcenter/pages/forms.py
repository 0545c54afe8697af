"""Reads what people sent on the unsubscribe page, and why they left. It keeps what they typed and changes nothing."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.forms.boundfield import BoundWidget
from django.utils.translation import gettext_lazy as _

from prefcenter.models import FeedbackReason
from unsubscribe.choices import Frequency
from unsubscribe.outbox.wording import frequency_label
from unsubscribe.queries import Choice

PAUSES = [(30, _("30 days")), (60, _("60 days")), (90, _("90 days"))]


class PauseForm(forms.Form):
    days = forms.TypedChoiceField(choices=PAUSES, coerce=int)


#: What "less often" means on the unsubscribe page. A mail a day is not less to many.
LESS = [Frequency.WEEKLY, Frequency.MONTHLY]


def offered_instead(choice: Choice) -> list[tuple[Frequency, str]]:
    """The slower frequencies with their labels, the next one first."""
    return [(one, frequency_label(one, choice.channel)) for one in choice.slower if one in LESS]


class LessForm(forms.Form):
    """Whatever a page that was opened earlier offered."""

    frequency = forms.TypedChoiceField(choices=[(one.value, one.value) for one in LESS], coerce=Frequency)


class FeedbackForm(forms.Form):
    """A reason, a line more where the reason asks for one, and free text. All of it may stay empty."""

    reason = forms.ChoiceField(required=False, widget=forms.RadioSelect)
    text = forms.CharField(
        max_length=500,
        required=False,
        label=_("Anything else? (optional)"),
        help_text=_("Please don’t include personal details. Up to 500 characters."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.by_id = {str(one.pk): one for one in FeedbackReason.objects.filter(is_active=True)}
        self.fields["reason"].choices = [(pk, one.local_text) for pk, one in self.by_id.items()]  # type: ignore[attr-defined]  # it is a Field to mypy
        for pk, reason in self.by_id.items():
            if reason.asks_for_more:
                words = _("Tell us more (optional)")
                line = forms.TextInput(attrs={"class": "more", "aria-label": words, "placeholder": words})
                self.fields[f"more-{pk}"] = forms.CharField(max_length=200, required=False, widget=line)

    @property
    def has_reasons(self) -> bool:
        return bool(self.by_id)

    def reasons(self) -> list[tuple[BoundWidget, forms.BoundField | None]]:
        """Each radio button with the line that opens below it."""
        radios = zip(self["reason"], self.by_id, strict=True)
        return [(radio, self[f"more-{pk}"] if f"more-{pk}" in self.fields else None) for radio, pk in radios]

    def answer(self) -> dict[str, Any]:
        """The fields of Feedback; empty when nothing was said. The line of a reason not chosen does not count."""
        pk = self.cleaned_data["reason"]
        said = {
            "reason": self.by_id.get(pk),
            "more": self.cleaned_data.get(f"more-{pk}", ""),
            "text": self.cleaned_data["text"],
        }
        return said if any(said.values()) else {}
