"""The form of the preference center. A save touches what the person touched, whatever another tab saved meanwhile."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext as _

from unsubscribe.actions import Wanted
from unsubscribe.choices import Frequency, PreferenceState
from unsubscribe.links import Target
from unsubscribe.models import Category
from unsubscribe.outbox.wording import frequency_label
from unsubscribe.queries import Choice, PreferenceSheet

_WAS = re.compile(r"was-([0-9]{1,9})-([a-z]+)")


class ChannelFields(NamedTuple):
    """One channel of one category: the switch, how often, and what both showed when the page was made."""

    choice: Choice
    on: forms.BoundField
    often: forms.BoundField
    was: forms.BoundField


class Group(NamedTuple):
    name: str
    categories: list[tuple[Category, list[ChannelFields]]]


@dataclass(frozen=True)
class Shown:
    is_on: bool
    often: Frequency

    def __str__(self) -> str:
        return f"{'on' if self.is_on else 'off'} {self.often}"


_EVERY_SHOWN: dict[str, Shown] = {
    str(shown): shown for is_on in (True, False) for often in Frequency for shown in [Shown(is_on, often)]
}


def named_in(data: Mapping[str, Any]) -> set[int]:
    """The categories that stood on the page that was sent, which may be more than would be offered by now."""
    return {int(found[1]) for name in data if (found := _WAS.fullmatch(name))}


class PreferencesForm(forms.Form):
    def __init__(self, sheet: PreferenceSheet, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data)
        self.sheet = sheet
        self.choices = [one for one in sheet.choices if not one.is_fixed and _stands_on_page(one, data)]
        for choice in self.choices:
            self._add(choice)
        got = [one for one in self._shown() if one.is_subscribed]
        self.fields["pause"] = forms.ChoiceField(
            required=False,
            widget=forms.Select(attrs={"form": "sheet"}),
            choices=[("", _("Everything")), *((one.key, self._name(one)) for one in got)],
            error_messages={"invalid_choice": _("Please choose one of the options.")},
        )

    def _name(self, choice: Choice) -> str:
        several = len({one.channel for one in self.choices}) > 1
        name = choice.category.local_name
        return _("%(category)s, %(channel)s") % {"category": name, "channel": choice.channel.label} if several else name

    def _add(self, choice: Choice) -> None:
        key, shown = choice.key, Shown(choice.is_subscribed, choice.frequency)
        label = _("How often: %(what)s") % {"what": self._name(choice)}
        self.fields[f"on-{key}"] = forms.BooleanField(
            required=False, initial=shown.is_on, widget=forms.CheckboxInput(attrs={"class": "switch"})
        )
        self.fields[f"often-{key}"] = forms.ChoiceField(
            choices=[(one.value, frequency_label(one, choice.channel)) for one in Frequency],
            initial=shown.often,
            widget=forms.Select(attrs={"aria-label": label, "id": False}),
            error_messages={"invalid_choice": _("Please choose one of the options.")},
        )
        self.fields[f"was-{key}"] = forms.ChoiceField(
            choices=[(text, text) for text in _EVERY_SHOWN],
            initial=str(shown),
            widget=forms.HiddenInput(attrs={"id": False}),
            error_messages={"invalid_choice": _("Please reload this page.")},
        )

    def clean(self) -> dict[str, Any]:
        """How often says nothing about what is off: not before it was switched on does it mean anything."""
        for choice in self.choices:
            on, often, was = (self.cleaned_data.get(f"{part}-{choice.key}") for part in ("on", "often", "was"))
            if was and often and not on and not _EVERY_SHOWN[was].is_on and often != _EVERY_SHOWN[was].often:
                self.add_error(f"often-{choice.key}", _("Turn this on first."))
        return self.cleaned_data

    @property
    def groups(self) -> list[Group]:
        """What can be switched, under its headings; what stands under none comes first."""
        ordered = sorted(self._shown(), key=lambda one: _place(one.category))
        return [
            Group(heading.local_name if heading else "", self._by_category(choices))
            for heading, choices in groupby(ordered, key=lambda one: one.category.group)
        ]

    def _shown(self) -> list[Choice]:
        """What was retired while the page was open is offered no more."""
        return [one for one in self.choices if one.category.retired_at is None]

    @property
    def carried(self) -> list[str]:
        """The hidden fields of what is shown no more, so that a form with an error somewhere else still leaves it."""
        gone = [one for one in self.choices if one.category.retired_at is not None]
        return [field.as_hidden() for one in gone for field in self._way(one)[1:]]

    def _by_category(self, choices: Iterable[Choice]) -> list[tuple[Category, list[ChannelFields]]]:
        return [
            (category, [self._way(choice) for choice in ways])
            for category, ways in groupby(choices, key=lambda one: one.category)
        ]

    def _way(self, choice: Choice) -> ChannelFields:
        return ChannelFields(choice, *(self[f"{part}-{choice.key}"] for part in ("on", "often", "was")))

    @property
    def always_sent(self) -> list[Category]:
        fixed = (one.category for one in self.sheet.choices if one.is_fixed)
        return list(dict.fromkeys(one for one in fixed if one.retired_at is None))

    def wanted(self, target: Target, *, pauses: Mapping[str, date | None] | None = None) -> list[Wanted]:
        """What was touched; `pauses` says until when, by the key of a choice. What cannot be read was not."""
        changes = {choice.key: self._change(choice) for choice in self.choices}
        for key, until in (pauses or {}).items():
            if key in changes:
                changes[key] |= {"paused_until": until}
        return [
            Wanted(
                target.address_id,
                choice.category.pk,
                changes[choice.key],
                choice.channel,
                target.campaign_id,
                _wording(choice, self._touched(choice)[1]),
            )
            for choice in self.choices
            if changes[choice.key] and not self._is_gone(choice)
        ]

    def is_incomplete(self) -> bool:
        """Whether something was switched on that is not offered any more."""
        assert self.data is not None  # noqa: S101  (asked only of what was sent)
        known = {one.key for one in self.sheet.choices}
        sent = [f"{found[1]}-{found[2]}" for name in self.data if (found := _WAS.fullmatch(name))]
        lost = [key for key in sent if key not in known and self.data.get(f"on-{key}")]
        lost = [key for key in lost if str(self.data.get(f"was-{key}")).startswith("off")]
        return bool(lost) or any(self._is_gone(choice) for choice in self.choices)

    def _is_gone(self, choice: Choice) -> bool:
        """Hidden or retired while the page was open: leaving it goes as ever, coming to it does not."""
        is_on, _often, was = self._touched(choice)
        return is_on and not was.is_on and not choice.category.is_offered

    def _touched(self, choice: Choice) -> tuple[bool, Frequency, Shown]:
        """The switch, how often, and what both showed. A form that is not valid may lack some of it: without the last
        it counts as what holds now, and a frequency that cannot be read as the one that was shown."""
        on, often, was = (self.cleaned_data.get(f"{part}-{choice.key}") for part in ("on", "often", "was"))
        if not was:
            holds = Shown(choice.is_subscribed, choice.frequency)
            return holds.is_on, holds.often, holds
        shown = _EVERY_SHOWN[was]
        return bool(on), Frequency(often or shown.often), shown

    def _change(self, choice: Choice) -> dict[str, Any]:
        """What the person meant, judged by what the page showed: "less" on an old page is no "yes again"."""
        is_on, often, was = self._touched(choice)
        if is_on and not was.is_on:
            return {"state": PreferenceState.SUBSCRIBED, "frequency": often, "paused_until": None}
        if is_on and often != was.often:
            return {"frequency": often}
        return {"state": PreferenceState.UNSUBSCRIBED} if was.is_on and not is_on else {}


def _wording(choice: Choice, often: str) -> str:
    """What the person read beside the switch, and on the button (GDPR Art. 7(1), requirement P9)."""
    category, label = choice.category, frequency_label(often, choice.channel)
    said = [category.local_name, category.local_description, str(choice.channel.label), label, _("Save")]
    return " · ".join(filter(None, said))


def _stands_on_page(choice: Choice, data: Mapping[str, Any] | None) -> bool:
    """Every choice that was sent; on a new page, what is offered and what the contact gets."""
    if data is not None:
        return f"was-{choice.key}" in data
    return choice.is_offered


def _place(category: Category) -> tuple[bool, int, int, int, int]:
    group = category.group
    return (group is not None, group.position if group else 0, group.pk if group else 0, category.position, category.pk)
