"""Short links: one for each target for ever, made many at once, and as hard to forge as 16 characters allow."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from tests.factories import AddressFactory, CampaignFactory, CategoryFactory
from tests.unsubscribe.links.test_lenient_links import BREAKS, GLUED_ON, IN_FRONT
from unsubscribe import actions, links, queries
from unsubscribe.errors import InsecureBaseUrl, InvalidLink, TooLargeForLink
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, Category, ShortLink

pytestmark = pytest.mark.django_db
FIRST, SECOND = "first-key" * 6, "second-key" * 6
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-_"


def token(url: str) -> str:
    return url.removeprefix("https://mail.example.com/s/")


def abouts(category: Category) -> list[Target]:
    campaign = CampaignFactory.create(category=category)
    return [Target(0), Target(0, category.pk), Target(0, category.pk, campaign.pk), Target(0, None, campaign.pk)]


def test_a_link_has_sixteen_characters_at_most_and_says_what_it_is_about(
    ada: Address, news: Category, now: datetime
) -> None:
    urls = [actions.short_links([ada.pk], about, now=now)[0] for about in abouts(news)]
    assert len(set(urls)) == 4
    for url, about in zip(urls, ShortLink.objects.order_by("id"), strict=True):
        assert re.fullmatch("[a-z2-7]{16}", token(url))
        target = Target(ada.pk, about.category_id, about.campaign_id)
        assert queries.short_link(token(url)) == (target, now.date())


def test_the_same_target_gets_the_same_link(ada: Address, news: Category, now: datetime) -> None:
    bob = AddressFactory.create(text="bob@example.com")
    for about in abouts(news):
        [first] = actions.short_links([ada.pk], about, now=now)
        later = now + timedelta(days=1)
        again = actions.short_links([bob.pk, ada.pk, bob.pk], about, now=later)
        assert again[1] == first
        assert again[0] == again[2] != first
        assert queries.short_link(token(first))[1] == later.date()
        assert actions.short_links([ada.pk], about, now=now) == [first]
        assert queries.short_link(token(first))[1] == later.date()  # it was handed out on that day
    assert ShortLink.objects.count() == 8


@pytest.mark.parametrize("many", [1, 2, 1500])
def test_many_are_made_in_a_fixed_number_of_queries(
    many: int, news: Category, now: datetime, django_assert_max_num_queries: Any
) -> None:
    ids = [one.pk for one in AddressFactory.create_batch(many)]
    with django_assert_max_num_queries(5):  # three, and the savepoint
        urls = actions.short_links(ids, Target(0, news.pk), now=now)
    assert [queries.short_link(token(url))[0].address_id for url in urls[-2:]] == ids[-2:]
    assert len(set(urls)) == many
    assert actions.short_links([], Target(0), now=now) == []


def test_asking_again_uses_up_no_numbers(news: Category, now: datetime) -> None:
    ids = [one.pk for one in AddressFactory.create_batch(3)]
    for _ in range(3):
        actions.short_links(ids[:2], Target(0, news.pk), now=now)
    actions.short_links(ids, Target(0, news.pk), now=now)
    numbers = list(ShortLink.objects.order_by("id").values_list("id", flat=True))
    assert numbers == list(range(numbers[0], numbers[0] + 3))


def test_an_address_that_does_not_exist_and_plain_http_are_refused(ada: Address, now: datetime, settings: Any) -> None:
    with pytest.raises(KeyError):
        actions.short_links([ada.pk + 1], Target(0), now=now)
    settings.UNSUBSCRIBE_BASE_URL = "http://mail.example.com"
    with pytest.raises(InsecureBaseUrl):
        actions.short_links([ada.pk], Target(0), now=now)


@pytest.mark.postgresql_only("SQLite lets one write at a time")
@pytest.mark.django_db(transaction=True)
def test_two_who_make_the_same_links_at_once_get_the_same(news: Category, now: datetime) -> None:
    ids = [one.pk for one in AddressFactory.create_batch(200)]

    def make(order: int) -> list[str]:
        try:
            return sorted(actions.short_links(ids[::order], Target(0, news.pk), now=now))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, [1, -1, 1, -1]))
    assert made == [made[0]] * 4
    assert ShortLink.objects.count() == 200


@pytest.mark.parametrize("number", [0, 1, 2**16, 2**32 - 1])
def test_a_number_is_read_back_in_any_case_with_anything_glued_on(number: int) -> None:
    [short] = links.sign_short([number])
    texts = [short, short.upper(), *(short + more for more in GLUED_ON), *(before + short for before in IN_FRONT)]
    texts += [short[:7] + between + short[7:] for between in BREAKS]
    for text in texts:
        assert links.read_short(text) == number


def test_a_number_beyond_the_range_is_refused_in_words() -> None:
    for number in (2**32, -1):
        with pytest.raises(TooLargeForLink):
            links.sign_short([number])


def test_nothing_else_is_a_short_link(ada: Address, now: datetime) -> None:
    [short] = links.sign_short([12345])
    forged = [short[:at] + one + short[at + 1 :] for at in range(16) for one in ALPHABET if one != short[at]]
    forged += [*(short[:end] for end in range(16)), f"{short}a", f"a{short}", "", "a" * 16, "ä" * 16, "\ud800"]
    forged += [links.sign(Target(12345), purpose=purpose, today=now.date()) for purpose in LinkPurpose]
    for text in forged:
        with pytest.raises(InvalidLink):
            links.read_short(text)
    for purpose in LinkPurpose:
        with pytest.raises(InvalidLink):
            links.read(short, purpose=purpose, today=now.date())


def test_a_row_that_is_not_there_is_no_link(now: datetime) -> None:
    with pytest.raises(InvalidLink):
        queries.short_link(links.sign_short([99])[0])


def test_keys_rotate_as_for_every_link() -> None:
    with override_settings(SECRET_KEY=FIRST, SECRET_KEY_FALLBACKS=[]):
        [short] = links.sign_short([7])
    with override_settings(SECRET_KEY=SECOND, SECRET_KEY_FALLBACKS=[FIRST]):
        assert links.read_short(short) == 7
        assert links.sign_short([7]) != [short]
    with override_settings(SECRET_KEY=SECOND, SECRET_KEY_FALLBACKS=[]), pytest.raises(InvalidLink):
        links.read_short(short)


def test_an_address_moved_to_another_contact_keeps_its_link(ada: Address, now: datetime) -> None:
    [url] = actions.short_links([ada.pk], Target(0, CategoryFactory.create(slug="offers").pk), now=now)
    Address.objects.filter(pk=ada.pk).update(contact=AddressFactory.create(text="bob@example.com").contact)
    assert queries.short_link(token(url))[0].address_id == ada.pk
