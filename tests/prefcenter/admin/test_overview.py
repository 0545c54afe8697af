"""The front page of the admin: its figures are the lengths of the lists they link to, and each sees only their own."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.factories import ADA, AddressFactory, CampaignFactory, CategoryFactory
from tests.prefcenter import busy_days
from tests.prefcenter.busy_days import Days
from tests.staff import member, signed_in
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.choices import Source, SuppressionReason
from unsubscribe.ledger import seals
from unsubscribe.links import Target
from unsubscribe.models import Address, Campaign, OutboxMessage, SentCount

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

LOOKS: dict[str, str] = {
    "all": "",
    "a category": "category={days.news.pk}",
    "a channel": "channel=sms",
    "all categories, or none named": "days=90&category={days.news.pk}&campaign={days.june.pk}&channel=email",
    "by dates": "first={first}&last={last}",
}


@pytest.fixture
def boss() -> Client:
    return signed_in(member(is_superuser=True))


@pytest.fixture
def days() -> Days:
    return busy_days.live(timezone.now())


def page(client: Client, query: str = "") -> Any:
    answer = client.get(f"/admin/?{query}", secure=True)
    assert answer.status_code == 200
    return answer


def text_of(client: Client, query: str = "") -> str:
    return re.sub(r"\s+", " ", page(client, query).content.decode())


def query_of(look: str, days: Days) -> str:
    today = timezone.localdate(days.now)
    return LOOKS[look].format(days=days, first=today - timedelta(days=6), last=today)


def figures(context: Any) -> Iterator[tuple[str, str, str]]:
    """Each number of the page that leads to a list: what it says, the number, the address."""
    for name in ("tiles", "rate_tiles", "outbox"):
        for tile in context.get(name) or []:
            if tile.name == "Retained":
                continue  # of visits, and its list has their lines
            number = tile.value if tile.value.isdecimal() else re.match(r"[\d,]+|", tile.note)[0]  # type: ignore[index]
            yield tile.name, number or "0", tile.url
    for name in ("sources", "reasons"):
        for row in context.get(name) or []:
            yield row.name, row.number, row.url
    for name in ("categories", "campaigns"):
        for row in context.get(name) or []:
            yield f"{row.name}, opt-outs", row.opt_outs.number, row.opt_outs.url
            yield f"{row.name}, complaints", row.complaints.number, row.complaints.url


@pytest.mark.parametrize("look", sorted(LOOKS))
def test_every_figure_is_the_length_of_the_list_it_links_to(look: str, boss: Client, days: Days) -> None:
    found = list(figures(page(boss, query_of(look, days)).context))
    assert len(found) > 10
    lengths: dict[str, int] = {}
    for name, number, url in found:
        if url not in lengths:
            lengths[url] = boss.get(url, secure=True).context["cl"].result_count
        assert (name, lengths[url]) == (name, int(number.replace(",", "")))


def test_the_big_numbers_are_those_of_the_ledger(boss: Client, days: Days) -> None:
    shown = {tile.name: (tile.value, tile.before) for tile in page(boss).context["tiles"]}
    assert shown == {
        "Opt-outs": ("5", "1"),
        "Opt-downs": ("1", ""),
        "Pauses": ("1", ""),
        "Undos": ("1", ""),
        "Resubscriptions": ("2", ""),
        "Retained": ("50.0%", ""),
    }


def test_the_tables_beside_the_charts_say_what_the_charts_show(boss: Client, days: Days) -> None:
    chart = page(boss).context["wishes"]
    assert [sum(int(row.cells[place]) for row in chart.rows) for place in range(5)] == [5, 1, 1, 1, 2]
    assert len(chart.shapes.bars) == len(chart.titles) == sum(cell != "0" for row in chart.rows for cell in row.cells)


def test_what_people_see_of_it(boss: Client, days: Days) -> None:
    text = text_of(boss)
    for said in (
        "<h1>Overview</h1>",
        "2 of 4 visitors chose less instead of leaving; the list shows each change",
        "400% more than before",
        "June",
    ):
        assert said in text, said
    assert "4 of 5,200 messages sent, imports not included" in text
    assert "Not enough data" in text  # of the 200 mails of one category


def test_complaints_are_held_against_the_lines_of_gmail(boss: Client, news: Any) -> None:
    now = timezone.now()
    SentCount.objects.create(day=timezone.localdate(now), channel="email", category=news, count=1000)
    for line in ("above Gmail’s target of 0.1%", "", "above Gmail’s limit of 0.3%"):
        actions.suppress(
            [AddressFactory.create().pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.COMPLAINT
        )
        assert line in text_of(boss)


def test_three_of_a_thousand_is_the_limit(boss: Client, news: Any) -> None:
    now = timezone.now()
    SentCount.objects.create(day=timezone.localdate(now), channel="email", category=news, count=1001)
    for _ in range(3):
        actions.suppress(
            [AddressFactory.create().pk], Origin(Source.COMPLAINT, now), reason=SuppressionReason.COMPLAINT
        )
    assert "above Gmail’s target of 0.1%" in text_of(boss)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("first=2026-03-02&last=2026-03-01", "The end date is before the start date."),
        ("first=2999-01-01", "These dates are in the future."),
        ("first=1999-01-01&last=2026-01-01", "The period can be five years at most."),
        ("first=yesterday", "Enter dates like 2026-03-31."),
        ("last=2026-02-30", "Enter dates like 2026-03-31."),
        ("days=12", "Unknown period."),
        ("days=many", "Unknown period."),
        ("category=99", "Unknown category."),
        ("category=news", "Unknown category."),
        ("category=99999999999999999999999", "Unknown category."),
        ("campaign=June", "Unknown campaign."),
        ("campaign=%00", "Null characters are not allowed."),
        ("channel=telegraph", "Unknown channel."),
    ],
)
def test_what_makes_no_sense_is_said_calmly_and_the_usual_shown(
    query: str, said: str, boss: Client, days: Days
) -> None:
    answer = page(boss, query)
    assert said in answer.content.decode()
    assert answer.context["look"].days_chosen == 30
    assert answer.context["tiles"][0].value == "5"


@pytest.mark.parametrize(
    ("query", "count"),
    [("", 30), ("days=7", 7), ("days=365", 365), ("first=2026-01-01&last=2026-01-31", 31), ("last=2026-01-31", 30)],
)
def test_the_period_is_the_readers_choice(query: str, count: int, boss: Client, days: Days) -> None:
    answer = page(boss, query)
    assert answer.context["look"].selection.period.days == count
    assert not answer.context["look"].complaints


def test_days_to_come_are_not_waited_for(boss: Client, days: Days) -> None:
    today = timezone.localdate()
    answer = page(boss, f"first={today}&last={today + timedelta(days=5)}")
    assert answer.context["look"].selection.period.last == today


def test_the_period_can_be_changed_and_the_rest_stays(boss: Client, days: Days) -> None:
    text = text_of(boss, f"days=7&category={days.news.pk}&channel=sms")
    assert f'href="?days=90&amp;category={days.news.pk}&amp;channel=sms"' in text
    assert '<input type="hidden" name="days" value="7">' in text


def offered_campaigns(client: Client, query: str = "") -> list[Any]:
    return [value for value, _ in page(client, query).context["look"].fields["campaign"].widget.choices]


def test_of_thousands_of_campaigns_the_newest_those_of_the_period_and_the_chosen_are_offered(
    boss: Client, days: Days
) -> None:
    quiet = CampaignFactory.create(category=days.news)
    newer = [CampaignFactory.create(category=days.offers) for _ in range(31)]
    offered = ["", *(one.pk for one in reversed(newer[1:]))]
    assert offered_campaigns(boss) == [*offered, days.june.pk]  # of the old ones this one was sent
    assert offered_campaigns(boss, "first=2020-01-01&last=2020-01-31") == offered
    assert offered_campaigns(boss, f"campaign={quiet.pk}") == [*offered, days.june.pk, quiet.pk]
    assert offered_campaigns(boss, f"category={days.news.pk}") == ["", quiet.pk, days.june.pk]


def test_a_retired_campaign_is_offered_only_where_it_is_the_chosen_one(boss: Client, days: Days) -> None:
    Campaign.objects.filter(pk=days.june.pk).update(retired_at=days.now)
    assert offered_campaigns(boss) == [""]
    assert offered_campaigns(boss, f"campaign={days.june.pk}") == ["", days.june.pk]


def test_a_house_that_has_just_begun_is_welcomed_without_zeros(boss: Client) -> None:
    text = text_of(boss)
    assert "No activity yet" in text
    assert "<svg" not in text.split('id="elsewhere"')[0].split("<main")[1]
    assert not re.search(r"\bNaN\b", text)


def test_quiet_days_are_told_apart_from_a_beginning(boss: Client, days: Days) -> None:
    text = text_of(boss, "first=2020-01-01&last=2020-01-31")
    assert "No activity</h2>" in text
    assert "No activity yet" not in text


def test_mails_without_any_opt_out_are_no_quiet_days(boss: Client, news: Any) -> None:
    SentCount.objects.create(day=timezone.localdate(), channel="email", category=news, count=4000)
    text = text_of(boss)
    assert "0 of 4,000 messages sent" in text
    assert "no visitors came to leave" in text


@pytest.fixture
def _groups() -> None:
    """As the migration makes them; a test that empties the whole database may have run before."""
    import_module("prefcenter.migrations.0005_groups").make(
        import_module("django.apps").apps, connection.schema_editor()
    )


BLOCKS = ["Over time", '<h2 id="rates">Rates</h2>', "Why people left", "Time to confirmation", "Last seal"]
HEALTH = {"Time to confirmation", "Last seal"}


def blocks(client: Client) -> set[str]:
    text = text_of(client)
    return {name for name in BLOCKS if name in text}


@pytest.mark.usefixtures("days")
@pytest.mark.parametrize(
    ("permissions", "seen"),
    [
        ((), set()),
        (("view_consentevent",), {"Over time"}),
        (("view_sentcount",), set()),
        (("view_consentevent", "view_sentcount"), {"Over time", '<h2 id="rates">Rates</h2>'}),
        (("view_feedback",), {"Why people left"}),
        (("view_outboxmessage", "view_seal"), set()),
    ],
)
def test_each_sees_what_they_may_see_the_makings_of(permissions: tuple[str, ...], seen: set[str]) -> None:
    assert blocks(signed_in(member(*permissions))) == seen | HEALTH


@pytest.mark.usefixtures("days")
@pytest.mark.parametrize("permissions", [(), ("view_outboxmessage",), ("view_seal",)])
def test_all_see_how_the_outbox_and_the_seals_are_and_only_those_who_may_open_them_a_link(
    permissions: tuple[str, ...],
) -> None:
    text = text_of(signed_in(member(*permissions)))
    assert "nothing to send" in text or "oldest: " in text
    assert ("/admin/unsubscribe/outboxmessage/?status" in text) == ("view_outboxmessage" in permissions)
    assert ('<a href="/admin/unsubscribe/seal/"><span class="name">Last seal' in text) == ("view_seal" in permissions)


@pytest.mark.usefixtures("_groups", "days")
@pytest.mark.parametrize(
    ("group", "unseen", "finds_people"),
    [("marketer", set(), False), ("support", {'<h2 id="rates">Rates</h2>'}, True), ("compliance", set(), True)],
)
def test_each_group_sees_its_part(group: str, unseen: set[str], finds_people: bool) -> None:
    client = signed_in(member(group=group))
    assert blocks(client) == set(BLOCKS) - unseen
    assert ("Find a contact" in text_of(client)) == finds_people


def test_nobody_else_gets_in(days: Days) -> None:
    assert Client(headers={"host": "mail.example.com"}).get("/admin/", secure=True).status_code == 302


def test_no_address_is_shown_and_nothing_that_the_policy_would_refuse(boss: Client, ada: Address, days: Days) -> None:
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, timezone.now()))
    for query in ("", "days=365", "category=nonsense"):
        html = page(boss, query).content.decode()
        assert ADA not in html
        assert "style=" not in html
        assert not re.search(r"<script(?![^>]*\bsrc=)", html)


def test_numbers_of_a_drawing_are_written_as_drawings_want_them(boss: Client, days: Days, settings: Any) -> None:
    settings.LANGUAGE_CODE = "de"
    html = page(boss).content.decode()
    assert not re.search(r'(?:x|y|width|height|dy)="\d+,\d+"', html)
    assert re.search(r'<rect class="s0" x="\d+\.\d+"', html)


def test_how_the_outbox_and_the_ledger_are_doing_now(boss: Client, days: Days) -> None:
    seals.seal(now=days.now)
    OutboxMessage.objects.update(created_at=days.now - timedelta(days=4))
    text = text_of(boss)
    assert "oldest: 4 days" in text
    assert "all events older than two hours are sealed" in text


def test_it_takes_no_more_queries_for_more_rows(boss: Client, days: Days) -> None:
    def queries() -> int:
        page(boss, "days=365")
        with CaptureQueriesContext(connection) as asked:
            page(boss, "days=365")
        return len(asked)

    few = queries()
    for number in range(12):
        category = CategoryFactory.create(slug=f"more-{number}")
        campaign = CampaignFactory.create(category=category)
        target = Target(AddressFactory.create().pk, category.pk, campaign.pk)
        actions.opt_out([target], Origin(Source.ONE_CLICK, datetime.now(tz=days.now.tzinfo)))
        SentCount.objects.create(day=days.now.date(), channel="email", category=category, campaign=campaign, count=9)
    assert queries() == few


def test_the_apps_and_their_models_are_still_there(boss: Client) -> None:
    text = text_of(boss)
    assert 'href="/admin/unsubscribe/category/"' in text
    assert 'href="/admin/people/"' in text


@pytest.mark.parametrize("query", ["meaning=nonsense", "mail_of=99", "mail_of=news"], ids=str)
def test_a_list_that_makes_no_sense_is_refused(query: str, boss: Client) -> None:
    answer = boss.get(f"/admin/unsubscribe/consentevent/?{query}", secure=True)
    assert answer.status_code == 302
    assert answer["Location"].endswith("?e=1")


@pytest.mark.parametrize("query", ["mail_of=%00", "at__gte=never"], ids=str)
def test_a_list_is_not_narrowed_by_what_no_row_could_have(query: str, boss: Client) -> None:
    assert boss.get(f"/admin/unsubscribe/consentevent/?{query}", secure=True).status_code == 400
