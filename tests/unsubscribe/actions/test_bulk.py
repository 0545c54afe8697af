"""The bulk verbs write what the others write, line by line, and in as many statements for many as for
one (law 2)."""

import random
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar
from zlib import crc32

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.conftest import NOW
from tests.factories import AddressFactory, CampaignFactory, CategoryFactory, ContactFactory
from tests.services import PATIENCE, wait_until
from tests.unsubscribe.actions.test_concurrency import at_once
from unsubscribe import actions, gate
from unsubscribe.actions import ImportedCounts, ImportedNo, Origin
from unsubscribe.actions.bulk import learn_and_lock, lock_known
from unsubscribe.addresses import Normalised, normalise
from unsubscribe.choices import Channel, Frequency, Outcome, Source, SuppressionReason
from unsubscribe.ledger import seals
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, Contact, OutboxMessage, Preference, Suppression

pytestmark = pytest.mark.django_db
T = TypeVar("T")
Test = TypeVar("Test", bound=Callable[..., object])
DAY = timedelta(days=1)
BEFORE = NOW - 30 * DAY
ORIGIN = Origin(Source.IMPORT, NOW, wording="as they had it", actor="Marta", note="Import 7")
OF_A_FILE = Origin(Source.IMPORT, NOW)
WHOLE = SuppressionReason.UNSUBSCRIBED_ALL


def needs_postgresql(test: Test) -> Test:
    """For a test of several connections at the same time; SQLite has one writer at a time."""
    for mark in (pytest.mark.postgresql_only, pytest.mark.django_db(transaction=True)):
        test = mark(test)
    return test


class World(NamedTuple):
    """The same people twice, under addresses of their own, so that one world can be compared with the other."""

    name: str
    channel: Channel

    def normalised(self, who: str, channel: Channel | None = None) -> Normalised:
        channel = channel or self.channel
        is_mail = channel == Channel.EMAIL
        number = crc32(f"{who} of {self.name}".encode())
        return normalise(f"{who}@{self.name}.example.com" if is_mail else f"+49{number:010}", channel=channel)

    def meet(self, who: str, channel: Channel | None = None, **more: Any) -> Address:
        one = self.normalised(who, channel)
        fields = {"channel": one.channel, "value": one.value, "digest": one.digest, "created_at": BEFORE}
        more.setdefault("contact", ContactFactory.create(created_at=BEFORE))
        return AddressFactory.create(**fields | more)

    def said(self, who: str, *, is_hash: bool = False) -> ImportedNo:
        one = self.normalised(who)
        return ImportedNo(one.digest, "" if is_hash else one.value)


class Wish(NamedTuple):
    reason: SuppressionReason = WHOLE
    slug: str | None = None
    everywhere: bool = False

    @property
    def category_id(self) -> int | None:
        return CategoryFactory.create(slug=self.slug).pk if self.slug else None

    @property
    def about(self) -> dict[str, Any]:
        return {"reason": self.reason, "category_id": self.category_id, "everywhere": self.everywhere}


EVERYWHERE = Wish(everywhere=True)


def blocked(world: World, who: str, reason: SuppressionReason) -> None:
    actions.suppress([world.meet(who).pk], Origin(Source.STAFF, BEFORE), reason=reason)


def chose(world: World, who: str, **change: Any) -> None:
    wanted = actions.Wanted(world.meet(who).pk, CategoryFactory.create().pk, change)
    actions.set_preferences([wanted], Origin(Source.PAGE, BEFORE))


def left_everything(world: World, who: str) -> None:
    actions.opt_out([Target(world.meet(who).pk)], Origin(Source.ONE_CLICK, BEFORE))


def came_back(world: World, who: str) -> None:
    ada, news = world.meet(who), CategoryFactory.create()
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, BEFORE - DAY))
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, BEFORE, wording="Yes"))


def was_erased(world: World, who: str) -> None:
    actions.erase([world.meet(who).contact_id], Origin(Source.PAGE, BEFORE))


def has_another(world: World, who: str) -> None:
    """The other one is in the file as well."""
    world.meet(f"{who}-2", contact=world.meet(who).contact)


def has_another_that_was_chosen_for(world: World, who: str) -> None:
    has_another(world, who)
    ada = Address.objects.get(digest=world.normalised(f"{who}-2").digest)
    actions.opt_down(
        [Target(ada.pk, CategoryFactory.create().pk)], Origin(Source.PAGE, BEFORE), frequency=Frequency.DAILY
    )


def left_elsewhere(world: World, who: str) -> None:
    """On another channel: a block there, and a no to news."""
    post = world.meet(who, Channel.WHATSAPP, contact=world.meet(who).contact)
    actions.opt_out([Target(post.pk, CategoryFactory.create().pk)], Origin(Source.PAGE, BEFORE))
    actions.suppress([post.pk], Origin(Source.IMPORT, BEFORE), reason=WHOLE)


def is_blocked_elsewhere_under_the_same_number(world: World, who: str) -> None:
    """Of the address itself nobody knows yet."""
    blocked(world._replace(channel=Channel.PHONE), who, WHOLE)


