"""Who may see and do what in the admin: every page of the admin, with each group and with none."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from prefcenter.models import User
from tests.staff import signed_in
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.models import Address

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

OURS = {
    str(model._meta.model_name): model
    for model in admin.site._registry
    if model._meta.app_label in {"unsubscribe", "prefcenter"}
}
PEOPLE = {"contact", "address", "preference", "suppression", "lastsent", "consentevent", "outboxmessage"}
CATALOGUE = {"category", "categorygroup", "campaign"}
FEEDBACK = {"feedback", "feedbackreason", "feedbacktag"}
FIGURES = {"sentcount", "visits"}
SEES = {
    "": set(),
    "marketer": CATALOGUE | FEEDBACK | FIGURES | {"consentevent", "suppression", "preference"},
    "support": PEOPLE | CATALOGUE | FEEDBACK,
    "compliance": PEOPLE
    | CATALOGUE
    | FEEDBACK
    | FIGURES
    | {"seal", "linkrequest", "importrun", "importanswer", "domainsuppression"},
}
ADDS = {
    "": set(),
    "marketer": {"category", "categorygroup", "campaign", "feedbackreason", "feedbacktag"},
    "support": set(),
    "compliance": set(),
}


def staff_of(group: str) -> Client:
    user = User.objects.create_user("staff@example.com", is_staff=True)
    if group:
        user.groups.add(Group.objects.get(name=group))
    return signed_in(user)


@pytest.mark.parametrize("group", SEES)
def test_each_group_sees_and_adds_what_it_is_for_and_nothing_else(group: str) -> None:
    client = staff_of(group)
    statuses: dict[str, dict[int, set[str]]] = {"changelist": {}, "add": {}}
    for name, model in OURS.items():
        for page, by_status in statuses.items():
            url = reverse(f"admin:{model._meta.app_label}_{name}_{page}")
            by_status.setdefault(client.get(url, secure=True).status_code, set()).add(name)
    assert statuses["changelist"].get(200, set()) == SEES[group]
    assert statuses["changelist"].get(403, set()) == set(OURS) - SEES[group]
    assert statuses["add"].get(200, set()) == ADDS[group]
    assert statuses["add"].get(403, set()) == set(OURS) - ADDS[group]


@pytest.mark.parametrize("group", SEES)
def test_each_group_finds_people_and_exports_only_where_it_may(group: str) -> None:
    client = staff_of(group)
    finds = client.get(reverse("admin:unsubscribe_contact_changelist"), secure=True).status_code == 200
    url = reverse("admin:prefcenter_feedback_export", args=["csv"])
    exports = client.post(url, secure=True).status_code == 200
    assert (finds, exports) == (group in {"support", "compliance"}, group == "compliance")


@pytest.mark.parametrize("group", SEES)
def test_every_group_reads_the_opt_outs_and_only_compliance_exports_them(group: str, ada: Address) -> None:
    actions.suppress([ada.pk], Origin(Source.STAFF, timezone.now()), reason=SuppressionReason.MANUAL)
    client = staff_of(group)
    listed = client.get(reverse("admin:unsubscribe_suppression_changelist"), secure=True).status_code
    exported = client.post(reverse("admin:unsubscribe_suppression_export"), {"format": "csv"}, secure=True).status_code
    assert (listed, exported) == (200 if group else 403, 200 if group == "compliance" else 403)


def test_only_support_acts_for_people(ada: Address) -> None:
    for group in SEES:
        answer = staff_of(group).get(reverse("admin:unsubscribe_contact_page", args=[ada.contact_id]), secure=True)
        User.objects.all().delete()
        assert (b"Record the opt-out" in answer.content) == (group == "support"), group


def test_only_compliance_makes_proofs(ada: Address) -> None:
    for group in SEES:
        client = staff_of(group)
        url = reverse("admin:unsubscribe_contact_proof", args=[ada.contact_id])
        statuses = {client.get(url, secure=True).status_code, client.post(url, secure=True).status_code}
        User.objects.all().delete()
        assert statuses == ({200} if group == "compliance" else {403}), group


def test_nobody_but_staff_gets_in() -> None:
    client = Client(headers={"host": "mail.example.com"})
    client.force_login(User.objects.create_user("reader@example.com"))
    for name, model in OURS.items():
        answer = client.get(reverse(f"admin:{model._meta.app_label}_{name}_changelist"), secure=True)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")
