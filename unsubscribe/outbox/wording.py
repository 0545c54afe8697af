"""Says a change in words, for pages and mails alike. Pure: it knows neither contact nor address."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from .. import channels
from ..choices import Channel, Frequency, PreferenceState
from ..rules import OWN_NO

Facts = Mapping[str, Any]


def describe(before: Facts, after: Facts, *, category: str = "", channel: Channel | str = Channel.EMAIL) -> str:
    """One sentence for the step from `before` to `after`, as the ledger stores them; "" when nothing is different."""
    what = _("“%(category)s” %(by_channel)s") % {"category": category, "by_channel": by_channel(channel)}
    if _differs("suppressed", before, after):
        return _everything(before, after)
    if _differs("state", before, after):
        if after["state"] == PreferenceState.UNSUBSCRIBED:
            return _("No more %(what)s.") % {"what": what}
        if after["state"] == PreferenceState.UNSPECIFIED:
            return _("%(what)s is as it was before.") % {"what": what}
        return _on(before, after, what=what)
    if after.get("state") == PreferenceState.UNSUBSCRIBED and category:
        return _("%(what)s stays off.") % {"what": what} if dict(before) != dict(after) else ""
    if _differs("frequency", before, after):
        return _("%(what)s: %(often)s.") % {"what": what, "often": how_often(after["frequency"])}
    if _differs("paused_until", before, after):
        return _pause(after["paused_until"], what=what if category else _("Everything"))
    return ""


def _everything(before: Facts, after: Facts) -> str:
    """The person's own no. Of a block that others set, there is nothing to say to them."""
    if OWN_NO & set(after["suppressed"]):
        return _("No more advertising from us: you are unsubscribed from everything.")
    if OWN_NO & set(before.get("suppressed", ())):
        return _("You are no longer unsubscribed from everything.")
    return ""


def _on(before: Facts, after: Facts, *, what: str) -> str:
    said = _("%(what)s is on.") % {"what": what}
    if _differs("frequency", before, after):
        said = _("%(what)s is on: %(often)s.") % {"what": what, "often": how_often(after["frequency"])}
    is_paused = _differs("paused_until", before, after) and after["paused_until"]
    return f"{said} {_pause(after['paused_until'], what=what)}" if is_paused else said


def by_channel(channel: Channel | str) -> str:
    return str(channels.of(channel).phrase)


def how_often(frequency: Frequency | str) -> str:
    """As it stands in the middle of a sentence; the labels of Frequency begin one."""
    return {
        Frequency.AS_SENT: _("every message"),
        Frequency.DAILY: _("at most once a day"),
        Frequency.WEEKLY: _("at most once a week"),
        Frequency.MONTHLY: _("at most once a month"),
    }[Frequency(frequency)]


def _pause(until: str | None, *, what: str) -> str:
    if until is None:
        return _("%(what)s: the pause is over.") % {"what": what}
    return _("%(what)s is paused until %(day)s.") % {"what": what, "day": date_format(date.fromisoformat(until))}


def _differs(name: str, before: Facts, after: Facts) -> bool:
    return name in after and after[name] != before.get(name)
