"""The weekly digest of what people said when they left, by email to the staff who want it. It changes no feedback.

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
    """A campaign and its rate within the period; `percent` in words, "Not enough data" where too few were sent."""

    campaign: Campaign
    rate: Rate

    @property
    def percent(self) -> str:
        return numbers.percent(self.rate.opt_out_rate)


class Digest(NamedTuple):
    """`answers_before`: those of as many days before. `reasons`: the most often named, each with the URL of its list.
    `campaigns`: of those that somebody opted out of, the highest rates first."""

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
        return not (self.answers or self.campaigns)


def period(days: int, *, now: datetime) -> Period:
    """The `days` that ended last midnight, in TIME_ZONE."""
    today = timezone.localdate(now)
    return Period(today - timedelta(days=days), today - timedelta(days=1), now)


def gather(of: Period) -> Digest:
    """A fixed number of queries, whatever was said."""
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
    return _render("txt", digest)


def send(digest: Digest, *, now: datetime) -> int:
    """To everyone who wants it, may read feedback and has had none this week. Returns how many it went to.

    Run twice, it writes to nobody twice: whoever sets the day first sends. Where handing the mail over fails the day is
    given back for the next run; a worker killed in that moment costs somebody their digest, and that is accepted.
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
    """The longest that nobody has reviewed: who writes much wants to be read."""
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
