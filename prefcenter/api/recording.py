"""The body of POST /suppressions, and how it is recorded: all of it that is valid, or nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Literal, NamedTuple

from ninja import Field, Schema

from unsubscribe import actions, rules
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.actions.bulk import learn_and_lock
from unsubscribe.addresses import domains
from unsubscribe.choices import Channel, Purpose, SuppressionReason
from unsubscribe.models import Campaign, Category

from .fields import Body, Bool, Moment, Number, Text, Words
from .idempotency import Answer
from .lookup import NOT_AN_ADDRESS, normalised

#: Items in one request.
MOST = 50_000
A_DOMAIN = "This is a whole domain, not an address. Send it to /domains."
#: The SuppressionReasons that a caller may give: all but `erased`, which is set by erasing a contact.
Reason = Literal["unsubscribed_all", "complaint", "hard_bounce", "manual"]


class SuppressionIn(Body):
    """An opt-out that you received, or an address that a provider reported."""

    address: str
    channel: Channel = Channel.EMAIL
    reason: Reason = "unsubscribed_all"
    category: Text = Field(
        "", max_length=63, description="Opt out of this category only. Requires the reason unsubscribed_all."
    )
    everywhere: Bool = Field(
        False,
        description="Suppress all addresses of the contact on all channels, including ones added later. Requires the "
        "reason unsubscribed_all and no category.",
    )
    campaign_id: Number | None = Field(
        None,
        description="The ID of the campaign, as in /campaigns. Only for the reasons complaint and unsubscribed_all.",
    )
    said_at: Moment | None = Field(
        None,
        description="When the person opted out. A later opt-in by them is kept: to the same category, or to one "
        "category after unsubscribing from everything (they then leave the others). So is a later lift.",
    )


class SuppressionsIn(Body):
    """Opt-outs and suppressions to be recorded."""

    suppressions: list[SuppressionIn] = Field(max_length=MOST, fail_fast=True)
    note: Words = Field("", max_length=500, description="Stored in the ledger, without personal data.")


class InvalidItemOut(Schema):
    """An item that was not recorded, and why; `index` is its position in the request, from 0."""

    index: int
    problem: str


class RecordedOut(Schema):
    """What became of the items."""

    new: int = Field(description="Number of items that were recorded.")
    already: int = Field(description="Number of items that were already recorded.")
    overtaken: int = Field(description="Number of items that were not recorded because of a later opt-in or lift.")
    invalid: list[InvalidItemOut]


class _Kind(NamedTuple):
    """What the items have in common that are recorded together."""

    channel: Channel
    reason: SuppressionReason
    category: str  # its slug; "" is none
    only_here: bool  # sorted, what is meant everywhere comes first, and covers the rest
    campaign_id: int  # 0 is none


def record(asked: SuppressionsIn, origin: Origin) -> Answer:
    """Records the valid items by actions.import_opt_outs. The answer is a RecordedOut, without addresses."""
    said: dict[_Kind, list[ImportedNo]] = defaultdict(list)
    invalid, addresses = [], []
    categories = _categories({one.category for one in asked.suppressions if one.category})
    campaigns = _campaigns(one.campaign_id for one in asked.suppressions)
    for index, one in enumerate(asked.suppressions):
        address = normalised(one.address, one.channel)
        if problem := _problem(one, categories, campaigns) or (None if address else NOT_AN_ADDRESS):
            invalid.append({"index": index, "problem": problem})
        elif address:
            reason = SuppressionReason(one.reason)
            kind = _Kind(one.channel, reason, one.category, not one.everywhere, one.campaign_id or 0)
            said[kind].append(ImportedNo(address.digest, address.value, one.said_at))
            addresses.append(address)
    if len(said) > 1:
        learn_and_lock(addresses, now=origin.now)
    taken = [_take(kind, some, categories, origin) for kind, some in sorted(said.items())]
    new, already, overtaken = (sum(counts) for counts in zip(*taken, strict=True)) if taken else (0, 0, 0)
    return Answer({"new": new, "already": already, "overtaken": overtaken, "invalid": invalid})


def _take(
    kind: _Kind, said: Sequence[ImportedNo], categories: dict[str, Category], origin: Origin
) -> actions.ImportedCounts:
    return actions.import_opt_outs(
        said,
        origin,
        channel=kind.channel,
        reason=kind.reason,
        category_id=categories[kind.category].pk if kind.category else None,
        everywhere=not kind.only_here,
        campaign_id=kind.campaign_id or None,
    )


def _campaigns(ids: Iterable[int | None]) -> set[int | None]:
    """Those of the campaigns that exist, and None, which is an item without one."""
    return {None, *Campaign.objects.filter(id__in={one for one in ids if one}).values_list("id", flat=True)}


def _categories(slugs: set[str]) -> dict[str, Category]:
    """Those that contacts can opt out of, by slug."""
    return {one.slug: one for one in Category.objects.filter(slug__in=slugs, purpose=Purpose.MARKETING)}


def _problem(one: SuppressionIn, categories: dict[str, Category], campaigns: Collection[int | None]) -> str | None:
    if domains.is_pattern(one.address, channel=one.channel):
        return A_DOMAIN
    is_no = SuppressionReason(one.reason) == SuppressionReason.UNSUBSCRIBED_ALL
    if one.category and one.category not in categories:
        return "There is no category with this slug that people can opt out of."
    if one.category and not is_no:
        return "This reason suppresses the whole address, so it can’t be combined with a category."
    if one.everywhere and (one.category or not is_no):
        return "everywhere requires the reason unsubscribed_all and no category."
    if one.campaign_id not in campaigns:
        return "There is no campaign with this ID."
    if one.campaign_id and one.reason not in rules.OWN_NO:
        return "A campaign can only be given with the reasons complaint and unsubscribed_all."
    return None
