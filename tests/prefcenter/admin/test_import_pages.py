"""The pages of an import: from the upload to the report, with and without a worker, for those who may."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from prefcenter.lists import imports
from prefcenter.models import ImportAnswer, ImportRun, ImportState, User
from prefcenter.tasks import work_on_imports
from tests.factories import ADA, BOB
from tests.staff import member, sign_in, signed_in
from unsubscribe.models import Address, Category, Suppression

pytestmark = pytest.mark.django_db
NEW, LIST = "/admin/imports/new/", "/admin/imports/"
SENDGRID = (
    "status,reason,email,created\n"
    f"5.1.1,unknown user,{ADA},1700000000\n5.1.1,unknown user,{BOB},1700000000\n4.2.2,full,c@x.example,1\n"
)
REFRESH = '<meta http-equiv="refresh"'


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "imports"


@pytest.fixture
def user() -> User:
    return member("import_opt_outs")


@pytest.fixture
def staff_client(user: User) -> Client:
    return signed_in(user)


def upload(client: Client, text: str | bytes, *, name: str = "suppression_bounces.csv", **options: Any) -> Any:
    file = SimpleUploadedFile(name, text.encode() if isinstance(text, str) else text, "text/csv")
    form = {"kind": "opt_outs", "channel": "email", "reason": "", "category": "", "file": file} | options
    return client.post(NEW, form, secure=True)


def page(client: Client, run: ImportRun) -> str:
    answer = client.get(f"{LIST}{run.pk}/", secure=True)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def press(client: Client, run: ImportRun, button: str, **form: Any) -> Any:
    """As the page's own form has it."""
    if button == "confirm":
        found = re.search(r'name="checked" value="([^"]*)"', page(client, run))
        form = {"checked": found[1] if found else ""} | form
    return client.post(f"{LIST}{run.pk}/{button}/", form, secure=True)


def said(client: Client, run: ImportRun) -> list[str]:
    answer = client.get(f"{LIST}{run.pk}/", secure=True)
    return [str(message) for message in answer.context["messages"]]


def the_run() -> ImportRun:
    return ImportRun.objects.get()


def checked(client: Client, text: str = SENDGRID, **options: Any) -> ImportRun:
    assert upload(client, text, **options).status_code == 302
    work_on_imports()
    return ImportRun.objects.latest("id")


def test_the_whole_way_from_the_upload_to_the_report(staff_client: Client, user: User) -> None:
    answer = upload(staff_client, SENDGRID)
    run = the_run()
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{run.pk}/")
    shown = page(staff_client, run)
    assert "Waiting for the worker." in shown
    assert REFRESH in shown

    work_on_imports()
    shown = page(staff_client, run)
    assert "Nothing has been imported yet. This is what the import would do." in shown
    assert "Recognised as: SendGrid: bounces" in shown
    assert "Address does not exist: 2" in shown
    assert '<tr><th scope="row">4</th><td>the file says that delivery failed temporarily' in shown
    assert 'value="Import 2 opt-outs"' in shown
    assert REFRESH not in shown
    assert not Suppression.objects.exists()

    assert press(staff_client, run, "confirm").status_code == 302
    shown = page(staff_client, run)
    assert "Being imported" in shown
    assert REFRESH in shown
    work_on_imports()
    shown = page(staff_client, run)
    assert "The whole file was read. The file itself has been deleted." in shown
    assert '<tr><th scope="row">New opt-outs</th><td>2</td><td>2</td></tr>' in shown
    assert f"by {user}" in shown
    assert set(Suppression.objects.values_list("address__value", "reason")) == {
        (ADA, "hard_bounce"),
        (BOB, "hard_bounce"),
    }
    assert ADA not in shown


def test_the_report_lists_lines_and_reasons_and_no_address(staff_client: Client) -> None:
    run = checked(staff_client, f"email,status\n{ADA},subscribed\nnobody,unsubscribed\n")
    answer = staff_client.get(f"{LIST}{run.pk}/lines/", secure=True)
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows == [
        ["line", "problem"],
        ["2", "the file doesn’t say that this person opted out"],
        ["3", "this is not a valid address"],
    ]
    assert f'filename="import-{run.pk}-lines.csv"' in answer["Content-Disposition"]


