"""What the reader wants to look at. What makes no sense is said in a sentence, and something usual shown instead."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db.models import Q
from django.utils import timezone
from django.utils.http import urlencode

from prefcenter.reports import Period, Selection
from prefcenter.reports.period import MOST_DAYS
from unsubscribe.choices import Channel
from unsubscribe.models import Campaign, Category, SentCount

from ..days import DayField

DAYS = (7, 30, 90, 365)
USUAL = 30
CAMPAIGNS_SHOWN = 30
_INSTEAD = f"Showing the last {USUAL} days instead."
_NO_DAY = {"invalid": f"Enter dates like 2026-03-31. {_INSTEAD}"}


class LookForm(forms.Form):
    """Reads a query string. Both `selection` and `complaints` have an answer, whatever was sent."""

    days = forms.TypedChoiceField(
        choices=[(str(days), f"{days} days") for days in DAYS],
        coerce=int,
        empty_value=None,
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": f"Unknown period. {_INSTEAD}"},
    )
    first, last = DayField("From", error_messages=_NO_DAY), DayField("To", error_messages=_NO_DAY)
    category = forms.ModelChoiceField(
        Category.objects.all(),
        required=False,
        empty_label="All",
        error_messages={"invalid_choice": "Unknown category. Showing all categories."},
    )
    campaign = forms.ModelChoiceField(
        Campaign.objects.all(),
        required=False,
        empty_label="All",
        error_messages={"invalid_choice": "Unknown campaign. Showing all campaigns."},
    )
    channel = forms.TypedChoiceField(
        choices=[("", "All"), *Channel.choices],
        coerce=Channel,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": "Unknown channel. Showing all channels."},
    )

    def __init__(self, data: Mapping[str, Any], *, now: datetime) -> None:
        super().__init__(data, auto_id="look-%s")
        self._now = now
        self.full_clean()
        self.selection = self._selection()
        self.fields["campaign"].widget.choices = self._campaigns()

    @property
    def complaints(self) -> list[str]:
        """What made no sense, each said once."""
        return list(dict.fromkeys(str(said) for errors in self.errors.values() for said in errors))

    @property
    def days_chosen(self) -> int | None:
        """Of the periods that end today, the one that is shown; None if it was given by its days."""
        return None if self._has_days() else self.selection.period.days

    @property
    def narrowed(self) -> str:
        """The query string of everything but the period."""
        one = self.selection
        chosen = (("category", one.category_id), ("campaign", one.campaign_id), ("channel", one.channel))
        return urlencode({name: value for name, value in chosen if value})

    def clean(self) -> dict[str, Any]:
        first, last = self._asked()
        today = timezone.localdate(self._now)
        if first > last:
            self.add_error(None, f"The end date is before the start date. {_INSTEAD}")
        elif first > today:
            self.add_error(None, f"These dates are in the future. {_INSTEAD}")
        elif (last - first).days >= MOST_DAYS:
            self.add_error(None, f"The period can be five years at most. {_INSTEAD}")
        return self.cleaned_data

    def _asked(self) -> tuple[date, date]:
        last = self.cleaned_data.get("last") or max(
            timezone.localdate(self._now), self.cleaned_data.get("first") or date.min
        )
        return self.cleaned_data.get("first") or last - timedelta(days=min(USUAL, last.toordinal()) - 1), last

    def _is_odd(self) -> bool:
        return bool(self.errors.keys() & {"first", "last", NON_FIELD_ERRORS})

    def _has_days(self) -> bool:
        """Whether a first or last day was given, and makes sense."""
        return not self._is_odd() and bool(self.cleaned_data.get("first") or self.cleaned_data.get("last"))

    def _period(self) -> Period:
        if not self._has_days():
            days = USUAL if self._is_odd() else self.cleaned_data.get("days") or USUAL
            return Period.latest(days, now=self._now)
        first, last = self._asked()
        return Period(first, min(last, timezone.localdate(self._now)), self._now)

    def _selection(self) -> Selection:
        category, campaign = self.cleaned_data.get("category"), self.cleaned_data.get("campaign")
        return Selection(
            self._period(),
            category.pk if category else None,
            campaign.pk if campaign else None,
            self.cleaned_data.get("channel"),
        )

    def _campaigns(self) -> list[tuple[Any, str]]:
        """What is not retired, of the chosen category if there is one: the newest, and what was sent in the period. And
        the chosen one, whatever it is: a house has thousands."""
        chosen, one = self.cleaned_data.get("campaign"), self.selection
        of_category = Q(category=one.category_id) if one.category_id else Q()
        known = Campaign.objects.filter(of_category, retired_at=None).order_by("-id")
        newest = list(known.values_list("id", flat=True)[:CAMPAIGNS_SHOWN])
        sent = SentCount.objects.filter(day__gte=one.period.first, day__lte=one.period.last, campaign__isnull=False)
        offered = list(known.filter(Q(id__in=newest) | Q(id__in=sent.values("campaign"))))
        shown = offered if chosen is None or chosen in offered else [*offered, chosen]
        return [("", "All"), *((each.pk, str(each)) for each in shown)]
