"""A column that may tell a yes from a no, and is not known, is asked about before anything is imported (law 13)."""

import io
import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from prefcenter.lists.imports import ImportOptions
from prefcenter.lists.imports.columns.answers import Answers, NotUnderstood, parse
from prefcenter.lists.imports.columns.questions import ColumnQuestion
from prefcenter.lists.imports.reading import NOBODY_SAID, open_source
from prefcenter.models import ImportAnswer, ImportKind, ImportRun
from tests.factories import ADA, BOB, AddressFactory
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.models import Address, Suppression

pytestmark = pytest.mark.sqlite_only

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
OPT_OUTS, CONTACTS = ImportOptions(ImportKind.OPT_OUTS), ImportOptions(ImportKind.CONTACTS)
CLEO = "cleo@x.example"


def asked(text: str, options: ImportOptions = OPT_OUTS, *, said: Answers = NOBODY_SAID) -> list[ColumnQuestion]:
    """The open questions about a file."""
    source = open_source(io.BytesIO(text.encode()), options, file_name="export.csv", now=NOW, said=said)
    asking = source.asking()
    for _ in source.shown_to(asking):
        pass
    return [one for one in asking.questions if one.is_open]


def came_back(text: str, at: datetime) -> None:
    """Somebody left in 2020, and said yes again then."""
    one, reason = AddressFactory.create(text=text), SuppressionReason.UNSUBSCRIBED_ALL
    actions.suppress([one.pk], Origin(Source.PAGE, datetime(2020, 1, 1, tzinfo=UTC)), reason=reason)
    actions.lift([one.pk], Origin(Source.PAGE, at), reason=reason)


def table(heading: str, *cells: str) -> str:
    rows = "".join(f'p{n}@x.example,"{cell}"\n' for n, cell in enumerate(cells))
    return f'email,"{heading}"\n{rows}'


#: As the exports of other systems have them, and what "yes" would mean in each.
SPEAKING = {
    "subscribed": """
        subscribed_to_emails|Accepts Email Marketing|accepts_marketing|Accepts Marketing|Email Opt In|Email Opt-In|
        opt_in_email|emailOptIn|Email Permission|permission to email|marketing_consent|Email Consent|Newsletter|
        newsletter_subscription|is_subscribed|isSubscribedToNewsletter|subscribed_to_newsletter|Receives Newsletter|
        can_email|GDPR consent|Einwilligung|Newsletter abonniert|Abonné|Suscrito|Aceita e-mail|Permission Status|
        メール配信|同意|اشتراك|email_subscribe|Mailing list|Marketing emails|confirmed|Emailable|allow email|
        subscriber status|Consentement|Acepta publicidad|Inscrit""",
    "unsubscribed": """
        donotContact|Do Not Contact|DoNotContact|Do Not Email|do_not_email|donotbulkemail|email_disabled|blacklisted|
        Black Listed|Blocklisted|HasOptedOutOfEmail|Email Opt Out|emailOptOut|Email Opted Out|is_unsubscribed|
        unsubscribed_from_emails|Globally unsubscribed|no_email|
        Suppressed profile|disabled|Marketing Suspended|Dont Contact|Don't email|Abgemeldet|Werbesperre|Désabonné|
        Désinscrit|Dado de baja|Descadastrado|配信停止|Keine E-Mail|Widerspruch|Newsletter unsubscribed|Stop email|
        unsub|email_unsub_flag|exclude_from_mailings""",
    "hard_bounce": "is_bounced|Hard Bounced|email_bounced|Email Invalid|bounce",
    "complaint": "has_complained|Marked as spam|spam_reported",
    "": "List Status|email_list_status|Statut|Estatus|ステータス",
}
HEADINGS = [(one.strip(), yes) for yes, many in SPEAKING.items() for one in many.split("|")]
PAIRS = [
    *(("true", "false"), ("TRUE", "FALSE"), ("yes", "no"), ("Y", "N"), ("1", "0"), ("t", "f"), ("on", "off")),
    *(("x", ""), ("ja", "nein"), ("oui", "non"), ("sí", "no"), ("sim", "não"), ("はい", "いいえ"), ("نعم", "لا")),
    *(("ｙｅｓ", "ｎｏ"), (" Yes ", "No\u200b"), ("1.0", "0.0"), ("checked", "unchecked")),
]