def test_of_many_bad_lines_the_page_shows_a_few_and_the_report_has_all(staff_client: Client) -> None:
    run = checked(staff_client, "email\n" + "nobody\n" * 1500)
    shown = page(staff_client, run)
    assert shown.count("this is not a valid address") == 10
    assert "The number of each skipped line and the reason" in shown
    answer = staff_client.get(f"{LIST}{run.pk}/lines/", secure=True)
    assert len(list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))) == 1501


def logged() -> list[str]:
    return list(LogEntry.objects.order_by("id").values_list("change_message", flat=True))


def test_each_act_is_one_line_of_the_log_with_figures_and_without_the_files_name(
    staff_client: Client, user: User, news: Category
) -> None:
    run = checked(staff_client, name=f"{ADA}.csv")
    options = {"kind": "opt_outs", "channel": "email", "reason": "unsubscribed_all", "category": str(news.pk)}
    press(staff_client, run, "check", **options)
    work_on_imports()
    press(staff_client, run, "confirm")
    press(staff_client, run, "stop")
    entries = list(LogEntry.objects.order_by("id"))
    for entry in entries:
        assert (entry.user, entry.object_repr, entry.get_edited_object()) == (user, f"import {run.pk}", run)
    assert [entry.action_flag for entry in entries] == [ADDITION, CHANGE, CHANGE, CHANGE]
    assert logged() == [
        "Uploaded a file of opt-outs: SendGrid: bounces, 145 bytes.",
        "Checked an import again, as opt-outs.",
        "Confirmed an import of opt-outs: new opt-outs 3, already recorded 0, resubscribed since: kept 0, "
        "refused 0, invalid 0.",
        "Stopped an import of opt-outs.",
    ]


def test_what_was_not_done_is_not_in_the_log(staff_client: Client) -> None:
    upload(staff_client, b"first,last\nAnn,Other\n")
    assert logged() == []
    run = checked(staff_client)
    press(staff_client, run, "check", kind="nonsense")
    press(staff_client, run, "stop")
    for button in ("stop", "confirm", "check"):
        press(staff_client, run, button, kind="opt_outs", channel="email")
    assert logged() == ["Uploaded a file of opt-outs: SendGrid: bounces, 145 bytes.", "Stopped an import of opt-outs."]


def test_the_same_file_again_is_recognised(staff_client: Client) -> None:
    first = checked(staff_client)
    press(staff_client, first, "confirm")
    work_on_imports()
    again = checked(staff_client)
    shown = page(staff_client, again)
    assert "This exact file was already imported on " in shown
    assert f'href="{LIST}{first.pk}/"' in shown
    assert "There’s nothing new in this file. Importing it would change nothing." in shown
    assert "/confirm/" not in shown


def test_other_terms_are_checked_before_anything_is_imported(staff_client: Client, news: Category) -> None:
    run = checked(staff_client, "email\na@x.example\n")
    options = {"kind": "opt_outs", "channel": "email", "reason": "unsubscribed_all", "category": str(news.pk)}
    assert press(staff_client, run, "check", **options).status_code == 302
    assert "Being checked" in page(staff_client, run)
    work_on_imports()
    shown = page(staff_client, run)
    assert "Opted out of: News" in shown
    assert f'<option value="{news.pk}" selected>' in shown
    wrong = press(staff_client, run, "check", **(options | {"reason": "complaint"}))
    assert "Leave the category empty" in wrong.content.decode()
    assert (the_run().category, the_run().state) == (news, ImportState.READY)


def test_contacts_are_learnt_and_their_page_speaks_of_contacts(staff_client: Client) -> None:
    run = checked(staff_client, "email\na@x.example\n", kind="contacts", reason="complaint", name="members.csv")
    shown = page(staff_client, run)
    assert 'value="Import 1 contact"' in shown
    assert "Reason:" not in shown
    press(staff_client, run, "confirm")
    work_on_imports()
    assert Address.objects.get().value == "a@x.example"
    assert not Suppression.objects.exists()


def test_what_is_on_its_way_shows_how_far_it_is_and_can_be_stopped(staff_client: Client) -> None:
    upload(staff_client, SENDGRID)
    run = the_run()
    ImportRun.objects.update(
        claimed_by="12345678123456781234567812345678", claimed_at=timezone.now(), bytes_read=60, position=2
    )
    shown = page(staff_client, run)
    assert f'<progress value="60" max="{run.size}" aria-label="Being checked">' in shown
    assert "2 rows read" in shown
    assert press(staff_client, run, "stop").status_code == 302
    shown = page(staff_client, run)
    assert "Nothing was imported. The file was deleted." in shown
    assert REFRESH not in shown


