"""manage.py audience: the file in, the verdicts, links and headers out."""

import csv
import io
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.utils import timezone

from prefcenter.lists.audience import answering
from prefcenter.management.commands.audience import Command
from tests import commands
from tests.databases import new_sqlite
from tests.factories import ADA, BOB, AddressFactory, CategoryFactory
from tests.services import PATIENCE
from unsubscribe import actions, links
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Frequency, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, Contact, LastSent, SentCount

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
ROOT = Path(__file__).resolve().parents[4]

MAILCHIMP = (
    '"Email Address","First Name","Last Name",Address,MEMBER_RATING,TAGS\n'
    'ada@example.com,Ada,L,"1 Main St  Springfield  US",2,\n'
    'bob@example.com,Bob,"O\'Neil, Jr.","Two\nlines",3,"""vip"""\n'
)
MAILGUN = 'address,name,vars,subscribed\nada@example.com,Ada,{},True\nbob@example.com,Bob,"{""a"": 1}",True\n'


class Stdin(io.BytesIO):
    def isatty(self) -> bool:
        return False


def run(text: str | bytes, *arguments: str) -> tuple[list[dict[str, str]], str]:
    command = Command()
    command.source = Stdin(text.encode() if isinstance(text, str) else text)
    out, err = io.StringIO(), io.StringIO()
    call_command(command, *arguments, stdout=out, stderr=err)
    return list(csv.DictReader(io.StringIO(out.getvalue()))), err.getvalue()


@pytest.mark.parametrize(
    "export", [MAILCHIMP, MAILGUN, "ada@example.com\nbob@example.com\n", "\ufeffemail;x\n" + ADA + ";1\n" + BOB + ";2"]
)
def test_exports_work_as_they_are(export: str, news: Category) -> None:
    rows, said = run(export, "--category", "news")
    assert [row["verdict"] for row in rows] == ["send", "send"]
    assert said.endswith("2 rows: 2 send.\n")


@pytest.mark.parametrize(
    "text",
    [
        f"sep=;\nEmail;Name\n{ADA};Ada\n{BOB};Bob\n",
        f"Readers of Acme\n\nAdresse e-mail;Name\n{ADA};Ada\n{BOB};Bob\n",
        f"{ADA}; {BOB};\n",
        f'Email,Name\n"{ADA}; {BOB}",Both\n',
        f'"Email,Name"\n"{ADA},Ada"\n"{BOB},Bob"\n',
        f'[{{"email": "{ADA}"}}, {{"email": "{BOB}"}}]',
    ],
    ids=["sep", "title", "one line", "two in a cell", "quoted lines", "json"],
)
def test_files_are_read_as_they_are_found(text: str, news: Category, ada: Address) -> None:
    actions.suppress([ada.pk], Origin(Source.STAFF, timezone.now()), reason=SuppressionReason.COMPLAINT)
    rows, said = run(text, "--category", "news")
    assert [(next(iter(row.values())), row["verdict"]) for row in rows] == [(ADA, "suppressed"), (BOB, "send")]
    assert said.endswith("2 rows: 1 send, 1 suppressed.\n")


def test_the_inputs_columns_stay_and_ours_follow(news: Category) -> None:
    rows, _ = run(MAILCHIMP, "--category", "news")
    assert list(rows[0]) == [
        *("Email Address", "First Name", "Last Name", "Address", "MEMBER_RATING", "TAGS"),
        *(
            "verdict",
            "until",
            "unsubscribe_url",
            "preferences_url",
            "list_unsubscribe",
            "list_unsubscribe_post",
            "list_id",
        ),
    ]
    assert rows[1]["Address"] == "Two\nlines"
    assert rows[1]["TAGS"] == '"vip"'


def test_links_and_headers_are_there_for_those_who_may_be_written_to(ada: Address, news: Category) -> None:
    rows, _ = run(f"email\n{ADA}\n{BOB}\n", "--category", "news", "--campaign", "June")
    [campaign] = news.campaigns.all()
    row = rows[0]
    token = row["unsubscribe_url"].removeprefix("https://mail.example.com/u/")
    assert links.read(token, today=timezone.localdate()) == Target(ada.pk, news.pk, campaign.pk)
    assert row["list_unsubscribe"] == f"<{row['unsubscribe_url']}>"
    assert row["list_unsubscribe_post"] == "List-Unsubscribe=One-Click"
    assert row["list_id"] == "News <news.mail.example.com>"
    assert re.fullmatch(r"https://mail\.example\.com/p/[\w-]{40}", row["preferences_url"])