@pytest.mark.parametrize(("heading", "yes"), HEADINGS)
@pytest.mark.parametrize("options", [OPT_OUTS, CONTACTS], ids=["opt-outs", "contacts"])
def test_a_heading_that_speaks_of_consent_is_asked_about(heading: str, yes: str, options: ImportOptions) -> None:
    other = "unsubscribed" if yes == "subscribed" else "subscribed"
    for pair in PAIRS:
        [question] = asked(table(heading, *pair), options)
        assert question.heading == heading
        would = [value.would_mean for value in question.values]
        assert would == [yes, other if yes and (pair[1] or yes != "subscribed") else ""], pair


@pytest.mark.parametrize("heading", [heading for heading, _ in HEADINGS])
def test_also_if_its_values_are_all_alike(heading: str) -> None:
    for cells in (("",), ("yes",), ("no",), ("NULL", "2024-01-01"), ("vip", "gold")):
        assert len(asked(table(heading, *cells))) == 1, cells


@pytest.mark.parametrize("heading", ["flag", "mail ok", "col7", "Werbung", "state", "Freigabe", "vip", "情報"])
@pytest.mark.parametrize(
    "pair",
    [
        *(pair for pair in PAIRS if all(pair)),
        *(("active", "inactive"), ("subscribed", "unsubscribed"), ("opt-in", "opt-out"), ("Opted In", "Opted Out")),
        *(("enabled", "disabled"), ("Angemeldet", "Abgemeldet"), ("subscribed", "cleaned"), ("active", "bounced")),
    ],
    ids=str,
)
def test_values_that_are_a_yes_and_a_no_are_asked_about_whatever_the_heading(
    heading: str, pair: tuple[str, str]
) -> None:
    for cells in (pair, (*pair, ""), ("", pair[1], "2024-01-01", pair[0], "maybe")):
        assert [question.heading for question in asked(table(heading, *cells))] == [heading]
    assert asked(table(heading, pair[0], pair[0], "")) == []


def test_a_no_in_so_many_words_needs_no_yes_beside_it() -> None:
    assert len(asked(table("membership", "unsubscribed", "gold"), CONTACTS)) == 1
    assert len(asked(table("Mitglied", "Abgemeldet", "Gold"), CONTACTS)) == 1


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "id",
            "ID",
            "index",
            "#",
            "No",
            "Nr.",
            "row",
            "",
            "Unnamed: 0",
            "contact_id",
            "subscriber_id",
            "Subscriber Key",
        ),
        *(
            "Name",
            "First Name",
            "lastName",
            "Vorname",
            "Nom",
            "Apellidos",
            "氏名",
            "Birthday",
            "Geburtstag",
            "date of birth",
        ),
        *("Country", "Land", "country_code", "language", "Sprache", "locale", "gender", "Company", "City", "ZIP"),
        *("unsubscribe_url", "Unsubscribe Link", "optin_ip", "channel", "campaign", "source"),
    ],
)
def test_an_index_a_name_a_birthday_a_country_or_a_link_is_never_asked_about(heading: str) -> None:
    for cells in (("yes", "no"), ("1", "0"), ("NO", "SI"), ("ja", "no"), ("J", "N")):
        assert asked(table(heading, *cells)) == [], cells


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("orders", ("0", "1", "2", "17")),
        ("spent", ("0", "1", "19.90")),
        ("city2", ("On", "Paris")),
        ("created_at", ("2024-01-01", "")),
        ("subscribed_at", ("2024-01-01", "")),
        ("OPTIN_TIME", ("2024-01-01 10:00:00", "")),
        ("consent timestamp", ("2024-01-01", "")),
        ("signup source", ("web", "shop")),
        ("marketing_source", ("web", "shop")),
        ("MailingCity", ("Paris", "Rome")),
        ("notes", ("called twice", "no")),
        ("reason", ("too many mails", "no", "yes")),
        ("order status", ("shipped", "cancelled")),
    ],
)
def test_numbers_dates_of_a_yes_and_free_texts_are_not_asked_about(heading: str, cells: tuple[str, ...]) -> None:
    assert asked(table(heading, *cells)) == []


