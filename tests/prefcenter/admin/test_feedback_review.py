"""Staff read what people said, and note what they made of it; what was said stays as it was said."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from prefcenter.admin.feedback import filters
from prefcenter.contact_data.erase import erase
from prefcenter.models import Feedback, FeedbackReason, FeedbackTag, User
from tests.factories import AddressFactory, CampaignFactory, CategoryFactory
from tests.staff import member, signed_in
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source
from unsubscribe.links import Target
from unsubscribe.models import Campaign, Category

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
LIST = "/admin/prefcenter/feedback/"
MANY, OTHER = "Too many mails", "Something else"


@pytest.fixture
def say() -> Callable[..., Feedback]:
    """Somebody leaves and says this."""

    def say(text: str = "", *, category: str = "news", campaign: str = "", reason: str = "", **more: Any) -> Feedback:
        named = CategoryFactory.create(slug=category)
        mailing = actions.campaign_named(campaign, category=named, now=NOW)
        target = Target(AddressFactory.create().pk, named.pk, mailing.pk if mailing else None)
        [event] = actions.opt_out([target], Origin(Source.PAGE, NOW))
        ticked = FeedbackReason.objects.get_or_create(text=reason)[0] if reason else None
        more.setdefault("created_at", NOW)
        return Feedback.objects.create(event=event, category=named, campaign=mailing, reason=ticked, text=text, **more)

    return say


Say = Callable[..., Feedback]


@pytest.fixture
def marketer() -> User:
    return member("view_feedback", "change_feedback")


@pytest.fixture
def staff_client(marketer: User) -> Client:
    return signed_in(marketer)


def texts(client: Client, **filters: Any) -> list[str]:
    answer = client.get(LIST, filters, secure=True)
    assert answer.status_code == 200
    return [one.text for one in answer.context["cl"].result_list]


def do(client: Client, action: str, *rows: Feedback, **more: Any) -> list[str]:
    """The action on these rows; what the next page says of it."""
    form = {"action": action, "index": "0", "_selected_action": [one.pk for one in rows]} | more
    answer = client.post(LIST, form, follow=True, secure=True)
    assert answer.status_code == 200
    return [str(message) for message in answer.context["messages"]]


class TestReading:
    def test_the_newest_stands_first_with_all_that_was_said(self, staff_client: Client, say: Say) -> None:
        say("Old", created_at=NOW - timedelta(days=1))
        say("Daily!", more="Even on Sunday", reason=MANY, campaign="June")
        assert texts(staff_client) == ["Daily!", "Old"]
        page = staff_client.get(LIST, secure=True).content.decode()
        assert all(said in page for said in ("Daily!", "Even on Sunday", MANY, "June", "News"))

    @pytest.mark.parametrize(
        ("narrowed", "found"),
        [
            ({"q": "sunday"}, ["in more"]),
            ({"q": "mine"}, ["mine"]),
            ({"reviewed": "yes"}, ["reviewed"]),
            ({"reviewed": "no"}, ["mine", "hers", "in more", "tagged", "spring"]),
            ({"assigned": "me"}, ["mine"]),
            ({"assigned": "anybody"}, ["mine", "hers"]),
            ({"assigned": "nobody"}, ["reviewed", "in more", "tagged", "spring"]),
            ({"created_at__year": "2025"}, ["reviewed"]),
            ({"created_at__year": "2026", "created_at__month": "2"}, ["hers"]),
            ({"category": "offers"}, ["tagged"]),
            ({"reason": MANY}, ["spring"]),
            ({"reason__isnull": "True"}, ["reviewed", "mine", "hers", "in more", "tagged"]),
            ({"campaign": "Spring"}, ["spring"]),
            ({"tags": "Tone"}, ["tagged"]),
        ],
    )
    def test_filters_and_search_find_what_they_name(
        self, narrowed: dict[str, str], found: list[str], staff_client: Client, marketer: User, say: Say
    ) -> None:
        say("reviewed", reviewed_at=NOW, created_at=NOW - timedelta(days=365))
        say("mine", assigned_to=marketer)
        say("hers", assigned_to=member(), created_at=NOW - timedelta(days=20))
        say("in more", more="Even on Sunday")
        say("tagged", category="offers").tags.add(FeedbackTag.objects.create(name="Tone"))
        say("spring", campaign="Spring", reason=MANY)
        assert sorted(texts(staff_client, **as_ids(narrowed))) == sorted(found)

    def test_of_many_campaigns_the_newest_and_the_chosen_one_are_offered(
        self, staff_client: Client, say: Say, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(filters, "CAMPAIGNS_SHOWN", 1)
        oldest = say(campaign="January").campaign
        for name in ("February", "March"):
            CampaignFactory.create(category=CategoryFactory.create(), name=name)
        assert oldest is not None
        assert campaigns_offered(staff_client) == {"March"}
        assert campaigns_offered(staff_client, campaign__id__exact=oldest.pk) == {"January", "March"}

    def test_the_list_takes_as_many_queries_for_twenty_answers_as_for_one(self, staff_client: Client, say: Say) -> None:
        tag, counts = FeedbackTag.objects.create(name="Tone"), []
        for number in (1, 20):
            for _ in range(number):
                say("Daily!", campaign="June", reason=MANY, assigned_to=member()).tags.add(tag)
            with CaptureQueriesContext(connection) as queries:
                texts(staff_client)
            counts.append(len(queries))
        assert counts[0] == counts[1]


class TestReviewing:
    def test_a_review_is_saved_with_who_and_when(self, staff_client: Client, marketer: User, say: Say) -> None:
        said, tag = say("Daily!"), FeedbackTag.objects.create(name="Tone")
        form = {"is_reviewed": "on", "assigned_to": marketer.pk, "tags": [tag.pk], "note": "Told the editors."}
        assert staff_client.post(page_of(said), form, secure=True).status_code == 302
        said.refresh_from_db()
        assert said.reviewed_at is not None
        assert (said.reviewed_by, said.assigned_to, said.note) == (marketer, marketer, "Told the editors.")
        assert list(said.tags.all()) == [tag]
        assert LogEntry.objects.get().user == marketer

    def test_a_later_save_does_not_move_the_review_and_unticking_takes_it_back(
        self, staff_client: Client, say: Say
    ) -> None:
        said = say("Daily!", reviewed_at=NOW)
        staff_client.post(page_of(said), {"is_reviewed": "on", "note": "Later"}, secure=True)
        said.refresh_from_db()
        assert (said.reviewed_at, said.reviewed_by, said.note) == (NOW, None, "Later")
        staff_client.post(page_of(said), {"note": "Later"}, secure=True)
        said.refresh_from_db()
        assert said.reviewed_at is None

    @pytest.mark.parametrize("field", ["text", "more", "reason", "category", "campaign", "created_at", "event"])
    def test_what_was_said_is_read_only_even_for_a_superuser(self, field: str, say: Say) -> None:
        said, other = say("Daily!", more="On Sunday", reason=MANY), say("Other", reason=OTHER, campaign="May")
        before = getattr(said, field)
        offered = str(other.pk if field == "event" else getattr(other, f"{field}_id", "Changed"))
        boss = signed_in(member(is_superuser=True))
        assert boss.post(page_of(said), {field: offered, f"{field}_0": "2020-01-01"}, secure=True).status_code == 302
        said.refresh_from_db()
        assert getattr(said, field) == before

    def test_a_page_opened_before_an_erasure_brings_no_note_back(self, staff_client: Client, say: Say) -> None:
        said = say("Daily!", note="Ada told the editors.")
        erase(said.event.contact_id, Origin(Source.PAGE, NOW))
        form = {"is_reviewed": "on", "note": "Ada told the editors, twice."}
        answer = staff_client.post(page_of(said), form, secure=True, follow=True)
        said.refresh_from_db()
        assert (said.note, said.text) == ("", "")
        assert said.reviewed_at is not None
        assert "The contact was erased, so the note was not saved." in [str(one) for one in answer.context["messages"]]
        assert "note" not in LogEntry.objects.get().change_message.lower()

    def test_whoever_may_only_look_changes_nothing(self, say: Say) -> None:
        reader, said = signed_in(member("view_feedback")), say("Daily!", note="Ours")
        assert "Ours" in reader.get(page_of(said), secure=True).content.decode()
        assert reader.post(page_of(said), {"note": "Changed"}, secure=True).status_code == 403
        do(reader, "mark_reviewed", said)
        said.refresh_from_db()
        assert (said.note, said.reviewed_at) == ("Ours", None)

    def test_nobody_adds_or_deletes_feedback(self, say: Say) -> None:
        boss = signed_in(member(is_superuser=True))
        said = say("Daily!")
        assert boss.get(f"{LIST}add/", secure=True).status_code == 403
        assert boss.post(f"{LIST}{said.pk}/delete/", {"post": "yes"}, secure=True).status_code == 403
        do(boss, "delete_selected", said, post="yes")
        assert Feedback.objects.filter(pk=said.pk).exists()

    def test_only_active_staff_can_be_assigned(self, staff_client: Client, say: Say) -> None:
        said, gone = say("Daily!"), User.objects.create_user("gone@example.com", is_staff=True, is_active=False)
        assert staff_client.post(page_of(said), {"assigned_to": gone.pk}, secure=True).status_code == 200
        said.refresh_from_db()
        assert said.assigned_to is None

    def test_a_tag_is_deleted_only_while_no_feedback_bears_it(self, say: Say) -> None:
        boss = signed_in(member(is_superuser=True))
        used, unused = FeedbackTag.objects.create(name="Used"), FeedbackTag.objects.create(name="Unused")
        say("Daily!").tags.add(used)
        answers = [
            boss.post(reverse("admin:prefcenter_feedbacktag_delete", args=[tag.pk]), {"post": "yes"}, secure=True)
            for tag in (used, unused)
        ]
        assert [answer.status_code for answer in answers] == [403, 302]
        assert list(FeedbackTag.objects.all()) == [used]


class TestBulk:
    def test_many_are_marked_as_reviewed_and_not_at_once(self, staff_client: Client, marketer: User, say: Say) -> None:
        first, second, third = say("1"), say("2", reviewed_at=NOW), say("3")
        assert do(staff_client, "mark_reviewed", first, second) == ["Marked as reviewed: 1."]
        rows = list(Feedback.objects.order_by("pk").values_list("reviewed_by", "reviewed_at__year"))
        assert rows == [(marketer.pk, timezone.now().year), (None, 2026), (None, None)]
        do(staff_client, "mark_not_reviewed", first, second, third)
        assert not Feedback.objects.filter(reviewed_at__isnull=False).exists()
        assert not Feedback.objects.filter(reviewed_by__isnull=False).exists()

    def test_many_are_assigned_to_me(self, staff_client: Client, marketer: User, say: Say) -> None:
        first, second = say("1"), say("2")
        do(staff_client, "assign_to_me", first)
        assert list(Feedback.objects.filter(assigned_to=marketer)) == [first]
        assert second.assigned_to is None

    def test_a_tag_is_added_and_removed(self, staff_client: Client, say: Say) -> None:
        rows, tag, other = [say(str(n)) for n in range(3)], *(FeedbackTag.objects.create(name=n) for n in "ab")
        rows[0].tags.add(tag, other)
        assert do(staff_client, "add_tag", *rows[:2], tag=tag.pk) == ["Tagged as a: 2."]
        assert [sorted(map(str, row.tags.all())) for row in rows] == [["a", "b"], ["a"], []]
        assert do(staff_client, "remove_tag", *rows, tag=tag.pk) == ["No longer tagged as a: 2."]
        assert [sorted(map(str, row.tags.all())) for row in rows] == [["b"], [], []]

    @pytest.mark.parametrize(
        ("tag", "answer"), [("", "Choose a tag first"), ("999999", "No action"), ("nonsense", "No action")]
    )
    def test_without_a_tag_nothing_is_tagged(self, tag: str, answer: str, staff_client: Client, say: Say) -> None:
        said = say("Daily!")
        assert answer in do(staff_client, "add_tag", said, tag=tag)[0]
        assert not said.tags.exists()
        assert not LogEntry.objects.exists()

    def test_everything_a_filter_shows_can_be_chosen_at_once(self, staff_client: Client, say: Say) -> None:
        tag = FeedbackTag.objects.create(name="Tone")
        tagged, other = say("1"), say("2")
        tagged.tags.add(tag)
        form = {"action": "mark_reviewed", "index": "0", "select_across": "1", "_selected_action": [tagged.pk]}
        staff_client.post(f"{LIST}?tags__id__exact={tag.pk}", form, secure=True)
        other.refresh_from_db()
        assert Feedback.objects.get(pk=tagged.pk).reviewed_at is not None
        assert other.reviewed_at is None

    def test_what_was_done_to_many_is_one_line_in_the_log(self, staff_client: Client, marketer: User, say: Say) -> None:
        do(staff_client, "mark_reviewed", say("1"), say("2"))
        entry = LogEntry.objects.get()
        assert (entry.user, entry.object_repr, entry.change_message) == (marketer, "2 feedback", "Marked as reviewed.")


class TestDigest:
    @pytest.mark.parametrize("codenames", [["view_feedback"], ["view_feedback", "change_feedback"]])
    def test_whoever_reads_feedback_asks_for_the_digest_and_stops_it_themselves(
        self, codenames: list[str], say: Say
    ) -> None:
        reader, _ = member(*codenames), member("view_feedback")
        client = signed_in(reader)
        for offered, act, wants in (
            ("Turn on weekly digest", "start", True),
            ("Turn off weekly digest", "stop", False),
        ):
            assert offered in client.get(LIST, secure=True).content.decode()
            for _ in range(2):
                answer = client.post(f"{LIST}digest/{act}/?reviewed=no", secure=True)
                assert (answer.status_code, answer["Location"]) == (302, f"{LIST}?reviewed=no")
            assert set(User.objects.filter(wants_digest=True)) == ({reader} if wants else set())
        logged = LogEntry.objects.order_by("id").values_list("user", "object_id", "change_message")
        assert list(logged) == [
            (reader.pk, str(reader.pk), "Turned the weekly digest on."),
            (reader.pk, str(reader.pk), "Turned the weekly digest off."),
        ]

    @pytest.mark.parametrize(("method", "act", "status"), [("get", "start", 405), ("post", "begin", 404)])
    def test_looking_changes_nothing(self, method: str, act: str, status: int, staff_client: Client) -> None:
        assert getattr(staff_client, method)(f"{LIST}digest/{act}/", secure=True).status_code == status
        assert not User.objects.filter(wants_digest=True).exists()

    def test_it_takes_the_permission(self) -> None:
        assert signed_in(member("view_feedbacktag")).post(f"{LIST}digest/start/", secure=True).status_code == 403


class TestExport:
    @pytest.fixture
    def exporter(self) -> Client:
        return signed_in(member("view_feedback", "export_feedback"))

    def export(self, client: Client, kind: str, **narrowed: str) -> Any:
        return client.post(f"{LIST}export/{kind}/", query_params=narrowed, secure=True)

    def test_the_list_as_filtered_is_exported_as_csv(self, exporter: Client, say: Say) -> None:
        tag = FeedbackTag.objects.create(name="Tone")
        said = say("=Daily!", more="Even, on\nSunday", reason=MANY, campaign="June", note="Told them")
        said.tags.add(tag)
        say("Not this", reviewed_at=NOW)
        answer = self.export(exporter, "csv", reviewed="no")
        assert answer.streaming
        body = answer.getvalue().decode("utf-8-sig")
        header, *rows = csv.reader(StringIO(body))
        assert rows == [
            ["2026-03-10 12:00", MANY, "Even, on Sunday", "'=Daily!", "News", "June", "", "Tone", "Told them"]
        ]
        assert header == ["date", "reason", "more", "text", "category", "campaign", "reviewed", "tags", "note"]
        assert LogEntry.objects.get().change_message == "Exported 1 as CSV."

    def test_the_selected_rows_are_exported_as_xlsx(self, exporter: Client, say: Say) -> None:
        first, _ = say("=1+1"), say("Not this")
        form = {"action": "export_xlsx", "index": "0", "_selected_action": [first.pk]}
        answer: Any = exporter.post(LIST, form, secure=True)
        sheet = load_workbook(BytesIO(answer.getvalue())).active
        assert sheet is not None
        assert [row[3] for row in sheet.iter_rows(values_only=True)] == ["text", "'=1+1"]
        assert LogEntry.objects.get().object_repr == "1 feedback"

    @pytest.mark.parametrize("codenames", [[], ["view_feedback", "change_feedback"], ["export_feedback"]])
    def test_it_takes_the_permission(self, codenames: list[str], say: Say) -> None:
        client, said = signed_in(member(*codenames)), say("Daily!")
        assert self.export(client, "csv").status_code == 403
        form = {"action": "export_csv", "index": "0", "_selected_action": [said.pk]}
        answer = client.post(LIST, form, secure=True)
        assert "Content-Disposition" not in answer.headers
        assert "export/csv" not in client.get(LIST, secure=True).content.decode()
        assert not LogEntry.objects.exists()

    def test_the_page_offers_it_to_whoever_may(self, exporter: Client, say: Say) -> None:
        say("Daily!", reviewed_at=NOW)
        page = exporter.get(LIST, {"reviewed": "yes"}, secure=True).content.decode()
        assert f'action="{LIST}export/csv/?reviewed=yes"' in page

    @pytest.mark.parametrize(
        ("kind", "narrowed", "status"),
        [("pdf", {}, 404), ("csv", {"campaign__id__exact": "x"}, 400), ("csv", {"made__up": "1"}, 400)],
    )
    def test_what_cannot_be_asked_for_is_refused(
        self, kind: str, narrowed: dict[str, str], status: int, exporter: Client, say: Say
    ) -> None:
        say("Daily!", campaign="June")
        assert self.export(exporter, kind, **narrowed).status_code == status
        assert not LogEntry.objects.exists()

    def test_looking_exports_nothing(self, exporter: Client, say: Say) -> None:
        say("Daily!")
        assert exporter.get(f"{LIST}export/csv/", secure=True).status_code == 405
        assert not LogEntry.objects.exists()

    def test_no_name_of_the_staff_leaves_the_house(self, exporter: Client, marketer: User, say: Say) -> None:
        say("Daily!", reviewed_at=NOW, reviewed_by=marketer, assigned_to=marketer)
        assert marketer.email not in self.export(exporter, "csv").getvalue().decode()


def page_of(feedback: Feedback) -> str:
    return reverse("admin:prefcenter_feedback_change", args=[feedback.pk])


def campaigns_offered(staff_client: Client, **narrowed: Any) -> set[str]:
    shown = staff_client.get(LIST, narrowed, secure=True).context["cl"]
    [offered] = (one for one in shown.filter_specs if one.title == "campaign")
    return {str(choice["display"]) for choice in offered.choices(shown)} - {"All", "-"}


def as_ids(narrowed: dict[str, str]) -> dict[str, Any]:
    """What the tables name, as the filters ask for it."""
    named: dict[str, Callable[[str], Any]] = {
        "category": lambda name: Category.objects.get(slug=name),
        "campaign": lambda name: Campaign.objects.get(name=name),
        "reason": lambda name: FeedbackReason.objects.get(text=name),
        "tags": lambda name: FeedbackTag.objects.get(name=name),
    }
    ids = {f"{key}__id__exact": named[key](value).pk for key, value in narrowed.items() if key in named}
    return ids or narrowed