def test_whoever_said_no_gets_a_verdict_and_no_link(ada: Address, news: Category) -> None:
    now = timezone.now()
    bob, cleo, emil = (AddressFactory.create(text=f"{name}@example.com") for name in ("bob", "cleo", "emil"))
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, now))
    actions.suppress([bob.pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.COMPLAINT)
    actions.pause([Target(cleo.pk)], Origin(Source.PAGE, now), until=timezone.localdate().replace(year=2099))
    actions.opt_down([Target(emil.pk, news.pk)], Origin(Source.PAGE, now), frequency=Frequency.WEEKLY)
    actions.record_sent([emil.contact_id], Mailing(news), now=now)
    text = "email\n" + "\n".join(one.value for one in (ada, bob, cleo, emil))
    rows, _ = run(text, "--category", "news")
    assert [row["verdict"] for row in rows] == ["unsubscribed", "suppressed", "paused", "too_soon"]
    assert rows[2]["until"].startswith("2099-")
    assert not any(row["unsubscribe_url"] or row["list_unsubscribe"] or row["list_id"] for row in rows)
    assert run(text, "--category", "news", "--only", "send")[0] == []


def test_unknown_addresses_become_contacts_unless_the_category_needs_opt_in(news: Category) -> None:
    CategoryFactory.create(opt_in=True)
    assert run(f"email\n{ADA}\n", "--category", "partners")[0][0]["verdict"] == "unsubscribed"
    assert not Contact.objects.exists()
    run(f"email\n{ADA}\n{ADA.upper()}\n", "--category", "news")
    assert Address.objects.get().value == ADA


def test_record_counts_the_mailing_and_starts_the_clock(ada: Address, news: Category) -> None:
    run(f"email\n{ADA}\n", "--category", "news", "--campaign", "June")
    assert not LastSent.objects.exists()
    for _ in range(2):
        run(f"email\n{ADA}\n{BOB}\n", "--category", "news", "--campaign", "June", "--record")
    assert LastSent.objects.count() == 2
    assert SentCount.objects.get().count == 2


@pytest.mark.parametrize("campaign", [(), ("--campaign", ""), ("--campaign", " \t")])
def test_recording_without_a_campaign_is_refused_before_anything_is_read(
    campaign: tuple[str, ...], news: Category
) -> None:
    with pytest.raises(CommandError, match="--record needs --campaign NAME"):
        run(f"email\n{ADA}\n", "--category", "news", "--record", *campaign)
    assert not Contact.objects.exists()
    assert not SentCount.objects.exists()


def test_asking_about_a_campaign_again_gives_the_same_answer_as_long_as_it_runs(ada: Address, news: Category) -> None:
    """A sender may have crashed, before midnight or after; what was recorded counts for other campaigns."""
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now()), frequency=Frequency.MONTHLY)
    asked = (f"email\n{ADA}\n{BOB}\n", "--category", "news", "--campaign")
    for hours in (0, 20, 47):
        for record in (["--record"], []):
            assert [row["verdict"] for row in run(*asked, "June", *record)[0]] == ["send", "send"]
            assert run(*asked, "July")[0][0]["verdict"] == "too_soon"
        begun = timezone.now() - timedelta(hours=hours)
        LastSent.objects.update(began_at=begun, sent_on=timezone.localdate(begun))
    assert [one.count for one in SentCount.objects.all()] == [2]
    LastSent.objects.update(began_at=timezone.now() - timedelta(hours=49))
    assert run(*asked, "June")[0][0]["verdict"] == "too_soon"


@pytest.mark.parametrize("channel", [one for one in Channel if one != Channel.EMAIL])
def test_what_is_no_email_gets_links_and_no_headers(
    channel: Channel, news: Category, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "+49 30 901820" if channel in {Channel.SMS, Channel.WHATSAPP, Channel.PHONE} else "device-or-street"
    everybody = (answering, "SHORT", 1), (answering, "LONG", 1)
    for changes in ((), everybody):
        for change in changes:
            monkeypatch.setattr(*change)
        for options in ((), ("--campaign", "June", "--record")):
            rows, _ = run(f"address\n{text}\n", "--category", "news", "--channel", channel.value, *options)
            [row] = rows
            assert row["verdict"] == "send"
            assert row["unsubscribe_url"]
            assert row["preferences_url"]
            assert not any(row[name] for name in row if name.startswith("list_"))


def test_a_malformed_line_is_invalid_and_named_and_the_rest_goes_on(news: Category) -> None:
    rows, said = run(f'email,name\n"broken,x\n{ADA},Ada\nno address,N\n{BOB},Bob\n', "--category", "news")
    assert [row["verdict"] for row in rows] == ["invalid", "send", "invalid", "send"]
    assert "line 2: a quoted field is never closed" in said
    assert "line 4: this is not a valid address" in said
    assert "no address" not in said


def test_an_answered_file_can_be_answered_again(ada: Address, news: Category) -> None:
    out = io.StringIO()
    command = Command()
    command.source = Stdin(f"email\n{ADA}\n".encode())
    call_command(command, "--category", "news", stdout=out, stderr=io.StringIO())
    actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.ONE_CLICK, timezone.now()))
    rows, _ = run(out.getvalue(), "--category", "news")
    assert list(rows[0]).count("verdict") == 1
    assert rows[0]["verdict"] == "unsubscribed"
    assert rows[0]["unsubscribe_url"] == ""