@pytest.mark.parametrize(
    "text",
    [
        "address,name,vars,subscribed\na@x.example,A,{},yes\nb@x.example,B,{},no\nc@x.example,C,{},\n",
        "Email Address,MEMBER_RATING,OPTIN_TIME,UNSUB_TIME,UNSUB_REASON,LEID,EUID,TAGS\na@x.example,1,,,,1,0,no\n"
        "b@x.example,0,,2024-01-01 10:00:00,NORMAL,0,1,yes\n",
        "status,reason,email,created\n5.1.1,no,a@x.example,1700000000\n5.1.1,yes,b@x.example,1700000000\n",
        "EmailAddress,SuppressionReason,Origin,CreatedAt\na@x.example,HardBounce,Recipient,2024-01-01\n",
        "Email,Klaviyo ID,Email Marketing Consent,SMS Marketing Consent,Email Suppressions\n"
        "a@x.example,1,SUBSCRIBED,YES,\nb@x.example,0,UNSUBSCRIBED,NO,\n",
        "address,channel,reason,category,source,campaign,date,contact\na@x.example,email,Complained,,Complaint,,,1\n"
        "b@x.example,email,Unsubscribed from everything,,One-click,,,2\n",
        "verdict_,email\nsend,a@x.example\n",
        "email,status\na@x.example,subscribed\nb@x.example,Unsubscribed\n",
        "email,unsubscribed\na@x.example,yes\nb@x.example,NULL\nc@x.example,f\nd@x.example,2024-01-01\n",
    ],
)
@pytest.mark.parametrize("options", [OPT_OUTS, CONTACTS], ids=["opt-outs", "contacts"])
def test_what_is_known_is_not_asked_about(text: str, options: ImportOptions) -> None:
    assert asked(text, options) == []


def test_a_column_of_ones_own_in_the_export_of_a_system_is_asked_about() -> None:
    text = "Email Address,LEID,EUID,Newsletter consent\na@x.example,1,e,yes\nb@x.example,2,f,no\n"
    assert [one.heading for one in asked(text, CONTACTS)] == ["Newsletter consent"]


@pytest.mark.parametrize(
    "heading", ["unsubscribed_at", "Unsubscribe Date", "opted_out_on", "optOutTime", "date_unsubscribed"]
)
@pytest.mark.parametrize("nothing", ["", "NULL", "None", "N/A", "-", "\\N", "0000-00-00 00:00:00", "nan", "0"])
@pytest.mark.parametrize("date", ["2024-01-01T00:00:00Z", "31.12.2021 10:00", "1700000000", "Dec 31, 2021", "true"])
def test_a_date_of_the_no_and_nothing_where_there_was_none_need_no_question(
    heading: str, nothing: str, date: str
) -> None:
    text = table(heading, nothing, date)
    assert asked(text) == []
    source = open_source(io.BytesIO(text.encode()), OPT_OUTS, file_name="x.csv", now=NOW)
    [batch] = source.batches()
    assert [line.value for line in batch.lines] == ["p1@x.example"]
    source = open_source(io.BytesIO(text.encode()), CONTACTS, file_name="x.csv", now=NOW)
    [batch] = source.batches()
    assert [line.value for line in batch.lines] == ["p0@x.example"]


@pytest.mark.parametrize(
    "heading", ["status", "unsubscribed", "opt out", "subscribed", "suppressed", "unsubscribed_at"]
)
def test_a_word_that_is_not_known_in_a_column_that_is_known_is_asked_about(heading: str) -> None:
    known = "2024-01-01" if heading == "unsubscribed_at" else "unsubscribed"
    [question] = asked(table(heading, known, "gone away"))
    assert [value.key for value in question.open_values] == ["gone away"]
    [question] = asked(table(heading, known, "gone away"), said=Answers({question.name: parse(f"{known}=ignore")}))
    assert [value.key for value in question.open_values] == ["gone away"]
    assert (
        asked(table(heading, known, "gone away"), said=Answers({question.name: parse("gone away=unsubscribed")})) == []
    )


def test_a_column_that_begins_to_tell_far_down_in_the_file_is_found() -> None:
    text = "email,flag\n" + "".join(f"p{n}@x.example,\n" for n in range(30_000)) + "y@x.example,no\nz@x.example,yes\n"
    assert [one.heading for one in asked(text)] == ["flag"]


def test_free_text_fills_no_memory_and_none_of_it_is_shown() -> None:
    texts = [f"Please call {n} times, Ada Lovelace {n}" for n in range(50_000)]
    text = "email,unsubscribe comment\n" + "".join(f"p{n}@x.example,{one!r}\n" for n, one in enumerate(texts))
    text = text.replace("'", '"')
    tracemalloc.start()
    [question] = asked(text)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 60_000_000
    assert [value.shown for value in question.values] == ["(any other value)"]
    assert question.values[0].rows == 50_000


