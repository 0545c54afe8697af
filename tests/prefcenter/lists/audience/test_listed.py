"""What a list itself says of its people is heard by `audience` as by the imports (law 13)."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prefcenter.lists import audience
from prefcenter.lists.audience import answering
from prefcenter.lists.reader import open_table
from prefcenter.management.commands.audience import Command
from prefcenter.models import ImportAnswer
from tests.factories import ADA, BOB, CLEO, AddressFactory, CategoryFactory
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, Source, SuppressionReason
from unsubscribe.models import Address, Category, SentCount

pytestmark = pytest.mark.django_db
INPUTS = {
    "mailgun": f"address,name,vars,subscribed\n{ADA},Ada,{{}},False\n{BOB},Bo,{{}},True\n",
    "mailchimp": f'"Email Address",UNSUB_TIME,LEID,EUID\n{ADA},"2024-02-02 12:00:00",1,x\n{BOB},,2,y\n',
    "cleaned": f"Email Address,CLEAN_TIME,LEID,EUID\n{ADA},2024-02-02 12:00:00,1,x\n{BOB},,2,y\n",
    "status": f"Email;Status\n{ADA};Unsubscribed\n{BOB};Subscribed\n",
    "blank": f",Email,Status,\n0,{ADA},Unsubscribed,\n1,{BOB},Subscribed,\n",
    "dated": f"email,unsubscribed_at\n{ADA},2024-01-01\n{BOB},NULL\n",
    "klaviyo": f"Email,Email Marketing Consent,Email Suppressions\n{ADA},UNSUBSCRIBED,\n{BOB},SUBSCRIBED,\n",
    "several": f"email,status,opt out\n{ADA},active,yes\n{BOB},active,no\n",
    "postmark": f"EmailAddress,SuppressionReason,Origin\n{ADA},HardBounce,Recipient\n",
    "twice": f"status,email,status\nactive,{ADA},unsubscribed\nactive,{BOB},active\n",
}


@pytest.fixture(params=[False, True], ids=["in sets", "everybody at once"], autouse=True)
def _ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param:
        monkeypatch.setattr(answering, "SHORT", 2)
        monkeypatch.setattr(answering, "LONG", 2)
        monkeypatch.setattr(audience, "BATCH", 3)


class Stdin(io.BytesIO):
    def isatty(self) -> bool:
        return False


def run(text: str, *arguments: str, category: str = "news") -> tuple[dict[str, str], str]:
    """The verdicts by address, and what was said on standard error."""
    command = Command()
    command.source = Stdin(text.encode())
    out, err = io.StringIO(), io.StringIO()
    call_command(command, "--category", category, *arguments, stdout=out, stderr=err)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert all(bool(row.get("unsubscribe_url", row["verdict"] == "send")) == (row["verdict"] == "send") for row in rows)
    return {next(cell for cell in row.values() if "@" in cell): row["verdict"] for row in rows}, err.getvalue()


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("arguments", [(), ("--no-links",), ("--record", "--campaign", "June")], ids=str)
def test_who_said_no_in_the_list_is_unsubscribed_and_counted(
    name: str, arguments: tuple[str, ...], news: Category
) -> None:
    verdicts, said = run(INPUTS[name], *arguments)
    assert verdicts == {ADA: "unsubscribed", BOB: "send"} if BOB in INPUTS[name] else {ADA: "unsubscribed"}
    assert "1 row opted out according to the list itself." in said
    assert "1 unsubscribed" in said
    assert not Address.objects.filter(value=ADA).exists(), "who said no is not learnt"


def test_a_list_that_says_nothing_is_answered_as_before(news: Category) -> None:
    for text in (f"email,name\n{ADA},A\n", f"{ADA}\n", f"email,created\n{ADA},2024-01-01\n"):
        verdicts, said = run(text)
        assert verdicts == {ADA: "send"}
        assert "according to the list itself" not in said


def test_what_looks_like_an_export_of_opt_outs_by_its_usual_headings_alone_is_said(news: Category) -> None:
    _, said = run(f"email,created\n{ADA},1700000000\n")
    assert "This list has the columns of an export of opt-outs (SendGrid: unsubscribes)." in said
    _, said = run(f"email,name\n{ADA},1700000000\n")
    assert "export of opt-outs" not in said


def test_who_is_suppressed_or_no_address_is_said_to_be_so(news: Category) -> None:
    ada = AddressFactory.create(text=ADA)
    actions.suppress([ada.pk], Origin(Source.COMPLAINT, timezone.now()), reason=SuppressionReason.COMPLAINT)
    verdicts, said = run(f"email,status\n{ADA},unsubscribed\nno@body@x,unsubscribed\n{BOB},unsubscribed\n")
    assert verdicts == {ADA: "suppressed", "no@body@x": "invalid", BOB: "unsubscribed"}
    assert "line 3: this is not a valid address" in said


def test_who_said_no_in_the_list_is_not_counted_as_written_to(news: Category) -> None:
    run(f"email,status\n{ADA},unsubscribed\n{BOB},subscribed\n", "--record", "--campaign", "June")
    assert list(SentCount.objects.values_list("count", flat=True)) == [1]


def test_a_receipt_reaches_who_unsubscribed_and_no_dead_address(news: Category) -> None:
    CategoryFactory.create(transactional=True)
    text = f"email,status\n{ADA},unsubscribed\n{BOB},bounced\n{CLEO},complained\n"
    command = Command()
    command.source = Stdin(text.encode())
    out = io.StringIO()
    call_command(command, "--category", "receipts", stdout=out, stderr=io.StringIO())
    assert [row["verdict"] for row in csv.DictReader(io.StringIO(out.getvalue()))] == ["send", "suppressed", "send"]


def test_a_column_that_may_say_no_and_is_not_known_is_named(news: Category) -> None:
    text = (
        f"email,subscribed_to_emails,flag\n{ADA},true,\n{BOB},false,\n" + "p@x.example,true,no\nq@x.example,true,yes\n"
    )
    verdicts, said = run(text)
    assert set(verdicts.values()) == {"send"}
    assert "Column “subscribed_to_emails” may say who opted out" in said
    assert "true (3 rows), false (1 row)" in said
    assert "--column subscribed_to_emails --means true=subscribed,false=unsubscribed" in said
    assert "Column “flag”" in said


def test_what_was_said_to_an_import_is_known_here_too(news: Category, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    text = f"email,subscribed_to_emails\n{ADA},true\n{BOB},false\n"
    answer = ["--column", "subscribed_to_emails", "--means", "true=subscribed,false=unsubscribed"]
    verdicts, said = run(text, *answer)
    assert (verdicts, "may say" in said) == ({ADA: "send", BOB: "unsubscribed"}, False)
    assert not ImportAnswer.objects.exists()
    (tmp_path / "users.csv").write_text(text)
    call_command("import_contacts", str(tmp_path / "users.csv"), *answer, "--apply", stdout=io.StringIO())
    verdicts, said = run(text)
    assert (verdicts, "may say" in said) == ({ADA: "send", BOB: "unsubscribed"}, False)
    verdicts, said = run(text + f"{CLEO},perhaps\n")
    assert verdicts[CLEO] == "send"
    assert "Values: perhaps (1 row)" in said


def test_an_answer_about_no_column_of_the_list_is_refused(news: Category) -> None:
    with pytest.raises(CommandError, match="This file has no column “nowhere”"):
        run(f"email\n{ADA}\n", "--column", "nowhere", "--means", "ignore")


def test_an_answer_of_ours_from_before_says_nothing(news: Category) -> None:
    first, _ = run(f"email,status\n{ADA},subscribed\n")
    assert first == {ADA: "send"}
    verdicts, said = run(f"email,verdict,unsubscribe_url,list_unsubscribe\n{ADA},unsubscribed,,\n{BOB},send,,\n")
    assert verdicts == {ADA: "send", BOB: "send"}
    assert "may say" not in said


def test_the_number_of_queries_does_not_grow_with_the_list(news: Category) -> None:
    def queries(rows: int) -> int:
        text = "email,status\n" + "".join(f"p{n}@x.example,{'un' * (n % 2)}subscribed\n" for n in range(rows))
        request = audience.request(
            news, channel=Channel.EMAIL, campaign="", now=timezone.now(), is_recorded=False, with_links=False
        )
        table = open_table(io.BytesIO(text.encode()))
        with CaptureQueriesContext(connection) as captured:
            audience.write_answers(table, request, io.StringIO(), on_problem=lambda line, problem: None)
        return len(captured)

    assert queries(3) <= queries(audience.BATCH) <= 20
