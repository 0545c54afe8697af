"""The cast: Ada subscribes, Bob complained, Cleo bounced, Dan is unknown. All through the engine's own verbs."""

from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from unsubscribe.addresses import gmail_digest, normalise
from unsubscribe.choices import Channel, Purpose
from unsubscribe.models import Address, Campaign, Category, Contact

ADA, BOB, CLEO, DAN = "ada@example.com", "bob@example.com", "cleo@example.com", "dan@example.com"


class CategoryFactory(DjangoModelFactory[Category]):
    class Meta:
        model = Category
        django_get_or_create = ("slug",)

    slug = "news"
    name = factory.LazyAttribute(lambda o: o.slug.replace("-", " ").capitalize())

    class Params:
        transactional = factory.Trait(slug="receipts", purpose=Purpose.TRANSACTIONAL)
        opt_in = factory.Trait(slug="partners", needs_opt_in=True)


class CampaignFactory(DjangoModelFactory[Campaign]):
    class Meta:
        model = Campaign

    category = factory.SubFactory(CategoryFactory)
    name = factory.Sequence("Issue {}".format)
    created_at = factory.LazyFunction(timezone.now)


class ContactFactory(DjangoModelFactory[Contact]):
    class Meta:
        model = Contact

    created_at = factory.LazyFunction(timezone.now)


class AddressFactory(DjangoModelFactory[Address]):
    class Meta:
        model = Address

    class Params:
        text = factory.Sequence("reader{}@example.com".format)

    contact = factory.SubFactory(ContactFactory)
    channel = Channel.EMAIL
    created_at = factory.LazyFunction(timezone.now)

    value = factory.LazyAttribute(lambda o: normalise(o.text, channel=Channel(o.channel)).value)
    digest = factory.LazyAttribute(lambda o: normalise(o.text, channel=Channel(o.channel)).digest)
    gmail_digest = factory.LazyAttribute(lambda o: gmail_digest(o.value))


def address(text: str = ADA, **kwargs: Any) -> Address:
    return AddressFactory.create(text=text, **kwargs)