def test_no_address_is_shown_as_a_value() -> None:
    [question] = asked(table("permission given by", ADA, "no", "yes"))
    assert "ada" not in json.dumps(question.as_json)
    stored = json.dumps(question.as_json)
    assert json.dumps(ColumnQuestion.of_json(json.loads(stored)).as_json) == stored


class TestWhatIsSaid:
    @pytest.mark.parametrize(
        ("text", "values"),
        [
            ("true=subscribed,false=unsubscribed", {"true": "subscribed", "false": "unsubscribed"}),
            (" TRUE = Subscribed , False=UNSUBSCRIBED", {"true": "subscribed", "false": "unsubscribed"}),
            ("filled=unsubscribed,empty=subscribed", {"filled": "unsubscribed", "empty": "subscribed"}),
            ("=subscribed, x=hard-bounce", {"empty": "subscribed", "x": "hard_bounce"}),
            ("a=b=complaint", {"a=b": "complaint"}),
            ('"no, never=unsubscribed",yes=ignore', {"no, never": "unsubscribed", "yes": "ignore"}),
            ("はい=subscribed", {"はい": "subscribed"}),
            ("true=subscribed\nfalse=unsubscribed", {"true": "subscribed", "false": "unsubscribed"}),
            ("x=manual,X=manual", {"x": "manual"}),
        ],
    )
    def test_values_and_their_meanings_are_read(self, text: str, values: dict[str, str]) -> None:
        assert parse(text).values == values

    @pytest.mark.parametrize(
        "text",
        ["", " ", "true", "true=", "true=?", "true=yes", "ignore,true=subscribed", "first", "=,", "x=manual,X=ignore"],
    )
    def test_what_is_not_understood_is_refused(self, text: str) -> None:
        with pytest.raises(NotUnderstood):
            parse(text)

    def test_filled_does_not_stand_for_a_no_that_nobody_thought_of(self) -> None:
        said = Answers({"signedoff": parse("filled=unsubscribed,empty=subscribed")})
        assert asked(table("signed off", "2024-01-01", ""), said=said) == []
        assert len(asked(table("signed off", "2024-01-01", "false"), said=said)) == 1

    def test_a_value_that_the_answer_does_not_cover_is_asked_about_again(self) -> None:
        said = Answers({"mailok": parse("true=subscribed,false=unsubscribed")})
        assert asked(table("mail ok", "true", "FALSE "), said=said) == []
        [question] = asked(table("mail ok", "true", "false", "maybe", ""), said=said)
        assert {value.key for value in question.open_values} == {"maybe", "empty"}
        assert {value.means for value in question.values} == {"subscribed", "unsubscribed", ""}

    def test_an_answer_about_a_heading_leaves_the_columns_of_a_known_system_alone(self) -> None:
        text = "status,reason,email,created\n5.1.1,gone,a@x.example,1700000000\n"
        source = open_source(
            io.BytesIO(text.encode()),
            OPT_OUTS,
            file_name="suppression_bounces.csv",
            now=NOW,
            said=Answers({"status": parse("5.1.1=subscribed")}),
        )
        [batch] = source.batches()
        assert [str(line.reason) for line in batch.lines] == ["hard_bounce"]


@pytest.mark.parametrize("second", ["yes=subscribed,no=unsubscribed", "ignore"])
def test_a_column_that_is_said_to_mean_two_things_is_refused(second: str, tmp_path: Path) -> None:
    path = tmp_path / "users.csv"
    path.write_text(table("mail ok", "yes", "no"))
    said = [
        "--column",
        "mail ok",
        "--means",
        "yes=unsubscribed,no=subscribed",
        "--column",
        "Mail OK",
        "--means",
        second,
    ]
    with pytest.raises(CommandError, match="given twice"):
        call_command("import_optouts", str(path), *said)


