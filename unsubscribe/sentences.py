"""Says a change in words, for pages and mails alike. Pure: it knows neither contact nor address."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .choices import Channel, Frequency, PreferenceState

Facts = Mapping[str, Any]


def describe(before: Facts, after: Facts, *, category: str = "", channel: Channel | str = Channel.EMAIL) -> str:
    """One sentence for the step from `before` to `after`, as the ledger stores them; "" when nothing is different."""
    what = _("“%(category)s” %(by_channel)s") % {"category": category, "by_channel": by_channel(channel)}
    if _differs("suppressed", before, after):
        if after["suppressed"]:
            return _("No more mail of ours: you are unsubscribed from everything.")
        return _("You are no longer unsubscribed from everything.")
    if _differs("state", before, after):
        if after["state"] == PreferenceState.UNSUBSCRIBED:
            return _("No more %(what)s.") % {"what": what}
        if after["state"] == PreferenceState.UNSPECIFIED:
            return _("%(what)s is as it was before.") % {"what": what}
        return _("%(what)s is on again.") % {"what": what} + _also_frequency(before, after)
    if _differs("frequency", before, after):
        return f"{what}: {_frequency(after)}."
    if _differs("paused_until", before, after):
        return _pause(after["paused_until"], what=what if category else _("Everything"))
    return ""


def by_channel(channel: Channel | str) -> str:
    return {
        Channel.EMAIL: _("by email"),
        Channel.SMS: _("by text message"),
        Channel.WHATSAPP: _("by WhatsApp"),
        Channel.PUSH: _("as a push notification"),
        Channel.PHONE: _("by phone"),
        Channel.POST: _("by post"),
    }[Channel(channel)]


def _pause(until: str | None, *, what: str) -> str:
    if until is None:
        return _("%(what)s: the pause is over.") % {"what": what}
    return _("%(what)s is paused until %(day)s.") % {"what": what, "day": date_format(date.fromisoformat(until))}


def _also_frequency(before: Facts, after: Facts) -> str:
    return f" {_frequency(after).capitalize()}." if _differs("frequency", before, after) else ""


def _frequency(facts: Facts) -> str:
    return str(Frequency(facts["frequency"]).label).lower()


def _differs(name: str, before: Facts, after: Facts) -> bool:
    return name in after and after[name] != before.get(name)
