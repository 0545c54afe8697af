"""A file from being handed in to being imported: what is foreseen, what is written, who may stop it, who takes over."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from prefcenter.lists import imports
from prefcenter.lists.imports import ImportOptions, NotNow, files, worker
from prefcenter.lists.imports.columns.consent import SUBSCRIBED
from prefcenter.lists.imports.reading import open_source
from prefcenter.models import ImportKind, ImportRun, ImportState, User
from tests.factories import ADA, BOB, CategoryFactory, address
from tests.staff import member
from unsubscribe import actions, gate
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, Outcome, PreferenceState, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, Contact, OutboxMessage, Preference, Suppression

pytestmark = pytest.mark.django_db
OPT_OUTS, CONTACTS = ImportOptions(ImportKind.OPT_OUTS), ImportOptions(ImportKind.CONTACTS)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
POSTMARK = (
    "EmailAddress,SuppressionReason,Origin,CreatedAt\n"
    f"{ADA},ManualSuppression,Recipient,2026-01-05T10:00:00Z\n"
    f"{BOB},SpamComplaint,Recipient,2026-01-05T10:00:00Z\n"
    "nobody,HardBounce,Recipient,2026-01-05T10:00:00Z\n"
)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path / "imports"


@pytest.fixture
def boss() -> User:
    return member(is_superuser=True)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prefcenter.lists.imports.reading.ROWS", 2)


def hand_in(text: str, options: ImportOptions = OPT_OUTS, *, name: str = "export.csv") -> ImportRun:
    return imports.hand_in([text.encode()], options, file_name=name, user_id=None, now=timezone.now())


def work(*, later: timedelta = timedelta()) -> int:
    return imports.work(now=timezone.now() + later)


def now_is(run: ImportRun) -> str:
    run.refresh_from_db()
    return run.state


def counts(run: ImportRun) -> dict[str, int]:
    """Without what is not there."""
    run.refresh_from_db()
    return {name: number for name, number in run.counts.items() if number and name != "reasons"}


def checked(text: str, options: ImportOptions = OPT_OUTS) -> ImportRun:
    run = hand_in(text, options)
    work()
    assert now_is(run) == ImportState.READY
    return run


def imported(text: str, options: ImportOptions = OPT_OUTS, boss: User | None = None) -> ImportRun:
    run = checked(text, options)
    imports.confirm(run, user_id=(boss or member()).pk, now=timezone.now())
    work()
    assert now_is(run) == ImportState.DONE
    return run


def people(*numbers: int) -> str:
    return "email\n" + "".join(f"p{n}@x.example\n" for n in numbers)


def blocks(text: str) -> set[str]:
    digest = normalise(text).digest
    return set(Suppression.objects.filter(address__digest=digest, lifted_at=None).values_list("reason", flat=True))


def everything() -> list[int]:
    return [model.objects.count() for model in (Contact, Address, Suppression, Preference, ConsentEvent, OutboxMessage)]


class TestTheWholeWay:
    def test_a_file_is_checked_confirmed_and_imported(self, folder: Path, boss: User) -> None:
        run = hand_in(POSTMARK)
        assert (run.state, run.recognised) == (ImportState.CHECKING, "postmark")
        before = everything()
        work()
        assert now_is(run) == ImportState.READY
        assert counts(run) == {"rows": 3, "new": 2, "invalid": 1}
        assert run.counts["reasons"] == {"unsubscribed_all": 1, "complaint": 1}
        assert run.problems == [[4, "this is not a valid address"]]
        assert everything() == before

        imports.confirm(run, user_id=boss.pk, now=timezone.now())
        work()
        assert now_is(run) == ImportState.DONE
        assert (run.counts, run.problems) == (run.foreseen, [[4, "this is not a valid address"]])
        assert (blocks(ADA), blocks(BOB)) == ({"unsubscribed_all"}, {"complaint"})
        assert (run.confirmed_by, run.last_line, run.bytes_read) == (boss, 4, run.size)
        assert list(folder.iterdir()) == []

    def test_the_ledger_says_by_whom_and_from_which_import_and_nobody_gets_a_mail(self, boss: User) -> None:
        run = imported(POSTMARK, boss=boss)
        events = ConsentEvent.objects.all()
        assert {event.source for event in events} == {Source.IMPORT}
        assert {(event.actor, event.note) for event in events} == {
            (f"staff {boss.pk}", f"Import {run.pk}, Postmark: suppressions.")
        }
        assert not OutboxMessage.objects.exists()

    def test_whoever_is_in_it_is_not_written_to(self, news: Category) -> None:
        imported(people(1) + f"{ADA}\n")
        decisions = gate.check([ADA, "p1@x.example", BOB], Mailing(news), now=timezone.now())
        answers = [one.outcome for one in decisions]
        assert answers == [Outcome.SUPPRESSED, Outcome.SUPPRESSED, Outcome.SEND]

    def test_the_same_file_again_changes_nothing_and_is_known(self, boss: User) -> None:
        first = imported(POSTMARK)
        before = everything()
        again = checked(POSTMARK)
        assert imports.earlier(again) == first
        assert counts(again) == {"rows": 3, "already": 2, "invalid": 1}
        imports.confirm(again, user_id=boss.pk, now=timezone.now())
        work()
        assert now_is(again) == ImportState.DONE
        assert again.counts == again.foreseen
        assert everything() == before
        assert imports.earlier(first) == again
        assert imports.earlier(checked(POSTMARK, CONTACTS)) is None

    @pytest.mark.usefixtures("small_batches")
    def test_what_a_file_names_twice_is_new_once_also_in_the_preview(self) -> None:
        run = imported(people(1, 2, 1, 3, 3, 4, 1))
        assert run.foreseen == run.counts
        assert counts(run) == {"rows": 7, "new": 4, "already": 3}

    @pytest.mark.usefixtures("small_batches")
    def test_two_reasons_for_one_address_are_two_blocks_and_foreseen_so(self) -> None:
        run = imported(f"email,status\n{ADA},unsubscribed\nb@x.example,bounced\n{ADA},bounced\n{ADA},bounced\n")
        assert run.foreseen == run.counts
        assert counts(run) == {"rows": 4, "new": 3, "already": 1}
        assert blocks(ADA) == {"unsubscribed_all", "hard_bounce"}

    def test_a_file_without_people_has_nothing_to_import(self) -> None:
        assert counts(checked("email\n")) == {}

    def test_one_address_and_its_hash_are_the_same_person(self) -> None:
        run = imported(f"{sha256(b'p1@x.example').hexdigest()}\n{sha256(b'p2@x.example').hexdigest()}\n")
        assert counts(run) == {"rows": 2, "new": 2, "hashed": 2}
        assert set(Address.objects.values_list("value", flat=True)) == {""}
        again = imported(people(1, 2))
        assert counts(again) == {"rows": 2, "already": 2}
        assert Address.objects.count() == 2


class TestTerms:
    def test_opt_outs_can_be_about_one_category_and_complaints_never_are(self, ada: Address, news: Category) -> None:
        CategoryFactory.create(slug="offers")
        run = imported(POSTMARK, OPT_OUTS._replace(category_id=news.pk))
        assert counts(run) == {"rows": 3, "new": 2, "invalid": 1}
        assert (blocks(ADA), blocks(BOB)) == (set(), {"complaint"})
        row = Preference.objects.get(contact=ada.contact, state=PreferenceState.UNSUBSCRIBED)
        assert row.category == news

    def test_a_reason_chosen_by_hand_goes_before_the_files_own(self) -> None:
        imported(POSTMARK, OPT_OUTS._replace(reason=SuppressionReason.HARD_BOUNCE))
        assert (blocks(ADA), blocks(BOB)) == ({"hard_bounce"}, {"hard_bounce"})

    def test_phone_numbers_are_taken_on_their_channel(self) -> None:
        run = imported("phone\n+49 30 901820\n0049 (0)30 901821\n0190\n", OPT_OUTS._replace(channel=Channel.SMS))
        assert counts(run) == {"rows": 3, "new": 2, "invalid": 1}
        assert set(Address.objects.values_list("channel", "value")) == {("sms", "+4930901820"), ("sms", "+4930901821")}

    def test_it_can_be_checked_again_on_other_terms(self, news: Category) -> None:
        run = checked(POSTMARK)
        imports.check_again(run, OPT_OUTS._replace(category_id=news.pk, reason=SuppressionReason.UNSUBSCRIBED_ALL))
        assert now_is(run) == ImportState.CHECKING
        assert (run.counts, run.problems) == ({}, [])
        work()
        assert now_is(run) == ImportState.READY
        assert run.counts["reasons"] == {"unsubscribed_all": 2}
        assert imports.options_of(run).category_id == news.pk


class TestNothingIsLifted:
    """Requirement S3."""

    def test_a_row_that_says_subscribed_is_refused_and_changes_nothing(self, ada: Address) -> None:
        actions.opt_out([Target(ada.pk)], Origin(Source.ONE_CLICK, timezone.now()))
        before = everything()
        run = imported(f"email,status\n{ADA},subscribed\n{BOB},subscribed\n")
        assert counts(run) == {"rows": 2, "refused": 2}
        assert run.problems == [[2, SUBSCRIBED.refusal], [3, SUBSCRIBED.refusal]]
        assert everything() == before

    def test_who_came_back_since_is_left_and_counted(self, ada: Address) -> None:
        actions.suppress([ada.pk], Origin(Source.PAGE, timezone.now() - DAY), reason=SuppressionReason.UNSUBSCRIBED_ALL)
        actions.lift([ada.pk], Origin(Source.PAGE, timezone.now()), reason=SuppressionReason.UNSUBSCRIBED_ALL)
        run = imported(POSTMARK)
        assert run.foreseen == run.counts
        assert counts(run) == {"rows": 3, "new": 1, "overtaken": 1, "invalid": 1}
        assert blocks(ADA) == set()

    @pytest.mark.parametrize(
        ("at", "is_no"),
        [
            ("2026-03-10 10:00:00", True),  # in Los Angeles that is six hours later than the yes
            ("2026-03-10", True),
            ("2026-03-09", False),
            ("2026-03-09 23:59:00", False),
            ("2026-03-10T10:00:00Z", False),
            ("2026-03-10T10:00:00-07:00", True),
        ],
    )
    def test_a_no_whose_hour_is_not_certain_is_not_overtaken_by_a_yes_it_may_follow(
        self, at: str, is_no: bool, ada: Address
    ) -> None:
        yes = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
        actions.suppress([ada.pk], Origin(Source.PAGE, yes - 30 * DAY), reason=SuppressionReason.UNSUBSCRIBED_ALL)
        actions.lift([ada.pk], Origin(Source.PAGE, yes), reason=SuppressionReason.UNSUBSCRIBED_ALL)
        run = imported(f"email,unsubscribed_at\n{ADA},{at}\n")
        assert run.foreseen == run.counts
        assert counts(run) == {"rows": 1, "new" if is_no else "overtaken": 1}
        assert blocks(ADA) == ({"unsubscribed_all"} if is_no else set())

    def test_contacts_who_opted_out_or_were_erased_stay_so(self, ada: Address) -> None:
        bob = address(BOB)
        actions.suppress([ada.pk], Origin(Source.PAGE, timezone.now()), reason=SuppressionReason.UNSUBSCRIBED_ALL)
        actions.erase([bob.contact_id], Origin(Source.PAGE, timezone.now()))
        events = ConsentEvent.objects.count()
        run = imported(people(1) + f"{ADA}\n{BOB}\n", CONTACTS)
        assert run.foreseen == run.counts
        assert counts(run) == {"rows": 3, "new": 1, "blocked": 2}
        assert (blocks(ADA), blocks(BOB)) == ({"unsubscribed_all"}, {"erased"})
        bob.refresh_from_db()
        assert (bob.value, ConsentEvent.objects.count()) == ("", events)


class TestContacts:
    @pytest.mark.usefixtures("small_batches")
    def test_they_are_learnt_with_their_language_and_nothing_is_written_to_the_ledger(self, ada: Address) -> None:
        text = f"email,language\n{ADA},fr\n{BOB},de-AT\nc@x.example,\n{BOB.upper()},de\nnobody,de\n"
        run = imported(text, CONTACTS)
        assert run.foreseen == run.counts
        assert counts(run) == {"rows": 5, "new": 2, "already": 2, "invalid": 1}
        languages = dict(Address.objects.values_list("value", "contact__language"))
        assert languages == {ADA: "", BOB: "de", "c@x.example": ""}
        assert not ConsentEvent.objects.exists()

    def test_who_opted_out_in_the_same_file_is_refused_and_not_imported_either_way(self) -> None:
        run = imported("Email Address,UNSUB_TIME\na@x.example,2024-01-01 00:00:00\nb@x.example,\n", CONTACTS)
        assert counts(run) == {"rows": 2, "new": 1, "refused": 1}
        assert list(Address.objects.values_list("value", flat=True)) == ["b@x.example"]
        assert "import it as opt-outs" in run.problems[0][1]


class TestStopping:
    def test_a_file_can_be_discarded_before_anything_is_imported(self, folder: Path) -> None:
        for run in (hand_in(POSTMARK), checked(POSTMARK)):
            imports.stop(run, now=timezone.now())
            assert now_is(run) == ImportState.STOPPED
        assert (list(folder.iterdir()), work(), Address.objects.count()) == ([], 0, 0)

    @pytest.mark.usefixtures("small_batches")
    def test_stopped_midway_it_ends_with_the_batch_under_way(self, boss: User) -> None:
        run = checked(people(*range(6)))
        imports.confirm(run, user_id=boss.pk, now=timezone.now())
        going = carrying_out(run)
        next(going)
        imports.stop(run, now=timezone.now())
        with pytest.raises(imports.Lost):
            next(going)
        assert now_is(run) == ImportState.STOPPED
        assert (run.last_line, Suppression.objects.count(), counts(run)) == (3, 2, {"rows": 2, "new": 2})

    def test_what_is_over_can_be_neither_stopped_nor_confirmed(self, boss: User) -> None:
        run = imported(POSTMARK)
        with pytest.raises(NotNow):
            imports.stop(run, now=timezone.now())
        with pytest.raises(NotNow):
            imports.confirm(run, user_id=boss.pk, now=timezone.now())
        with pytest.raises(NotNow):
            imports.check_again(run, OPT_OUTS)
        assert now_is(run) == ImportState.DONE

    def test_only_the_check_that_was_looked_at_can_be_confirmed(self, boss: User) -> None:
        run = checked(POSTMARK)
        looked_at = ImportRun.objects.get(id=run.pk)
        imports.check_again(run, CONTACTS)
        work()
        with pytest.raises(NotNow):
            imports.confirm(looked_at, user_id=boss.pk, now=timezone.now())
        assert now_is(run) == ImportState.READY


def claim(run: ImportRun) -> ImportRun:
    held = worker._claim(now=timezone.now())
    assert held is not None
    assert held == run
    return held


def carrying_out(run: ImportRun) -> Iterator[Any]:
    """A worker in the middle of it, which goes on for a batch each time it is asked."""
    held = claim(run)
    with files.read(held.stored_as) as stream:
        source = open_source(stream, imports.options_of(held), file_name=held.file_name, now=timezone.now())
        yield from worker.carry_out(held, source, stream, actor="staff 1")


class TestWorkers:
    @pytest.mark.usefixtures("small_batches")
    def test_who_follows_on_a_dead_worker_goes_on_with_the_next_batch(self, boss: User) -> None:
        text = "email\n" + "".join(f"{'nobody' if n == 2 else f'p{n}@x.example'}\n" for n in range(7))
        run = checked(text)
        imports.confirm(run, user_id=boss.pk, now=timezone.now())
        going = carrying_out(run)
        next(going)
        next(going)
        assert work() == 0, "it is held"
        assert work(later=MINUTE) == 1
        assert now_is(run) == ImportState.DONE
        assert counts(run) == {"rows": 7, "new": 6, "invalid": 1}
        assert run.counts == run.foreseen
        assert (run.problems, run.attempts) == ([[4, "this is not a valid address"]], 0)
        assert ConsentEvent.objects.count() == 6

    @pytest.mark.usefixtures("small_batches")
    def test_a_worker_that_was_only_slow_writes_nothing_once_another_has_taken_over(self, boss: User) -> None:
        run = checked(people(*range(6)))
        imports.confirm(run, user_id=boss.pk, now=timezone.now())
        slow = carrying_out(run)
        next(slow)
        ImportRun.objects.update(claimed_at=timezone.now() - MINUTE)
        quick = carrying_out(run)
        next(quick)
        with pytest.raises(imports.Lost):
            next(slow)
        assert counts(run) == {"rows": 4, "new": 4}
        assert (ConsentEvent.objects.count(), len(list(quick))) == (4, 1)

    @pytest.mark.usefixtures("small_batches")
    def test_a_check_begins_anew_after_a_dead_worker(self) -> None:
        run = hand_in(people(1, 2, 1) + "nobody\n")
        held = claim(run)
        with files.read(held.stored_as) as stream:
            source = open_source(stream, OPT_OUTS, file_name="x", now=timezone.now())
            worker._write(held, next(worker.foresee(source)), bytes_read=10)
        assert work(later=MINUTE) == 1
        assert now_is(run) == ImportState.READY
        assert counts(run) == {"rows": 4, "new": 2, "already": 1, "invalid": 1}

    def test_one_import_is_worked_on_at_a_time_and_the_longest_waiting_first(self) -> None:
        first, second = hand_in(people(1)), hand_in(people(2))
        claim(first)
        assert (work(), now_is(second)) == (0, ImportState.CHECKING)
        assert work(later=MINUTE) == 2
        assert (now_is(first), now_is(second)) == (ImportState.READY, ImportState.READY)

    @pytest.mark.usefixtures("small_batches")
    def test_a_worker_that_is_told_to_end_lets_go_after_the_batch_under_way(self, boss: User) -> None:
        def at_once(later: int) -> Callable[[], bool]:
            answers = iter([False] * later + [True] * 9)
            return lambda: next(answers)

        run = hand_in(people(*range(5)))
        assert imports.work(now=timezone.now(), must_stop=at_once(0)) == 0
        assert imports.work(now=timezone.now(), must_stop=at_once(1)) == 1
        assert (now_is(run), run.position, run.claimed_by) == (ImportState.CHECKING, 2, None)
        assert (work(), now_is(run)) == (1, ImportState.READY)
        imports.confirm(run, user_id=boss.pk, now=timezone.now())
        assert imports.work(now=timezone.now(), must_stop=at_once(2)) == 1
        assert (now_is(run), run.position, run.claimed_by) == (ImportState.RUNNING, 4, None)
        assert (work(), now_is(run), counts(run)) == (1, ImportState.DONE, {"rows": 5, "new": 5})

    def test_a_file_that_kills_its_worker_every_time_is_given_up(self, folder: Path) -> None:
        run = hand_in(people(1))
        for _ in range(worker.MOST_ATTEMPTS):
            claim(run)
            ImportRun.objects.update(claimed_at=timezone.now() - MINUTE)
        assert work() == 1
        assert now_is(run) == ImportState.FAILED
        assert run.error == "The worker stopped several times after line 0. Nothing was imported."
        assert list(folder.iterdir()) == []

    def test_a_file_that_is_not_where_the_worker_looks_is_said_so(self, folder: Path) -> None:
        run = hand_in(people(1))
        for path in folder.iterdir():
            path.unlink()
        work()
        assert now_is(run) == ImportState.FAILED
        assert "Machines that share the work must share that folder" in run.error

    def test_terms_on_which_the_file_is_no_table_any_more_fail_with_the_reason(self) -> None:
        run = checked("email,city\na@x.example,Rome\n")
        imports.check_again(run, OPT_OUTS._replace(channel=Channel.SMS))
        work()
        assert now_is(run) == ImportState.FAILED
        assert run.error.startswith("This file has no column called “phone number”")

    def test_a_command_that_died_is_said_to_have_been_interrupted(self) -> None:
        run = hand_in(people(1))
        files.remove(run.stored_as)
        ImportRun.objects.update(
            stored_as="", state=ImportState.RUNNING, last_line=7, claimed_by=run.pk, claimed_at=timezone.now()
        )
        assert work() == 0
        assert work(later=MINUTE) == 1
        assert now_is(run) == ImportState.STOPPED
        assert run.error.startswith("Interrupted after line 7.")


class TestFiles:
    def test_an_upload_is_read_by_nobody_else_and_bears_no_name(self, folder: Path) -> None:
        run = hand_in(POSTMARK, name=f"list of {ADA}.csv")
        [path] = folder.iterdir()
        assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
        assert (path.name, path.read_text()) == (run.stored_as, POSTMARK)
        assert run.file_name == "list of •••"

    def test_what_nobody_confirms_is_deleted_and_so_are_old_lists_of_lines(self, folder: Path, settings: Any) -> None:
        settings.IMPORT_FILE_DAYS, settings.IMPORT_REPORT_DAYS = 7, 30
        done, waiting = imported(POSTMARK), checked(POSTMARK)
        imports.tidy(now=timezone.now() + 6 * DAY)
        assert (now_is(waiting), len(list(folder.iterdir())), len(done.problems)) == (ImportState.READY, 1, 1)
        imports.tidy(now=timezone.now() + 8 * DAY)
        assert (now_is(waiting), list(folder.iterdir())) == (ImportState.STOPPED, [])
        assert (
            waiting.error
            == "The import was not confirmed within 7 days, so the file was deleted. Nothing was imported."
        )
        imports.tidy(now=timezone.now() + 31 * DAY)
        assert (now_is(done), done.problems, done.counts["invalid"]) == (ImportState.DONE, [], 1)

    def test_what_a_crash_left_in_the_folder_goes_after_a_day(self, folder: Path) -> None:
        run = checked(people(1))
        (folder / "tmpabc.upload.csv").write_text(ADA)
        with files.scratch() as scratch:
            scratch.write_text("x")
            imports.tidy(now=timezone.now())
            assert len(list(folder.iterdir())) == 3
            for path in folder.iterdir():
                os.utime(path, (time.time() - 90_000,) * 2)
            imports.tidy(now=timezone.now())
            assert [path.name for path in folder.iterdir()] == [run.stored_as]

    def test_nothing_of_it_is_in_the_admins_log_but_by_the_admin(self) -> None:
        imported(POSTMARK)
        assert not LogEntry.objects.exists()


def test_events_of_a_complaint_and_of_an_opt_out_are_told_apart() -> None:
    imported(POSTMARK)
    assert set(ConsentEvent.objects.values_list("kind", flat=True)) == {EventKind.OPT_OUT, EventKind.SUPPRESS}