def test_stopped_midway_it_says_where(staff_client: Client) -> None:
    run = checked(staff_client)
    press(staff_client, run, "confirm")
    ImportRun.objects.update(last_line=2, position=1)
    press(staff_client, run, "stop")
    assert "Stopped after line 2 of the file. What was imported up to then stays." in page(staff_client, run)


def test_who_waits_long_is_told_to_look_after_the_worker(staff_client: Client) -> None:
    upload(staff_client, SENDGRID)
    assert "check that the worker is running" not in page(staff_client, the_run())
    ImportRun.objects.update(created_at=timezone.now() - timedelta(minutes=4))
    assert "check that the worker is running" in page(staff_client, the_run())


def test_a_check_that_somebody_else_repeated_has_to_be_looked_at_again(staff_client: Client) -> None:
    run = checked(staff_client)
    imports.check_again(run, imports.options_of(run))
    work_on_imports()
    answer = press(staff_client, run, "confirm", checked="2026-01-01T00:00:00+00:00")
    assert answer.status_code == 302
    assert said(staff_client, run) == [
        "This import has changed in the meantime, so that is no longer possible. Nothing changed."
    ]
    assert the_run().state == ImportState.READY
    assert len(logged()) == 1


def test_pressing_twice_is_the_same_as_once(staff_client: Client) -> None:
    run = checked(staff_client)
    token = re.search(r'name="checked" value="([^"]*)"', page(staff_client, run))
    assert token
    for _ in range(2):
        press(staff_client, run, "confirm", checked=token[1])
    assert len(logged()) == 2
    for button in ("stop", "stop", "confirm", "check"):
        assert press(staff_client, run, button, kind="opt_outs", channel="email").status_code == 302
    assert the_run().state == ImportState.STOPPED


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The submitted file is empty."),
        (b"\n\n", "This file is empty. It needs a line with column names"),
        (b"PK\x03\x04spreadsheet", "save it as CSV and use that file."),
        (b"first,last\nAnn,Other\n", "This file has no column called"),
        (f"Ann,{ADA}\n".encode(), "The first line of this file seems to be a person already."),
    ],
)
def test_a_file_that_is_no_list_of_people_is_named_on_the_form(
    content: bytes, sentence: str, staff_client: Client, folder: Path
) -> None:
    answer = upload(staff_client, content)
    assert (answer.status_code, sentence in answer.content.decode()) == (200, True)
    assert ADA not in answer.content.decode()
    assert not ImportRun.objects.exists()
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_file_that_is_too_large_is_refused_unread(staff_client: Client, settings: Any) -> None:
    settings.IMPORT_MAX_MB = 1
    answer = upload(staff_client, b"email\n" + b"x" * 1_200_000)
    assert (answer.status_code, "larger than 1.0" in answer.content.decode()) == (413, True)
    assert "Traceback" not in answer.content.decode()
    assert upload(staff_client, b"email\n" + b"a@x.example\n" * 80_000).status_code == 302


def test_who_may_not_is_refused_before_the_body_is_read(settings: Any) -> None:
    """Django reads a whole upload to find its CSRF token; who may not upload does not get that far."""
    for client, status in ((signed_in(member()), 403), (Client(headers={"host": "mail.example.com"}), 302)):
        answer = client.generic("POST", NEW, b"never read", content_type="multipart/form-data; boundary=x", secure=True)
        assert answer.status_code == status
        assert not vars(answer.wsgi_request)["_read_started"]


def test_without_its_csrf_token_nothing_is_taken(user: User) -> None:
    client = Client(enforce_csrf_checks=True, headers={"host": "mail.example.com"})
    sign_in(client, user)
    assert upload(client, SENDGRID).status_code == 403
    assert not ImportRun.objects.exists()
    token = client.get(NEW, secure=True).context["csrf_token"]
    headers = {"csrfmiddlewaretoken": str(token)}
    file = SimpleUploadedFile("a.csv", SENDGRID.encode())
    form = {"kind": "opt_outs", "channel": "email", "file": file} | headers
    answer = client.post(NEW, form, secure=True, headers={"referer": "https://mail.example.com/"})
    assert answer.status_code == 302


