"""What one contact chose: read, and changed. Opting in needs evidence, and a contact's own no stays (law 8)."""

from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Field, Router, Schema

from prefcenter.accounts.api_keys import Scope
from prefcenter.web.problems import Problem
from unsubscribe import actions, queries
from unsubscribe.actions import Wanted
from unsubscribe.choices import Channel, Frequency, PreferenceState, Purpose
from unsubscribe.errors import MayNotLift
from unsubscribe.models import Address, Category, Contact
from unsubscribe.queries import PreferenceSheet

from . import lookup
from .auth import Bearer, caller, origin_of
from .fields import Body, Bool, Day, Moment, Text, Words
from .idempotency import TAKES_KEY, Answer, once

#: Changes in one request.
MOST = 200
OWN_NO = "The contact opted out or down themselves, so only they can undo it. Send them the link to their preferences."
ERASED = "This contact was erased. Nothing was changed."
router = Router(tags=["Contacts"])


class PreferenceOut(Schema):
    """What holds for one category on one channel."""

    category: str
    channel: Channel
    is_subscribed: bool = Field(
        description="Whether all addresses of the contact on this channel may be sent this category. Choices, "
        "suppressions and retired categories count; pauses and frequencies don’t."
    )
    frequency: Frequency
    paused_until: date | None
    is_fixed: bool = Field(description="Transactional: always sent and can’t be changed.")


class PreferencesOut(Schema):
    """Everything that a contact chose, as it holds today."""

    contact_id: int
    language: str
    is_erased: bool
    has_said_no_to_everything: bool
    paused_until: date | None
    preferences: list[PreferenceOut]


class PreferenceChangeIn(Body):
    """Only the given fields are changed."""

    category: Text = Field(max_length=63)
    channel: Channel = Channel.EMAIL
    is_subscribed: Bool | None = None
    frequency: Frequency | None = None
    paused_until: Day | None = None


class EvidenceIn(Body):
    """Evidence of consent, as stored in the ledger (GDPR Art. 7(1))."""

    given_at: Moment = Field(description="When the contact agreed, with a time zone.")
    wording: Words = Field(min_length=1, max_length=2000, description="The text the contact agreed to.")
    where: Words = Field(
        min_length=1, max_length=500, description="The page or form on which the contact agreed, without personal data."
    )


class PreferenceChangeOut(PreferenceChangeIn):
    """A change that was made."""


class PreferencesChangedOut(Schema):
    """The response for a key that may not read contacts: only what the request changed."""

    contact_id: int
    preferences: list[PreferenceChangeOut]


class PreferencesIn(Body):
    """Changes of a contact’s preferences; either all of them are made or none."""

    preferences: list[PreferenceChangeIn] = Field(min_length=1, max_length=MOST)
    evidence: EvidenceIn | None = Field(None, description="Required when subscribing the contact to something.")


@router.get(
    "/contacts/{int:contact_id}/preferences",
    auth=Bearer(Scope.CONTACTS_READ),
    response=PreferencesOut,
    operation_id="read_preferences",
    summary="Get preferences of a contact",
)
def read(request: HttpRequest, contact_id: int) -> HttpResponse:
    """Returns the contact’s current preferences for every category on every channel on which they have an address."""
    return JsonResponse(_sheet(lookup.contact(contact_id)))


@router.patch(
    "/contacts/{int:contact_id}/preferences",
    auth=Bearer(Scope.CONTACTS_WRITE),
    response=PreferencesOut | PreferencesChangedOut,
    operation_id="change_preferences",
    summary="Change preferences of a contact",
    openapi_extra=TAKES_KEY,
)
def change(request: HttpRequest, contact_id: int, changes: PreferencesIn) -> HttpResponse:
    """Opts a contact out or down, or pauses. Opting in requires evidence. If the contact opted out themselves, or was
    erased, the response is 409.

    A key with the scope contacts:read gets all preferences in response, other keys only what they changed.
    """
    return once(request, lambda: _change(request, contact_id, changes))


