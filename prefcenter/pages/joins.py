"""Whose an address is that a sender joined to another: the older one says so here, and either keeps them apart."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _

from unsubscribe import actions, queries
from unsubscribe.choices import Source
from unsubscribe.models import Address
from unsubscribe.queries import PreferenceSheet

from . import results

#: One button for each address: its number is no secret, and means nothing elsewhere.
_DO = re.compile(r"(agree|part)-([0-9]{1,18})")


def shown(address: Address) -> dict[str, Any]:
    """What the questions are made of, for whoever has proved that the address is theirs: the addresses that wait for
    their answer, and their own where it was joined to another one."""
    asked = queries.waiting_for(address)
    is_joined = bool(asked) or address.joined_at is not None
    return {"waiting": asked, "older": _older(asked, address), "own": address, "is_joined": is_joined}


def waiting(sheet: PreferenceSheet) -> dict[str, Any]:
    """The same for a page that is about something else: what was agreed to is not brought up there again."""
    own = sheet.address
    older = _older(sheet.waiting, own) if own else set()
    return {"waiting": sheet.waiting, "older": older, "own": own if sheet.is_pending else None}


def _older(asked: Iterable[Address], own: Address) -> set[int]:
    """Those of them that were known before: the older address agrees, and it is not theirs to say yes for. Nor may
    the other do so, which was only joined to them; the staff may."""
    return {one.pk for one in asked if one.created_at < own.created_at}


def after(
    request: HttpRequest, form: QueryDict, address: Address, context: dict[str, Any], *, now: datetime
) -> HttpResponse | None:
    """What the buttons of these questions do; None for the form of another page."""
    found = _DO.fullmatch(form.get("do", ""))
    if found is None:
        return None
    verb, id_ = found[1], int(found[2])
    is_asked = id_ in {one.pk for one in context["waiting"]}
    may_agree = is_asked and id_ not in context["older"]
    context = context | {"waiting": [], "own": None}
    if verb == "agree" and may_agree:
        events = actions.agree([id_], source=Source.PAGE, now=now, wording=_("Yes, it's mine"))
        title, notice = _("The addresses are now linked."), _("Your choices now apply to both.")
    elif verb == "part" and (is_asked or id_ == address.pk):
        events = actions.part([id_], source=Source.PAGE, now=now, wording=_("No, keep them separate"))
        title, notice = _("The addresses are kept separate."), _("Opt-outs that applied to both still apply to both.")
    else:
        events = []
    if not events:
        return results.page(request, answered(), context)
    return results.page(request, title, context, is_done=True, notices=[notice])


def answered() -> str:
    return _("This has already been answered. Nothing changed.")


def stays_off() -> str:
    """Why a yes of an address that is pending has no effect."""
    return _(
        "It stays off: this address was linked to another one that opted out, and the link isn't confirmed. "
        "If the other address isn't yours, keep them separate first."
    )