def left_offers(world: World, who: str) -> None:
    offers = CategoryFactory.create(slug="offers")
    actions.opt_out([Target(world.meet(who).pk, offers.pk)], Origin(Source.PAGE, BEFORE))


PAST: dict[str, Callable[[World, str], object]] = {
    "stranger": lambda world, who: None,
    "silent": World.meet,
    "chooser": lambda world, who: world.meet(who, contact=ContactFactory.create(only_chosen=True, created_at=BEFORE)),
    "hash": lambda world, who: world.meet(who, value=""),
    "erased": was_erased,
    "left": left_everything,
    "back": came_back,
    "complained": partial(blocked, reason=SuppressionReason.COMPLAINT),
    "imported": partial(blocked, reason=WHOLE),
    "bounced": partial(blocked, reason=SuppressionReason.HARD_BOUNCE),
    "barred": partial(blocked, reason=SuppressionReason.MANUAL),
    "reader": partial(chose, state="subscribed"),
    "leaver": partial(chose, state="unsubscribed", frequency="weekly"),
    "weekly": partial(chose, frequency="weekly", paused_until=NOW.date() + 10 * DAY),
    "monthly": partial(chose, state="subscribed", frequency="monthly"),
    "twofold": has_another,
    "twofold-chooser": has_another_that_was_chosen_for,
    "elsewhere": left_elsewhere,
    "number": is_blocked_elsewhere_under_the_same_number,
    "offers": left_offers,
}
LISTED = [*PAST, "twofold-2", "twofold-chooser-2"]


def two_worlds(channel: Channel = Channel.EMAIL) -> list[World]:
    worlds = [World("one", channel), World("other", channel)]
    for world in worlds:
        for who, past in PAST.items():
            past(world, who)
    return worlds


def one_by_one(said: Sequence[ImportedNo], wish: Wish, *, channel: Channel, now: datetime) -> ImportedCounts:
    """Each of the file once: what it says twice of somebody, or of two addresses of theirs, is said once."""
    new, done = 0, set()
    for one in said:
        known = actions.learn([Normalised(channel, one.value, one.digest)], now=now)[one.digest]
        who = known.contact_id if wish.category_id or wish.everywhere else known.address_id
        if who in done or Contact.objects.get(pk=known.contact_id).erased_at:
            continue
        done.add(who)
        if wish.category_id:
            new += len(actions.opt_out([Target(known.address_id, wish.category_id)], ORIGIN._replace(now=now)))
        elif wish.everywhere:
            meant = Suppression.objects.filter(everywhere=True)
            before = meant.count()
            actions.opt_out([Target(known.address_id)], ORIGIN._replace(now=now))
            new += meant.count() > before
        else:
            new += len(actions.suppress([known.address_id], ORIGIN._replace(now=now), reason=wish.reason))
    return ImportedCounts(new, len({one.digest for one in said}) - new, 0)


def in_bulk(said: Sequence[ImportedNo], wish: Wish, *, channel: Channel, now: datetime) -> ImportedCounts:
    options: dict[str, Any] = wish.about | {"channel": channel}
    foreseen = actions.preview_opt_outs(said, ORIGIN._replace(now=now), **options)
    assert actions.import_opt_outs(said, ORIGIN._replace(now=now), **options) == foreseen
    return foreseen


def everything_about(world: World) -> dict[str, Any]:
    """All fields of all rows, with names in place of the ids."""
    own = {world.normalised(who, channel): who for who in LISTED for channel in (world.channel, Channel.WHATSAPP)}
    by_digest: dict[tuple[str, bytes], str] = {(one.channel, one.digest): who for one, who in own.items()}
    found = {}
    for row in Address.objects.select_related("contact"):
        if who := by_digest.get((row.channel, bytes(row.digest))):
            found[f"{who} {row.channel}"] = _about(row, by_digest, known=row.value in {one.value for one in own})
    return found


def _about(row: Address, by_digest: dict[tuple[str, bytes], str], *, known: bool) -> dict[str, Any]:
    contact = row.contact
    ours = {one.pk: by_digest[one.channel, bytes(one.digest)] for one in contact.addresses.all()}
    without = {"id", "contact_id", "address_id"}
    return {
        "address": (known, bool(row.value), row.channel, row.created_at, sorted(ours.values())),
        "contact": _fields(contact, {"id"}),
        "blocks": sorted((_fields(one, without) for one in row.suppressions.all()), key=str),
        "preferences": sorted((_fields(one, without) for one in contact.preferences.all()), key=str),
        "events": sorted(
            (_fields(one, without) | {"who": ours[one.address_id]} for one in contact.events.all()), key=str
        ),
        "mails": contact.outbox.count(),
    }


def _fields(row: Any, without: set[str]) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.fields if field.attname not in without}


WISHES = [
    Wish(WHOLE),
    EVERYWHERE,
    Wish(SuppressionReason.COMPLAINT),
    Wish(SuppressionReason.MANUAL),
    Wish(slug="news"),
    Wish(slug="partners"),
]


