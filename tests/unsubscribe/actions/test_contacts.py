"""What is known of a contact besides their choices: how an address is spelt, the language, who was given it all."""

from datetime import datetime

import pytest

from tests.factories import BOB, CLEO, AddressFactory
from unsubscribe import actions
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, OutboxKind, Source
from unsubscribe.models import Address, ConsentEvent, Contact, OutboxMessage

pytestmark = pytest.mark.django_db


def language(address: Address) -> str:
    return Contact.objects.get(pk=address.contact_id).language


def test_who_is_learnt_has_the_language_and_the_terms_they_are_learnt_with(ada: Address, now: datetime) -> None:
    learnt = actions.learn([normalise(ada.value), normalise(BOB)], now=now, language="fr", only_chosen=True)
    assert set(learnt) == {bytes(ada.digest), normalise(BOB).digest}
    bob = Contact.objects.get(addresses__value=BOB)
    assert (bob.language, bob.only_chosen, bob.created_at) == ("fr", True, now)
    assert language(ada) == ""
    assert Contact.objects.count() == 2


def test_a_number_known_by_its_hash_on_two_channels_is_spelt_where_it_is_learnt(now: datetime) -> None:
    number = normalise("+4930901820", channel=Channel.SMS)
    for channel in (Channel.SMS, Channel.WHATSAPP):
        actions.import_opt_outs([ImportedNo(number.digest)], Origin(Source.IMPORT, now), channel=channel)
    actions.learn([number], now=now)
    assert dict(Address.objects.values_list("channel", "value")) == {"sms": number.value, "whatsapp": ""}


def test_what_a_senders_system_knows_of_a_language_counts_for_less_than_their_own_word(
    ada: Address, now: datetime
) -> None:
    bob, cleo = AddressFactory.create(text=BOB), AddressFactory.create(text=CLEO)
    actions.choose_language(bob.contact_id, "es")
    actions.erase([cleo.contact_id], Origin(Source.PAGE, now))
    actions.suggest_language([one.contact_id for one in (ada, bob, cleo)], "de")
    assert [language(one) for one in (ada, bob, cleo)] == ["de", "es", ""]
    for one in (ada, cleo):
        actions.choose_language(one.contact_id, "ja")
    assert [language(one) for one in (ada, bob, cleo)] == ["ja", "es", ""]


def test_that_somebody_was_given_their_data_says_who_did_it_and_every_mailbox_hears(
    ada: Address, now: datetime
) -> None:
    work = AddressFactory.create(contact=ada.contact, text="ada@work.example")
    [event] = actions.note_access(ada.pk, Origin(Source.STAFF, now, actor="staff 7"))
    assert (event.kind, event.source, event.actor, event.at) == (EventKind.ACCESS, Source.STAFF, "staff 7", now)
    assert ConsentEvent.objects.count() == 1
    messages = OutboxMessage.objects.order_by("id").values_list("kind", "address_id")
    assert list(messages) == [(OutboxKind.DOWNLOAD, ada.pk), (OutboxKind.DOWNLOAD, work.pk)]


def test_that_somebody_was_erased_says_who_did_it(ada: Address, now: datetime) -> None:
    [event] = actions.erase([ada.contact_id], Origin(Source.STAFF, now, actor="staff 7"))
    assert (event.kind, event.actor, event.after) == (EventKind.ERASE, "staff 7", {"suppressed": ["erased"]})
    assert actions.erase([ada.contact_id], Origin(Source.STAFF, now)) == []


def test_whoever_asks_to_be_erased_is_asked_back_after_their_other_mailboxes_hear_of_it(
    ada: Address, now: datetime
) -> None:
    work = AddressFactory.create(contact=ada.contact, text="ada@work.example")
    AddressFactory.create(contact=ada.contact, text="ada@joined.example", joined_at=now, is_beside=True)
    AddressFactory.create(text=BOB)
    for _ in range(2):
        actions.ask_to_erase([ada.pk], now=now)
    messages = OutboxMessage.objects.order_by("id").values_list("kind", "address_id", "due_at", "created_at")
    assert list(messages) == [(OutboxKind.ERASING, work.pk, now, now), (OutboxKind.ERASE, ada.pk, now, now)]
    assert not ConsentEvent.objects.exists()


def test_of_nobody_nothing_is_asked(ada: Address, now: datetime) -> None:
    actions.ask_to_erase([], now=now)
    actions.ask_to_erase([ada.pk + 1], now=now)
    actions.send_link([], now=now)
    assert not OutboxMessage.objects.exists()
    assert actions.note_access(ada.pk + 1, Origin(Source.PAGE, now)) == []
