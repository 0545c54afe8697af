"""Whole domains: blocked, listed and lifted by a sender's system, and honoured wherever it asks."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import AddressFactory, CategoryFactory
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.models import Address, DomainSuppression, Suppression

from .conftest import Caller

pytestmark = pytest.mark.django_db
CORP, EVE = "corp.example", "eve@corp.example"
NOTHING = {"new": 0, "already": 0, "overtaken": 0, "invalid": []}


def test_a_domain_is_blocked_in_any_spelling_and_once(caller: Caller) -> None:
    asked = {
        "domains": [{"domain": text} for text in ("*@Corp.example.", "@corp.example", CORP)],
        "note": "Their letter.",
    }
    assert caller.post("/domains", asked).json() == NOTHING | {"new": 1, "already": 2}
    assert caller.post("/domains", asked).json() == NOTHING | {"already": 3}
    row = DomainSuppression.objects.get()
    assert (row.domain, row.reason, row.source, row.note) == (CORP, "unsubscribed_all", Source.API, "Their letter.")
    assert row.actor == f"key {caller.row.pk}"


def test_what_is_wrong_with_one_is_said_and_the_others_are_taken(caller: Caller) -> None:
    texts = ["gmail.com", "corp", CORP, "*@yahoo.fr", "*.corp.example"]
    answer = caller.post("/domains", {"domains": [{"domain": text} for text in texts]}).json()
    assert answer["new"] == 1
    assert [one["index"] for one in answer["invalid"]] == [0, 1, 3, 4]
    assert "public email provider" in answer["invalid"][0]["problem"]
    assert "not a domain that can be suppressed" in answer["invalid"][1]["problem"]


def test_it_is_honoured_wherever_a_caller_asks(caller: Caller) -> None:
    CategoryFactory.create()
    eve = AddressFactory.create(text=EVE)
    caller.post("/domains", {"domains": [{"domain": CORP, "reason": "manual"}]})
    [one, other] = caller.post("/audience", {"category": "news", "addresses": [EVE, "x@corp.example"]}).json()[
        "results"
    ]
    assert (one["verdict"], other["verdict"]) == ("suppressed", "suppressed")
    hits = caller.post("/suppressions/search", {"addresses": [EVE, "Eve <eve@corp.example>", "a@b.example"]}).json()
    assert [one["reasons"] for one in hits["suppressed"]] == [["manual"], ["manual"]]
    sheet = caller.get(f"/contacts/{eve.contact_id}/preferences").json()
    assert [one["is_subscribed"] for one in sheet["preferences"]] == [False]


def test_the_list_has_what_holds(caller: Caller) -> None:
    caller.post("/domains", {"domains": [{"domain": CORP}, {"domain": "firm.example", "reason": "manual"}]})
    actions.lift_domains(["firm.example"], Origin(Source.STAFF, timezone.now()), reason=SuppressionReason.MANUAL)
    [one] = caller.get("/domains").json()["items"]
    assert (one["domain"], one["reason"], one["source"]) == (CORP, "unsubscribed_all", "api")


def test_what_came_by_the_api_is_lifted_by_it(caller: Caller) -> None:
    caller.post("/domains", {"domains": [{"domain": CORP}]})
    wish = {"domain": f"*@{CORP}", "note": "An error of ours."}
    assert caller.post("/domains/lift", wish).json() == {"lifted": 1}
    assert caller.post("/domains/lift", wish).json() == {"lifted": 0}
    row = DomainSuppression.objects.get()
    assert (row.lifted_by, row.lifted_note) == (f"key {caller.row.pk}", "An error of ours.")
    assert caller.post("/domains/lift", wish | {"domain": "corp"}).status_code == 422


@pytest.mark.parametrize("source", [Source.STAFF, Source.IMPORT])
def test_what_the_staff_or_an_import_set_is_not(source: Source, caller: Caller) -> None:
    actions.suppress_domains({CORP: None}, Origin(source, timezone.now()), reason=SuppressionReason.UNSUBSCRIBED_ALL)
    answer = caller.post("/domains/lift", {"domain": CORP, "note": "Please."})
    assert (answer.status_code, "staff" in answer.json()["detail"]) == (409, True)
    assert DomainSuppression.objects.get().lifted_at is None


def test_an_older_no_does_not_undo_a_lifting(caller: Caller) -> None:
    earlier = (timezone.now() - timedelta(days=1)).isoformat()
    asked = {"domains": [{"domain": CORP, "said_at": earlier}]}
    caller.post("/domains", asked)
    caller.post("/domains/lift", {"domain": CORP, "note": "An error."})
    assert caller.post("/domains", asked).json() == NOTHING | {"overtaken": 1}


def test_no_contact_is_made_of_a_domain(caller: Caller) -> None:
    [one] = caller.post("/contacts", {"contacts": [{"addresses": [{"address": f"*@{CORP}"}]}]}).json()["results"]
    assert (one["status"], one["contact_id"]) == ("invalid", None)
    assert not Address.objects.exists()


@pytest.mark.parametrize("text", ["*@corp.example", "@corp.example", "*＠corp.example"])
def test_among_addresses_a_domain_is_refused_with_the_way_to_go(text: str, caller: Caller) -> None:
    answer = caller.post("/suppressions", {"suppressions": [{"address": text}, {"address": EVE}]}).json()
    assert answer["new"] == 1
    assert [(one["index"], "/domains" in one["problem"]) for one in answer["invalid"]] == [(0, True)]
    assert Address.objects.get().value == EVE
    assert Suppression.objects.count() == 1
