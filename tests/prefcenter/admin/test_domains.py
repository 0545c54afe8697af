"""The staff block whole domains and lift such blocks, and see on a person's page that one holds."""

import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from django.contrib.admin.models import LogEntry

from tests.conftest import NOW
from tests.factories import AddressFactory
from tests.prefcenter.admin.test_contacts import StaffClient, page_text
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, DomainSuppression

pytestmark = pytest.mark.django_db
LIST, CORP = "/admin/domains/", "corp.example"
SEE, BLOCK = "view_domainsuppression", "block_domain"


@pytest.fixture
def staff_client() -> StaffClient:
    return StaffClient(SEE, BLOCK)


def block(staff_client: StaffClient, domain: str = CORP, **fields: str) -> str:
    sent = {"domain": domain, "reason": "unsubscribed_all", "note": "Their letter."} | fields
    answer = staff_client.post(f"{LIST}block/", page=LIST, **sent)
    return page_text(staff_client.get(LIST) if answer.status_code == 302 else answer)


def test_a_domain_is_blocked_in_any_spelling(staff_client: StaffClient, news: Category) -> None:
    page = block(staff_client, "*@Corp.example.")
    assert "Suppressed a domain: Unsubscribed from everything." in page
    assert "corp.example" in page
    row = DomainSuppression.objects.get()
    assert (row.domain, row.source, row.actor, row.note) == (
        CORP,
        "staff",
        f"staff {staff_client.user.pk}",
        "Their letter.",
    )
    assert not gate.check(["eve@corp.example"], Mailing(news), now=NOW)[0].may_send
    assert "Already recorded." in block(staff_client)
    assert (DomainSuppression.objects.count(), LogEntry.objects.count()) == (1, 1)


@pytest.mark.parametrize("reason", ["manual", "complaint", "hard_bounce"])
def test_another_reason_may_be_chosen(reason: str, staff_client: StaffClient) -> None:
    block(staff_client, reason=reason)
    assert DomainSuppression.objects.get().reason == reason


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"domain": "gmail.com"}, "public email provider"),
        ({"domain": "*@*.corp.example"}, "not a domain that can be suppressed"),
        ({"domain": "eve@corp.example"}, "not a domain that can be suppressed"),
        ({"domain": ""}, "This field is required."),
        ({"note": " "}, "This field is required."),
        ({"reason": "erased"}, "Select a valid choice."),
    ],
)
def test_what_cannot_be_blocked_is_said_beside_the_field(
    fields: dict[str, str], said: str, staff_client: StaffClient
) -> None:
    assert said in block(staff_client, **fields)
    assert not DomainSuppression.objects.exists()


def test_each_link_of_the_page_with_a_form_that_was_filled_in_wrongly_leads_somewhere(
    staff_client: StaffClient,
) -> None:
    url = f"{LIST}block/"
    page = staff_client.post(url, page=LIST, domain="gmail.com", reason="manual", note="No.").content.decode()
    linked = {urljoin(url, unescape(one)) for one in re.findall(r'<a [^>]*href="([^"#]+)', page)}
    assert "public email provider" in page
    assert [one for one in linked if staff_client.get(one).status_code >= 400] == []


def test_a_block_is_lifted_with_a_reason_and_stays_in_the_list(staff_client: StaffClient, news: Category) -> None:
    block(staff_client)
    row = DomainSuppression.objects.get()
    lift = f"{LIST}{row.pk}/lift/"
    staff_client.post(lift, page=LIST, note=" ")
    assert "Add a note that says why the suppression is lifted." in page_text(staff_client.get(LIST))
    staff_client.post(lift, page=LIST, note="They changed their mind.")
    page = page_text(staff_client.get(LIST))
    assert "Lifted the suppression of a domain" in page
    assert "They changed their mind." in page
    row.refresh_from_db()
    assert (row.lifted_by, row.lifted_note) == (f"staff {staff_client.user.pk}", "They changed their mind.")
    assert gate.check(["eve@corp.example"], Mailing(news), now=NOW)[0].may_send
    staff_client.post(lift, page=LIST, note="Again.")
    assert "Already recorded." in page_text(staff_client.get(LIST))


