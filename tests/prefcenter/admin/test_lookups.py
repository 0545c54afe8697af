"""What can be asked of the admin's lists and pages in a URL: what they offer, and nothing that makes them fail."""

from urllib.parse import parse_qsl

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from prefcenter.admin.lookups import ListedLookupsAdmin
from prefcenter.models import WebhookEndpoint
from tests.prefcenter.admin.test_reading import something_of_everything  # noqa: F401 - a fixture
from tests.settings import ON_POSTGRESQL
from tests.staff import make_groups, member, signed_in
from unsubscribe.models import Category, Suppression

pytestmark = pytest.mark.django_db

#: But that of suppressions, which is the page of opt-outs and asks otherwise: test_opt_outs_list.py.
MODELS = sorted(admin.site._registry.keys() - {Suppression}, key=lambda model: model._meta.label)
HOW = ["", "__exact", "__in", "__regex", "__startswith", "__gte", "__isnull", "__year", "__month", "__date"]
ODD = [
    *(
        "",
        "(",
        "\x00",
        "x",
        "0",
        "-1",
        "99",
        "9" * 40,
        "٣",
        "1,\x00",
        "0001-01-01",
        "9999-12-31",
        "2026-13-45",
        "x" * 5000,
    ),
    *(
        "not-a-uuid",
        "1e400",
        "2026-01-01T00:00:00+99:99",
        "🙈",
        "%",
        "True",
        "None",
        "\ufffd",
        "1,2,x",
        "0001-01-01T00:00Z",
    ),
]
#: One field for each list that can be searched: Django completes what names a row of it.
COMPLETED = {
    field.related_model: (model._meta.app_label, str(model._meta.model_name), field.name)
    for model in apps.get_models()
    for field in model._meta.get_fields()
    if field.concrete and field.related_model in MODELS and admin.site._registry[field.related_model].search_fields
}
SEARCHED = ["a", "a " * 100, "a " * 1200, "x" * 100_000, "\x00", "a\x00", '"' * 50]
OWN = ["p", "o", "q", "all", "_popup", "_to_field", "_facets", "_changelist_filters"]


@pytest.fixture
def boss(something_of_everything: None) -> Client:  # noqa: F811 - a fixture
    make_groups()
    user = member(is_superuser=True)
    LogEntry.objects.log_actions(user.pk, [Category.objects.latest("id")], CHANGE, "Renamed.", single_object=True)
    return signed_in(user)


def test_every_admin_takes_only_the_look_ups_that_it_lists() -> None:
    assert [model for model, one in admin.site._registry.items() if not isinstance(one, ListedLookupsAdmin)] == []


def test_a_secret_cannot_be_spelt_out_letter_by_letter(boss: Client) -> None:
    endpoint = WebhookEndpoint.objects.get()
    url = reverse("admin:prefcenter_webhookendpoint_changelist")
    for how in ("regex", "startswith", "contains", "gte", "exact"):
        for name in ("secret", "previous_secret", "deliveries__endpoint__secret"):
            answer = boss.get(url, {f"{name}__{how}": endpoint.secret[:8]}, secure=True)
            assert answer.status_code == 400, (name, how)


def test_what_a_list_offers_narrows_it(boss: Client) -> None:
    for app_and_model, asked in {
        "unsubscribe_consentevent": {"kind__exact": "opt_out", "at__gte": "2020-01-01T00:00:00+00:00"},
        "prefcenter_feedback": {"created_at__year": "2026", "reviewed": "no", "reason__isnull": "False"},
        "prefcenter_visits": {"day__year": "2026", "day__month": "2", "day__day": "28"},
        "prefcenter_user": {"is_staff__exact": "1"},
        "unsubscribe_outboxmessage": {"status__in": "queued,failed"},
        "unsubscribe_campaign": {"retired": "no", "category__id__exact": str(Category.objects.latest("id").pk)},
    }.items():
        answer = boss.get(reverse(f"admin:{app_and_model}_changelist"), asked, secure=True)
        assert (answer.status_code, "cl" in answer.context) == (200, True), app_and_model