@pytest.mark.parametrize("wish", WISHES, ids=str)
def test_a_file_in_bulk_is_the_same_as_line_by_line(wish: Wish) -> None:
    done = []
    worlds = two_worlds()
    for world, verb in zip(worlds, (one_by_one, in_bulk), strict=True):
        said = [world.said(who, is_hash=who == "hash") for who in LISTED]
        done.append(verb(said, wish, channel=world.channel, now=NOW))
    assert done[0] == done[1]
    assert done[0].new > 5
    one, other = map(everything_about, worlds)
    assert one == other
    assert {event["source"] for event in other["stranger email"]["events"]} == {Source.IMPORT}


@pytest.mark.parametrize(("seed", "channel"), [(1, Channel.EMAIL), (2, Channel.SMS), (3, Channel.SMS)])
def test_so_are_files_one_after_the_other_with_lines_that_repeat(seed: int, channel: Channel) -> None:
    dice = random.Random(seed)
    worlds = two_worlds(channel)
    hashes = {"hash", *dice.choices(LISTED, k=5)}
    for hour in range(4):
        named, wish = dice.choices(LISTED, k=30), dice.choice(WISHES)
        done = []
        for world, verb in zip(worlds, (one_by_one, in_bulk), strict=True):
            said = [world.said(who, is_hash=who in hashes) for who in named]
            done.append(verb(said, wish, channel=channel, now=NOW + timedelta(hours=hour)))
        assert done[0] == done[1]
    one, other = map(everything_about, worlds)
    assert one == other


def emails(number: int, name: str = "reader") -> list[Normalised]:
    return [normalise(f"{name}{n}@example.com") for n in range(number)]


def listed(addresses: Sequence[Normalised], at: datetime | None = None) -> list[ImportedNo]:
    return [ImportedNo(one.digest, one.value, at) for one in addresses]


def take(said: Sequence[ImportedNo], origin: Origin = OF_A_FILE, **about: Any) -> ImportedCounts:
    return actions.import_opt_outs(said, origin, channel=Channel.EMAIL, **about)


@pytest.mark.parametrize("slug", ["news", None])
def test_a_second_time_nothing_is_written(slug: str | None) -> None:
    category_id = Wish(slug=slug).category_id
    said = listed(emails(20))
    assert take(said, category_id=category_id) == ImportedCounts(20, 0, 0)
    assert take([*said, *said], OF_A_FILE._replace(now=NOW + DAY), category_id=category_id) == ImportedCounts(0, 20, 0)
    assert Contact.objects.count() == Address.objects.count() == ConsentEvent.objects.count() == 20
    assert set(ConsentEvent.objects.values_list("at", flat=True)) == {NOW}


@pytest.mark.parametrize("verb", [actions.import_opt_outs, actions.preview_opt_outs])
def test_a_file_without_lines_changes_nothing(verb: Callable[..., ImportedCounts]) -> None:
    assert verb([], Origin(Source.IMPORT, NOW), channel=Channel.EMAIL) == ImportedCounts(0, 0, 0)
    assert actions.learn_many([], now=NOW) == 0


@pytest.mark.parametrize("slug", ["news", "partners", None])
def test_a_preview_writes_nothing_and_draws_no_number(slug: str | None) -> None:
    category_id = Wish(slug=slug).category_id
    actions.learn_many(emails(5), now=NOW)
    preview = actions.preview_opt_outs(
        listed(emails(9)), Origin(Source.IMPORT, NOW), channel=Channel.EMAIL, category_id=category_id
    )
    assert preview == ImportedCounts(9, 0, 0)
    assert Address.objects.count() == 5
    assert not ConsentEvent.objects.exists()
    [later] = actions.learn(emails(1, "later"), now=NOW).values()
    assert later.address_id == Address.objects.exclude(id=later.address_id).latest("id").pk + 1


@pytest.mark.parametrize("wish", [Wish(slug="news"), Wish(), EVERYWHERE], ids=str)
def test_as_many_statements_for_many_as_for_one(wish: Wish) -> None:
    options: dict[str, Any] = {"category_id": wish.category_id, "everywhere": wish.everywhere}

    def statements(size: int) -> list[int]:
        """For a file of strangers, of people known, and of those it was true of already; and for learning."""
        actions.learn_many(emails(size, f"known{size}."), now=NOW)
        counts = []
        for name in ("new", "known", "new"):
            with CaptureQueriesContext(connection) as queries:
                take(listed(emails(size, f"{name}{size}."), at=NOW), **options)
            counts.append(len(queries))
        with CaptureQueriesContext(connection) as queries:
            actions.learn_many(emails(size, f"stranger{size}."), now=NOW)
        return [*counts, len(queries)]

    few, many = statements(1), statements(300)
    assert few == many
    assert max(many) < 30


def test_the_gate_refuses_everybody_on_the_list(news: Category) -> None:
    everybody, leavers = emails(30), emails(10, "leaver")
    actions.learn_many([*everybody[::2], *leavers[::2]], now=NOW)
    take(listed(everybody))
    take(listed(leavers), category_id=news.pk)
    decisions = gate.check([one.value for one in [*everybody, *leavers]], Mailing(news), now=NOW)
    assert [one.outcome for one in decisions] == [Outcome.SUPPRESSED] * 30 + [Outcome.UNSUBSCRIBED] * 10