@pytest.mark.parametrize("path", ["new/", "{}/", "{}/lines/", "{}/check/", "{}/confirm/", "{}/stop/"])
def test_every_page_takes_the_permission_and_its_own_method(path: str, staff_client: Client) -> None:
    url = LIST + path.format(checked(staff_client).pk)
    is_post = path.endswith(("check/", "confirm/", "stop/"))
    for client, status in ((signed_in(member("view_importrun")), 403), (staff_client, 405)):
        answer = client.get(url, secure=True) if is_post else client.put(url, secure=True)
        assert answer.status_code == status
    assert the_run().state == ImportState.READY
    assert staff_client.get(f"{LIST}999/", secure=True).status_code == 404


@pytest.mark.parametrize(("group", "status"), [("marketer", 403), ("support", 403), ("compliance", 200)])
def test_compliance_imports_and_the_other_groups_do_not(group: str, status: int) -> None:
    client = signed_in(member(group=group))
    assert {client.get(url, secure=True).status_code for url in (LIST, NEW)} == {status}


def test_the_list_shows_every_import_newest_first_without_many_queries(
    staff_client: Client, django_assert_max_num_queries: Any
) -> None:
    first, second = checked(staff_client), checked(staff_client, "email\na@x.example\n", name="list.csv")
    with django_assert_max_num_queries(12):
        shown = staff_client.get(LIST, secure=True).content.decode()
    assert shown.index(f"Import {second.pk}<") < shown.index(f"Import {first.pk}<")
    assert "list.csv" in shown
    assert '<td class="field-new">1</td>' in shown


@pytest.mark.parametrize(
    ("permissions", "leads_to", "may_import"),
    [(["view_importrun"], "change/", False), (["import_opt_outs"], "", True)],
)
def test_the_list_is_one_for_those_who_may_import_and_for_those_who_only_read(
    permissions: list[str], leads_to: str, may_import: bool, staff_client: Client
) -> None:
    run, client = checked(staff_client), signed_in(member(*permissions))
    shown = client.get(LIST, secure=True).content.decode()
    assert f'<a href="{LIST}{run.pk}/{leads_to}">Import {run.pk}</a>' in shown
    assert (NEW in shown, f"{LIST}answers/" in shown) == (may_import, may_import)
    assert client.get(f"{LIST}{run.pk}/{leads_to}", secure=True).status_code == 200
    assert client.get(f"{LIST}{run.pk}/change/", secure=True).status_code == (403 if may_import else 200)
    assert client.get(LIST, {"state__exact": "done"}, secure=True).context["cl"].result_count == 0


def test_the_page_of_an_import_leads_to_its_record(staff_client: Client) -> None:
    run = checked(staff_client)
    record = f"{LIST}{run.pk}/change/"
    assert record not in page(staff_client, run)
    assert f'href="{record}"' in page(signed_in(member("view_importrun", "import_opt_outs")), run)


ASKING = f"id,email,subscribed_to_emails,donotContact\n1,{ADA},true,0\n2,{BOB},false,0\n3,c@x.example,true,1\n"


def answers(**said: str) -> dict[str, str]:
    """As the form of the page has it: the values in their order, the most frequent first."""
    return {"0-0": "subscribed", "0-1": "unsubscribed", "1-0": "subscribed", "1-1": "unsubscribed"} | said


def tick(client: Client, run: ImportRun, **said: str) -> Any:
    found = re.search(r'name="checked" value="([^"]*)"', page(client, run))
    assert found
    return client.post(f"{LIST}{run.pk}/answer/", {"checked": found[1], **said}, secure=True)


def test_a_column_that_may_say_no_is_asked_about_and_nothing_can_be_imported_before(staff_client: Client) -> None:
    run = checked(staff_client, ASKING, name="users.csv")
    shown = page(staff_client, run)
    assert "Waiting for answers" in shown
    assert "Column “subscribed_to_emails”" in shown
    assert "true (2 rows)" in shown
    assert '<option value="unsubscribed" selected>' in shown
    assert f"{LIST}{run.pk}/confirm/" not in shown
    assert "Waiting for answers" in staff_client.get(LIST, secure=True).content.decode()
    press(staff_client, run, "confirm", checked=imports_checked(run))
    assert "have no answer yet" in said(staff_client, run)[0]
    work_on_imports()
    assert not Address.objects.exists()


def imports_checked(run: ImportRun) -> str:
    checked_at = ImportRun.objects.get(id=run.pk).checked_at
    assert checked_at is not None
    return checked_at.isoformat()


