"""Puts changes and frequencies into words, for pages and emails, in the active language."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .. import channels
from ..choices import Channel, Frequency, PreferenceState
from ..rules import OWN_NO

#: The before or the after of an event, with the keys of ledger.events.
Facts = Mapping[str, Any]


def describe(before: Facts, after: Facts, *, category: str = "", channel: Channel | str = Channel.EMAIL) -> str:
    """The step from `before` to `after` in one or two sentences; "" when nothing that the contact would notice changed.

    category: its name in the active language; "" for a change of everything
    """
    what = _("“%(category)s” %(by_channel)s") % {"category": category, "by_channel": by_channel(channel)}
    if _differs("suppressed", before, after):
        return _everything(before, after)
    if _differs("state", before, after):
        if after["state"] == PreferenceState.UNSUBSCRIBED:
            return _("You’ll no longer get %(what)s.") % {"what": what}
        if after["state"] == PreferenceState.UNSPECIFIED:
            return _("Your previous setting for %(what)s is back.") % {"what": what}
        return _on(before, after, what=what, channel=channel)
    if after.get("state") == PreferenceState.UNSUBSCRIBED and category:
        return _("You’re still unsubscribed from %(what)s.") % {"what": what} if dict(before) != dict(after) else ""
    return " ".join(_less_or_more(before, after, what=what if category else _("Everything"), channel=channel))


def _less_or_more(before: Facts, after: Facts, *, what: str, channel: Channel | str) -> Iterator[str]:
    """How often, and the pause: one email may tell of both."""
    if _differs("frequency", before, after):
        yield _("%(what)s: %(often)s.") % {"what": what, "often": how_often(after["frequency"], channel)}
    if _differs("paused_until", before, after):
        yield _pause(after["paused_until"], what=what)


def _everything(before: Facts, after: Facts) -> str:
    """Of the contact's own no (rules.OWN_NO); "" for a suppression that others set or lifted."""
    if OWN_NO & set(after["suppressed"]):
        return _("You’re unsubscribed from everything. We won’t send you any more marketing.")
    if OWN_NO & set(before.get("suppressed", ())):
        return _("You’re no longer unsubscribed from everything.")
    return ""


def _on(before: Facts, after: Facts, *, what: str, channel: Channel | str) -> str:
    said = _("You’re subscribed to %(what)s.") % {"what": what}
    if _differs("frequency", before, after):
        often = how_often(after["frequency"], channel)
        said = _("You’re subscribed to %(what)s: %(often)s.") % {"what": what, "often": often}
    is_paused = _differs("paused_until", before, after) and after["paused_until"]
    return f"{said} {_pause(after['paused_until'], what=what)}" if is_paused else said


def by_channel(channel: Channel | str) -> str:
    """How a message comes, in the middle of a sentence: "by email"."""
    return str(channels.of(channel).phrase)


def how_often(frequency: Frequency | str, channel: Channel | str = Channel.EMAIL) -> str:
    """A frequency in the middle of a sentence."""
    return {
        Frequency.AS_SENT: _("every email") if channel == Channel.EMAIL else _("every message"),
        Frequency.DAILY: _("at most once a day"),
        Frequency.WEEKLY: _("at most once a week"),
        Frequency.MONTHLY: _("at most once a month"),
    }[Frequency(frequency)]


def frequency_label(frequency: Frequency | str, channel: Channel | str = Channel.EMAIL) -> str:
    """A frequency on a button or in a list of options."""
    return {
        Frequency.AS_SENT: _("Every email") if channel == Channel.EMAIL else _("Every message"),
        Frequency.DAILY: _("Daily at most"),
        Frequency.WEEKLY: _("Weekly at most"),
        Frequency.MONTHLY: _("Monthly at most"),
    }[Frequency(frequency)]


def _pause(until: str | None, *, what: str) -> str:
    if until is None:
        return _("%(what)s has resumed.") % {"what": what}
    return _("%(what)s is paused until %(day)s.") % {"what": what, "day": date_format(date.fromisoformat(until))}


def _differs(name: str, before: Facts, after: Facts) -> bool:
    return name in after and after[name] != before.get(name)
