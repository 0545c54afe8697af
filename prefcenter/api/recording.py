"""Who said no, in bulk: what a caller says of each address, as the engine takes it. It records all of it or nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Literal, NamedTuple

from ninja import Field, Schema

from unsubscribe import actions, rules
from unsubscribe.actions import ImportedNo
from unsubscribe.actions.bulk import learn_and_hold
from unsubscribe.addresses import domains
from unsubscribe.choices import Channel, Purpose, Source, SuppressionReason
from unsubscribe.models import Campaign, Category

from .contacts import NOT_AN_ADDRESS
from .fields import Body, Bool, Moment, Number, Text, Words
from .idempotency import Answer
from .lookup import normalised

MOST = 50_000
A_DOMAIN = "This stands for a whole domain, and not for an address: please send it to /domains."
#: What another system may say of an address. Erasing somebody takes more than a block.
Reason = Literal["unsubscribed_all", "complaint", "hard_bounce", "manual"]


class NewBlock(Body):
    """Somebody's no that reached you, or an address that a provider gave back."""

    address: str
    channel: Channel = Channel.EMAIL
    reason: Reason = "unsubscribed_all"
    category: Text = Field("", max_length=63, description="Only this one; with the reason unsubscribed_all.")
    everywhere: Bool = Field(
        False,
        description="They meant everything, everywhere: every address of the contact is blocked, on every channel, "
        "also those learnt later. With the reason unsubscribed_all, and no category.",
    )
    campaign_id: Number | None = Field(
        None, description="The mailing it came from, as in /campaigns. With the reasons complaint and unsubscribed_all."
    )
    said_at: Moment | None = Field(
        None,
        description="When they said it. A later yes of theirs then stands: to the same category, and to one category "
        "against a no to everything, by which they then leave the others. So does a later lift of the same block.",
    )


class NewBlocks(Body):
    suppressions: list[NewBlock] = Field(max_length=MOST, fail_fast=True)
    note: Words = Field("", max_length=500, description="Stands in the ledger; no personal data.")


class Refused(Schema):
    index: int
    problem: str


class Recorded(Schema):
    new: int = Field(description="For which something was written.")
    already: int = Field(description="It was so already.")
    overtaken: int = Field(description="The person said yes since, or the block was lifted since.")
    invalid: list[Refused]


class _Kind(NamedTuple):
    channel: Channel
    reason: SuppressionReason
    category: str
    only_here: bool  # so that what is meant everywhere comes first, and covers the rest
    campaign_id: int  # 0 is none


def record(blocks: NewBlocks, *, actor: str, now: datetime) -> Answer:
    said: dict[_Kind, list[ImportedNo]] = defaultdict(list)
    invalid, addresses = [], []
    categories = _categories({one.category for one in blocks.suppressions if one.category})
    campaigns = _campaigns(one.campaign_id for one in blocks.suppressions)
    for index, one in enumerate(blocks.suppressions):
        address = normalised(one.address, one.channel)
        if problem := _problem(one, categories, campaigns) or (None if address else NOT_AN_ADDRESS):
            invalid.append({"index": index, "problem": problem})
        elif address:
            reason = SuppressionReason(one.reason)
            kind = _Kind(one.channel, reason, one.category, not one.everywhere, one.campaign_id or 0)
            said[kind].append(ImportedNo(address.digest, address.value, one.said_at))
            addresses.append(address)
    if len(said) > 1:
        learn_and_hold(addresses, now=now)
    taken = [
        _take(kind, some, categories, actor=actor, note=blocks.note, now=now) for kind, some in sorted(said.items())
    ]
    new, already, overtaken = (sum(counts) for counts in zip(*taken, strict=True)) if taken else (0, 0, 0)
    return Answer({"new": new, "already": already, "overtaken": overtaken, "invalid": invalid})


def _take(
    kind: _Kind, said: Sequence[ImportedNo], categories: dict[str, Category], *, actor: str, note: str, now: datetime
) -> actions.ImportedCounts:
    return actions.import_opt_outs(
        said,
        channel=kind.channel,
        reason=kind.reason,
        category_id=categories[kind.category].pk if kind.category else None,
        everywhere=not kind.only_here,
        campaign_id=kind.campaign_id or None,
        source=Source.API,
        actor=actor,
        note=note,
        now=now,
    )


def _campaigns(ids: Iterable[int | None]) -> set[int | None]:
    """Those of them that are there, and None."""
    return {None, *Campaign.objects.filter(id__in={one for one in ids if one}).values_list("id", flat=True)}


def _categories(slugs: set[str]) -> dict[str, Category]:
    return {one.slug: one for one in Category.objects.filter(slug__in=slugs, purpose=Purpose.MARKETING)}


def _problem(one: NewBlock, categories: dict[str, Category], campaigns: Collection[int | None]) -> str | None:
    if domains.is_pattern(one.address, channel=one.channel):
        return A_DOMAIN
    is_no = one.reason == SuppressionReason.UNSUBSCRIBED_ALL
    if one.category and one.category not in categories:
        return "There is no category of this slug that people can leave."
    if one.category and not is_no:
        return "A category can be left; this reason blocks the whole address. Please leave one of them out."
    if one.everywhere and (one.category or not is_no):
        return "Everywhere goes with the reason unsubscribed_all, and with no category."
    if one.campaign_id not in campaigns:
        return "There is no campaign of this number."
    if one.campaign_id and one.reason not in rules.OWN_NO:
        return "A campaign goes with the reasons complaint and unsubscribed_all."
    return None