@pytest.mark.django_db
class TestTheCommand:
    @pytest.fixture(autouse=True)
    def _folder(self, settings: Any, tmp_path: Path) -> None:
        settings.DATA_DIR = tmp_path / "data"

    @pytest.fixture
    def file(self, tmp_path: Path) -> Path:
        path = tmp_path / "users.csv"
        path.write_text(f"id,email,subscribed_to_emails\n1,{ADA},true\n2,{BOB},false\n")
        return path

    def asks(self, command: str, path: Path, *arguments: str) -> tuple[str, dict[str, Any]]:
        out = io.StringIO()
        with pytest.raises(CommandError) as caught:
            call_command(command, str(path), *arguments, stdout=out, stderr=io.StringIO())
        assert caught.value.returncode == 2
        return str(caught.value), json.loads(out.getvalue())

    def does(self, command: str, path: Path, *arguments: str) -> dict[str, Any]:
        out = io.StringIO()
        call_command(command, str(path), *arguments, stdout=out, stderr=io.StringIO())
        found: dict[str, Any] = json.loads(out.getvalue())
        return found

    def blocked(self) -> set[str]:
        return set(Suppression.objects.filter(lifted_at=None).values_list("address__value", flat=True))

    @pytest.mark.parametrize("arguments", [(), ("--apply",), ("--apply", "--reason", "unsubscribed_all")], ids=str)
    def test_it_ends_with_the_question_and_status_2_and_has_done_nothing(
        self, file: Path, arguments: tuple[str, ...]
    ) -> None:
        said, summary = self.asks("import_optouts", file, *arguments)
        assert "true: would mean subscribed" in said
        assert "--column subscribed_to_emails --means true=subscribed,false=unsubscribed" in said
        [question] = summary["questions"]
        assert (question["column"], summary["applied"], summary["rows"]) == ("subscribed_to_emails", False, 2)
        assert question["values"][1] == {"value": "false", "rows": 1, "means": None, "would_mean": "unsubscribed"}
        assert not any(model.objects.exists() for model in (Address, ImportRun, ImportAnswer))

    def test_answered_it_takes_the_no_and_counts_the_yes_and_keeps_the_answer(self, file: Path) -> None:
        answer = ["--column", "subscribed_to_emails", "--means", "true=subscribed,false=unsubscribed"]
        dry = self.does("import_optouts", file, *answer)
        assert (dry["new"], dry["refused"], dry["said_yes"]) == (1, 1, 1)
        assert not ImportAnswer.objects.exists()
        self.asks("import_optouts", file)
        done = self.does("import_optouts", file, *answer, "--apply")
        assert (done["new"], done["said_yes"], self.blocked()) == (1, 1, {BOB})
        assert ImportAnswer.objects.get().answered_by == "import_optouts"
        again = self.does("import_optouts", file, "--apply")
        assert (again["new"], again["already"]) == (0, 1)

    def test_the_next_night_only_what_is_new_is_asked(self, file: Path) -> None:
        answer = ["--column", "Subscribed to emails", "--means", "true=subscribed,false=unsubscribed"]
        self.does("import_optouts", file, *answer, "--apply")
        file.write_text(file.read_text() + f"3,{CLEO},paused\n")
        said, _ = self.asks("import_optouts", file, "--apply")
        assert said.splitlines()[-2].strip().endswith("--means 'paused=?'")
        more = ["--column", "subscribed_to_emails", "--means", "paused=ignore"]
        done = self.does("import_optouts", file, *more, "--apply")
        assert (done["new"], done["already"], done["refused"], self.blocked()) == (0, 1, 2, {BOB})
        assert self.does("import_optouts", file)["refused"] == 2

    def test_a_column_that_says_nothing_is_ignored_and_the_file_speaks_for_itself(self, tmp_path: Path) -> None:
        path = tmp_path / "left.csv"
        path.write_text(f"email,has_car\n{ADA},true\n{BOB},false\n")
        self.asks("import_optouts", path)
        done = self.does("import_optouts", path, "--column", "has_car", "--means", "ignore", "--apply")
        assert done["columns"] == {"has_car": "doesn’t say who opted out"}
        assert self.blocked() == {ADA, BOB}
        assert self.does("import_optouts", path)["columns"] == done["columns"], "and it is said whenever it is used"

    def test_people_who_said_no_are_not_learnt_as_contacts(self, file: Path) -> None:
        self.asks("import_contacts", file, "--apply")
        assert not Address.objects.exists()
        answer = ["--column", "subscribed_to_emails", "--means", "true=subscribed,false=unsubscribed"]
        done = self.does("import_contacts", file, *answer, "--apply")
        assert (done["new"], done["refused"]) == (1, 1)
        assert list(Address.objects.values_list("value", flat=True)) == [ADA]

    def test_a_no_in_any_of_several_columns_counts(self, tmp_path: Path) -> None:
        path = tmp_path / "crm.csv"
        path.write_text(
            f"email,Newsletter,donotContact,Bounced\n{ADA},yes,0,\n{BOB},yes,1,\n{CLEO},no,0,x\ndan@x.example,yes,0,x\n"
        )
        _, summary = self.asks("import_optouts", path)
        assert [one["column"] for one in summary["questions"]] == ["Newsletter", "donotContact", "Bounced"]
        done = self.does(
            "import_optouts", path, "--apply",
            *("--column", "Newsletter", "--means", "yes=subscribed,no=unsubscribed"),
            *("--column", "donotContact", "--means", "1=unsubscribed,0=subscribed"),
            *("--column", "Bounced", "--means", "x=hard_bounce,empty=ignore"),
        )  # fmt: skip
        assert (done["new"], done["said_yes"]) == (3, 1)
        assert dict(Suppression.objects.values_list("address__value", "reason")) == {
            BOB: "unsubscribed_all",
            CLEO: "hard_bounce",
            "dan@x.example": "hard_bounce",
        }

    def test_a_date_column_is_answered_by_filled_and_empty(self, tmp_path: Path) -> None:
        path = tmp_path / "crm.csv"
        path.write_text(f"email,stop mail since\n{ADA},2024-01-01\n{BOB},\n{CLEO},2023-05-05\nd@x.example,NULL\n")
        said, _ = self.asks("import_optouts", path)
        assert "filled=unsubscribed,empty=subscribed" in said
        answer = ["--column", "stop mail since", "--means", "filled=unsubscribed,empty=subscribed"]
        assert self.does("import_optouts", path, *answer, "--apply")["new"] == 2
        assert self.blocked() == {ADA, CLEO}

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--column", "subscribed_to_emails"], "Each --column needs its own --means"),
            (["--column", "nowhere", "--means", "ignore"], "This file has no column “nowhere”."),
            (["--column", "subscribed_to_emails", "--means", "true=perhaps"], "“perhaps” is not a meaning"),
            (["--column", " ", "--means", "ignore"], "A column without a name can’t be given a meaning"),
        ],
    )
    def test_an_answer_that_makes_no_sense_is_refused(self, arguments: list[str], said: str, file: Path) -> None:
        with pytest.raises(CommandError, match=said) as caught:
            call_command("import_optouts", str(file), *arguments, "--apply", stdout=io.StringIO())
        assert (caught.value.returncode, ImportRun.objects.exists(), ImportAnswer.objects.exists()) == (1, False, False)

    def test_a_date_without_a_no_blocks_nobody(self, tmp_path: Path) -> None:
        path = tmp_path / "crm.csv"
        path.write_text(f"email,unsubscribed_at\n{ADA},NULL\n{BOB},2024-01-01T00:00:00Z\n{CLEO},\n")
        assert self.does("import_optouts", path, "--apply")["said_yes"] == 2
        assert self.blocked() == {BOB}

    def test_dates_that_read_two_ways_are_asked_about_and_kept(self, tmp_path: Path) -> None:
        path = tmp_path / "crm.csv"
        path.write_text(f"email,unsubscribed_at\n{ADA},03/04/2021\n{BOB},\n")
        said, _ = self.asks("import_optouts", path, "--apply")
        assert "what comes first in dates like 03/04/2021?" in said
        assert "--column unsubscribed_at --means day-first" in said
        came_back(ADA, datetime(2021, 3, 20, tzinfo=UTC))
        done = self.does("import_optouts", path, "--column", "unsubscribed_at", "--means", "month-first", "--apply")
        assert (done["new"], done["overtaken"], done["said_yes"]) == (0, 1, 1)
        assert self.does("import_optouts", path)["overtaken"] == 1
        assert self.does("import_optouts", path, "--column", "unsubscribed_at", "--means", "day-first")["new"] == 1

    def test_a_date_that_reads_one_way_says_it_for_its_column(self, tmp_path: Path) -> None:
        path = tmp_path / "crm.csv"
        path.write_text(f"email,unsubscribed_at\n{ADA},03/04/2021\n{BOB},31/12/2021\n")
        came_back(ADA, datetime(2021, 3, 20, tzinfo=UTC))
        done = self.does("import_optouts", path, "--apply")
        assert (done["new"], done["overtaken"]) == (2, 0)
        path.write_text(f"email,unsubscribed_at\n{CLEO},03/04/2021\n{BOB},12/31/2021\n")
        came_back(CLEO, datetime(2021, 3, 20, tzinfo=UTC))
        assert self.does("import_optouts", path, "--apply")["overtaken"] == 1

    def test_for_contacts_nobody_asks_when(self, tmp_path: Path) -> None:
        path = tmp_path / "crm.csv"
        path.write_text(f"email,unsubscribed_at\n{ADA},03/04/2021\n{BOB},\n")
        assert self.does("import_contacts", path)["refused"] == 1
