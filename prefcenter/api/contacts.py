"""Contacts added in bulk, and found by their addresses. Adding one subscribes it to nothing.

Addresses stand in bodies and never in URLs (law 10), so a contact is named by its id.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Field, Router, Schema

from prefcenter.accounts.api_keys import Scope
from prefcenter.web import languages
from unsubscribe import actions
from unsubscribe.actions.bulk import lock_known
from unsubscribe.addresses import Normalised
from unsubscribe.choices import Channel
from unsubscribe.models import Address

from .auth import Bearer
from .fields import Body
from .idempotency import TAKES_KEY, Answer, once
from .lookup import NOT_AN_ADDRESS, normalised

#: Contacts in one request, and addresses of each.
MOST = 10_000
MOST_ADDRESSES = 10
NOT_ADDED = (
    "An address was not added: it belongs to another contact, or this contact opted in on its channel or was erased."
)
NOT_SPOKEN = "This language is not supported, so no language was stored."
router = Router(tags=["Contacts"])


class AddressIn(Body):
    """An address on one channel."""

    channel: Channel = Channel.EMAIL
    address: str


class ContactIn(Body):
    """A contact to be added, or a known one with more addresses."""

    addresses: list[AddressIn] = Field(
        min_length=1, max_length=MOST_ADDRESSES, description="The first address identifies the contact."
    )
    language: str = Field(
        "", max_length=16, description="For example de or de-AT. Used until the contact chooses a language here."
    )


class ContactsIn(Body):
    """Contacts to be added."""

    contacts: list[ContactIn] = Field(max_length=MOST, fail_fast=True)


class ContactResultOut(Schema):
    """What became of one item; `index` is its position in the request, from 0."""

    index: int
    status: str = Field(description="`known` (newly added or already there) or `invalid`.")
    contact_id: int | None
    problem: str | None = None


class ContactResultsOut(Schema):
    """One result for each item, in the same order, and how many got which status."""

    counts: dict[str, int]
    results: list[ContactResultOut]


class ContactLookupIn(Body):
    """Addresses on one channel."""

    channel: Channel = Channel.EMAIL
    addresses: list[str] = Field(max_length=50_000, fail_fast=True)


class ContactLookupOut(Schema):
    """The contacts of the addresses."""

    contact_ids: list[int | None] = Field(
        description="One ID for each address, in the same order; null if there is no such contact."
    )


@router.post(
    "/contacts",
    auth=Bearer(Scope.CONTACTS_WRITE),
    response=ContactResultsOut,
    operation_id="hand_over_contacts",
    summary="Add contacts",
    openapi_extra=TAKES_KEY,
)
def hand_over(request: HttpRequest, people: ContactsIn) -> HttpResponse:
    """Creates contacts for new people and adds more addresses to existing contacts. Nothing else is stored, and no one
    gets subscribed.

    An address that belongs to another contact with choices of their own stays there. No address is added on a channel
    on which the contact has opted in to something, because that consent was for the addresses they had.
    """
    return once(request, lambda: _hand_over(people.contacts, now=timezone.now()))


@router.post(
    "/contacts/lookup",
    auth=Bearer(Scope.CONTACTS_READ),
    response=ContactLookupOut,
    operation_id="look_up_contacts",
    summary="Look up contacts by address",
)
def look_up(request: HttpRequest, asked: ContactLookupIn) -> HttpResponse:
    """Returns the IDs of the contacts with these addresses."""
    wanted = [normalised(text, asked.channel) for text in asked.addresses]
    rows = Address.objects.filter(channel=asked.channel, digest__any_of=list({one.digest for one in wanted if one}))
    ids = {bytes(digest): id_ for digest, id_ in rows.values_list("digest", "contact_id")}
    return JsonResponse({"contact_ids": [ids.get(one.digest) if one else None for one in wanted]})


def _hand_over(people: Sequence[ContactIn], *, now: datetime) -> Answer:
    places = [[normalised(place.address, place.channel) for place in one.addresses] for one in people]
    lock_known([one for some in places for one in some if one])
    ids = _learn([some[0] for some in places if some[0]], now=now)
    further: dict[int, list[Normalised]] = {id_: [] for id_ in ids.values()}
    for first, *others in places:
        if first:
            further[ids[first]] += [one for one in others if one]
    actions.add_addresses_to(further, now=now)
    owners = _owners(one for some in places for one in some if one)
    spoken = [languages.spoken(one.language.strip().lower().replace("_", "-")) for one in people]
    results = [_taken(index, some, owners) for index, some in enumerate(places)]
    _suggest_languages(spoken, results)
    for one, language, result in zip(people, spoken, results, strict=True):
        if one.language.strip() and not language and result["contact_id"] is not None:
            result["problem"] = result["problem"] or NOT_SPOKEN
    known = sum(one["contact_id"] is not None for one in results)
    return Answer({"counts": {"known": known, "invalid": len(results) - known}, "results": results})


def _learn(wanted: Sequence[Normalised], *, now: datetime) -> dict[Normalised, int]:
    """The contact of each address, made if the address is new.

    By channel, always in the same order: two requests with the same addresses never wait for each other in a circle.
    """
    by_channel: dict[Channel, list[Normalised]] = defaultdict(list)
    for one in wanted:
        by_channel[one.channel].append(one)
    known = {channel: actions.learn(by_channel[channel], now=now) for channel in sorted(by_channel)}
    return {one: known[one.channel][one.digest].contact_id for one in wanted}


def _owners(addresses: Iterable[Normalised]) -> dict[tuple[str, bytes], int]:
    """The contact of each address that is known, by channel and digest, after further addresses were added."""
    rows = Address.objects.filter(digest__any_of=list({one.digest for one in addresses}))
    return {
        (channel, bytes(digest)): id_ for channel, digest, id_ in rows.values_list("channel", "digest", "contact_id")
    }


def _taken(index: int, places: Sequence[Normalised | None], owners: Mapping[tuple[str, bytes], int]) -> dict[str, Any]:
    """A ContactResultOut; `places`: the addresses of the item, None for each that is not valid."""
    whose = [one and owners.get((one.channel, one.digest)) for one in places]
    problem = None
    if None in places:
        problem = NOT_AN_ADDRESS
    elif set(whose) != {whose[0]}:
        problem = NOT_ADDED
    status = "known" if whose[0] else "invalid"
    return {"index": index, "status": status, "contact_id": whose[0], "problem": problem}


def _suggest_languages(spoken: Sequence[str], results: Sequence[dict[str, Any]]) -> None:
    by_language: dict[str, list[int]] = defaultdict(list)
    for language, result in zip(spoken, results, strict=True):
        if language and result["contact_id"] is not None:
            by_language[language].append(result["contact_id"])
    for language, contact_ids in by_language.items():
        actions.suggest_language(contact_ids, language)