def test_answered_it_is_checked_again_and_the_answer_holds_for_the_next_file(staff_client: Client, user: User) -> None:
    run = checked(staff_client, ASKING, name="users.csv")
    assert tick(staff_client, run, **answers()).status_code == 302
    work_on_imports()
    shown = page(staff_client, run)
    assert "Nothing has been imported yet. This is what the import would do." in shown
    assert "Subscribed (not an opt-out): 1" in shown
    assert "What the columns mean" in shown
    press(staff_client, run, "confirm")
    work_on_imports()
    assert set(Suppression.objects.values_list("address__value", flat=True)) == {BOB, "c@x.example"}
    assert ImportRun.objects.get(id=run.pk).columns is None
    assert set(ImportAnswer.objects.values_list("shown", "answered_by")) == {
        ("subscribed_to_emails", f"staff {user.pk}"),
        ("donotContact", f"staff {user.pk}"),
    }
    again = checked(staff_client, ASKING + "4,d@x.example,false,0\n", name="users.csv")
    assert 'value="Import 1 opt-out"' in page(staff_client, again)
    assert "Answered what 2 columns of an import mean and checked it again." in logged()


def test_every_value_has_to_be_answered_or_the_column_left_out(staff_client: Client) -> None:
    run = checked(staff_client, ASKING, name="users.csv")
    answer = tick(staff_client, run, **answers(**{"1-1": ""}))
    assert "Choose what this means" in answer.content.decode()
    assert not ImportAnswer.objects.exists()
    tick(staff_client, run, **answers(**{"1-0": "", "1-1": "", "1": "on"}))
    work_on_imports()
    assert 'value="Import 1 opt-out"' in page(staff_client, run)


def test_what_was_answered_can_be_changed_before_it_is_imported(staff_client: Client) -> None:
    run = checked(staff_client, ASKING, name="users.csv")
    tick(staff_client, run, **answers())
    work_on_imports()
    tick(staff_client, run, **answers(**{"1-1": "complaint"}))
    work_on_imports()
    assert "Complained: 1" in page(staff_client, run)


def test_only_the_check_that_was_looked_at_can_be_answered(staff_client: Client) -> None:
    run = checked(staff_client, ASKING, name="users.csv")
    answer = staff_client.post(f"{LIST}{run.pk}/answer/", {"checked": "", **answers()}, secure=True)
    assert answer.status_code == 302
    assert not ImportAnswer.objects.exists()


def test_what_was_confirmed_is_read_as_it_was_checked_whatever_is_said_meanwhile(staff_client: Client) -> None:
    run = checked(staff_client, ASKING, name="users.csv")
    tick(staff_client, run, **answers())
    work_on_imports()
    press(staff_client, run, "confirm")
    ImportAnswer.objects.update(means={"values": {"true": "unsubscribed", "false": "unsubscribed"}})
    work_on_imports()
    assert set(Suppression.objects.values_list("address__value", flat=True)) == {BOB, "c@x.example"}


def test_an_answer_can_be_forgotten_and_is_asked_for_again(staff_client: Client) -> None:
    run = checked(staff_client, ASKING, name="users.csv")
    tick(staff_client, run, **answers())
    shown = staff_client.get(f"{LIST}answers/", secure=True).content.decode()
    assert "true: subscribed; false: unsubscribed" in shown
    one = ImportAnswer.objects.get(heading="donotcontact")
    assert f"{LIST}answers/{one.pk}/forget/" in shown
    assert staff_client.post(f"{LIST}answers/{one.pk}/forget/", secure=True).status_code == 302
    again = checked(staff_client, ASKING + "\n", name="users.csv")
    assert "Waiting for answers" in page(staff_client, again)


def test_the_answers_are_for_those_who_may_import(staff_client: Client) -> None:
    tick(staff_client, checked(staff_client, ASKING, name="users.csv"), **answers())
    one = ImportAnswer.objects.first()
    assert one
    other = signed_in(member("view_importrun"))
    assert other.get(f"{LIST}answers/", secure=True).status_code == 403
    assert other.post(f"{LIST}answers/{one.pk}/forget/", secure=True).status_code == 403
    assert other.post(f"{LIST}{the_run().pk}/answer/", answers(), secure=True).status_code == 403
    assert staff_client.get(f"{LIST}answers/{one.pk}/forget/", secure=True).status_code == 405
