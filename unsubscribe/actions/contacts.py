"""Learns who is written to, attaches further addresses, and erases a person down to a digest."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Count

from ..addresses import Normalised
from ..choices import EventKind, OutboxStatus, Source, SuppressionReason
from ..models import Address, ConsentEvent, Contact, LastSent, OutboxMessage, Suppression
from .ledger import Change, Origin, record


class Known(NamedTuple):
    address_id: int
    contact_id: int


@transaction.atomic
def learn(addresses: Iterable[Normalised], *, now: datetime, language: str = "") -> dict[bytes, Known]:
    """Every address by its digest; those that were unknown become contacts, each of its own.

    All must be of one channel. Knowing an address is no consent: nothing is written to the ledger.
    """
    wanted = {one.digest: one for one in addresses}
    known = _known(wanted.values())
    new = [one for digest, one in wanted.items() if digest not in known]
    if not new:
        return known
    contacts = Contact.objects.bulk_create([Contact(language=language, created_at=now) for _ in new])
    _attach(zip(contacts, new, strict=True), now=now)
    learnt = _known(new)
    _drop_childless(contacts, learnt)
    return known | learnt


def _known(addresses: Iterable[Normalised]) -> dict[bytes, Known]:
    wanted = list(addresses)
    if not wanted:
        return {}
    rows = Address.objects.filter(channel=wanted[0].channel, digest__any_of=[one.digest for one in wanted])
    return {bytes(digest): Known(*ids) for digest, *ids in rows.values_list("digest", "id", "contact_id")}


def _attach(pairs: Iterable[tuple[Contact, Normalised]], *, now: datetime) -> None:
    """In the order of their digests, so that two who learn the same addresses never wait for each other in a circle."""
    Address.objects.bulk_create(
        [
            Address(contact=contact, channel=one.channel, value=one.value, digest=one.digest, created_at=now)
            for contact, one in sorted(pairs, key=lambda pair: pair[1].digest)
        ],
        ignore_conflicts=True,
    )


def _drop_childless(contacts: Sequence[Contact], learnt: dict[bytes, Known]) -> None:
    """Contacts made for an address that another process learnt in the same moment."""
    used = {known.contact_id for known in learnt.values()}
    childless = [contact.pk for contact in contacts if contact.pk not in used]
    if childless:
        Contact.objects.filter(id__any_of=childless).delete()


@transaction.atomic
def add_addresses(contact_id: int, addresses: Sequence[Normalised], *, now: datetime) -> list[Address]:
    """Further addresses of a contact. An "everything, everywhere" that was said before covers them too.

    An address that was learnt by itself, and whose contact never chose anything, joins; any other stays where it
    is, and is not among those returned.
    """
    contact = Contact.objects.select_for_update(no_key=True).get(id=contact_id)
    _attach(((contact, one) for one in addresses), now=now)
    _adopt(contact, [one.digest for one in addresses])
    mine = list(contact.addresses.filter(digest__any_of=[one.digest for one in addresses]))
    earlier = Suppression.objects.filter(address__contact=contact, lifted_at=None, everywhere=True).first()
    if earlier:
        _extend(earlier, mine, now=now)
    return mine


def _adopt(contact: Contact, digests: Sequence[bytes]) -> None:
    single = Contact.objects.annotate(count=Count("addresses")).filter(count=1, erased_at=None)
    silent = single.filter(events=None, preferences=None, paused_until=None).exclude(
        addresses__suppressions__isnull=False
    )
    strangers = Address.objects.filter(digest__any_of=digests, contact__in=silent).exclude(contact=contact)
    Address.objects.filter(id__in=list(strangers.values_list("id", flat=True))).update(contact=contact)


def _extend(earlier: Suppression, addresses: Sequence[Address], *, now: datetime) -> None:
    covered = set(
        Suppression.objects.filter(address__in=addresses, lifted_at=None, reason=earlier.reason).values_list(
            "address_id", flat=True
        )
    )
    new = [address for address in addresses if address.pk not in covered]
    Suppression.objects.bulk_create(
        [
            Suppression(
                address=address,
                reason=earlier.reason,
                everywhere=True,
                source=earlier.source,
                campaign_id=earlier.campaign_id,
                since=now,
            )
            for address in new
        ]
    )
    after = {"suppressed": [earlier.reason]}
    changes = [Change(EventKind.SUPPRESS, one, {"suppressed": []}, after) for one in new]
    note = "Learnt after the contact had said no to everything."
    record(changes, Origin(Source(earlier.source), now, note=note), confirm=False)


@transaction.atomic
def erase(contact_ids: Sequence[int], *, source: Source, now: datetime, actor: str = "") -> list[ConsentEvent]:
    """Leaves a digest of each address, a block on it, and anonymous events; nothing else (GDPR Art. 17, 21)."""
    contacts = Contact.objects.select_for_update(no_key=True).filter(id__any_of=contact_ids, erased_at=None)
    ids = list(contacts.order_by("id").values_list("id", flat=True))
    addresses = list(Address.objects.filter(contact_id__any_of=ids).order_by("id"))
    Suppression.objects.bulk_create(
        [Suppression(address=one, reason=SuppressionReason.ERASED, source=source, since=now) for one in addresses],
        ignore_conflicts=True,
    )
    Address.objects.filter(contact_id__any_of=ids).update(value="")
    Contact.objects.filter(id__any_of=ids).update(language="", paused_until=None, erased_at=now)
    LastSent.objects.filter(contact_id__any_of=ids).delete()
    OutboxMessage.objects.filter(contact_id__any_of=ids, status=OutboxStatus.QUEUED).update(
        status=OutboxStatus.DROPPED, last_error="The contact was erased."
    )
    after = {"suppressed": [SuppressionReason.ERASED]}
    changes = [Change(EventKind.ERASE, one, {}, after) for one in addresses]
    return record(changes, Origin(source, now, actor=actor), confirm=False)
