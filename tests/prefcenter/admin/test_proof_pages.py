"""The proof of one contact in the admin: made by POST, printed, downloaded; by those who may, and with no address."""

import json
import logging
import re
from datetime import timedelta
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.utils import timezone

from prefcenter.contact_data import proof
from prefcenter.models import User
from tests.factories import ADA, BOB, CampaignFactory, address
from tests.staff import member, sign_in, signed_in
from unsubscribe import actions, outbox
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Source, SuppressionReason
from unsubscribe.ledger import seals
from unsubscribe.links import Target
from unsubscribe.models import Address, Category, ConsentEvent, OutboxMessage

pytestmark = pytest.mark.django_db

SEE, PROVE = "view_contact", "prove_contact"
PHONE = "+4930123456"


@pytest.fixture
def officer() -> User:
    return member(SEE, PROVE)


@pytest.fixture
def staff_client(officer: User) -> Client:
    return signed_in(officer)


@pytest.fixture
def story(ada: Address, news: Category) -> Address:
    now = timezone.now()
    address(PHONE, contact=ada.contact, channel=Channel.SMS)
    campaign = CampaignFactory.create(category=news, name="June <i>letter</i>")
    wording, note = '<script>alert("no")</script>', "</dl><b>bold</b>"
    origin = Origin(Source.STAFF, now, wording, actor="staff <7>", note=note)
    actions.opt_out([Target(ada.pk, news.pk, campaign.pk)], origin)
    actions.suppress([ada.pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.COMPLAINT)
    seals.seal(now=now)
    actions.note_access(ada.pk, Origin(Source.PAGE, now))
    return ada


def page_of(one: Address, *, file: bool = False) -> str:
    return f"/admin/people/{one.contact_id}/proof" + (".json" if file else "/")


def make(staff_client: Client, one: Address, typed: str = "") -> str:
    answer = staff_client.post(page_of(one), {"address": typed}, secure=True)
    assert answer.status_code == 200
    return answer.content.decode()


def fields(page: str) -> dict[str, str]:
    """What the button under the page sends."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in hidden if name != "csrfmiddlewaretoken"}


def download(staff_client: Client, one: Address, page: str, **other: str) -> Any:
    return staff_client.post(page_of(one, file=True), fields(page) | other, secure=True)


class Text(HTMLParser):
    """What a page says, without its marks."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def __str__(self) -> str:
        return " ".join(" ".join(self.parts).split())


def test_the_page_and_the_file_say_the_same(staff_client: Client, officer: User, story: Address) -> None:
    page = make(staff_client, story, " ADA@Example.com ")
    answer = download(staff_client, story, page)
    assert answer.status_code == 200
    made = json.loads(answer.content)["record"]
    fingerprint = proof.fingerprint(made)
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == (f'attachment; filename="proof-{story.contact_id}-{fingerprint[:12]}.json"')
    assert proof.check(answer.content).findings == []
    assert made["made"]["by"] == f"staff {officer.pk}"
    said, pressed = str(Text(page)), str(Text(page)).replace(" ", "")
    for line in made["lines"]:
        assert f"Event {line['id']}" in said
        assert line["hash"] in pressed
        for text in (*line["words"].values(), line["event"]["wording"], line["event"]["note"], line["event"]["actor"]):
            assert (text or "") in said
    for text in (
        fingerprint,
        made["about"]["sha256"],
        *(one["hash"] for one in made["seals"]),
        *json.loads(answer.content)["signature"].values(),
    ):
        assert text in pressed
    for text in ("Complained", "Confirmation", "Waiting", "2 sealed and unchanged.", "1 not sealed yet."):
        assert text in said


def test_what_was_typed_into_the_ledger_is_text_and_nothing_else(staff_client: Client, story: Address) -> None:
    page = make(staff_client, story)
    for marks in ("<script>alert", "<b>bold", "<i>letter", "staff <7>", "style=", "onclick="):
        assert marks not in page
    assert page.count("<table") == page.count("<caption") == 5


def test_a_touched_line_is_said_loudly(staff_client: Client, story: Address) -> None:
    event = ConsentEvent.objects.earliest("id")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE unsubscribe_consentevent SET note = 'never said' WHERE id = %s", [event.pk])
    said = str(Text(make(staff_client, story)))
    assert "1 changed: the event or its seal was changed afterwards." in said
    assert f"Event {event.pk}, does not match seal 1" in said


def test_a_ledger_that_cannot_be_read_makes_no_proof_and_takes_no_log(staff_client: Client, story: Address) -> None:
    page = make(staff_client, story)
    LogEntry.objects.all().delete()
    with connection.cursor() as cursor:
        odd = "2026-13-45 12:00:00" if connection.vendor == "sqlite" else "infinity"
        cursor.execute("UPDATE unsubscribe_seal SET at = %s", [odd])
    for answer in (staff_client.post(page_of(story), secure=True), download(staff_client, story, page)):
        assert (answer.status_code, answer["Location"]) == (302, page_of(story))
    assert "verify_ledger" in str(Text(staff_client.get(page_of(story), secure=True).content.decode()))
    assert not LogEntry.objects.exists()


def test_to_look_is_not_to_make(staff_client: Client, story: Address) -> None:
    assert staff_client.get(page_of(story), secure=True).status_code == 200
    assert staff_client.get(page_of(story, file=True), secure=True).status_code == 405
    assert not LogEntry.objects.exists()


def test_making_one_is_logged_and_downloading_it_is_the_same_one(
    staff_client: Client, officer: User, story: Address
) -> None:
    page = make(staff_client, story)
    download(staff_client, story, page)
    download(staff_client, story, page)
    entry = LogEntry.objects.get()
    record = json.loads(download(staff_client, story, page).content)["record"]
    assert (entry.user_id, entry.object_id) == (officer.pk, str(story.contact_id))
    assert entry.change_message == f"Created a proof with the fingerprint {proof.fingerprint(record)}."


def test_the_person_s_page_leads_there_for_those_who_may(staff_client: Client, story: Address) -> None:
    link = f'href="{page_of(story)}"'
    person = f"/admin/people/{story.contact_id}/"
    assert link in staff_client.get(person, secure=True).content.decode()
    assert link not in signed_in(member(SEE)).get(person, secure=True).content.decode()


class TestTheFile:
    def test_once_something_has_happened_it_is_not_the_same_and_says_so(
        self, staff_client: Client, story: Address, news: Category
    ) -> None:
        page = make(staff_client, story)
        outbox.deliver(OutboxMessage.objects.earliest("id").pk, now=timezone.now() + timedelta(days=1))
        answer = download(staff_client, story, page)
        assert (answer.status_code, answer["Location"]) == (302, page_of(story))
        assert "Something has changed since" in staff_client.get(page_of(story), secure=True).content.decode()
        assert download(staff_client, story, make(staff_client, story)).status_code == 200

    @pytest.mark.parametrize(
        "other",
        [
            {"at": "2020-01-01T00:00:00.000000Z"},
            {"at": "yesterday"},
            {"by": "staff 999"},
            {"about": sha256(BOB.encode()).hexdigest()},
            {"about": "zz"},
            {"value": "0" * 128},
            {"public_key": "0" * 64},
            {"value": ""},
        ],
        ids=str,
    )
    def test_nobody_has_something_else_signed(
        self, other: dict[str, str], staff_client: Client, story: Address
    ) -> None:
        page = make(staff_client, story)
        assert download(staff_client, story, page).status_code == 200
        assert download(staff_client, story, page, **other).status_code == 302

    def test_with_a_key_of_one_s_own_one_gets_nothing(
        self, staff_client: Client, story: Address, settings: Any
    ) -> None:
        ours, settings.SECRET_KEY = settings.SECRET_KEY, "somebody-elses-key-of-more-than-fifty-characters-0123456789"
        made = proof.make(story.contact, proof.Made(timezone.now(), "staff 1"))
        settings.SECRET_KEY = ours
        sent = {"at": made.record["made"]["at"], "by": "staff 1", **made.signature._asdict()}
        assert signed_in(member(SEE, PROVE)).post(page_of(story, file=True), sent, secure=True).status_code == 302

    def test_a_new_secret_key_does_not_take_it_away(self, staff_client: Client, story: Address, settings: Any) -> None:
        page = make(staff_client, story)
        settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
        settings.SECRET_KEY = "another-key-for-tests-of-more-than-fifty-characters-0123456789"
        answer = download(staff_client, story, page)
        assert proof.check(answer.content).is_retired

    def test_it_is_somebody_else_s_proof_for_another_contact(self, staff_client: Client, story: Address) -> None:
        page = make(staff_client, story)
        assert download(staff_client, address(BOB), page).status_code == 302


class TestTheAddress:
    @pytest.mark.parametrize("typed", [ADA, " Ada@EXAMPLE.com", "+49 (0)30 12 34-56", "0049 30 123456"])
    def test_in_any_spelling_it_is_named_by_its_hash(self, typed: str, staff_client: Client, story: Address) -> None:
        page = make(staff_client, story, typed)
        known = ADA if "@" in typed else PHONE
        assert sha256(known.encode()).hexdigest() in str(Text(page)).replace(" ", "")

    @pytest.mark.parametrize("typed", [BOB, "ada", "a•••@example.com", "x" * 1001, "a\x00b@example.com"])
    def test_another_address_is_refused_and_nothing_is_made(
        self, typed: str, staff_client: Client, story: Address
    ) -> None:
        address(BOB)
        page = make(staff_client, story, typed)
        assert "Fingerprint" not in page
        assert 'class="errorlist"' in page
        assert not LogEntry.objects.exists()

    def test_of_an_erased_person_it_still_says_that_it_was_theirs(self, staff_client: Client, story: Address) -> None:
        actions.erase([story.contact_id], Origin(Source.PAGE, timezone.now()))
        said = str(Text(make(staff_client, story, ADA)))
        assert "No personal data remains" in said
        assert sha256(ADA.encode()).hexdigest() in said.replace(" ", "")
        assert "Suppressed: Erased." in said
        assert "a•••" not in said
        assert "Fingerprint" not in make(staff_client, story, BOB)

    def test_it_reaches_no_url_no_log_and_no_proof(
        self, staff_client: Client, story: Address, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        page = make(staff_client, story, ADA)
        answer = download(staff_client, story, page)
        logged = [f"{one.object_repr} {one.change_message}" for one in LogEntry.objects.all()]
        everywhere = [page, answer.content.decode(), answer["Content-Disposition"], caplog.text, *logged]
        for text in (ADA, PHONE, "30123456"):
            assert text not in " ".join(everywhere)

    def test_who_is_refused_keeps_what_they_typed_in_the_form_alone(self, staff_client: Client, story: Address) -> None:
        page = make(staff_client, story, BOB)
        assert page.count(BOB) == 1
        assert f'value="{BOB}"' in page


@pytest.mark.parametrize(
    ("permissions", "is_superuser", "status"),
    [
        ((SEE, PROVE), False, 200),
        ((SEE,), False, 403),
        ((PROVE,), False, 403),
        ((), False, 403),
        ((SEE, "act_for_contact", "view_seal", "view_consentevent"), False, 403),
        ((), True, 200),
    ],
)
def test_who_may(permissions: tuple[str, ...], is_superuser: bool, status: int, story: Address) -> None:
    client = signed_in(member(*permissions, is_superuser=is_superuser))
    assert client.get(page_of(story), secure=True).status_code == status
    answer = client.post(page_of(story), secure=True)
    assert answer.status_code == status
    sent = fields(make(signed_in(member(SEE, PROVE)), story))
    assert client.post(page_of(story, file=True), sent, secure=True).status_code == status
    assert LogEntry.objects.count() == (2 if status == 200 else 1)


def test_nothing_is_made_without_the_token_nor_by_strangers(officer: User, story: Address) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "mail.example.com"})
    for url in (page_of(story), page_of(story, file=True)):
        answer = client.get(url, secure=True)
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]
    sign_in(client, officer)
    assert client.post(page_of(story), secure=True).status_code == 403
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("url", ["/admin/people/987654321/proof/", "/admin/people/99999999999999999999999/proof/"])
def test_an_unknown_contact_is_not_found(url: str, staff_client: Client) -> None:
    assert staff_client.get(url, secure=True).status_code == 404
    assert staff_client.post(url, secure=True).status_code == 404
