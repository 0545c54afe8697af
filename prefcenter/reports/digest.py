"""The weekly digest of what people said when they left, by mail to the staff who want it. It changes no feedback."""

import logging
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from smtplib import SMTPException
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.core.mail import EmailMultiAlternatives
from django.db.models import Count, F, FloatField, Q, Subquery, Sum
from django.db.models import OuterRef as Outer
from django.db.models.functions import Cast, Length
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from prefcenter.models import Feedback, User
from unsubscribe import conf, headers
from unsubscribe.choices import EventKind, Purpose
from unsubscribe.models import ConsentEvent, SentCount
from unsubscribe.outbox import compose

logger = logging.getLogger(__name__)

DAYS = 7
REASONS_SHOWN = 5
CAMPAIGNS_SHOWN = 5
TEXTS_SHOWN = 10
NO_REASON = "No reason, only a comment"


class DigestPeriod(NamedTuple):
    """Whole days of the house, the last one before `until`; `before` begins a period of the same length."""

    before: datetime
    since: datetime
    until: datetime

    @property
    def last_day(self) -> date:
        return (timezone.localtime(self.until) - timedelta(days=1)).date()


class DigestReason(NamedTuple):
    text: str
    answers: int
    change: int
    url: str


class DigestCampaign(NamedTuple):
    """`percent`: of the messages recorded as sent, whenever that was, how many led somebody to opt out now."""

    name: str
    category: str
    opt_outs: int
    sent: int
    percent: float


class Digest(NamedTuple):
    period: DigestPeriod
    answers: int
    answers_before: int
    reasons: list[DigestReason]
    campaigns: list[DigestCampaign]
    texts: list[Feedback]
    url: str
    unreviewed_url: str

    @property
    def says_nothing(self) -> bool:
        return not (self.answers or self.campaigns)


def period(days: int, *, now: datetime) -> DigestPeriod:
    """The `days` that ended last midnight."""
    today = timezone.localtime(now).date()
    before, since, until = (_midnight(today - timedelta(days=days * times)) for times in (2, 1, 0))
    return DigestPeriod(before, since, until)


def gather(during: DigestPeriod) -> Digest:
    """Four queries, whatever was said."""
    asked = Feedback.objects.filter(created_at__gte=during.before, created_at__lt=during.until)
    now, before = Q(created_at__gte=during.since), Q(created_at__lt=during.since)
    totals = asked.aggregate(count=Count("id", filter=now), before=Count("id", filter=before))
    return Digest(
        during,
        totals["count"],
        totals["before"],
        _reasons(during),
        _campaigns(during),
        _texts(during),
        _list_url(during),
        _list_url(during, reviewed="no"),
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


def _reasons(during: DigestPeriod) -> list[DigestReason]:
    now, before = Q(created_at__gte=during.since), Q(created_at__lt=during.since)
    rows = (
        Feedback.objects.filter(created_at__gte=during.before, created_at__lt=during.until)
        .values("reason", "reason__text")
        .annotate(now=Count("id", filter=now), before=Count("id", filter=before))
        .filter(now__gt=0)
        .order_by("-now", "reason__text")[:REASONS_SHOWN]
    )
    return [
        DigestReason(
            row["reason__text"] or NO_REASON, row["now"], row["now"] - row["before"], _reason_url(during, row["reason"])
        )
        for row in rows
    ]


def _campaigns(during: DigestPeriod) -> list[DigestCampaign]:
    """By rate, so that a small mailing can stand above a large one; the counts beside it say how much it weighs."""
    sent = SentCount.objects.filter(campaign=Outer("campaign")).values("campaign").annotate(sent=Sum("count"))
    rows = (
        ConsentEvent.objects.filter(
            kind=EventKind.OPT_OUT, at__gte=during.since, at__lt=during.until, campaign__isnull=False
        )
        .values("campaign", "campaign__name", "campaign__title", "campaign__category__name")
        .annotate(lost=Count("contact", distinct=True), sent=Subquery(sent.values("sent")))
        .filter(sent__gt=0)
        .annotate(percent=Cast(F("lost"), FloatField()) * 100.0 / F("sent"))
        .order_by("-percent", "-lost", "campaign")[:CAMPAIGNS_SHOWN]
    )
    return [
        DigestCampaign(
            row["campaign__title"] or row["campaign__name"],
            row["campaign__category__name"],
            row["lost"],
            row["sent"],
            row["percent"],
        )
        for row in rows
    ]


def _texts(during: DigestPeriod) -> list[Feedback]:
    """The longest that nobody has reviewed: who writes much wants to be read."""
    rows = Feedback.objects.filter(created_at__gte=during.since, created_at__lt=during.until, reviewed_at=None)
    said = rows.annotate(length=Length("text") + Length("more")).filter(length__gt=0)
    return list(said.order_by("-length", "-id").select_related("reason", "category", "campaign")[:TEXTS_SHOWN])


def _reason_url(during: DigestPeriod, reason_id: int | None) -> str:
    if reason_id is None:
        return _list_url(during, reason__isnull="True")
    return _list_url(during, reason__id__exact=reason_id)


def _list_url(during: DigestPeriod, **filters: Any) -> str:
    dates = {"created_at__gte": during.since.isoformat(), "created_at__lt": during.until.isoformat()}
    return f"{conf.base_url()}{reverse('admin:prefcenter_feedback_changelist')}?{urlencode(dates | filters)}"


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