def test_text_messages_go_by_phone_number(news: Category) -> None:
    rows, _ = run("Phone Number\n+49 30 901820\n030 901820\n", "--category", "news", "--channel", "sms")
    assert [row["verdict"] for row in rows] == ["send", "invalid"]
    assert "/s/" in rows[0]["unsubscribe_url"]


def test_a_transactional_category_gets_no_unsubscribe_headers(ada: Address) -> None:
    CategoryFactory.create(transactional=True)
    [row], said = run(f"email\n{ADA}\n", "--category", "receipts")
    assert (row["verdict"], row["unsubscribe_url"], row["list_unsubscribe"]) == ("send", "", "")
    assert row["preferences_url"]
    assert said == "1 row: 1 send.\n"


@pytest.mark.parametrize(
    ("text", "arguments", "sentence"),
    [
        ("email\n", ("--category", "nope"), "There is no category 'nope'. Categories: news."),
        ("", ("--category", "news"), "This file is empty"),
        ("name,town\nAda,Paris\n", ("--category", "news"), "Its columns are"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(32)) * 8, ("--category", "news"), "neither a plain-text table"),
    ],
)
def test_bad_input_is_one_calm_sentence(
    text: str | bytes, arguments: tuple[str, ...], sentence: str, news: Category
) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        run(text, *arguments)


def test_a_database_that_is_not_ready_is_said(news: Category) -> None:
    def away(*args: Any) -> None:
        raise OperationalError("no such table: unsubscribe_category")

    with connection.execute_wrapper(away), pytest.raises(CommandError, match="The database doesn’t respond: no such"):
        run(f"email\n{ADA}\n", "--category", "news")


def test_an_insecure_site_url_is_said(news: Category, settings: Any) -> None:
    settings.UNSUBSCRIBE_BASE_URL = "http://mail.example.com"
    with pytest.raises(CommandError, match="https"):
        run(f"email\n{ADA}\n", "--category", "news")


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """The environment of a site of its own, with a category."""
    environment = {"PATH": "/usr/bin:/bin", "DEBUG": "true", "DATA_DIR": str(tmp_path)}
    script = (
        "from tests.factories import CategoryFactory; CategoryFactory.create(); CategoryFactory.create(opt_in=True)"
    )
    new_sqlite(tmp_path / "db.sqlite3")
    assert commands.run("shell", "-v0", "-c", script, environment=environment).returncode == 0
    return environment


#: manage.py, and at its end its own peak in kB: `ru_maxrss` would count the process that began it.
_WEIGHED = """
import re, runpy, sys
try:
    runpy.run_path("manage.py", run_name="__main__")
finally:
    print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1], file=sys.stderr)
"""


def test_memory_does_not_grow_with_the_file(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    peaks = []
    for rows in (20_000, 100_000):
        addresses = tmp_path / "addresses.csv"
        addresses.write_text("email\n" + "".join(f"reader{number}@example.com\n" for number in range(rows)))
        with addresses.open("rb") as source, (tmp_path / "out.csv").open("wb") as out:
            command = [sys.executable, "-c", _WEIGHED, "audience", "--category", "partners"]
            done = subprocess.run(
                command, cwd=ROOT, env=elsewhere, stdin=source, stdout=out, stderr=subprocess.PIPE, check=True
            )
        peaks.append(int(done.stderr.split()[-1]) // 1024)
    assert peaks[1] - peaks[0] < 10, f"{peaks} MB"


def test_head_may_stop_reading(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    """A pipe that closes early is no error, and no traceback."""
    addresses = tmp_path / "addresses.csv"
    addresses.write_text("email\n" + "\n".join(f"reader{number}@example.com" for number in range(20_000)))
    with addresses.open("rb") as source:
        audience = subprocess.Popen(
            [sys.executable, "manage.py", "audience", "--category", "news"],
            cwd=ROOT,
            env=elsewhere,
            stdin=source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert audience.stdout is not None
        assert audience.stdout.readline().startswith(b"email,verdict")
        audience.stdout.close()
        assert audience.stderr is not None
        said = audience.stderr.read().decode()
        audience.stderr.close()
        assert audience.wait(PATIENCE) == 0
    assert "Traceback" not in said
    assert "Broken pipe" not in said