def test_nobody_gets_a_mail_about_it(news: Category) -> None:
    for source in (Source.IMPORT, Source.STAFF):
        take(listed(emails(3, source)), Origin(source, NOW))
        take(listed(emails(3, source)), Origin(source, NOW), category_id=news.pk)
    assert not OutboxMessage.objects.exists()


def test_the_ledger_can_be_sealed_and_verified(news: Category) -> None:
    said = listed(emails(10))
    take(said, OF_A_FILE._replace(note="Ünsere Liste", wording='Sie schrieb: "nein"'))
    take(said, category_id=news.pk)
    assert seals.seal(now=NOW)
    take(listed(emails(20)), category_id=news.pk)
    assert seals.seal(now=NOW)
    assert list(seals.verify()) == []
    assert seals.summary().unsealed == 0


def test_a_category_people_cannot_leave_becomes_everything(news: Category) -> None:
    receipts = CategoryFactory.create(transactional=True)
    assert take(listed(emails(2)), category_id=receipts.pk) == ImportedCounts(2, 0, 0)
    assert take(listed(emails(3)), category_id=999_999) == ImportedCounts(1, 2, 0)
    assert Suppression.objects.filter(reason=WHOLE).count() == 3
    assert not Preference.objects.exists()


def test_a_category_is_left_not_blocked_for_another_reason(news: Category) -> None:
    with pytest.raises(ValueError, match="opt-out"):
        take(listed(emails(1)), category_id=news.pk, reason=SuppressionReason.MANUAL)


def test_everywhere_is_every_address_of_the_contact_and_those_learnt_later(ada: Address, news: Category) -> None:
    bob, later = AddressFactory.create(contact=ada.contact), normalise("+49 30 123456", channel=Channel.SMS)
    said = [ImportedNo(bytes(ada.digest), ada.value)]
    assert take(said, everywhere=True) == ImportedCounts(1, 0, 0)
    assert take(said, everywhere=True) == ImportedCounts(0, 1, 0)
    actions.add_addresses(ada.contact_id, [later], now=NOW)
    assert gate.check([bob.value], Mailing(news), now=NOW)[0].outcome == Outcome.SUPPRESSED
    assert Suppression.objects.filter(everywhere=True, address__contact=ada.contact_id).count() == 3
    with pytest.raises(ValueError, match="not about a category"):
        take(said, everywhere=True, category_id=news.pk)


def opts_out(ada: Address) -> None:
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, NOW))


def is_on_the_list(ada: Address) -> None:
    take([ImportedNo(bytes(ada.digest), ada.value)], everywhere=True)


@pytest.mark.parametrize("say_it", [opts_out, is_on_the_list])
def test_everywhere_covers_what_is_learnt_later_although_every_address_was_blocked_before(
    say_it: Callable[[Address], None], ada: Address
) -> None:
    take([ImportedNo(bytes(ada.digest), ada.value)])
    say_it(ada)
    say_it(ada)
    [phone] = actions.add_addresses(ada.contact_id, [normalise("+49 30 123456", channel=Channel.SMS)], now=NOW)
    assert phone.suppressions.filter(lifted_at=None).exists()


def test_to_take_back_an_everywhere_leaves_what_was_blocked_before(ada: Address) -> None:
    take([ImportedNo(bytes(ada.digest), ada.value)])
    bob = AddressFactory.create(contact=ada.contact)
    events = actions.opt_out([Target(bob.pk)], Origin(Source.PAGE, NOW))
    actions.undo([one.pk for one in events], Origin(Source.PAGE, NOW))
    assert list(Suppression.objects.filter(lifted_at=None).values_list("address", flat=True)) == [ada.pk]


@pytest.mark.parametrize("wish", [Wish(), EVERYWHERE, Wish(SuppressionReason.COMPLAINT), Wish(slug="news")], ids=str)
def test_the_campaign_it_came_from_stands_in_the_ledger(wish: Wish, ada: Address, news: Category) -> None:
    june = CampaignFactory.create(category=news)
    take(
        [ImportedNo(bytes(ada.digest), ada.value)],
        reason=wish.reason,
        category_id=wish.category_id,
        everywhere=wish.everywhere,
        campaign_id=june.pk,
    )
    assert ConsentEvent.objects.get().campaign == june
    assert [one.campaign for one in Suppression.objects.all()] == ([] if wish.slug else [june])


def test_a_value_is_filled_in_as_soon_as_somebody_knows_it() -> None:
    [ada, bob] = emails(2)
    assert take([ImportedNo(ada.digest), ImportedNo(bob.digest)]) == ImportedCounts(2, 0, 0)
    assert set(Address.objects.values_list("value", flat=True)) == {""}
    actions.preview_opt_outs(listed([ada]), Origin(Source.IMPORT, NOW), channel=Channel.EMAIL)
    assert set(Address.objects.values_list("value", flat=True)) == {""}
    assert take([ImportedNo(ada.digest), *listed([ada])]) == ImportedCounts(0, 1, 0)
    assert set(Address.objects.values_list("value", flat=True)) == {"", ada.value}
    assert take([ImportedNo(ada.digest)]) == ImportedCounts(0, 1, 0)
    assert Address.objects.get(digest=ada.digest).value == ada.value
    assert Contact.objects.count() == 2


