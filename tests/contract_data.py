"""What the API has to tell while .ci/contract calls it: one of everything an id can name."""

from django.utils import timezone

from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Source
from unsubscribe.links import Target
from unsubscribe.models import Category

now = timezone.now()
news = Category.objects.create(slug="news", name="Product news")
campaign = actions.campaign_named("June", category=news, now=now)
known = actions.learn([normalise("ada@example.com"), normalise("bob@example.com")], now=now)
for one in known.values():
    actions.opt_out([Target(one.address_id, news.pk, campaign.pk if campaign else None)], Origin(Source.PAGE, now))
