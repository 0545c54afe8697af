"""A fresh install has reasons to offer when people leave, in every language it speaks."""

from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from prefcenter.models import FeedbackReason
from tests.factories import ADA, AddressFactory
from unsubscribe import links
from unsubscribe.links import Target
from unsubscribe.models import Address, Category

pytestmark = pytest.mark.django_db
LANGUAGES = [code for code, _ in settings.LANGUAGES]


def migrate() -> None:
    import_module("prefcenter.migrations.0012_reasons").offer(apps, connection.schema_editor())


def test_a_fresh_install_offers_reasons_on_the_page_after_leaving(browser_client: Client, news: Category) -> None:
    migrate()
    ada = AddressFactory.create(text=ADA)
    path = "/u/" + links.sign(Target(ada.pk, news.pk), today=timezone.localdate())
    page = browser_client.post(path, {"do": "unsubscribe"}, secure=True).text
    assert all(reason.text in page for reason in FeedbackReason.objects.all())
    assert FeedbackReason.objects.count() == 4


@pytest.mark.parametrize("language", [code for code in LANGUAGES if code != "en"])
def test_they_are_said_in_every_language(language: str) -> None:
    migrate()
    assert all(reason.translations[language]["text"] for reason in FeedbackReason.objects.all())


def test_migrating_again_brings_nothing_back_that_staff_removed_or_changed() -> None:
    migrate()
    FeedbackReason.objects.exclude(text="Too many emails").delete()
    migrate()
    assert list(FeedbackReason.objects.values_list("text", flat=True)) == ["Too many emails"]


def test_a_site_in_use_without_reasons_keeps_having_none(ada: Address) -> None:
    migrate()
    assert not FeedbackReason.objects.exists()
