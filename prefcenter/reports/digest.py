"""The weekly digest of feedback, by email to staff who turned it on (User.wants_digest).

Its period, reasons and opt-out rates are those of the overview (`period`, `reasons`, `rates`).
"""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.mail import EmailMultiAlternatives
from django.db.models import Q
from django.db.models.functions import Length
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from prefcenter.models import Feedback, User
from unsubscribe import conf, headers
from unsubscribe.choices import Purpose
from unsubscribe.models import Campaign
from unsubscribe.outbox import compose

from . import numbers, rates, reasons
from .period import Period
from .rates import Rate
from .reasons import ReasonCount
from .selection import Selection, during

logger = logging.getLogger(__name__)

DAYS = 7
REASONS_SHOWN = 5
CAMPAIGNS_SHOWN = 5
TEXTS_SHOWN = 10


class DigestCampaign(NamedTuple):
    """A campaign and its rates within the period."""

    campaign: Campaign
    rate: Rate

    @property
    def percent(self) -> str:
        """The opt-out rate for people; "Not enough data" where too few messages were sent."""
        return numbers.percent(self.rate.opt_out_rate)


class Digest(NamedTuple):
    """What the digest says.

    answers:        how many gave feedback within the period
    answers_before: within as many days before
    reasons:        the most often named, each with the URL of its list
    campaigns:      those that were opted out of, the highest rates first
    texts:          the longest comments that are not reviewed yet
    url:            of the list of the feedback; `unreviewed_url` without what was reviewed
    """

    period: Period
    answers: int
    answers_before: int
    reasons: Sequence[tuple[ReasonCount, str]]
    campaigns: Sequence[DigestCampaign]
    texts: Sequence[Feedback]
    url: str
    unreviewed_url: str

    @property
    def says_nothing(self) -> bool:
        """Whether there was neither feedback nor an opt-out from a campaign: then none is sent."""
        return not (self.answers or self.campaigns)


def period(days: int, *, now: datetime) -> Period:
    """The `days` that ended last midnight, in TIME_ZONE. `now`: aware."""
    today = timezone.localdate(now)
    return Period(today - timedelta(days=days), today - timedelta(days=1), now)


def gather(of: Period) -> Digest:
    """The digest of a period, in a fixed number of queries. Raises InsecureBaseUrl."""
    selection = Selection(of)
    said = reasons.rank(selection)
    named = [one for one in said.ranked if one.answers][:REASONS_SHOWN]
    return Digest(
        of,
        said.answers,
        said.before,
        [(one, _reason_url(of, one.id)) for one in named],
        _campaigns(selection),
        _texts(of),
        _list_url(of),
        _list_url(of, reviewed="no"),
    )


def as_text(digest: Digest) -> str:
    """The email's plain text, in English."""
    return _render("txt", digest)


def send(digest: Digest, *, now: datetime) -> int:
    """Sends the digest to active staff who turned it on, may read feedback and have not had one this week. Returns how
    many got it.

    Run twice, it sends once: the day is set before sending (User.digest_sent_on), and set back if the mail server
    fails. A worker that is killed in between costs one digest.
    """
    if digest.says_nothing:
        return 0
    return sum(_send_to(user, digest, now=now) for user in _readers())


def _readers() -> Iterable[User]:
    wanting = User.objects.filter(wants_digest=True, is_staff=True, is_active=True).order_by("id")
    return [user for user in wanting if user.has_perm("prefcenter.view_feedback")]


def _send_to(user: User, digest: Digest, *, now: datetime) -> bool:
    today = timezone.localtime(now).date()
    monday = today - timedelta(days=today.weekday())
    mine = User.objects.filter(pk=user.pk)
    due = mine.filter(Q(digest_sent_on=None) | Q(digest_sent_on__lt=monday))
    if not due.update(digest_sent_on=today):
        return False
    try:
        return bool(_compose(user, digest).send())
    except (SMTPException, OSError) as error:
        mine.update(digest_sent_on=user.digest_sent_on)
        logger.warning("The digest for user %s was not sent (%s).", user.pk, type(error).__name__)
        return False


def _compose(user: User, digest: Digest) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        f"Weekly feedback digest: {conf.sender_name()}",
        as_text(digest),
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated", headers.PURPOSE: Purpose.TRANSACTIONAL},
    )
    message.attach_alternative(compose.inline(_render("html", digest)), "text/html")
    return message


def _render(kind: str, digest: Digest) -> str:
    # The staff's texts are English, whatever language the pages speak.
    with translation.override("en"):
        return render_to_string(f"admin/mail/digest.{kind}", {"digest": digest} | compose.sender())


def _campaigns(selection: Selection) -> list[DigestCampaign]:
    ranked = rates.compare(selection, has_api_complaints=False).by_campaign
    return [DigestCampaign(one, rate) for one, rate in ranked if rate.opt_outs > 0][:CAMPAIGNS_SHOWN]


def _texts(of: Period) -> list[Feedback]:
    """The longest comments of the period that are not reviewed yet."""
    rows = Feedback.objects.filter(during(of.span, "created_at"), reviewed_at=None)
    said = rows.annotate(length=Length("text") + Length("more")).filter(length__gt=0)
    return list(said.order_by("-length", "-id").select_related("reason", "category", "campaign")[:TEXTS_SHOWN])


def _reason_url(of: Period, reason_id: int | None) -> str:
    if reason_id is None:
        return _list_url(of, reason__isnull="True")
    return _list_url(of, reason__id__exact=reason_id)


def _list_url(of: Period, **filters: Any) -> str:
    dates = {"created_at__gte": of.span.since.isoformat(), "created_at__lt": of.span.until.isoformat()}
    return f"{conf.base_url()}{reverse('admin:prefcenter_feedback_changelist')}?{urlencode(dates | filters)}"
