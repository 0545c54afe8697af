"""Makes proofs: a signed record of what is known of one contact, with addresses masked (docs/proof.md).
Permission and the log entry are for the caller (admin.proof).

Keys that are not explained here have the values of the columns they are named after (unsubscribe.models). Times are as
events.moment, days YYYY-MM-DD; None is what is not known or was never set. `words` has the same for readers, in
English.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.utils import translation

from unsubscribe import addresses, conf
from unsubscribe.choices import Channel, Frequency, OutboxKind, OutboxStatus, PreferenceState, Source, SuppressionReason
from unsubscribe.models import Address, Contact, Suppression

from ..event_wording import label
from . import canonical, signing
from . import events as lines
from . import seals as sealed
from .canonical import Facts
from .events import day, moment
from .signing import Signature

#: Of the record's form; a change of the form is a new number.
VERSION = 1


class Made(NamedTuple):
    """What a record says of its making.

    at:    when, aware
    by:    who made it: "staff 7"
    about: the SHA-256 of a normalised address that the reader knows, 32 bytes; empty for none
    """

    at: datetime
    by: str
    about: bytes = b""


class Proof(NamedTuple):
    """A record (`gather`) and the signature of its canonical bytes."""

    record: Facts
    signature: Signature

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the record, 64 hexadecimal digits."""
        return canonical.fingerprint(self.record)

    @property
    def file(self) -> bytes:
        """The proof as JSON in three lines. The second line is the record as it was signed, for `sed -n 2p`."""
        signature = canonical.spell(self.signature.told())
        return b'{"record":\n' + canonical.spell(self.record) + b'\n,"signature":' + signature + b"}\n"


def make(contact: Contact, made: Made) -> Proof:
    """A new proof of what the ledger says of the contact now. Raises Unreadable."""
    record = gather(contact, made)
    return Proof(record, signing.sign(canonical.spell(record)))


def again(contact: Contact, made: Made, signature: Signature) -> Proof | None:
    """The proof that was made before with this signature, gathered anew; None if anything in it would differ now, or
    the signature is not this site's.

    No copy is kept, because erasing the contact would have to find it. Raises Unreadable.
    """
    proof = Proof(gather(contact, made), signature)
    is_same = signing.is_ours(signature.public_key) and signing.holds(signature, canonical.spell(proof.record))
    return proof if is_same else None


def gather(contact: Contact, made: Made) -> Facts:
    """The record, ready for JSON, with its checksums, in a fixed number of queries. Raises Unreadable."""
    with translation.override("en"):
        return canonical.with_checksums(_sections(contact, made))


def _sections(contact: Contact, made: Made) -> Facts:
    held = list(contact.addresses.order_by("id"))
    mails = _mails(contact)
    events = lines.of(contact.pk, mails=_by_event(mails))
    seals = sealed.links({one["seal"] for one in events if one["seal"]})
    return {
        #: The record itself: its version, when and by whom it was made, and the site.
        "made": _made(made),
        #: Which address it is about, if that was entered.
        "about": _about(made.about, held),
        "contact": _contact(contact),
        "addresses": [_address(one) for one in held],
        "preferences": _preferences(contact),
        #: The suppressions, ended ones included.
        "blocks": _suppressions(held),
        #: The consent events, oldest first (events.of).
        "lines": events,
        #: By SealState, the number of events.
        "standings": dict(Counter(one["standing"] for one in events)),
        #: The outbox messages.
        "mails": mails,
        #: The seals that name these events, and the newest one, without their entries.
        "seals": [_seal(one) for one in seals],
        #: Its number; None without any.
        "newest_seal": seals[-1]["number"] if seals else None,
    }


def _made(made: Made) -> Facts:
    return {
        "version": VERSION,
        "at": moment(made.at),
        "by": made.by,
        #: The sender's name and postal address.
        "house": conf.sender_name(),
        "house_address": conf.sender_postal_address(),
        "site": settings.SITE_URL,
    }


def _about(sha256: bytes, held: Sequence[Address]) -> Facts | None:
    """The SHA-256 that was entered, and the ids of the contact's addresses that have it, by the digest."""
    if not sha256:
        return None
    digest = addresses.digest_of_sha256(sha256)
    return {"sha256": sha256.hex(), "address_ids": [one.pk for one in held if bytes(one.digest) == digest]}


def _contact(contact: Contact) -> Facts:
    return {
        "id": contact.pk,
        "known_since": moment(contact.created_at),
        "erased_at": moment(contact.erased_at),
        "paused_until": day(contact.paused_until),
        #: Contact.only_chosen.
        "only_what_was_chosen": contact.only_chosen,
    }


def _address(one: Address) -> Facts:
    return {
        "id": one.pk,
        "channel": one.channel,
        "known_since": moment(one.created_at),
        "words": {"address": str(one), "channel": label(Channel, one.channel)},
    }


def _preferences(contact: Contact) -> list[Facts]:
    rows = contact.preferences.select_related("category").order_by("category__position", "category_id", "channel")
    return [
        {
            "category_id": row.category_id,
            "channel": row.channel,
            "state": row.state,
            "frequency": row.frequency,
            "paused_until": day(row.paused_until),
            "changed_at": moment(row.changed_at),
            "words": {
                "category": row.category.name,
                "channel": label(Channel, row.channel),
                "state": label(PreferenceState, row.state),
                "frequency": label(Frequency, row.frequency),
            },
        }
        for row in rows
    ]


def _suppressions(held: Sequence[Address]) -> list[Facts]:
    masked = {one.pk: str(one) for one in held}
    rows = Suppression.objects.filter(address__any_of=list(masked)).select_related("campaign").order_by("since", "id")
    return [
        {
            "address_id": row.address_id,
            "reason": row.reason,
            "everywhere": row.everywhere,
            "source": row.source,
            "campaign_id": row.campaign_id,
            "since": moment(row.since),
            "lifted_at": moment(row.lifted_at),
            "words": {
                "address": masked[row.address_id],
                "reason": label(SuppressionReason, row.reason),
                "source": label(Source, row.source),
                "campaign": row.campaign.name if row.campaign else None,
            },
        }
        for row in rows
    ]


def _mails(contact: Contact) -> list[Facts]:
    """The outbox messages, without the mail server's errors."""
    return [
        {
            "id": row.pk,
            "kind": row.kind,
            "address_id": row.address_id,
            "status": row.status,
            "asked_at": moment(row.created_at),
            "sent_at": moment(row.sent_at),
            "event_ids": row.event_ids,
            "words": {
                "address": str(row.address),
                "kind": label(OutboxKind, row.kind),
                "status": label(OutboxStatus, row.status),
            },
        }
        for row in contact.outbox.select_related("address").order_by("id")
    ]


def _by_event(mails: Sequence[Facts]) -> Mapping[int, Sequence[Facts]]:
    found: dict[int, list[Facts]] = defaultdict(list)
    for one in mails:
        for event_id in one["event_ids"]:
            found[event_id].append(one)
    return found


def _seal(one: Facts) -> Facts:
    return one | {"at": moment(one["at"]), "previous": bytes(one["previous"]).hex(), "hash": bytes(one["hash"]).hex()}
