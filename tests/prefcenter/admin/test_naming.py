"""A list that has a title of its own is called nothing else on its page, and its columns are found by their names."""

import re

import pytest
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.urls import reverse
from django.utils import timezone

from tests.staff import member, signed_in
from unsubscribe.models import Contact, DomainSuppression, Suppression

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

#: But that of suppressions, which is the page of opt-outs and counts in a sentence.
TITLED = [
    model
    for model, owner in admin.site._registry.items()
    if getattr(owner, "list_title", "") and model is not Suppression
]


@pytest.mark.parametrize("model", TITLED)
def test_a_list_with_a_title_of_its_own_counts_rows(model: type[Model]) -> None:
    options = model._meta
    page = signed_in(member(is_superuser=True)).get(
        reverse(f"admin:{options.app_label}_{options.model_name}_changelist"), secure=True
    )
    [paginator] = page.content.decode().split('class="paginator"')[1:]
    assert "0 rows" in " ".join(paginator.partition("</p>")[0].split())


def test_one_row_is_a_row_and_other_lists_count_what_they_hold() -> None:
    now = timezone.now()
    DomainSuppression.objects.create(domain="corp.example", reason="manual", source="staff", since=now, created_at=now)
    Contact.objects.create(created_at=now)
    staff = signed_in(member(is_superuser=True))
    domains = staff.get(reverse("admin:unsubscribe_domainsuppression_changelist"), secure=True).content.decode()
    contacts = staff.get(reverse("admin:unsubscribe_contact_changelist"), secure=True).content.decode()
    assert "1 row" in domains
    assert "domain block" not in domains
    assert "1 contact" in contacts


@pytest.mark.parametrize(("label", "title"), [("admin", "Administration"), ("prefcenter", "Preference center")])
def test_the_page_of_an_app_bears_its_name_once(label: str, title: str) -> None:
    staff = signed_in(member(is_superuser=True))
    page = staff.get(reverse("admin:app_list", args=[label]), secure=True).content.decode()
    assert f"<h1>{title}</h1>" in page


def test_a_column_that_the_style_sheet_widens_is_one_of_its_list() -> None:
    style = (settings.BASE_DIR / "static/prefcenter/admin.css").read_text()
    shown = {model._meta.model_name: owner.list_display for model, owner in admin.site._registry.items()}
    widened = re.findall(r"\.model-(\w+) #result_list \.field-(\w+)", style)
    assert widened
    assert [one for one in widened if one[1] not in shown[one[0]]] == []
