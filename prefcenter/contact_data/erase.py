"""Erases a contact: what the engine keeps, and what each subject of the site keeps (GDPR, Article 17; law 9)."""

from collections.abc import Sequence

from allauth.account.models import EmailAddress
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F

from prefcenter.accounts import outbox as account_outbox
from prefcenter.accounts import sessions
from prefcenter.lists import imports
from prefcenter.models import Feedback, LinkRequest, User
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.models import Address, Contact

from .whose import Whose, digests, emails, spellings


@transaction.atomic
def erase_whose(address: Address, origin: Origin) -> None:
    """Erases the contact of this address; of a pending address, itself alone (law 11)."""
    if address.is_pending:
        actions.part([address.pk], origin)
        address.refresh_from_db(fields=["contact"])
    erase(address.contact_id, origin)


def erase(contact_id: int, origin: Origin) -> None:
    """Erases the contact. What stays are the digests of the addresses, a suppression of each, and anonymous events. It
    cannot be undone.

    An address that is pending at the contact is not theirs, and stays. Raises Contact.DoesNotExist.
    """
    contact = Contact.objects.get(id=contact_id)
    whose = Whose(contact, [one for one in contact.addresses.all() if not one.is_pending])
    addresses = whose.addresses
    users = _users(addresses)
    session_keys = sessions.about([user.pk for user in users], digests(addresses))
    imports.erasure.forget([one for row in addresses for one in spellings(row)], now=origin.now)
    with transaction.atomic():
        actions.erase([contact_id], origin)
        Feedback.objects.filter(whose.said("event__")).update(text="", more="", note="")
        LinkRequest.objects.filter(address__any_of=digests(addresses)).delete()
        account_outbox.forget_address(set(digests(addresses)))
        _erase_accounts(users, emails=emails(addresses))
        Session.objects.filter(session_key__in=session_keys).delete()


def _users(addresses: Sequence[Address]) -> list[User]:
    """The accounts with these email addresses, without those of staff, which stay."""
    return list(User.objects.filter(email__in=emails(addresses), is_staff=False, is_superuser=False))


def _erase_accounts(users: Sequence[User], *, emails: Sequence[str]) -> None:
    mine = EmailAddress.objects.filter(user__in=users)
    texts = {*emails, *mine.values_list("email", flat=True)} if users else set(emails)
    User.objects.filter(id__in=[user.pk for user in users]).delete()
    # Of an address on another account only its row goes. A row with the account's own address is a staff account's.
    EmailAddress.objects.filter(email__in=emails).exclude(user__email=F("email")).delete()
    # The admin's log names accounts by their addresses, and keeps its entries after an account is deleted.
    LogEntry.objects.filter(object_repr__in=texts).update(object_repr="•••")
