"""The demo's past: there once, made by the verbs, believable, and without an email to anybody."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from prefcenter.demo import seed
from prefcenter.demo.history import Written
from prefcenter.models import Feedback, ImportRun, User, Visits
from prefcenter.reports import Period, Selection, counts, rates
from tests.sample_data.guard import holds_real_addresses
from tests.shared_rows import shared_rows
from unsubscribe.choices import OutboxStatus, Source, SuppressionReason
from unsubscribe.ledger import seals
from unsubscribe.models import Campaign, ConsentEvent, Contact, OutboxMessage, Suppression

pytestmark = pytest.mark.django_db


EML = {"UNSUBSCRIBE_EMAIL_BACKEND": "prefcenter.demo.backends.EmlBackend"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def written(django_db_setup: None, django_db_blocker: Any, folder: Path) -> Iterator[Written]:
    with shared_rows(django_db_blocker, DATA_DIR=folder, **EML):
        seed.fill()
        yield seed.write_history()


def test_every_page_of_the_staff_has_something_to_show(written: Written) -> None:
    now = timezone.now()
    last_month = Selection(Period.latest(30, now=now))
    assert counts.count(last_month).total.total > 20
    assert rates.compare(last_month, has_api_complaints=False).total.sent > 3000
    assert len(set(Feedback.objects.exclude(text="").values_list("text", flat=True))) > 30
    assert {row.reviewed_at is None for row in Feedback.objects.all()} == {True, False}
    assert Feedback.objects.exclude(tags=None).exists()
    assert set(Suppression.objects.values_list("reason", flat=True)) == set(SuppressionReason)
    assert {one.created_by for one in ImportRun.objects.all()} == {User.objects.get(email=seed.LOGIN)}
    assert set(ConsentEvent.objects.values_list("source", flat=True)) == set(Source)
    assert Visits.objects.exists()
    assert list(seals.verify()) == []
    assert written.events == pytest.approx(seed.EVENTS, rel=0.05)
    assert written.contacts == Contact.objects.count() == seed.CONTACTS
    assert not holds_real_addresses()


def test_it_ends_now_and_each_line_has_its_own_moment(written: Written) -> None:
    moments = list(ConsentEvent.objects.order_by("id").values_list("at", flat=True))
    assert moments == sorted(moments)
    assert len(set(moments)) > 0.7 * len(moments)
    assert timezone.now() - timedelta(days=seed.DAYS) < moments[0] < moments[-1] <= timezone.now()
    assert timezone.now() - moments[-1] < timedelta(days=2)


def test_nobody_gets_an_email_about_the_past(written: Written, folder: Path) -> None:
    statuses = set(OutboxMessage.objects.values_list("status", flat=True))
    assert statuses <= {OutboxStatus.SENT, OutboxStatus.FAILED, OutboxStatus.DROPPED}
    assert not (folder / "mail").exists()
    waits = [row.sent_at - row.due_at for row in OutboxMessage.objects.exclude(sent_at=None) if row.sent_at]
    assert timedelta(0) < min(waits) < max(waits) < timedelta(seconds=10)


@pytest.mark.usefixtures("written")
def test_the_first_newsletter_goes_on_with_the_numbers_and_is_sent_once(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.UNSUBSCRIBE_EMAIL_BACKEND = EML["UNSUBSCRIBE_EMAIL_BACKEND"]
    before = Campaign.objects.filter(category__slug=seed.NEWSLETTER).count()
    assert before > 10
    assert seed.has_history()
    assert seed.send_first() == 12
    assert Campaign.objects.latest("id").name.endswith(f", no. {before + 1}")
    assert seed.send_first() == 0