def test_the_value_of_one_who_was_erased_stays_away(ada: Address) -> None:
    actions.erase([ada.contact_id], Origin(Source.PAGE, NOW))
    assert take([ImportedNo(bytes(ada.digest), "ada@example.com")]) == ImportedCounts(0, 1, 0)
    assert Address.objects.get().value == ""


def test_of_two_lines_the_later_no_counts_and_one_without_a_time_most_of_all(ada: Address, news: Category) -> None:
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW, wording="Yes"))
    preview = partial(
        actions.preview_opt_outs, origin=Origin(Source.IMPORT, NOW + DAY), channel=Channel.EMAIL, category_id=news.pk
    )
    early, late, undated = (ImportedNo(bytes(ada.digest), ada.value, at) for at in (NOW - DAY, NOW + DAY, None))
    assert preview([early, early]) == ImportedCounts(0, 0, 1)
    for lines in ([early, late], [late, early], [early, undated], [undated, early], [late, undated]):
        assert preview(lines) == ImportedCounts(1, 0, 0)


def says_yes(ada: Address, slug: str = "news", *, source: Source = Source.PAGE, **more: Any) -> None:
    wanted = actions.Wanted(ada.pk, CategoryFactory.create(slug=slug).pk, {"state": "subscribed"}, **more)
    actions.set_preferences([wanted], Origin(source, NOW, wording="Yes"))


def comes_back(ada: Address) -> None:
    actions.opt_out([Target(ada.pk)], Origin(Source.ONE_CLICK, NOW - 20 * DAY))
    says_yes(ada)


def comes_back_elsewhere(ada: Address) -> None:
    phone = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, value="+4930123456", digest=b"p" * 32)
    actions.suppress([phone.pk], Origin(Source.SMS, NOW - 20 * DAY), reason=WHOLE)
    says_yes(phone, source=Source.SMS)


def is_freed_by_staff(ada: Address, reason: SuppressionReason = SuppressionReason.MANUAL) -> None:
    actions.suppress([ada.pk], Origin(Source.STAFF, NOW - 20 * DAY), reason=reason)
    actions.lift([ada.pk], Origin(Source.STAFF, NOW), reason=reason)


def undoes_it(ada: Address) -> None:
    [left] = actions.opt_out([Target(ada.pk)], Origin(Source.ONE_CLICK, NOW - DAY))
    actions.undo([left.pk], Origin(Source.PAGE, NOW))


def changes_her_mind_twice(ada: Address) -> None:
    says_yes(ada)
    actions.opt_out([Target(ada.pk, CategoryFactory.create().pk)], Origin(Source.PAGE, NOW + DAY))


def is_brought_by_another(ada: Address, *, but: Callable[[Address], None]) -> None:
    """Subscribed to news since long ago, by no word of their own; what they say themselves is about something else."""
    says_yes(ada, source=Source.API)
    but(ada)


def reads_less(ada: Address) -> None:
    actions.opt_down(
        [Target(ada.pk, CategoryFactory.create().pk)], Origin(Source.PAGE, NOW), frequency=Frequency.WEEKLY
    )


def takes_it_back(ada: Address) -> None:
    says_yes(ada)
    actions.undo([ConsentEvent.objects.get().pk], Origin(Source.PAGE, NOW + DAY))


def says_yes_early_and_late(ada: Address) -> None:
    target = Target(ada.pk, CategoryFactory.create().pk)
    for now in (NOW - 400 * DAY, NOW):
        actions.opt_in([target], Origin(Source.PAGE, now, wording="Yes"))


def undoes_leaving(ada: Address) -> None:
    [left] = actions.opt_out([Target(ada.pk, CategoryFactory.create().pk)], Origin(Source.ONE_CLICK, NOW - 2 * DAY))
    actions.undo([left.pk], Origin(Source.PAGE, NOW))


def leaves_after_an_undo(ada: Address) -> None:
    undoes_leaving(ada)
    actions.opt_out([Target(ada.pk, CategoryFactory.create().pk)], Origin(Source.PAGE, NOW))


