"""A visit: who it is, behind a link or signed in, and what they sent. It is read once and handed to one page."""

import re
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict, RawPostDataException, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.utils.translation import get_language

from prefcenter.web import languages
from unsubscribe import actions, gate, queries
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Purpose, Source
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address
from unsubscribe.queries import PreferenceSheet

#: A form that broke off, is malformed, has too many fields, or is in a charset that cannot be decoded; or the header of
#: one of its parts has parameters that are none (email.message raises TypeError).
_UNREADABLE = (
    BadRequest,
    SuspiciousOperation,
    MultiPartParserError,
    LookupError,
    ValueError,
    TypeError,
    UnreadablePostError,
    RawPostDataException,
)
#: The fields that only forms of ours have.
_OURS = {"do", "receipt", "frequency", "days"}
#: What names the first of them in a body that cannot be read as a form: urlencoded or text/plain, multipart, JSON.
_SAYS_DO = re.compile(rb"(?i)(?:^|[&\r\n])do(?:=|%3d|&|$)|name=[\"']?do\b|[\"']do[\"']\s*:")
_ONE_CLICK = "list-unsubscribe"


class Visit(NamedTuple):
    """One request of one contact; by then the reader's language is active.

    form:       what a form of ours says, empty where it cannot be read; None for a look
    address:    the one behind the link, or the account's; its contact is loaded
    target:     what the link names
    context:    what each page of this visit shows: masked, preferences_url, privacy_url; csrf_input and is_signed_in of
                whoever is signed in; nothing where the link has expired
    is_proved:  signed in, or by a link that only the mailbox has. A newsletter's link may have been forwarded: it
                brings less mail, and asks the mailbox before it brings any more (laws 6 and 8)
    is_expired: the link shows and starts nothing any more, and still stops mail (law 6)
    """

    request: HttpRequest
    form: QueryDict | None
    address: Address
    target: Target
    now: datetime
    context: dict[str, Any]
    is_proved: bool
    is_expired: bool = False

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)

    @property
    def do(self) -> str:
        """Which button was pressed; "" where none was."""
        return self.says("do")

    def says(self, field: str) -> str:
        """What the form says in this field; "" where there is none."""
        return str(self.form.get(field, "")) if self.form else ""

    def sheet(self, *, also: Collection[int] = ()) -> PreferenceSheet:
        """What holds for the contact, whatever the link names among it, and the categories with these ids."""
        return queries.preference_sheet(self.address, today=self.today, also={*also, self.target.category_id})

    def origin(self, wording: str = "") -> Origin:
        """Of what is changed on this visit; `wording` is what stood on the button, or what was agreed to."""
        return Origin(Source.PAGE, self.now, wording=wording)

    def remember_language(self) -> None:
        """Mails speak as the page did, where the person chose its language or none was known. An address that is
        pending chooses none for the contact that it was joined to."""
        known, spoken = self.address.language, get_language() or ""
        if self.address.is_pending or spoken == languages.spoken(known):
            return
        if not known or languages.asked_for(self.request):
            actions.choose_language(self.address.contact_id, spoken)

    def may_be_written_to(self) -> bool:
        """Whether even what was asked for may reach the address: nothing reaches one that bounced or is blocked."""
        mailing = Mailing(None, channel=Channel(self.address.channel), purpose=Purpose.TRANSACTIONAL)
        return gate.check([self.address.value], mailing, now=self.now)[0].may_send


def sent_form(request: HttpRequest) -> QueryDict | None:
    """Our own form, if that is what was posted; an empty one if it is ours and cannot be read.

    None for everything else, which may come from a mail program (requirement E2): an empty body, any other, and one
    that says List-Unsubscribe, whatever stands beside it.
    """
    try:
        form = request.POST
    except _UNREADABLE:
        form = QueryDict()
    names = {name.strip("\ufeff\0 \t\r\n").lower() for name in form}
    if names:
        return form if _OURS & names and _ONE_CLICK not in names else None
    body = _raw(request)
    is_ours = _SAYS_DO.search(body) and _ONE_CLICK.encode() not in body.lower()
    return QueryDict() if is_ours else None


def _raw(request: HttpRequest) -> bytes:
    try:
        return request.body
    except _UNREADABLE:
        return b""