def test_the_staff_lift_what_an_import_set(staff_client: StaffClient) -> None:
    actions.suppress_domains({CORP: None}, Origin(Source.IMPORT, NOW), reason=SuppressionReason.MANUAL)
    staff_client.post(f"{LIST}{DomainSuppression.objects.get().pk}/lift/", page=LIST, note="An error.")
    assert DomainSuppression.objects.get().lifted_at


@pytest.mark.parametrize(
    ("permissions", "may_see", "may_block"),
    [((), False, False), ((SEE,), True, False), ((BLOCK,), False, False), ((SEE, BLOCK), True, True)],
)
def test_seeing_and_blocking_are_two_permissions(permissions: Any, may_see: bool, may_block: bool) -> None:
    staff_client = StaffClient(*permissions)
    page = staff_client.get(LIST)
    assert page.status_code == (200 if may_see else 403)
    assert ("Suppress the domain" in page.content.decode()) is may_block
    block(staff_client)
    assert DomainSuppression.objects.exists() is may_block
    actions.suppress_domains({"firm.example": None}, Origin(Source.API, NOW), reason=SuppressionReason.MANUAL)
    row = DomainSuppression.objects.get(domain="firm.example")
    staff_client.post(f"{LIST}{row.pk}/lift/", page="/admin/people/", note="No.")
    row.refresh_from_db()
    assert (row.lifted_at is not None) is may_block


def test_a_note_about_a_domain_is_not_said_to_be_in_a_ledger_that_contacts_read(staff_client: StaffClient) -> None:
    page = block(staff_client)
    assert page.count("this is kept permanently, and all who may see this page can read it") == 2
    assert "ledger" not in page


def test_a_get_changes_nothing(staff_client: StaffClient) -> None:
    block(staff_client)
    assert staff_client.get(f"{LIST}block/").status_code == 405
    assert staff_client.get(f"{LIST}{DomainSuppression.objects.get().pk}/lift/").status_code == 405


def test_a_url_that_only_takes_a_form_says_so_to_the_staff_within_the_admin(staff_client: StaffClient) -> None:
    answer: Any = staff_client.client.get(f"{LIST}block/", secure=True, headers={"accept": "text/html"})
    page = page_text(answer)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "Nothing was changed." in page
    assert 'id="site-name"' in page
    assert "link from the email" not in page


def test_the_page_of_a_person_says_that_their_domain_is_blocked() -> None:
    staff_client, eve = StaffClient("view_contact"), AddressFactory.create(text="eve@corp.example")
    url = f"/admin/people/{eve.contact_id}/"
    assert "whole domain" not in page_text(staff_client.get(url))
    actions.suppress_domains({CORP: None}, Origin(Source.STAFF, NOW), reason=SuppressionReason.MANUAL)
    assert "Whole domain: Blocked by staff" in page_text(staff_client.get(url))
    actions.lift_domains([CORP], Origin(Source.STAFF, NOW), reason=SuppressionReason.MANUAL)
    assert "whole domain" not in page_text(staff_client.get(url))


@pytest.mark.parametrize("is_on", [True, False])
def test_the_page_of_a_person_names_the_other_spellings_whose_noes_count(is_on: bool, settings: Any) -> None:
    settings.UNSUBSCRIBE_GMAIL_SPELLINGS = is_on
    some = [normalise(text) for text in ("a.da@gmail.com", "ada+x@googlemail.com", "bob@gmail.com")]
    learnt = actions.learn(some, now=NOW)
    ada, other, bob = (Address.objects.get(pk=learnt[one.digest].address_id) for one in some)
    actions.opt_out([Target(other.pk)], Origin(Source.PAGE, NOW))
    staff_client = StaffClient("view_contact")
    said = f"Same Gmail mailbox as contact {other.contact_id}"
    assert (said in page_text(staff_client.get(f"/admin/people/{ada.contact_id}/"))) is is_on
    assert "Same Gmail mailbox" not in page_text(staff_client.get(f"/admin/people/{bob.contact_id}/"))