TAKEN, SO, OVERTAKEN = ImportedCounts(1, 0, 0), ImportedCounts(0, 1, 0), ImportedCounts(0, 0, 1)
BOUNCE = Wish(SuppressionReason.HARD_BOUNCE)
YES = [
    ("a yes to the same category", says_yes, Wish(slug="news"), OVERTAKEN),
    ("a yes in a text message", partial(says_yes, source=Source.SMS), Wish(slug="news"), OVERTAKEN),
    ("a yes that somebody else brought", partial(says_yes, source=Source.API), Wish(slug="news"), TAKEN),
    ("a yes to another category", partial(says_yes, slug="offers"), Wish(slug="news"), TAKEN),
    ("a yes on another channel", partial(says_yes, channel="sms"), Wish(slug="news"), TAKEN),
    (
        "and one to another",
        partial(is_brought_by_another, but=partial(says_yes, slug="offers")),
        Wish(slug="news"),
        TAKEN,
    ),
    (
        "and one elsewhere",
        partial(is_brought_by_another, but=partial(says_yes, channel="sms")),
        Wish(slug="news"),
        TAKEN,
    ),
    ("and less of it", partial(is_brought_by_another, but=reads_less), Wish(slug="news"), TAKEN),
    ("a yes that was undone", takes_it_back, Wish(slug="news"), TAKEN),
    ("a yes after which they left", changes_her_mind_twice, Wish(slug="news"), SO),
    ("a yes that was repeated, not by the one that came first", says_yes_early_and_late, Wish(slug="news"), OVERTAKEN),
    ("an undo of that no", undoes_leaving, Wish(slug="news"), OVERTAKEN),
    ("an undo after which they left, undone by nobody", leaves_after_an_undo, Wish(slug="news"), SO),
    ("a yes to all there is", says_yes, Wish(), OVERTAKEN),
    ("and for a complaint", says_yes, Wish(SuppressionReason.COMPLAINT), OVERTAKEN),
    ("a yes to all there is, and again", says_yes_early_and_late, Wish(), OVERTAKEN),
    ("a yes to another channel", partial(says_yes, channel="sms"), Wish(), TAKEN),
    ("a block that the person lifted", comes_back, Wish(), OVERTAKEN),
    ("a complaint, after which the person lifted a block", comes_back, Wish(SuppressionReason.COMPLAINT), OVERTAKEN),
    ("an undo", undoes_it, Wish(), OVERTAKEN),
    ("coming back to the same category", comes_back, Wish(slug="news"), OVERTAKEN),
    ("coming back to another one", comes_back, Wish(slug="offers"), TAKEN),
    ("a block that staff lifted", is_freed_by_staff, Wish(), TAKEN),
    ("a block of hers that she lifted", comes_back, EVERYWHERE, OVERTAKEN),
    ("one of another address of hers", comes_back_elsewhere, EVERYWHERE, OVERTAKEN),
    ("which is none of this address", comes_back_elsewhere, Wish(), TAKEN),
    ("a yes to all there is, everywhere", says_yes, EVERYWHERE, OVERTAKEN),
    ("a bounce is no word of the person", comes_back, BOUNCE, TAKEN),
    ("but when it was lifted it is over", partial(is_freed_by_staff, reason=BOUNCE.reason), BOUNCE, OVERTAKEN),
    ("and so is a block by staff", is_freed_by_staff, Wish(SuppressionReason.MANUAL), OVERTAKEN),
    ("a yes is no word about a bounce", says_yes, BOUNCE, TAKEN),
]


@pytest.mark.parametrize(("past", "wish", "early"), [row[1:] for row in YES], ids=[row[0] for row in YES])
def test_a_yes_of_the_person_overtakes_an_earlier_no(
    past: Callable[[Address], None], wish: Wish, early: ImportedCounts, ada: Address
) -> None:
    past(ada)
    options: dict[str, Any] = wish.about | {"channel": Channel.EMAIL}
    origin = Origin(Source.IMPORT, NOW + 2 * DAY)
    lines = ConsentEvent.objects.count()
    with transaction.atomic():
        said = [ImportedNo(bytes(ada.digest), ada.value, NOW - DAY)]
        assert actions.preview_opt_outs(said, origin, **options) == early
        assert actions.import_opt_outs(said, origin, **options) == early
        assert ConsentEvent.objects.count() == lines + early.new
        transaction.set_rollback(True)
    for at in (NOW, NOW + DAY, None):
        late = SO if early == SO else TAKEN
        said = [ImportedNo(bytes(ada.digest), ada.value, at)]
        assert actions.preview_opt_outs(said, origin, **options) == late


@pytest.mark.parametrize("wish", [Wish(), EVERYWHERE, Wish(SuppressionReason.COMPLAINT)], ids=str)
def test_an_old_no_to_everything_leaves_what_they_said_yes_to_since_and_nothing_else(wish: Wish, ada: Address) -> None:
    for slug in ("news", "offers", "tips", "partners"):
        CategoryFactory.create(slug=slug, needs_opt_in=slug == "partners")
    phone = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
    says_yes(ada, "news")
    actions.set_preferences(
        [actions.Wanted(ada.pk, CategoryFactory.create(slug="tips").pk, {"state": "subscribed"})],
        Origin(Source.PAGE, NOW - 9 * DAY, wording="Yes"),
    )
    # Less of it since, which is no yes.
    actions.opt_down(
        [Target(ada.pk, CategoryFactory.create(slug="tips").pk)], Origin(Source.PAGE, NOW), frequency=Frequency.WEEKLY
    )
    options: dict[str, Any] = wish.about | {"channel": Channel.EMAIL}
    origin = Origin(Source.IMPORT, NOW + DAY)
    mails = OutboxMessage.objects.count()
    said = [ImportedNo(bytes(ada.digest), ada.value, NOW - DAY)]
    assert actions.preview_opt_outs(said, origin, **options) == TAKEN
    assert actions.import_opt_outs(said, origin, **options) == TAKEN
    answers = {}
    for one in (ada, phone):
        for slug in ("news", "offers", "tips"):
            [decision] = gate.check(
                [one.value], Mailing(CategoryFactory.create(slug=slug), channel=Channel(one.channel)), now=NOW + DAY
            )
            answers[one.channel, slug] = decision.outcome
    elsewhere = Outcome.UNSUBSCRIBED if wish.everywhere else Outcome.SEND
    assert answers == {
        ("email", "news"): Outcome.SEND,
        ("email", "offers"): Outcome.UNSUBSCRIBED,
        ("email", "tips"): Outcome.UNSUBSCRIBED,
        **{("sms", slug): elsewhere for slug in ("news", "offers", "tips")},
    }
    assert not Suppression.objects.exists()
    assert OutboxMessage.objects.count() == mails
    assert actions.import_opt_outs(said, origin, **options) == OVERTAKEN


