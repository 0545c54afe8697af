"""Learns who is written to, and erases a contact down to a digest. Further addresses: joining/adding.py."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from .. import outbox
from ..addresses import Normalised, gmail_digest
from ..choices import Channel, EventKind, OutboxKind, OutboxStatus, SuppressionReason
from ..ledger.events import NoData, suppressed
from ..models import Address, ConsentEvent, Contact, LastSent, OutboxMessage, Suppression
from .joining.parting import part_pending_of
from .locking import lock
from .origin import Origin
from .recording import Change, record
from .requests import tell


class LearnedAddress(NamedTuple):
    """The ids of an address and of the contact whose it is."""

    address_id: int
    contact_id: int


@transaction.atomic
def learn(
    addresses: Iterable[Normalised], *, now: datetime, language: str = "", only_chosen: bool = False
) -> dict[bytes, LearnedAddress]:
    """The ids of all these addresses, by digest; each that was unknown becomes a contact of its own.

    addresses:   of one channel, as addresses.normalise reads them
    language:    of the new contacts, a code of LANGUAGES; "" if it is not known
    only_chosen: the new contacts get nothing but what they choose by name (Contact.only_chosen)

    That an address is known is no consent: nothing is written to the ledger. One that was known by its digest alone,
    from a list of hashes, gets its value; an erased one does not.
    """
    wanted = {one.digest: one for one in addresses}
    known = _known(wanted.values())
    _spell([one for digest, one in wanted.items() if digest in known])
    new = [one for digest, one in wanted.items() if digest not in known]
    if not new:
        return known
    contacts = Contact.objects.bulk_create(
        [Contact(language=language, only_chosen=only_chosen, created_at=now) for _ in new]
    )
    attach([(contact.pk, one) for contact, one in zip(contacts, new, strict=True)], now=now)
    learnt = _known(new)
    _drop_childless(contacts, learnt)
    return known | learnt


def _known(addresses: Iterable[Normalised]) -> dict[bytes, LearnedAddress]:
    wanted = list(addresses)
    if not wanted:
        return {}
    rows = Address.objects.filter(channel=wanted[0].channel, digest__any_of=[one.digest for one in wanted])
    return {bytes(digest): LearnedAddress(*ids) for digest, *ids in rows.values_list("digest", "id", "contact_id")}


def _spell(known: Sequence[Normalised]) -> None:
    """Gives these addresses the spelling that they lack."""
    if not known:
        return
    spelt = {one.digest: one.value for one in known}
    unspelt = Address.objects.filter(channel=known[0].channel, digest__any_of=list(spelt), value="")
    rows = list(unspelt.filter(contact__erased_at=None).only("digest", "channel"))
    for row in rows:
        row.value = spelt[bytes(row.digest)]
        row.gmail_digest = gmail_digest(row.value) if row.channel == Channel.EMAIL else None
    Address.objects.bulk_update(rows, ["value", "gmail_digest"], batch_size=1000)


def attach(
    pairs: Iterable[tuple[int, Normalised]],
    *,
    now: datetime,
    moves: bool = False,
    joined_at: datetime | None = None,
    beside: Collection[tuple[str, bytes]] = (),
) -> None:
    """Addresses to contacts, by their ids. What is known stays where it is, unless it `moves`. With `joined_at` they
    are pending; `beside` are those of them, by channel and digest, that come beside another of the contact's.

    In the order of their digests, so that two who learn the same addresses never wait for each other in a circle.
    """
    rows = [
        Address(
            contact_id=contact_id,
            channel=one.channel,
            value=one.value,
            digest=one.digest,
            gmail_digest=gmail_digest(one.value) if one.channel == Channel.EMAIL else None,
            created_at=now,
            joined_at=joined_at,
            is_beside=(str(one.channel), one.digest) in beside,
        )
        for contact_id, one in sorted(pairs, key=lambda pair: (pair[1].digest, pair[1].channel))
    ]
    if moves:
        changed = ["contact", "joined_at", "is_beside"]
        unique = ["digest", "channel"]
        Address.objects.bulk_create(rows, update_conflicts=True, unique_fields=unique, update_fields=changed)
    else:
        Address.objects.bulk_create(rows, ignore_conflicts=True)


def _drop_childless(contacts: Sequence[Contact], learnt: dict[bytes, LearnedAddress]) -> None:
    """Contacts made for an address that another process learnt in the same moment."""
    used = {known.contact_id for known in learnt.values()}
    childless = [contact.pk for contact in contacts if contact.pk not in used]
    if childless:
        Contact.objects.filter(id__any_of=childless).delete()


def choose_language(contact_id: int, language: str) -> None:
    """Sets the language in which the contact is written to, a code of LANGUAGES. It is no consent, and no event."""
    Contact.objects.filter(id=contact_id, erased_at=None).update(language=language)


def suggest_language(contact_ids: Sequence[int], language: str) -> None:
    """As choose_language, for those of these contacts that have none: a sender's system does not overrule them."""
    Contact.objects.filter(id__any_of=contact_ids, erased_at=None, language="").update(language=language)


@transaction.atomic
def note_access(address_id: int, origin: Origin) -> list[ConsentEvent]:
    """Writes an event: the contact was given everything that is held about them (GDPR Art. 15). Each of their mailboxes
    is told by email."""
    speakers = lock([address_id]).values()
    tell(OutboxKind.DOWNLOAD, speakers, now=origin.now)
    changes = [Change(EventKind.ACCESS, one, NoData(), NoData()) for one in speakers]
    return record(changes, origin, confirm=False)


@transaction.atomic
def erase(contact_ids: Sequence[int], origin: Origin) -> list[ConsentEvent]:
    """Erases what the engine holds of these contacts, except a digest of each address, its suppression, and events that
    name nobody (GDPR Art. 17, 21). One that is erased already is passed over. A site erases what it holds itself.

    An address that was joined to them, and is pending, is not theirs: it becomes a contact of its own before.
    """
    contacts = Contact.objects.select_for_update(no_key=True).filter(id__any_of=contact_ids, erased_at=None)
    ids = list(contacts.order_by("id").values_list("id", flat=True))
    source, now = origin.source, origin.now
    part_pending_of(ids, origin)
    addresses = list(Address.objects.filter(contact_id__any_of=ids).order_by("id"))
    Suppression.objects.bulk_create(
        [Suppression(address=one, reason=SuppressionReason.ERASED, source=source, since=now) for one in addresses],
        ignore_conflicts=True,
    )
    Address.objects.filter(contact_id__any_of=ids).update(value="")
    Contact.objects.filter(id__any_of=ids).update(language="", paused_until=None, pause_said_at=None, erased_at=now)
    LastSent.objects.filter(contact_id__any_of=ids).delete()
    _close_outbox(ids)
    changes = [Change(EventKind.ERASE, one, NoData(), suppressed(SuppressionReason.ERASED)) for one in addresses]
    return record(changes, origin, confirm=False)


def _close_outbox(contact_ids: Sequence[int]) -> None:
    """Nothing more goes out; and what a mail server once answered may name the person."""
    rows = OutboxMessage.objects.filter(contact_id__any_of=contact_ids)
    outbox.hold(rows)
    rows.exclude(last_error="").update(last_error="")
    rows.filter(status=OutboxStatus.QUEUED).update(status=OutboxStatus.DROPPED, last_error="The contact was erased.")