@pytest.mark.parametrize(
    ("app_and_model", "asked"),
    [
        ("unsubscribe_consentevent", {"kind__in": "opt_down,pause", "source__exact": "page"}),
        ("unsubscribe_outboxmessage", {"status__in": "queued,failed", "due_at__gte": "2026-01-01T00:00:00+00:00"}),
        ("unsubscribe_sentcount", {"day__year": "2026", "day__month": "2", "channel__exact": "email"}),
        ("prefcenter_feedback", {"q": "often", "reviewed": "no", "o": "1"}),
    ],
)
def test_clearing_all_filters_leaves_the_search_and_the_order(
    app_and_model: str, asked: dict[str, str], boss: Client
) -> None:
    url = reverse(f"admin:{app_and_model}_changelist")
    shown = boss.get(url, asked, secure=True).context["cl"]
    kept = {name: value for name, value in asked.items() if name in {"q", "o"}}
    assert dict(parse_qsl(shown.clear_all_filters_qs.removeprefix("?"))) == kept
    assert boss.get(url + shown.clear_all_filters_qs, secure=True).status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_no_list_fails_whatever_is_asked_of_it(model: type[Model], boss: Client) -> None:
    boss.raise_request_exception = False
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    own = [*OWN, *admin.site._registry[model]._parameters(RequestFactory().get("/"))]  # type: ignore[attr-defined]
    asked = [{name: value} for name in own for value in ("\x00", "9" * 40, "x")] + [{"e": "1"}, {"p": "-1"}]
    # SQLite takes nearly every value for a column; PostgreSQL raises for most of these.
    tried = ODD if ON_POSTGRESQL else ODD[:8]
    asked += [{name: value for name in names(model) if may_ask(model, name, value)} for value in tried]
    odd = [one for one in asked if boss.get(url, one, secure=True).status_code >= 500]
    assert odd == []
    assert boss.get(url, {f"{model._meta.pk.name}__regex": "("}, secure=True).status_code == 400


def test_no_search_fails_whatever_is_searched_for(boss: Client) -> None:
    boss.raise_request_exception = False
    lists = [f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist" for model in MODELS]
    asked = [(one, text) for one in lists for text in SEARCHED]
    odd = [
        (one, text[:2], len(text))
        for one, text in asked
        if boss.get(reverse(one), {"q": text}, secure=True).status_code >= 500
    ]
    assert odd == []


def test_no_field_that_is_completed_fails_whatever_is_typed(boss: Client) -> None:
    boss.raise_request_exception = False
    assert len(COMPLETED) > 3
    for named in COMPLETED.values():
        asked = dict(zip(("app_label", "model_name", "field_name"), named, strict=True))
        for text in SEARCHED:
            answer = boss.get(reverse("admin:autocomplete"), asked | {"term": text}, secure=True)
            assert answer.status_code == 200, (named, text[:2], len(text))


def names(model: type[Model]) -> list[str]:
    columns = [field.name for field in model._meta.get_fields()]
    names = [f"{column}{how}" for column in columns for how in HOW]
    return [*names, *(f"{column}__id__exact" for column in columns), "contact__addresses__value__regex", "pk__in"]


def may_ask(model: type[Model], name: str, value: str) -> bool:
    """What is not let through is answered with 400, whatever it is."""
    return admin.site._registry[model].lookup_allowed(name, value, RequestFactory().get("/"))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)
def test_no_form_fails_however_it_is_opened(model: type[Model], boss: Client) -> None:
    boss.raise_request_exception = False
    name, one = f"admin:{model._meta.app_label}_{model._meta.model_name}", model._default_manager.first()
    assert one is not None
    pages = [reverse(f"{name}_{page}", args=[one.pk]) for page in ("change", "history", "delete")]
    for url in [reverse(f"{name}_add"), *pages]:
        assert boss.get(url, secure=True).status_code in {200, 403}, url
        for asked in ("_popup=1&_to_field=&p=x&name=%00", "_to_field=secret", "_to_field=%00&_changelist_filters=%00"):
            assert boss.get(f"{url}?{asked}", secure=True).status_code in {200, 400, 403}, (url, asked)


@pytest.mark.parametrize("ticked", ["", "x", "\x00", "9" * 40, "-1", "1e9"])
def test_no_action_fails_whatever_is_ticked(ticked: str, boss: Client) -> None:
    boss.raise_request_exception = False
    rows = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-id": ticked, "_save": "1"}
    for name, action in {
        "prefcenter_apikey": "revoke",
        "prefcenter_webhookdelivery": "send_again",
        "prefcenter_webhookendpoint": "enable",
        "prefcenter_user": "delete_selected",
        "unsubscribe_category": "retire",
    }.items():
        asked = {"action": action, "_selected_action": [ticked]}
        assert boss.post(reverse(f"admin:{name}_changelist"), asked, secure=True).status_code < 500, name
    for name in ("unsubscribe_category", "prefcenter_feedbackreason"):
        assert boss.post(reverse(f"admin:{name}_changelist"), rows, secure=True).status_code < 500, name


@pytest.mark.parametrize("ticked", ["x", "\x00", "9" * 19, "9" * 40, "-" + "9" * 30, "1e9", "9223372036854775808"])
def test_no_form_fails_whatever_rows_of_another_list_it_names(ticked: str, boss: Client) -> None:
    boss.raise_request_exception = False
    forms = {"auth_group": ["permissions"], "prefcenter_user": ["groups", "user_permissions"]}
    for name, fields in (forms | {"prefcenter_feedback": ["tags"]}).items():
        row = admin.site._registry[apps.get_model(name.replace("_", "."))].model._default_manager.latest("pk")
        for url in (reverse(f"admin:{name}_add"), reverse(f"admin:{name}_change", args=[row.pk])):
            for field in fields:
                answer = boss.post(url, {field: [ticked]}, secure=True)
                assert answer.status_code in {200, 403}, (url, field)
