"""Reads what people sent, and keeps what they typed. It changes nothing itself."""

from collections.abc import Mapping
from typing import Any

from django import forms

from prefcenter.models import FeedbackReason
from unsubscribe.actions import Wanted
from unsubscribe.choices import Frequency, PreferenceState
from unsubscribe.links import Target
from unsubscribe.queries import Choice, PreferenceSheet

OFF = "off"
PAUSE_DAYS = [(30, "30 days"), (60, "60 days"), (90, "90 days")]


class PauseForm(forms.Form):
    days = forms.TypedChoiceField(choices=PAUSE_DAYS, coerce=int, label="Pause for")


class LessForm(forms.Form):
    """Only what is slower than today, the next slower one first."""

    frequency = forms.TypedChoiceField(coerce=Frequency, label="Less often instead")

    def __init__(self, choice: Choice, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.fields["frequency"].choices = [(one.value, one.label) for one in choice.slower]  # type: ignore[attr-defined]  # it is a Field to mypy


class FeedbackForm(forms.Form):
    reason = forms.ModelChoiceField(
        queryset=FeedbackReason.objects.filter(is_active=True),
        required=False,
        empty_label=None,
        widget=forms.RadioSelect,
        label="Why?",
    )
    text = forms.CharField(
        max_length=500,
        required=False,
        label="In your words",
        help_text="Please write nothing private; 500 characters at most.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class PreferencesForm(forms.Form):
    """One select for each category and channel. Beside it stands what it showed, so that a save touches only
    what the person touched, whatever another tab saved in between."""

    def __init__(self, sheet: PreferenceSheet, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.sheet = sheet
        for choice in sheet.choices:
            if choice.is_fixed:
                continue
            name, value = _name(choice), choice.frequency if choice.is_subscribed else OFF
            self.fields[name] = forms.ChoiceField(
                choices=[*Frequency.choices, (OFF, "Never")], initial=value, label=choice.category.name
            )
            self.fields[f"was-{name}"] = forms.CharField(initial=value, widget=forms.HiddenInput, required=False)

    def rows(self) -> list[tuple[Choice, forms.BoundField | None, forms.BoundField | None]]:
        """Each choice with its control and the hidden field beside it; none for what cannot be switched off."""
        return [
            (choice, None, None) if choice.is_fixed else (choice, self[_name(choice)], self[f"was-{_name(choice)}"])
            for choice in self.sheet.choices
        ]

    def wanted(self, target: Target) -> list[Wanted]:
        touched = [choice for choice in self.sheet.choices if not choice.is_fixed and self._is_touched(choice)]
        return [
            Wanted(
                target.address_id,
                choice.category.pk,
                _change(self.cleaned_data[_name(choice)], was=self.cleaned_data[f"was-{_name(choice)}"]),
                choice.channel,
                target.campaign_id,
            )
            for choice in touched
        ]

    def _is_touched(self, choice: Choice) -> bool:
        name = _name(choice)
        return bool(self.cleaned_data[name] != self.cleaned_data[f"was-{name}"])


def _name(choice: Choice) -> str:
    return f"c{choice.category.pk}-{choice.channel}"


def _change(value: str, *, was: str) -> dict[str, Any]:
    """What the person meant, judged by what the page showed: "less" on an old page is no "yes again"."""
    if value == OFF:
        return {"state": PreferenceState.UNSUBSCRIBED}
    if was != OFF:
        return {"frequency": Frequency(value)}
    return {"state": PreferenceState.SUBSCRIBED, "frequency": Frequency(value), "paused_until": None}
