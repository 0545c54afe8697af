"""The data of the previews: the pages and emails of a category as a made-up subscriber sees them.

The rows are never saved, not even in a transaction that is rolled back, which would hold locks and use up ids.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import TextChoices
from django.http import HttpRequest
from django.utils import timezone

from prefcenter.web import languages, staff_pages
from unsubscribe import addresses, links, queries
from unsubscribe.choices import Channel, EventKind, OutboxKind, PreferenceState, Purpose
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category, ConsentEvent, Contact, Preference
from unsubscribe.outbox import compose, wording
from unsubscribe.outbox.compose import EmailText
from unsubscribe.queries import Choice, PreferenceSheet

#: Of the made-up subscriber.
ADDRESS = "reader@example.com"
#: Where links on the pages and in HTML emails lead.
NOWHERE = "#"
#: In place of a token in the URLs of plain-text emails.
_NO_LINK = "preview"


class PreviewKind(TextChoices):
    """The previews. The values are part of their URLs; those of emails are OutboxKinds."""

    UNSUBSCRIBE = "unsubscribe", "Unsubscribe page"
    DONE = "done", "After unsubscribing"
    PREFERENCES = "preferences", "Preference page"
    CONFIRMATION = OutboxKind.CONFIRMATION.value, "Confirmation email"
    LINK = OutboxKind.LINK.value, "Email with a new link"
    OPT_IN = OutboxKind.OPT_IN.value, "Opt-in request email"
    ERASE = OutboxKind.ERASE.value, "Deletion request email"
    JOIN = OutboxKind.JOIN.value, "Address ownership email"
    JOINED = OutboxKind.JOINED.value, "Address added email"
    DOWNLOAD = OutboxKind.DOWNLOAD.value, "Data downloaded email"
    ERASING = OutboxKind.ERASING.value, "Deletion requested email"


#: The previews that are emails, and the purpose of the link in each.
MAILS = {
    PreviewKind.CONFIRMATION: LinkPurpose.FRESH,
    PreviewKind.LINK: LinkPurpose.FRESH,
    PreviewKind.OPT_IN: LinkPurpose.OPT_IN,
    PreviewKind.ERASE: LinkPurpose.ERASE,
    PreviewKind.JOIN: LinkPurpose.JOIN,
    PreviewKind.JOINED: LinkPurpose.JOIN,
    PreviewKind.DOWNLOAD: LinkPurpose.FRESH,
    PreviewKind.ERASING: LinkPurpose.FRESH,
}


def kinds(category: Category) -> list[PreviewKind]:
    """The previews of a category: for a transactional one none about unsubscribing, for a retired one no opt-in
    request."""
    if category.purpose == Purpose.TRANSACTIONAL:
        return [PreviewKind.PREFERENCES, PreviewKind.LINK, PreviewKind.ERASE]
    return [one for one in PreviewKind if one != PreviewKind.OPT_IN or category.retired_at is None]


def for_staff(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorates a view of the admin, for staff who may view categories."""
    return staff_pages.for_staff(view, "unsubscribe.view_category")


def language(request: HttpRequest) -> str:
    """The language asked for in the URL, else LANGUAGE_CODE."""
    return languages.asked_for(request) or settings.LANGUAGE_CODE


def address() -> Address:
    return Address(value=ADDRESS, channel=Channel.EMAIL, contact=Contact())


def target(category: Category) -> Target:
    """What the made-up links name: the category, and no address."""
    return Target(0, category.pk)


def sheet(category: Category) -> PreferenceSheet:
    """The preference sheet of a contact who is subscribed to the category by email, and has chosen nothing else."""
    choices = [_choice(one, is_got=one == category) for one in Category.objects.select_related("group")]
    return PreferenceSheet(
        contact_id=0,
        language="",
        masked=addresses.mask(ADDRESS, channel=Channel.EMAIL),
        channel=Channel.EMAIL,
        choices=[one for one in choices if one.is_offered or one.category == category],
        paused_until=None,
        has_said_no_to_everything=False,
        is_erased=False,
        is_blocked=False,
    )


def event(category: Category) -> ConsentEvent:
    """The event of unsubscribing from the category, not saved."""
    before, after = ({"state": state} for state in (PreferenceState.SUBSCRIBED, PreferenceState.UNSUBSCRIBED))
    return ConsentEvent(kind=EventKind.OPT_OUT, category=category, channel=Channel.EMAIL, before=before, after=after)


def letter(kind: PreviewKind, category: Category, *, today: date) -> EmailText:
    """The email of this kind, one of MAILS, in the active language."""
    purpose = MAILS[kind]
    url = links.url(_NO_LINK, purpose=purpose)
    left = event(category)
    change = wording.describe(left.before, left.after, category=category.local_name, channel=left.channel)
    context = {
        "url": url,
        "until": links.expires_on(purpose, today),
        "changes": [change],
        "offers": [{"category": category, "url": url}],
        "addresses": [addresses.mask(ADDRESS, channel=Channel.EMAIL)] * (2 if kind == PreviewKind.JOINED else 1),
    }
    written = compose.write(OutboxKind(kind.value), context)
    return written._replace(html=written.html.replace(f'"{url}"', f'"{NOWHERE}"'))


def _choice(category: Category, *, is_got: bool) -> Choice:
    masked = addresses.mask(ADDRESS, channel=Channel.EMAIL)
    row = Preference(state=PreferenceState.SUBSCRIBED) if is_got else Preference()
    today = timezone.localdate()
    return queries.choice(category, Channel.EMAIL, masked, row, needs_opt_in=category.needs_opt_in, today=today)