def test_of_several_who_said_yes_since_each_is_counted_whatever_they_said(ada: Address) -> None:
    bob = AddressFactory.create(text="bob@example.com")
    comes_back(ada)
    says_yes(bob)
    said = [ImportedNo(bytes(one.digest), one.value, NOW - DAY) for one in (ada, bob)]
    assert actions.preview_opt_outs(said, Origin(Source.IMPORT, NOW + DAY), channel=Channel.EMAIL) == ImportedCounts(
        0, 0, 2
    )
    assert take(said, OF_A_FILE._replace(now=NOW + DAY)) == ImportedCounts(0, 0, 2)


def test_of_a_moment_to_come_the_present_counts(ada: Address, news: Category) -> None:
    says_yes(ada)
    said, late = [ImportedNo(bytes(ada.digest), ada.value, NOW + 900 * DAY)], OF_A_FILE._replace(now=NOW + 3 * DAY)
    take(said, OF_A_FILE._replace(now=NOW + DAY), category_id=news.pk)
    actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, NOW + 2 * DAY, wording="Yes"))
    assert take(said, late, category_id=news.pk) == TAKEN  # somebody says so once more, as of today
    assert take([said[0]._replace(at=NOW + DAY)], late, category_id=news.pk) == SO


@transaction.atomic
def gives_up(said: Sequence[ImportedNo]) -> None:
    take(said)
    raise RuntimeError


def test_a_call_that_fails_leaves_nothing_and_others_may_share_a_transaction(news: Category) -> None:
    with pytest.raises(RuntimeError):
        gives_up(listed(emails(3)))
    with transaction.atomic():
        assert take(listed(emails(3))) == ImportedCounts(3, 0, 0)
        assert take(listed(emails(4)), category_id=news.pk) == ImportedCounts(4, 0, 0)
    assert Address.objects.count() == 4


@pytest.mark.parametrize("options", [{}, {"language": "de", "only_chosen": True}])
def test_learning_many_is_the_same_as_learning(options: dict[str, Any]) -> None:
    some, others = emails(6), emails(6, "other")
    actions.learn([some[0], others[0]], now=BEFORE)
    learnt = actions.learn([*some, some[1]], now=NOW, **options)
    assert actions.learn_many([*others, others[1]], now=NOW, **options) == 5
    assert actions.learn_many(others, now=NOW, **options) == 0
    assert len(learnt) == 6
    one, other = (
        [
            (_fields(row, {"id", "value", "digest", "contact_id"}), _fields(row.contact, {"id"}))
            for row in Address.objects.filter(digest__any_of=[one.digest for one in addresses]).order_by("value")
        ]
        for addresses in (some, others)
    )
    assert one == other
    assert Contact.objects.count() == 12
    assert not ConsentEvent.objects.exists()


def test_who_is_held_is_known_on_every_channel_and_nothing_is_written_about_them() -> None:
    some = [normalise("+49 30 123456", channel=one) for one in (Channel.WHATSAPP, Channel.SMS)] + emails(2)
    actions.learn(some[:1], now=BEFORE)
    for _ in range(2):
        with transaction.atomic():
            learn_and_lock([*some, some[1]], now=NOW)
            assert lock_known(some) == {(str(one.channel), one.digest) for one in some}
        assert Contact.objects.count() == Address.objects.count() == len(some)
    assert not ConsentEvent.objects.exists()


def test_ids_are_never_given_twice() -> None:
    """Neither those of rows that are gone, nor by the next verb in the usual way."""
    take(listed(emails(3)))
    gone = Contact.objects.create(created_at=NOW)
    Contact.objects.filter(id=gone.pk).delete()
    take(listed(emails(2, "later")))
    actions.learn(emails(2, "last"), now=NOW)
    take(listed(emails(2, "latest")))
    ids = list(Contact.objects.order_by("id").values_list("id", flat=True))
    assert len(ids) == 9
    assert gone.pk not in ids
    assert Address.objects.count() == 9


@needs_postgresql
def test_eight_imports_at_once_write_every_line_once() -> None:
    everybody, done = emails(1200), []

    def act(number: int) -> None:
        mine = everybody[number * 100 : number * 100 + 500]
        done.append(take(listed(mine if number % 2 else mine[::-1])))

    at_once(act)
    assert sum(one.new for one in done) == len(everybody)
    assert Contact.objects.count() == Address.objects.count() == len(everybody)
    assert Suppression.objects.count() == ConsentEvent.objects.count() == len(everybody)


