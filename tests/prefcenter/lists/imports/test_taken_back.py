"""An import can be taken back as a whole: what it set, where nobody has said it since, and nothing else."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from prefcenter import reports
from prefcenter.lists import imports
from prefcenter.lists.imports import ImportOptions, NotNow, worker
from prefcenter.models import ImportKind, ImportRun, ImportState, User
from prefcenter.reports import Period, Selection
from tests.factories import ADA, BOB, CLEO, CategoryFactory, address
from tests.staff import member, signed_in
from unsubscribe import actions, gate, rules
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, Frequency, Outcome, Source, SuppressionReason
from unsubscribe.ledger import seals
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import (
    Address,
    Category,
    ConsentEvent,
    DomainSuppression,
    OutboxMessage,
    Preference,
    Suppression,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
OPT_OUTS = ImportOptions(ImportKind.OPT_OUTS)


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


@pytest.fixture
def boss() -> User:
    return member(is_superuser=True)


def imported(*addresses: str, options: ImportOptions = OPT_OUTS, name: str = "list.csv") -> ImportRun:
    text = "email\n" + "".join(f"{one}\n" for one in addresses)
    run = imports.hand_in([text.encode()], options, file_name=name, user_id=None, now=timezone.now())
    imports.work(now=timezone.now())
    run.refresh_from_db()
    imports.confirm(run, user_id=member().pk, now=timezone.now())
    imports.work(now=timezone.now())
    run.refresh_from_db()
    assert run.state == ImportState.DONE
    return run


def taken_back(run: ImportRun, boss: User) -> ImportRun:
    imports.take_back(run, user_id=boss.pk, now=timezone.now())
    assert imports.work(now=timezone.now()) == 1
    run.refresh_from_db()
    assert run.state == ImportState.TAKEN_BACK
    return run


def answer(text: str, category: Category | None = None) -> Outcome:
    return gate.check([text], Mailing(category), now=timezone.now())[0].outcome


def known(text: str) -> Address:
    return Address.objects.get(digest=normalise(text).digest)


@pytest.mark.parametrize("reason", [None, *(one for one in SuppressionReason if one != SuppressionReason.ERASED)])
def test_what_it_set_is_lifted_with_the_import_as_the_source(
    reason: SuppressionReason | None, boss: User, news: Category
) -> None:
    run = imported(ADA, BOB, options=OPT_OUTS._replace(reason=reason))
    assert answer(ADA, news) == Outcome.SUPPRESSED
    foreseen = imports.foresee_taking_back(run)
    assert (foreseen.suppressions, foreseen.choices, foreseen.said_again) == (2, 0, {})
    assert taken_back(run, boss).taken_back == 2
    assert [answer(one, news) for one in (ADA, BOB)] == [Outcome.SEND] * 2
    lifts = ConsentEvent.objects.filter(kind=EventKind.LIFT)
    assert {(one.source, one.actor, one.note) for one in lifts} == {
        (Source.IMPORT, f"staff {boss.pk}", f"Import {run.pk} was taken back.")
    }
    assert lifts.count() == 2
    assert not OutboxMessage.objects.exists()
    assert Address.objects.count() == 2  # who was learnt stays known
    assert seals.seal(now=timezone.now() + DAY) is not None


@pytest.mark.parametrize("before", [None, "subscribed"])
def test_a_category_goes_back_to_what_it_was_before(before: str | None, boss: User, news: Category) -> None:
    ada = address(ADA)
    if before:
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now() - DAY, wording="Yes"))
    actions.opt_down([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now() - DAY), frequency=Frequency.WEEKLY)
    run = imported(ADA, BOB, options=OPT_OUTS._replace(category_id=news.pk))
    assert answer(ADA, news) == Outcome.UNSUBSCRIBED
    taken_back(run, boss)
    row = Preference.objects.get(contact=ada.contact_id)
    assert (row.state, row.frequency, row.import_id) == (before or "unspecified", "weekly", None)
    assert answer(BOB, news) == Outcome.SEND
    event = ConsentEvent.objects.filter(address=ada).latest("id")
    assert (event.kind, event.source, event.category_id) == (EventKind.OPT_IN, Source.IMPORT, news.pk)
    assert event.before["state"] == "unsubscribed"
    assert reports.counts.count(Selection(Period.latest(7, now=timezone.now()))).total.back == 0


def clicks(ada: Address) -> None:
    actions.opt_out([Target(ada.pk)], Origin(Source.ONE_CLICK, timezone.now()))


def is_reported_by_the_sender(ada: Address) -> None:
    said = [actions.ImportedNo(bytes(ada.digest), ada.value)]
    actions.import_opt_outs(said, Origin(Source.API, timezone.now()), channel=Channel.EMAIL)


def is_imported_once_more(ada: Address) -> None:
    imported(ADA, name="another.csv")


def is_in_an_older_file(ada: Address) -> None:
    said = [actions.ImportedNo(bytes(ada.digest), ada.value, timezone.now() - 900 * DAY)]
    actions.import_opt_outs(said, Origin(Source.IMPORT, timezone.now(), import_id=999), channel=Channel.EMAIL)


AGAIN = [clicks, is_reported_by_the_sender, is_imported_once_more, is_in_an_older_file]


@pytest.mark.parametrize("again", AGAIN)
def test_what_was_said_again_since_stays(again: Callable[[Address], None], boss: User, news: Category) -> None:
    run = imported(ADA, BOB)
    again(known(ADA))
    standing = imports.foresee_taking_back(run)
    assert (standing.suppressions, sum(standing.said_again.values())) == (1, 1)
    taken_back(run, boss)
    assert [answer(one, news) for one in (ADA, BOB)] == [Outcome.SUPPRESSED, Outcome.SEND]


@pytest.mark.parametrize("source", [Source.ONE_CLICK, Source.PAGE, Source.API, Source.STAFF])
def test_a_category_that_was_left_again_since_stays_left(source: Source, boss: User, news: Category) -> None:
    run = imported(ADA, options=OPT_OUTS._replace(category_id=news.pk))
    actions.opt_out([Target(known(ADA).pk, news.pk)], Origin(source, timezone.now()))
    taken_back(run, boss)
    assert answer(ADA, news) == Outcome.UNSUBSCRIBED


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
@pytest.mark.parametrize("scope", ["addresses", "category", "domain"])
def test_the_same_wrong_file_twice_is_gone_when_both_imports_are_taken_back(
    scope: str, order: list[int], boss: User, news: Category
) -> None:
    options = OPT_OUTS._replace(category_id=news.pk if scope == "category" else None)
    named, asked = (CORP, EVE) if scope == "domain" else (ADA, ADA)
    runs = [imported(named, options=options) for _ in range(2)]
    first, last = (runs[place] for place in order)
    foreseen = imports.foresee_taking_back(first)
    assert (sum(foreseen[:3]), foreseen.said_again) == (0, {"import": 1})
    assert taken_back(first, boss).taken_back == 0
    assert answer(asked, news) != Outcome.SEND
    foreseen = imports.foresee_taking_back(last)
    assert (sum(foreseen[:3]), foreseen.said_again) == (1, {})
    assert taken_back(last, boss).taken_back == 1
    assert answer(asked, news) == Outcome.SEND


def test_what_an_import_repeated_stands_once_that_cannot_be_taken_back_any_more(boss: User, news: Category) -> None:
    first, second = imported(ADA, BOB), imported(ADA)
    ImportRun.objects.filter(id=second.pk).update(finished_at=timezone.now() - 31 * DAY)
    imports.tidy(now=timezone.now())
    assert imports.foresee_taking_back(first).said_again == {"": 1}
    taken_back(first, boss)
    assert [answer(one, news) for one in (ADA, BOB)] == [Outcome.SUPPRESSED, Outcome.SEND]


def test_what_was_so_already_is_none_of_its_doing(boss: User, news: Category) -> None:
    clicks(address(ADA))
    run = imported(ADA, BOB)
    taken_back(run, boss)
    assert [answer(one, news) for one in (ADA, BOB)] == [Outcome.SUPPRESSED, Outcome.SEND]


def test_what_people_chose_themselves_since_is_theirs(boss: User, news: Category) -> None:
    offers = CategoryFactory.create(slug="offers")
    run = imported(ADA)
    ada = known(ADA)
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now(), wording="Yes"))
    clicks(ada)
    assert imports.foresee_taking_back(run).ended == 1
    taken_back(run, boss)
    assert [answer(ADA, one) for one in (news, offers)] == [Outcome.SUPPRESSED] * 2


def test_an_erased_contact_is_left_alone(boss: User) -> None:
    run = imported(ADA)
    actions.erase([known(ADA).contact_id], Origin(Source.PAGE, timezone.now()))
    lines = ConsentEvent.objects.count()
    assert imports.foresee_taking_back(run).erased == 1
    taken_back(run, boss)
    assert ConsentEvent.objects.count() == lines
    assert answer(ADA) == Outcome.SUPPRESSED


def test_an_address_that_joined_meanwhile_is_freed_with_it(boss: User, news: Category) -> None:
    run = imported(ADA)
    actions.add_addresses(known(ADA).contact_id, [normalise(CLEO)], now=timezone.now())
    assert answer(CLEO, news) == Outcome.SUPPRESSED
    taken_back(run, boss)
    assert answer(CLEO, news) == Outcome.SEND


def test_a_file_that_repeats_itself_has_said_it_once(monkeypatch: pytest.MonkeyPatch, boss: User) -> None:
    monkeypatch.setattr("prefcenter.lists.imports.reading.ROWS", 2)
    run = imported(ADA, BOB, ADA, CLEO, ADA)
    taken_back(run, boss)
    assert not Suppression.objects.filter(lifted_at=None).exists()


def test_what_was_taken_back_is_no_yes_that_overtakes_a_no(boss: User, news: Category) -> None:
    taken_back(imported(ADA), boss)
    said = [actions.ImportedNo(normalise(ADA).digest, ADA, timezone.now() - DAY)]
    assert actions.import_opt_outs(said, Origin(Source.IMPORT, timezone.now()), channel=Channel.EMAIL).new == 1
    assert answer(ADA, news) == Outcome.SUPPRESSED


def test_an_import_lifts_nothing_else() -> None:
    for reason in SuppressionReason:
        assert not rules.may_lift(reason, source=Source.IMPORT)
        assert rules.may_lift(reason, source=Source.IMPORT, is_its_own=True) == (reason != SuppressionReason.ERASED)


def test_a_worker_that_dies_is_followed_by_one_that_goes_on(monkeypatch: pytest.MonkeyPatch, boss: User) -> None:
    run = imported(*(f"r{n}@example.com" for n in range(7)))
    monkeypatch.setattr("prefcenter.lists.imports.worker.ROWS", 2)
    imports.take_back(run, user_id=boss.pk, now=timezone.now())
    stops = iter([False, True, True])
    imports.work(now=timezone.now(), must_stop=lambda: next(stops))
    run.refresh_from_db()
    assert (run.state, run.taken_back) == (ImportState.TAKING_BACK, 2)
    run = ImportRun.objects.get()
    claimed = {"claimed_by": "0" * 32, "claimed_at": timezone.now() - 2 * worker.LEASE}
    ImportRun.objects.update(**claimed)  # by one that died
    imports.work(now=timezone.now())
    run.refresh_from_db()
    assert (run.state, run.taken_back) == (ImportState.TAKEN_BACK, 7)
    assert ConsentEvent.objects.filter(kind=EventKind.LIFT).count() == 7


def test_it_goes_once_and_within_thirty_days(boss: User) -> None:
    run = imported(ADA)
    for now in (timezone.now() + 31 * DAY,):
        assert not imports.can_be_taken_back(run, now=now)
        with pytest.raises(NotNow):
            imports.take_back(run, user_id=boss.pk, now=now)
    taken_back(run, boss)
    lines = ConsentEvent.objects.count()
    with pytest.raises(NotNow):
        imports.take_back(run, user_id=boss.pk, now=timezone.now())
    assert actions.take_back(run.pk, most=10, now=timezone.now()) == (0, 0)
    assert ConsentEvent.objects.count() == lines


def test_when_it_was_asked_for_is_the_moment_that_is_given(boss: User) -> None:
    run, tomorrow = imported(ADA), timezone.now() + DAY
    imports.take_back(run, user_id=boss.pk, now=tomorrow)
    run.refresh_from_db()
    assert run.taken_back_at == tomorrow


def test_contacts_cannot_be_taken_back() -> None:
    run = imported(ADA, options=ImportOptions(ImportKind.CONTACTS))
    assert not imports.can_be_taken_back(run, now=timezone.now())


def test_many_take_as_many_queries_as_one(news: Category) -> None:
    def queries(size: int, category_id: int | None) -> int:
        people = [f"r{n}.{size}@example.com" for n in range(size)]
        run = imported(*people, options=OPT_OUTS._replace(category_id=category_id), name=f"{size}{category_id}.csv")
        with CaptureQueriesContext(connection) as caught:
            assert actions.take_back(run.pk, most=100, now=timezone.now()) == (size, size)
        return len(caught)

    for category_id in (None, news.pk):
        assert queries(1, category_id) == queries(60, category_id)


class TestPage:
    @pytest.fixture
    def staff_client(self) -> Client:
        return signed_in(member("import_opt_outs"))

    def test_it_shows_what_would_be_lifted_and_what_stays_and_does_it(
        self, staff_client: Client, news: Category
    ) -> None:
        run = imported(ADA, BOB)
        clicks(known(BOB))
        url = f"/admin/imports/{run.pk}/take-back/"
        assert f'href="{url}"' in staff_client.get(f"/admin/imports/{run.pk}/", secure=True).content.decode()
        lines = ConsentEvent.objects.count()
        page = staff_client.get(url, secure=True).content.decode()
        assert 'value="Take back 1"' in page
        assert "Recorded again since. Source: One-click" in page
        assert ConsentEvent.objects.count() == lines
        assert staff_client.post(url, secure=True).status_code == 302
        assert "Being taken back" in staff_client.get(f"/admin/imports/{run.pk}/", secure=True).content.decode()
        imports.work(now=timezone.now())
        page = staff_client.get(f"/admin/imports/{run.pk}/", secure=True).content.decode()
        assert "Taken back" in page
        assert url not in page
        assert [answer(one, news) for one in (ADA, BOB)] == [Outcome.SEND, Outcome.SUPPRESSED]
        assert LogEntry.objects.filter(change_message="Took an import of opt-outs back.").count() == 1
        assert staff_client.post(url, secure=True).status_code == 302  # a second tap is told so, and changes nothing
        assert staff_client.get(url, secure=True).status_code == 302

    def test_it_says_why_nothing_is_lifted_and_forgets_it_all_the_same(
        self, staff_client: Client, news: Category
    ) -> None:
        first, second = imported(ADA, BOB), imported(ADA, BOB)
        for run in (second, first):
            page = staff_client.get(f"/admin/imports/{run.pk}/take-back/", secure=True).content.decode()
            is_second = run == second
            assert ("Also in another import" in page) == is_second
            assert ("2 of its rows were already there" in page) == is_second
            assert ('value="Take this import back"' in page) == is_second
            assert ('value="Take back 2"' in page) != is_second
            assert staff_client.post(f"/admin/imports/{run.pk}/take-back/", secure=True).status_code == 302
            imports.work(now=timezone.now())
            expected = Outcome.SUPPRESSED if is_second else Outcome.SEND
            assert [answer(one, news) for one in (ADA, BOB)] == [expected] * 2
        page = staff_client.get(f"/admin/imports/{second.pk}/", secure=True).content.decode()
        assert "Lifted: 0." in page

    def test_where_somebody_else_had_said_it_all_there_is_nothing_to_do(self, staff_client: Client) -> None:
        clicks(address(ADA))
        run = imported(ADA)
        page = staff_client.get(f"/admin/imports/{run.pk}/take-back/", secure=True).content.decode()
        assert "There’s nothing to take back." in page
        assert "1 of its rows was already there" in page

    def test_it_is_for_those_who_may_import(self, news: Category) -> None:
        run = imported(ADA)
        for method in ("get", "post"):
            other = signed_in(member("view_feedback"))
            assert getattr(other, method)(f"/admin/imports/{run.pk}/take-back/", secure=True).status_code == 403
        assert answer(ADA, news) == Outcome.SUPPRESSED


class TestCommand:
    def said(self, *args: Any) -> dict[str, Any]:
        out = io.StringIO()
        call_command("import_optouts", *args, stdout=out)
        return dict(json.loads(out.getvalue()))

    def test_a_dry_run_first_and_then_for_real(self, news: Category) -> None:
        run = imported(ADA)
        foreseen = self.said("--take-back", str(run.pk))
        assert (foreseen["applied"], foreseen["blocks"]) == (False, 1)
        assert answer(ADA, news) == Outcome.SUPPRESSED
        assert self.said("--take-back", str(run.pk), "--apply") == foreseen | {"applied": True}
        assert answer(ADA, news) == Outcome.SEND
        assert ConsentEvent.objects.latest("id").actor == "import_optouts"
        run.refresh_from_db()
        assert run.state == ImportState.TAKEN_BACK
        with pytest.raises(CommandError, match="has already been taken back"):
            self.said("--take-back", str(run.pk), "--apply")

    def test_it_says_why_nothing_is_lifted(self) -> None:
        runs = [imported(ADA) for _ in range(2)]
        foreseen = self.said("--take-back", str(runs[1].pk))
        assert (foreseen["blocks"], foreseen["said_again"], foreseen["already"]) == (0, {"import": 1}, 1)

    def test_what_it_does_not_understand_it_says(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="no import 99"):
            self.said("--take-back", "99")
        with pytest.raises(CommandError, match="Either"):
            self.said(str(tmp_path / "x.csv"), "--take-back", "1")
        with pytest.raises(CommandError, match="Name a file"):
            self.said()

    def test_what_a_command_imported_can_be_taken_back_too(self, tmp_path: Path, news: Category) -> None:
        (tmp_path / "list.csv").write_text(f"email\n{ADA}\n")
        made = self.said(str(tmp_path / "list.csv"), "--apply")
        self.said("--take-back", str(made["import"]), "--apply")
        assert answer(ADA, news) == Outcome.SEND


EVE, FAY = "eve@corp.example", "fay@firm.example"
CORP, FIRM = "*@corp.example", "*@firm.example"


def domain_is_blocked_by_staff() -> None:
    actions.suppress_domains({"corp.example": None}, Origin(Source.STAFF, timezone.now()), reason=OWN_NO)


def domain_is_blocked_by_api() -> None:
    actions.suppress_domains(
        {"corp.example": timezone.now() - 900 * DAY}, Origin(Source.API, timezone.now()), reason=OWN_NO
    )


def domain_is_in_another_file() -> None:
    imported(CORP, name="another.csv")


OWN_NO = SuppressionReason.UNSUBSCRIBED_ALL


class TestDomains:
    @pytest.mark.parametrize("reason", [None, SuppressionReason.MANUAL, SuppressionReason.COMPLAINT])
    def test_the_blocks_on_domains_that_it_set_are_lifted(
        self, reason: SuppressionReason | None, boss: User, news: Category
    ) -> None:
        run = imported(CORP, "@firm.example", ADA, options=OPT_OUTS._replace(reason=reason))
        assert [answer(one, news) for one in (EVE, FAY, ADA)] == [Outcome.SUPPRESSED] * 3
        foreseen = imports.foresee_taking_back(run)
        assert (foreseen.suppressions, foreseen.domains, foreseen.said_again) == (1, 2, {})
        assert taken_back(run, boss).taken_back == 3
        assert [answer(one, news) for one in (EVE, FAY, ADA)] == [Outcome.SEND] * 3
        said = set(DomainSuppression.objects.values_list("lifted_source", "lifted_by", "lifted_note"))
        assert said == {("import", f"staff {boss.pk}", f"Import {run.pk} was taken back.")}
        assert actions.take_back(run.pk, most=10, now=timezone.now()) == (0, 0)

    @pytest.mark.parametrize("again", [domain_is_blocked_by_staff, domain_is_blocked_by_api, domain_is_in_another_file])
    def test_one_that_was_said_again_since_stays(self, again: Callable[[], None], boss: User, news: Category) -> None:
        run = imported(CORP, FIRM)
        again()
        standing = imports.foresee_taking_back(run)
        assert (standing.domains, sum(standing.said_again.values())) == (1, 1)
        taken_back(run, boss)
        assert [answer(one, news) for one in (EVE, FAY)] == [Outcome.SUPPRESSED, Outcome.SEND]

    def test_one_for_another_reason_is_not_the_same(self, boss: User, news: Category) -> None:
        run = imported(CORP, options=OPT_OUTS._replace(reason=SuppressionReason.MANUAL))
        domain_is_blocked_by_staff()
        assert imports.foresee_taking_back(run).domains == 1
        taken_back(run, boss)
        assert answer(EVE, news) == Outcome.SUPPRESSED
        assert not DomainSuppression.objects.filter(lifted_at=None, reason="manual").exists()

    def test_one_that_was_there_before_is_none_of_its_doing(self, boss: User, news: Category) -> None:
        domain_is_blocked_by_staff()
        taken_back(imported(CORP, FIRM), boss)
        assert [answer(one, news) for one in (EVE, FAY)] == [Outcome.SUPPRESSED, Outcome.SEND]

    def test_one_that_the_staff_lifted_since_is_not_counted_as_lifted_by_it(self, boss: User) -> None:
        run = imported(CORP, FIRM)
        actions.lift_domains(["corp.example"], Origin(Source.STAFF, timezone.now(), note="An error."), reason=OWN_NO)
        standing = imports.foresee_taking_back(run)
        assert (standing.domains, standing.ended) == (1, 1)
        taken_back(run, boss)
        assert DomainSuppression.objects.get(domain="corp.example").lifted_note == "An error."

    def test_a_file_that_repeats_itself_has_said_it_once(
        self, monkeypatch: pytest.MonkeyPatch, boss: User, news: Category
    ) -> None:
        monkeypatch.setattr("prefcenter.lists.imports.reading.ROWS", 2)
        taken_back(imported(CORP, FIRM, "@CORP.example", FIRM, CORP), boss)
        assert [answer(one, news) for one in (EVE, FAY)] == [Outcome.SEND] * 2

    def test_what_was_taken_back_is_no_lift_that_overtakes_a_no(self, boss: User, news: Category) -> None:
        taken_back(imported(CORP), boss)
        said = {"corp.example": timezone.now() - DAY}
        assert actions.preview_domains(said, OWN_NO).new == ["corp.example"]
        assert actions.suppress_domains(said, Origin(Source.API, timezone.now()), reason=OWN_NO).new == ["corp.example"]
        assert answer(EVE, news) == Outcome.SUPPRESSED

    def test_a_worker_that_dies_is_followed_by_one_that_goes_on(
        self, monkeypatch: pytest.MonkeyPatch, boss: User
    ) -> None:
        run = imported(*(f"r{n}@example.com" for n in range(3)), *(f"*@corp{n}.example" for n in range(4)))
        monkeypatch.setattr("prefcenter.lists.imports.worker.ROWS", 2)
        imports.take_back(run, user_id=boss.pk, now=timezone.now())
        stops = iter([False, False, False, True])
        imports.work(now=timezone.now(), must_stop=lambda: next(stops, True))
        run.refresh_from_db()
        assert (run.state, run.taken_back) == (ImportState.TAKING_BACK, 5)
        imports.work(now=timezone.now())
        run.refresh_from_db()
        assert (run.state, run.taken_back) == (ImportState.TAKEN_BACK, 7)
        assert not DomainSuppression.objects.filter(lifted_at=None).exists()

    def test_many_take_as_many_queries_as_one(self) -> None:
        def queries(size: int) -> int:
            run = imported(*(f"*@d{n}.of{size}.example" for n in range(size)), name=f"{size}.csv")
            with CaptureQueriesContext(connection) as caught:
                assert actions.take_back(run.pk, most=100, now=timezone.now()) == (size, size)
            return len(caught)

        assert queries(1) == queries(60)

    def test_an_import_lifts_no_domain_but_its_own(self) -> None:
        for source in Source:
            assert not rules.may_lift_domain(source, source=Source.IMPORT)
            assert rules.may_lift_domain(source, source=Source.IMPORT, is_its_own=True) == (source == Source.IMPORT)

    def test_the_page_and_the_command_count_them(self, news: Category) -> None:
        run = imported(CORP, FIRM, ADA)
        staff_client, url = signed_in(member("import_opt_outs")), f"/admin/imports/{run.pk}/take-back/"
        page = staff_client.get(url, secure=True).content.decode()
        assert 'value="Take back 3"' in page
        assert "Domain suppressions lifted" in page
        out = io.StringIO()
        call_command("import_optouts", "--take-back", str(run.pk), stdout=out)
        assert json.loads(out.getvalue())["domains"] == 2
        assert answer(EVE, news) == Outcome.SUPPRESSED
        call_command("import_optouts", "--take-back", str(run.pk), "--apply", stdout=out)
        assert answer(EVE, news) == Outcome.SEND

    def test_a_file_of_domains_alone_can_be_taken_back(self, news: Category) -> None:
        run = imported(CORP)
        staff_client, url = signed_in(member("import_opt_outs")), f"/admin/imports/{run.pk}/take-back/"
        assert 'value="Take back 1"' in staff_client.get(url, secure=True).content.decode()
        assert staff_client.post(url, secure=True).status_code == 302
        imports.work(now=timezone.now())
        assert answer(EVE, news) == Outcome.SEND
