"""Everything can be read in the admin; what people wished can be changed there by nobody."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from prefcenter.accounts import api_keys, codes
from prefcenter.accounts import outbox as account_outbox
from prefcenter.accounts.api_keys import Scope
from prefcenter.lists import imports
from prefcenter.lists.imports import ImportOptions
from prefcenter.models import (
    Feedback,
    FeedbackReason,
    FeedbackTag,
    IdempotentAnswer,
    ImportAnswer,
    ImportKind,
    LinkRequest,
    User,
    Visits,
    WebhookDelivery,
)
from prefcenter.webhooks import delivery
from tests.factories import CampaignFactory
from tests.staff import member, signed_in
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Source, SuppressionReason
from unsubscribe.ledger import seals
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, CategoryGroup, ConsentEvent, SentCount

pytestmark = pytest.mark.django_db

OURS = [model for model in admin.site._registry if model._meta.app_label in {"unsubscribe", "prefcenter"}]
EDITABLE = {
    "category",
    "categorygroup",
    "campaign",
    "feedback",
    "feedbackreason",
    "feedbacktag",
    "user",
    "apikey",
    "webhookendpoint",
}


@pytest.fixture
def staff() -> Client:
    return signed_in(member(is_superuser=True))


@pytest.fixture
def something_of_everything(ada: Address, news: Category) -> None:
    campaign = CampaignFactory.create(category=news, name="June")
    now = timezone.now()
    [event] = actions.opt_out([Target(ada.pk, news.pk, campaign.pk)], Origin(Source.PAGE, now))
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    actions.record_sent([ada.contact_id], Mailing(news, campaign=campaign), now=now)
    reason = FeedbackReason.objects.create(text="Too many mails")
    said = Feedback.objects.create(
        event=event, category=news, campaign=campaign, reason=reason, text="Daily!", created_at=now
    )
    said.tags.add(FeedbackTag.objects.create(name="Too often"))
    CategoryGroup.objects.create(name="By email")
    LinkRequest.objects.create(address=ada.digest, network=ada.digest, created_at=now)
    Visits.objects.create(day=now.date(), campaign=campaign, method="HEAD", count=1)
    key, _ = api_keys.make("A mailer", [Scope.AUDIENCE], now=now)
    endpoint = delivery.make("A mailer", "https://example.com/hook", [], now=now)
    WebhookDelivery.objects.create(endpoint=endpoint, event=event, due_at=now, created_at=now)
    imports.hand_in([b"ada@example.com"], ImportOptions(ImportKind.OPT_OUTS), file_name="a.csv", user_id=None, now=now)
    ImportAnswer.objects.create(heading="mailok", shown="Mail OK", means={}, answered_by="staff 1", answered_at=now)
    IdempotentAnswer.objects.create(key=key, digest=ada.digest, fingerprint=ada.digest, created_at=now)
    account_outbox.queue("mfa/email/changed", "staff@example.org", {"what": "Something."}, now=now)
    codes.make(now=now)
    actions.short_links([ada.pk], Target(0, news.pk), now=now)
    actions.suppress_domains({"corp.example": None}, Origin(Source.STAFF, now), reason=SuppressionReason.MANUAL)
    for number in (1, 2):
        line = [actions.ImportedNo(bytes(ada.digest))]
        actions.import_opt_outs(
            line, Origin(Source.IMPORT, now, import_id=number), channel=Channel.EMAIL, reason=SuppressionReason.MANUAL
        )
    assert SentCount.objects.exists()
    assert seals.seal(now=now)


def test_every_model_is_registered() -> None:
    models = {model for label in ("unsubscribe", "prefcenter") for model in apps.get_app_config(label).get_models()}
    assert {model for model in models if not model._meta.proxy} == set(OURS)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.model_name)
@pytest.mark.usefixtures("something_of_everything")
def test_each_list_and_page_can_be_read_and_shows_no_address(model: type[Model], staff: Client) -> None:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    one = model._default_manager.first()
    assert one is not None
    for url in (reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[one.pk])):
        answer = staff.get(url, secure=True)
        assert answer.status_code == 200
        assert "ada@example.com" not in answer.content.decode()


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.model_name)
@pytest.mark.usefixtures("something_of_everything")
def test_what_people_wished_is_read_only_even_for_a_superuser(model: type[Model], staff: Client) -> None:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    one = model._default_manager.first()
    assert one is not None
    if model._meta.model_name != "user":
        assert staff.post(reverse(f"{name}_delete", args=[one.pk]), {"post": "yes"}, secure=True).status_code == 403
    if model._meta.model_name not in EDITABLE:
        assert staff.post(reverse(f"{name}_change", args=[one.pk]), {}, secure=True).status_code == 403
        assert staff.get(reverse(f"{name}_add"), secure=True).status_code == 403


@pytest.mark.usefixtures("something_of_everything")
def test_feedback_and_the_ledger_say_what_they_know(staff: Client) -> None:
    page = staff.get(reverse("admin:prefcenter_feedback_changelist"), secure=True).content.decode()
    assert all(text in page for text in ("Too many mails", "Daily!", "June", "News"))
    event = ConsentEvent.objects.earliest("id")
    url = reverse("admin:unsubscribe_consentevent_change", args=[event.pk])
    assert "unsubscribed" in staff.get(url, secure=True).content.decode()


@pytest.mark.parametrize("lookup", ["value", "value__startswith", "digest"])
def test_no_address_can_be_spelt_out_in_a_url(lookup: str, staff: Client, ada: Address) -> None:
    url = reverse("admin:unsubscribe_address_changelist")
    assert staff.get(url, {lookup: "ada"}, secure=True).status_code == 400


def test_a_slug_and_a_purpose_never_change_once_they_are_out(staff: Client, news: Category) -> None:
    url = reverse("admin:unsubscribe_category_change", args=[news.pk])
    fields = {"slug": "changed", "name": "Renamed", "purpose": "transactional", "position": "0", "is_listed": "on"}
    assert staff.post(url, fields, secure=True).status_code == 302
    news.refresh_from_db()
    assert (news.slug, news.name, news.purpose) == ("news", "Renamed", "marketing")


def test_a_user_is_added_by_email_address(staff: Client) -> None:
    fields = {
        "email": "new@example.com",
        "password1": "correct horse",
        "password2": "correct horse",
        "usable_password": "true",
    }
    assert staff.post(reverse("admin:prefcenter_user_add"), fields, secure=True).status_code == 302
    assert str(User.objects.get(email="new@example.com")) == "new@example.com"


def test_signup_is_closed_to_strangers() -> None:
    client = Client(headers={"host": "mail.example.com"})
    answer = client.post("/accounts/signup/", {"email": "stranger@example.com"}, secure=True)
    assert not User.objects.exists()
    assert answer.status_code in {200, 403}
