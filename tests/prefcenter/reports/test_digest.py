"""Once a week the staff who want it read what people said; nobody else does, and nobody twice."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from celery.schedules import crontab
from django.conf import settings as django_settings
from django.contrib.auth.models import Permission
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend as LocmemBackend
from django.core.management import CommandError, call_command

from prefcenter import tasks
from prefcenter.models import Feedback, FeedbackReason, User
from prefcenter.reports import Selection, rates
from prefcenter.reports import digest as feedback_digest
from prefcenter.reports.digest import DAYS, Digest, gather, period
from prefcenter.reports.reasons import NO_REASON
from tests.emails import html_of
from tests.factories import AddressFactory, CategoryFactory
from tests.staff import member, signed_in
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Source
from unsubscribe.links import Target
from unsubscribe.models import Campaign, SentCount

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 9, 7, 0, tzinfo=UTC)  # a Monday
THIS_WEEK = NOW - timedelta(days=2)
WEEK_BEFORE = NOW - timedelta(days=9)
MANY, OTHER = "Too many mails", "Something else"


def say(text: str = "", *, at: datetime = THIS_WEEK, reason: str = "", **fields: Any) -> Feedback:
    news = CategoryFactory.create()
    [event] = actions.opt_out([Target(AddressFactory.create().pk, news.pk)], Origin(Source.PAGE, at))
    ticked = FeedbackReason.objects.get_or_create(text=reason)[0] if reason else None
    return Feedback.objects.create(event=event, category=news, reason=ticked, text=text, created_at=at, **fields)


def mailing(name: str, *, sent: int, opt_outs: int, at: datetime = THIS_WEEK) -> Campaign:
    news = CategoryFactory.create()
    campaign = actions.campaign_named(name, category=news, now=at)
    assert campaign is not None
    SentCount.objects.create(category=news, campaign=campaign, channel=Channel.EMAIL, day=at.date(), count=sent)
    left = [Target(AddressFactory.create().pk, news.pk, campaign.pk) for _ in range(opt_outs)]
    actions.opt_out(left, Origin(Source.PAGE, at))
    return campaign


def digest() -> Digest:
    return gather(period(DAYS, now=NOW))


@pytest.fixture
def reader() -> Callable[..., User]:
    def reader(email: str = "boss@example.com", *, may_read: bool = True, **fields: Any) -> User:
        fields = {"wants_digest": True, "is_staff": True} | fields
        user = User.objects.create_user(email, **fields)
        user.user_permissions.set(Permission.objects.filter(codename="view_feedback") if may_read else [])
        return user

    return reader


Reader = Callable[..., User]


def send(*, now: datetime = NOW) -> list[str]:
    """Whom a run wrote to."""
    mail.outbox.clear()
    feedback_digest.send(gather(period(DAYS, now=now)), now=now)
    return [recipient for message in mail.outbox for recipient in message.to]


class TestGathering:
    def test_reasons_are_ranked_and_compared_with_the_week_before(self) -> None:
        for at, reason, number in [
            (THIS_WEEK, MANY, 3),
            (THIS_WEEK, OTHER, 1),
            (THIS_WEEK, "", 2),
            (WEEK_BEFORE, MANY, 1),
            (WEEK_BEFORE, OTHER, 2),
            (WEEK_BEFORE, "Gone", 4),
            (NOW, "Today", 5),
            (NOW - timedelta(days=15), "Long ago", 5),
        ]:
            for _ in range(number):
                say(at=at, reason=reason)
        found = digest()
        assert [(one.text, one.answers, one.change) for one, _ in found.reasons] == [
            (MANY, 3, 2),
            (NO_REASON, 2, 2),
            (OTHER, 1, -1),
        ]
        assert (found.answers, found.answers_before) == (6, 7)

    def test_campaigns_have_the_rates_of_the_overview_the_highest_first(self) -> None:
        mailing("Large", sent=1000, opt_outs=4)
        mailing("Small", sent=400, opt_outs=4)
        mailing("Too few to say", sent=10, opt_outs=2)
        mailing("Nobody left", sent=1000, opt_outs=0)
        mailing("Left before", sent=1000, opt_outs=2, at=WEEK_BEFORE)
        found = digest().campaigns
        assert [(one.campaign.name, one.rate.opt_outs, one.rate.sent, one.percent) for one in found] == [
            ("Small", 4, 400, "1.00%"),
            ("Large", 4, 1000, "0.40%"),
            ("Too few to say", 2, 10, "Not enough data"),
        ]
        overview = dict(rates.compare(Selection(period(DAYS, now=NOW))).by_campaign)
        assert {one.campaign: one.rate for one in found} == {one.campaign: overview[one.campaign] for one in found}

    def test_the_ten_longest_texts_nobody_has_reviewed_are_worth_reading(self) -> None:
        said = [say("x" * (number + 1)) for number in range(12)]
        say("x" * 50, reviewed_at=NOW)
        say("x" * 50, at=WEEK_BEFORE)
        say("", reason=MANY)
        longest = say("short", more="and much about the reason")
        assert digest().texts == [longest, *said[:2:-1]]

    def test_it_takes_as_many_queries_for_much_as_for_nothing(self, django_assert_num_queries: Any) -> None:
        with django_assert_num_queries(9):
            digest()
        for number in range(5):
            say("Daily!", reason=f"Reason {number}")
        mailing("June", sent=3, opt_outs=2)
        with django_assert_num_queries(9):
            feedback_digest.as_text(digest())

    def test_days_are_the_houses(self, settings: Any) -> None:
        settings.TIME_ZONE = "America/New_York"
        during = period(7, now=datetime(2026, 3, 9, 11, 0, tzinfo=UTC))
        # The clocks went forward on 8 March.
        assert during.span.until == datetime(2026, 3, 9, 4, 0, tzinfo=UTC)
        assert during.span.since == datetime(2026, 3, 2, 5, 0, tzinfo=UTC)
        assert during.last.isoformat() == "2026-03-08"


class TestSending:
    @pytest.fixture(autouse=True)
    def something_said(self, db: None) -> None:
        say("Every <b>day</b>, even on Sunday!", reason=MANY)

    def test_the_mail_says_it_in_html_and_in_plain_text(self, reader: Reader, settings: Any) -> None:
        settings.LANGUAGE_CODE = "de"
        reader()
        mailing("June", sent=400, opt_outs=1)
        send()
        [message] = mail.outbox
        html = html_of(message)
        for body in (str(message.body), html):
            assert all(said in body for said in (MANY, "1 (+1)", "June (News): 0.25%, 1 of 400 sent", "2 March 2026"))
            assert "https://mail.example.com/admin/prefcenter/feedback/?created_at__gte=2026-03-02T00" in body
            assert f"{MANY} · News" in body
            assert "Example Post" in body
        assert "Every <b>day</b>, even" in message.body
        assert "Every &lt;b&gt;day&lt;/b&gt;, even" in html
        assert 'lang="en"' in html
        assert 'class="button" style=' in html or "style=" in html.partition('class="button"')[2][:200]

    def test_it_goes_out_as_transactional_and_answers_nobody(self, reader: Reader) -> None:
        reader()
        send()
        [message] = mail.outbox
        assert message.extra_headers == {"Auto-Submitted": "auto-generated"}

    def test_its_links_open_the_list_of_what_it_counted(self, reader: Reader) -> None:
        user, _ = reader(), say("Before", at=WEEK_BEFORE)
        say("Nothing ticked", reviewed_at=NOW)
        client = signed_in(user)
        found = digest()
        links = [found.url, found.unreviewed_url, *(url for _, url in found.reasons)]
        shown = [client.get(link, secure=True).context["cl"].result_count for link in links]
        assert shown == [2, 1, 1, 1]

    @pytest.mark.parametrize(
        ("fields", "is_written_to"),
        [
            ({}, True),
            ({"is_superuser": True, "may_read": False}, True),
            ({"wants_digest": False}, False),
            ({"is_staff": False}, False),
            ({"is_active": False}, False),
            ({"may_read": False}, False),
        ],
    )
    def test_only_active_staff_who_want_it_and_may_read_feedback_get_it(
        self, fields: dict[str, Any], is_written_to: bool, reader: Reader
    ) -> None:
        reader(**fields)
        assert send() == (["boss@example.com"] if is_written_to else [])

    def test_each_gets_it_once_a_week(self, reader: Reader) -> None:
        reader()
        assert send() == ["boss@example.com"]
        assert send() == []
        assert send(now=NOW + timedelta(days=6)) == []
        say(at=NOW + timedelta(days=3))
        assert send(now=NOW + timedelta(days=7)) == ["boss@example.com"]

    def test_a_late_digest_does_not_cost_the_next_one(self, reader: Reader) -> None:
        reader()
        assert send(now=NOW + timedelta(days=2)) == ["boss@example.com"]
        say(at=NOW + timedelta(days=3))
        assert send(now=NOW + timedelta(days=7)) == ["boss@example.com"]

    def test_who_could_not_be_reached_is_tried_again_and_holds_up_nobody(self, reader: Reader, settings: Any) -> None:
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "tests.prefcenter.reports.test_digest.RefusesTheBoss"
        reader(), reader("other@example.com")
        assert send() == ["other@example.com"]
        settings.UNSUBSCRIBE_EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        assert send() == ["boss@example.com"]

    def test_the_task_and_its_hour(self, reader: Reader) -> None:
        reader()
        say(at=datetime.now(UTC) - timedelta(days=1))
        tasks.send_feedback_digest()
        tasks.send_feedback_digest()
        assert len(mail.outbox) == 1
        entry = django_settings.CELERY_BEAT_SCHEDULE["send the feedback digest"]
        assert isinstance(entry["schedule"], crontab)
        assert (min(entry["schedule"].hour), entry["schedule"].day_of_week) == (7, {1})
        assert django_settings.CELERY_TIMEZONE == django_settings.TIME_ZONE


class RefusesTheBoss(LocmemBackend):
    def send_messages(self, messages: Any) -> int:
        if "boss@example.com" in messages[0].to:
            raise ConnectionResetError
        return super().send_messages(messages)


class TestNothingToSay:
    def test_no_mail(self, reader: Reader) -> None:
        reader()
        say("Before", at=WEEK_BEFORE)
        assert send() == []
        assert User.objects.get().digest_sent_on is None

    def test_the_command_says_so(self) -> None:
        assert "Nothing to report" in run()


class TestCommand:
    def test_it_shows_and_sends_nothing(self, reader: Reader) -> None:
        reader()
        say("Twice a day!", at=datetime.now(UTC) - timedelta(days=2))
        assert "Twice a day!" in run("--print")
        assert mail.outbox == []

    def test_it_sends_once(self, reader: Reader) -> None:
        reader()
        say("Twice a day!", at=datetime.now(UTC) - timedelta(days=20))
        assert "Nothing to report" in run()
        assert run("--days", "30") == "Digests sent: 1.\n"
        assert run("--days", "30") == "Digests sent: 0.\n"
        assert len(mail.outbox) == 1

    @pytest.mark.parametrize("days", ["0", "-1", "x", "367"])
    def test_days_are_a_number_that_makes_sense(self, days: str) -> None:
        with pytest.raises(CommandError, match="a number of days from 1 to 366"):
            run(f"--days={days}")


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("feedback_digest", *arguments, stdout=out)
    return out.getvalue()


def test_who_wants_it_is_set_on_the_users_page() -> None:
    user = member(is_superuser=True)
    page = f"/admin/prefcenter/user/{user.pk}/change/"
    form = {"email": user.email, "is_active": "on", "is_staff": "on", "is_superuser": "on", "wants_digest": "on"}
    form |= {"date_joined_0": "2026-03-09", "date_joined_1": "12:00:00"}
    assert signed_in(user).post(page, form, secure=True).status_code == 302
    user.refresh_from_db()
    assert user.wants_digest
