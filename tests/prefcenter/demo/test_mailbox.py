"""The demo's mailbox is in English, and does not offer to be in another language."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.test import Client
from django.urls import URLPattern, URLResolver, include, path
from django.utils import timezone

from prefcenter.demo import seed
from prefcenter.urls import urlpatterns as of_the_site
from unsubscribe.models import Category

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only, pytest.mark.urls(__name__)]
urlpatterns: list[URLPattern | URLResolver] = [*of_the_site, path("demo/", include("prefcenter.demo.urls"))]


@pytest.fixture(autouse=True)
def mails(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    settings.UNSUBSCRIBE_EMAIL_BACKEND = "prefcenter.demo.backends.EmlBackend"
    seed.fill()


@pytest.mark.parametrize("code", [code for code, _ in site.LANGUAGES])
def test_it_is_in_english_for_everybody(code: str, client: Client) -> None:
    page = client.get("/demo/", {"lang": code}, headers={"Accept-Language": code}, secure=True).content.decode()
    assert '<html lang="en" dir="ltr">' in page
    assert "hreflang" not in page


def test_a_newsletter_of_a_retired_category_says_how_it_is_brought_back(client: Client) -> None:
    Category.objects.filter(slug=seed.NEWSLETTER).update(retired_at=timezone.now())
    answer = client.post("/demo/next/", secure=True)
    assert answer.status_code == 409
    assert "You can bring it back in the admin, under Categories." in answer.content.decode()
