"""After an erasure nothing of the person stays but the keyed digest (law 9): the whole database, the files and
the cache are dumped and searched."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from hashlib import md5, sha1, sha256
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from prefcenter.accounts import outbox as account_outbox
from prefcenter.contact_data.erase import erase
from prefcenter.lists import imports
from prefcenter.lists.imports import ImportOptions
from prefcenter.lists.imports.columns.answers import parse
from prefcenter.models import (
    AccountMessage,
    Feedback,
    IdempotentAnswer,
    ImportAnswer,
    ImportKind,
    ImportRun,
    ImportState,
    User,
    WebhookDelivery,
)
from prefcenter.pages import link_requests
from prefcenter.web import cache_keys
from prefcenter.webhooks import delivery
from tests.factories import CategoryFactory, address
from tests.prefcenter.accounts.test_accounts import ASK
from tests.prefcenter.admin.test_import_pages import upload
from tests.prefcenter.api.conftest import Caller
from tests.staff import make_groups, member, signed_in
from unsubscribe import actions, outbox
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, OutboxStatus, Source
from unsubscribe.links import Target
from unsubscribe.models import Address, ConsentEvent, OutboxMessage

pytestmark = pytest.mark.django_db
LOCAL = "lovelace.1815"
ADDRESS, PHONE, IP = f"{LOCAL}@example.com", "+4915112345678", "203.0.113.77"
AROUND = "".join(f"other{number}@example.net\n" for number in range(3))


@pytest.fixture(autouse=True)
def _cache_in_the_database(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "cache_of_a_test",
            "KEY_FUNCTION": settings.CACHES["default"]["KEY_FUNCTION"],
        }
    }
    call_command("createcachetable")


def dump() -> bytes:
    """Every row of every table, what is in sessions, and every file; bytes as they are and as hex. In lower case."""

    def values() -> Iterator[bytes]:
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
                for row in cursor.fetchall():
                    for value in row:
                        raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                        yield raw + b"\n" + raw.hex().encode()
        for session in Session.objects.all():
            yield str(session.get_decoded()).encode()
        for path in Path(django_settings.DATA_DIR).rglob("*"):
            yield path.name.encode()
            yield path.read_bytes() if path.is_file() else b""

    return b"\n".join(values()).lower()


def rows_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608
        return int(cursor.fetchone()[0])


def traces() -> dict[str, bytes]:
    found = {"local part": LOCAL.encode(), "folded": LOCAL.replace(".", "").encode()}
    found |= {"phone": PHONE[3:].encode(), "IP": IP.encode()}
    for text in (ADDRESS, PHONE, PHONE[1:], IP, LOCAL, f"{ADDRESS}\n"):
        for hashed in (sha256, sha1, md5):
            digest = hashed(text.encode()).digest()
            found |= {f"{hashed.__name__} of {text}": digest, f"{hashed.__name__} hex of {text}": digest.hex().encode()}
            found[f"{hashed.__name__} base64 of {text}"] = b64encode(digest)
    return {name: trace.lower() for name, trace in found.items()}


def stay() -> list[str]:
    dumped = dump()
    return [name for name, trace in traces().items() if trace in dumped]


def live(person: Address) -> None:
    """A contact about whom something came from every source."""
    now = timezone.now()
    news = CategoryFactory.create()
    [event, *_] = actions.opt_out([Target(person.pk, news.pk)], Origin(Source.PAGE, now, wording="Unsubscribe"))
    Feedback.objects.create(event=event, category=news, text=f"I am {ADDRESS}", more=LOCAL, note=LOCAL, created_at=now)
    actions.send_link([person.pk], now=now)
    OutboxMessage.objects.update(status=OutboxStatus.FAILED, last_error=f"550 {LOCAL} unknown")
    endpoint = delivery.make("Shop", "https://shop.example/", [], now=now)
    WebhookDelivery.objects.create(endpoint=endpoint, event=event, due_at=now, created_at=now, last_error="500")


def sign_in_and_ask() -> None:
    User.objects.create_user(ADDRESS)
    for email in (ADDRESS, f" {ADDRESS.upper()} "):
        browser = Client(headers={"host": "mail.example.com"}, REMOTE_ADDR=IP)
        assert browser.post(ASK, {"email": email}, secure=True).status_code == 302
        assert browser.post("/preferences/", {"address": email, "email": email}, secure=True).status_code in {200, 302}
    # One of them has expired since, and is cleared once a day.
    Session.objects.filter(pk=Session.objects.earliest("pk").pk).update(expire_date=timezone.now() - timedelta(hours=1))
    account = User.objects.get(email=ADDRESS)
    EmailAddress.objects.create(user=account, email=ADDRESS, verified=True, primary=True)
    LogEntry.objects.log_actions(member().pk, [account], CHANGE, "Changed.", single_object=True)


def call_the_api() -> None:
    caller = Caller()
    body: dict[str, Any]
    blocks = {"suppressions": [{"address": ADDRESS, "reason": "complaint"}], "note": f"Call {ADDRESS}, {PHONE}"}
    for path, body in (("/suppressions", blocks), ("/contacts", {"contacts": [{"addresses": [{"address": ADDRESS}]}]})):
        assert caller.post(path, body, Idempotency_Key=f"{ADDRESS}{path}").status_code == 200
    block = {"domain": "corp.example", "reason": "unsubscribed_all"}
    for path, body in (("/domains", {"domains": [block]}), ("/domains/lift", block)):
        assert caller.post(path, body | {"note": f"Said {ADDRESS}, {PHONE}"}).status_code == 200
    wish = {"category": "news", "channel": "email", "is_subscribed": False, "frequency": "monthly"}
    evidence = {"given_at": "2026-01-01T00:00:00Z", "wording": f"I am {ADDRESS}"}
    evidence |= {"where": f"https://shop.example/?email={ADDRESS.replace('@', '%40')}"}
    contact_id = Address.objects.get(value=ADDRESS).contact_id
    answer = caller.patch(f"/contacts/{contact_id}/preferences", {"preferences": [wish], "evidence": evidence})
    assert answer.status_code == 200, answer.content
    assert IdempotentAnswer.objects.exists()


def import_files() -> ImportRun:
    """One that is done, with lines that cannot be read, and two that wait; returns the last."""
    staff = member("import_opt_outs")
    staff_client = signed_in(staff)
    for name, text in {
        f"{ADDRESS}.csv": f"email\n{ADDRESS}\n{LOCAL}@@example.com\n{AROUND}",
        f"For {LOCAL}.csv": ADDRESS,
    }.items():
        upload(staff_client, text, name=name)
        imports.work(now=timezone.now(), must_stop=lambda: False)
        run = ImportRun.objects.latest("id")
        if run.state == ImportState.READY and run.pk % 2:
            imports.confirm(run, user_id=staff.pk, now=timezone.now())
            imports.work(now=timezone.now(), must_stop=lambda: False)
    answer_about_columns(staff)
    waiting = imports.hand_in([f"{AROUND}{ADDRESS}\n".encode("utf-16")], ImportOptions(ImportKind.OPT_OUTS), **WHO)
    imports.hand_in([AROUND.encode()], ImportOptions(ImportKind.OPT_OUTS), **WHO)
    return waiting


def answer_about_columns(staff: User) -> None:
    """A file whose headings and cells name the person, and what was said of them, which is kept for the next one."""
    text = f"email,{ADDRESS},Do not mail\nx@example.net,yes,{ADDRESS}\ny@example.net,no,\n"
    run = imports.hand_in([text.encode()], ImportOptions(ImportKind.OPT_OUTS), **WHO)
    imports.work(now=timezone.now(), must_stop=lambda: False)
    run.refresh_from_db()
    asked = imports.questions(run)
    assert [one.kind for one in asked].count("addresses") == 1
    assert len(asked) == 3
    words = "filled=unsubscribed,yes=unsubscribed,no=subscribed,empty=subscribed"
    means = {one.name: parse("ignore" if one.kind == "addresses" else words) for one in asked}
    imports.answer(run, means, user_id=staff.pk, now=timezone.now())
    imports.work(now=timezone.now(), must_stop=lambda: False)
    run.refresh_from_db()
    imports.confirm(run, user_id=staff.pk, now=timezone.now())
    imports.work(now=timezone.now(), must_stop=lambda: False)
    assert ImportAnswer.objects.count() == 2


WHO: dict[str, Any] = {"file_name": "b.csv", "user_id": None, "now": timezone.now()}


def act_for_them(person: Address) -> None:
    boss = signed_in(member(is_superuser=True))
    page = f"/admin/people/{person.contact_id}/"
    said = {"what": "everything", "wording": f"I am {ADDRESS}, call {PHONE}", "way": "phone", "note": ADDRESS}
    assert boss.post(f"{page}opt-out/", said, secure=True).status_code == 302
    assert boss.post("/admin/people/", {"address": ADDRESS}, secure=True).status_code == 302
    assert boss.post(f"{page}proof/", {"address": ADDRESS}, secure=True).status_code == 200


def test_nothing_of_a_person_stays_but_the_keyed_digest() -> None:
    make_groups()
    person = address(ADDRESS)
    address(PHONE, channel=Channel.SMS, contact=person.contact)
    live(person)
    sign_in_and_ask()
    call_the_api()
    waiting = import_files()
    act_for_them(person)
    assert "local part" in stay()
    assert not [one for one in stay() if "IP" in one or "sha" in one or "md5" in one], "not even before"
    for table in (
        "cache_of_a_test",
        "prefcenter_idempotentanswer",
        "prefcenter_linkrequest",
        "prefcenter_accountmessage",
        "django_session",
    ):
        assert rows_of(table), f"nothing was written to {table}"
    erase(person.contact_id, Origin(Source.PAGE, timezone.now()))
    assert stay() == []
    waiting.refresh_from_db()
    assert (waiting.state, "was erased" in waiting.error) == (ImportState.STOPPED, True)
    assert ImportRun.objects.filter(state=ImportState.CHECKING).count() == 1, "the file without them still waits"
    # What workers do afterwards brings nothing back.
    account_outbox.sweep(now=timezone.now())
    link_requests.answer(now=timezone.now())
    imports.work(now=timezone.now(), must_stop=lambda: False)
    for id_ in outbox.due(now=timezone.now() + timedelta(days=2), limit=99):
        outbox.deliver(id_, now=timezone.now() + timedelta(days=2))
    assert stay() == []
    digests = ConsentEvent.objects.filter(contact=person.contact_id).values_list("address__digest", flat=True)
    assert bytes(person.digest) in {bytes(one) for one in digests}


def test_what_waits_to_be_mailed_to_them_is_not(ada: Address) -> None:
    for email in ("Ada@Example.com", "bob@example.com"):
        account_outbox.queue("mfa/email/changed", email, {"what": "Something."}, now=timezone.now())
    erase(ada.contact_id, Origin(Source.PAGE, timezone.now()))
    assert [row.email for row in AccountMessage.objects.all()] == ["bob@example.com"]


@pytest.mark.parametrize(
    ("content", "stops"),
    [
        (ADDRESS.encode(), True),
        (f"x\n{ADDRESS.upper()}\n".encode(), True),
        (ADDRESS.encode("utf-16-be"), True),
        (b"a@example.com\n" * 80_000 + ADDRESS.encode(), True),
        (b"\n" * (2**20 - 9) + ADDRESS.encode(), True),
        (b"PK\x03\x04 a sheet", True),
        (b"+49 (151) 1234-5678\n", True),
        (b"lovelace . 1815 @ example.com", True),
        ("love\u200blace.1815@ex\u00adample.com".encode(), True),
        ("lovelace.1815\u00a0＠example.com".encode(), True),
        ("ｌｏｖｅｌａｃｅ.1815@example.com".encode(), True),
        (b'"lovelace.1815"@example.com', True),
        (b"mailto:lovelace.1815%40example.com", True),
        (sha256(ADDRESS.encode()).hexdigest().upper().encode(), True),
        (sha256(PHONE.encode()).hexdigest().encode(), True),
        (b"x" * (2**20 - 1) + "é".encode() + ADDRESS.encode(), True),
        (AROUND.encode(), False),
        (b"", False),
    ],
)
def test_an_upload_that_waits_ends_if_they_are_in_it(content: bytes, stops: bool) -> None:
    kept = imports.files.keep([content])
    run = ImportRun.objects.create(
        kind="opt_outs",
        state=ImportState.READY,
        file_name="a.csv",
        stored_as=kept.name,
        sha256=kept.sha256,
        size=kept.size,
        recognised="list",
        encoding="utf-8",
        created_at=timezone.now(),
    )
    imports.erasure.forget([ADDRESS, PHONE], now=timezone.now())
    run.refresh_from_db()
    assert (run.state == ImportState.STOPPED) == stops
    assert bool(run.stored_as) != stops


NAMES = {
    "a@x.example": "A.csv|a list.csv,data.csv,Q&A.csv,unsubscribed.csv",
    "jo@x.example": "jo.csv|john.csv,major opt-outs.csv,jo's list.csv",
    "info@x.example": "info.csv,customer-info.csv,Info 2024.csv|information.csv,infos.csv",
    "ada@x.example": "For Ada.csv,ada2024.csv,forAda.csv,ADA_1.csv,ada+news.csv|Canada.csv,adaptive.csv,data.csv",
    "ada+news@x.example": "ada.csv,ada news.csv|news.csv",
    "ada.lovelace@x.example": "Ada Lovelace.csv,adaLovelace.csv,exportadalovelace.csv|ada.csv,lovelace.csv",
    "jörg.müller@x.example": "Jo\u0308rg Mu\u0308ller.csv|jörg.csv",
    PHONE: "0151 12345678.csv,+49 (151) 1234-5678.csv,4915112345678.csv|20240131.csv,12345.csv",
}


@pytest.mark.parametrize(("address", "names"), NAMES.items())
def test_a_files_name_is_blanked_if_it_names_them_and_no_other_is(address: str, names: str) -> None:
    theirs, others = (part.split(",") for part in names.split("|"))
    for name in (*theirs, *others):
        ImportRun.objects.create(
            kind="opt_outs",
            state=ImportState.DONE,
            file_name=name,
            sha256=b"",
            size=1,
            recognised="list",
            encoding="utf-8",
            created_at=timezone.now(),
        )
    imports.erasure.forget([address], now=timezone.now())
    left = list(ImportRun.objects.order_by("id").values_list("file_name", flat=True))
    assert left == ["•••"] * len(theirs) + others


def test_what_has_expired_in_the_cache_is_deleted() -> None:
    cache.set("old", 1, timeout=-5)
    cache.set("older", 1, timeout=1)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE cache_of_a_test SET expires = '2020-01-01 00:00:00'")
    cache.set("new", 1, timeout=500)
    assert rows_of("cache_of_a_test") == 3
    cache_keys.forget_expired()
    assert rows_of("cache_of_a_test") == 1
    assert cache.get("new") == 1


@pytest.mark.skipif(connection.vendor != "sqlite", reason="of SQLite")
def test_sqlite_overwrites_what_it_deletes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        assert cursor.fetchone()[0] == 1