def _change(request: HttpRequest, contact_id: int, changes: PreferencesIn) -> Answer:
    contact, evidence = lookup.contact(contact_id), changes.evidence
    wanted = _wanted(contact, changes)
    if contact.erased_at:
        raise Problem(409, ERASED)
    origin = origin_of(request)
    if evidence:
        origin = origin._replace(wording=evidence.wording, note=_note(evidence), given_at=evidence.given_at)
    try:
        actions.set_preferences(wanted, origin)
    except MayNotLift as error:
        raise Problem(409, OWN_NO) from error
    if caller(request).has_scope(Scope.CONTACTS_READ):
        return Answer(_sheet(contact))
    given = [one.model_dump(mode="json", exclude_unset=True) | {"channel": one.channel} for one in changes.preferences]
    return Answer({"contact_id": contact.pk, "preferences": given})


def _note(evidence: EvidenceIn) -> str:
    return f"Consent given at {evidence.given_at.isoformat()}: {evidence.where}"


def _wanted(contact: Contact, changes: PreferencesIn) -> list[Wanted]:
    """The changes as the engine takes them. Raises Problem (422) for what can't be done."""
    # What is chosen on a channel is the first address's there, and no pending one's that came beside it.
    rows = Address.objects.filter(contact=contact, is_beside=False).order_by("-id").values_list("channel", "id")
    addresses = dict(rows)  # of several the one known longest
    slugs = {one.category for one in changes.preferences}
    categories = {one.slug: one for one in Category.objects.filter(slug__in=slugs)}
    errors = [
        {"at": f"preferences.{index}", "detail": problem}
        for index, one in enumerate(changes.preferences)
        if (problem := _problem(one, categories, addresses, changes.evidence))
    ]
    if errors:
        raise Problem(422, "Nothing was changed.", errors=errors)
    return [
        Wanted(addresses[one.channel], categories[one.category].pk, _fields(one), one.channel)
        for one in changes.preferences
    ]


def _problem(
    one: PreferenceChangeIn, categories: dict[str, Category], addresses: dict[str, int], evidence: EvidenceIn | None
) -> str | None:
    category = categories.get(one.category)
    if category is None:
        return "There is no category with this slug."
    if category.purpose == Purpose.TRANSACTIONAL:
        return "This category is transactional, so it is always sent."
    if not _fields(one):
        return "Set at least one of is_subscribed, frequency and paused_until."
    if one.is_subscribed and category.retired_at:
        return "This category is retired and no longer sent."
    if one.channel not in addresses:
        return "The contact has no address on this channel."
    if one.is_subscribed and evidence is None:
        return "Subscribing a contact requires evidence of their consent."
    if one.paused_until and one.paused_until <= timezone.localdate():
        return "A pause must end in the future."
    return None


def _fields(one: PreferenceChangeIn) -> dict[str, Any]:
    """The fields of rules.Chosen that were given; a `paused_until` of null ends the pause."""
    given = one.model_dump(exclude_unset=True, include={"frequency", "paused_until"})
    if one.is_subscribed is not None:
        given["state"] = PreferenceState.SUBSCRIBED if one.is_subscribed else PreferenceState.UNSUBSCRIBED
    return {name: value for name, value in given.items() if name == "paused_until" or value is not None}


def _sheet(contact: Contact) -> dict[str, Any]:
    """A PreferencesOut. Raises Problem (404) where the contact has no address of its own."""
    rows = Address.objects.filter(contact=contact).order_by("id")
    address = next((one for one in rows if not one.is_pending), None)
    if address is None:
        raise Problem(404, "This contact has no address.")
    every = Category.objects.values_list("id", flat=True)
    return _as_json(queries.preference_sheet(address, today=timezone.localdate(), also=set(every), with_pending=True))


def _as_json(sheet: PreferenceSheet) -> dict[str, Any]:
    return {
        "contact_id": sheet.contact_id,
        "language": sheet.language,
        "is_erased": sheet.is_erased,
        "has_said_no_to_everything": sheet.has_said_no_to_everything,
        "paused_until": _day(sheet.paused_until),
        "preferences": [
            {
                "category": one.category.slug,
                "channel": one.channel.value,
                "is_subscribed": one.reaches_all,
                "frequency": one.frequency.value,
                "paused_until": _day(one.paused_until),
                "is_fixed": one.is_fixed,
            }
            for one in sheet.choices
        ],
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