@needs_postgresql
def test_an_import_and_all_the_other_verbs_at_once_wait_for_each_other_in_no_circle(now: datetime) -> None:
    news, readers, strangers = (
        CategoryFactory.create().pk,
        [AddressFactory.create() for _ in range(30)],
        emails(60, "stranger"),
    )
    on_the_list = [*(ImportedNo(bytes(one.digest), one.value) for one in readers), *listed(strangers)]
    dice = random.Random(1)
    orders = [dice.sample(readers, len(readers)) for _ in range(8)]

    def act(number: int) -> None:
        targets = [Target(one.pk) for one in orders[number]]
        if number % 4 == 0:
            take(dice.sample(on_the_list, len(on_the_list)), category_id=news if number else None)
        elif number % 4 == 1:
            actions.opt_out(targets, Origin(Source.MAILTO, now))
        elif number % 4 == 2:
            for target in targets:
                actions.opt_out([target], Origin(Source.ONE_CLICK, now))
        else:
            for one, later in zip(orders[number], strangers, strict=False):
                actions.add_addresses(one.contact_id, [later], now=now)
            actions.learn_many(strangers[::-1], now=now)

    at_once(act)
    assert Address.objects.count() == len(on_the_list)
    assert Suppression.objects.count() == len(on_the_list)
    assert ConsentEvent.objects.filter(category=None).exclude(kind="again").count() == len(on_the_list)


def waiting(pool: Executor, call: Callable[[], T]) -> Future[T]:
    """Begun by another, who waits for what the test's own transaction holds."""

    def run() -> T:
        try:
            return call()
        finally:
            connection.close()

    def waits() -> bool:
        with connection.cursor() as cursor:
            # Within a transaction the list of sessions is kept as it was when it was first asked for.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database())"
            )
            return bool(cursor.fetchone()[0])

    future = pool.submit(run)
    wait_until(waits)
    return future


@needs_postgresql
@pytest.mark.parametrize("verb", [take, lambda said: actions.learn_many([_learnable(one) for one in said], now=NOW)])
def test_whom_somebody_else_learns_first_is_one_contact(verb: Callable[[Sequence[ImportedNo]], object]) -> None:
    three = emails(3)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            actions.learn(three[1:2], now=NOW)
            imported = waiting(pool, lambda: verb(listed(three)))
        assert imported.result() in {ImportedCounts(3, 0, 0), 2}
    assert Contact.objects.count() == Address.objects.count() == 3


def _learnable(one: ImportedNo) -> Normalised:
    return Normalised(Channel.EMAIL, one.value, one.digest)


@needs_postgresql
def test_who_learns_further_addresses_of_a_locked_contact_does_not_wait_for_the_import_that_waits_for_them(
    ada: Address,
) -> None:
    [later] = emails(1)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            actions.pause([Target(ada.pk)], Origin(Source.PAGE, NOW), until=NOW.date())
            imported = waiting(pool, lambda: take([ImportedNo(bytes(ada.digest)), *listed([later])]))
            assert len(actions.add_addresses(ada.contact_id, [later], now=NOW)) == 1
        assert imported.result() == ImportedCounts(2, 0, 0)
    assert Suppression.objects.filter(address__contact=ada.contact_id).count() == 2
    assert ConsentEvent.objects.filter(kind="opt_out", contact=ada.contact_id).count() == 2
    assert Contact.objects.count() == 1


@needs_postgresql
@pytest.mark.parametrize("slug", ["news", None])
def test_whoever_clicks_a_moment_before_has_said_it(slug: str | None, ada: Address) -> None:
    category_id = Wish(slug=slug).category_id
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            actions.opt_out([Target(ada.pk, category_id)], Origin(Source.ONE_CLICK, NOW))
            imported = waiting(pool, lambda: take([ImportedNo(bytes(ada.digest))], category_id=category_id))
        assert imported.result() == ImportedCounts(0, 1, 0)
    clicked, again = ConsentEvent.objects.order_by("id")
    assert (clicked.source, again.kind, again.source) == (Source.ONE_CLICK, "again", Source.IMPORT)


@needs_postgresql
def test_a_no_is_the_contacts_whom_the_address_joined_in_that_moment(ada: Address, news: Category) -> None:
    [later] = emails(1)
    actions.learn([later], now=NOW)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert len(actions.add_addresses(ada.contact_id, [later], now=NOW)) == 1
            imported = waiting(pool, lambda: take(listed([later]), category_id=news.pk))
        assert imported.result() == ImportedCounts(1, 0, 0)
    assert Preference.objects.get().contact == ada.contact
    assert ConsentEvent.objects.get().contact == ada.contact


@needs_postgresql
def test_an_address_does_not_move_while_an_import_writes_about_it(ada: Address, news: Category) -> None:
    [later] = emails(1)
    actions.learn([later], now=NOW)

    def add() -> list[Address]:
        try:
            return actions.add_addresses(ada.contact_id, [later], now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        assert take(listed([later]), category_id=news.pk) == ImportedCounts(1, 0, 0)
        assert pool.submit(add).result(timeout=PATIENCE) == []
    assert Address.objects.get(digest=later.digest).contact == Preference.objects.get().contact != ada.contact
