"""Makes the rows that short links name. What a link says is no consent, so the ledger does not know of it."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import BigIntegerField, DateField, Exists, F, OuterRef, QuerySet, Value
from django.utils import timezone

from .. import links
from ..links import Target
from ..models import Address, ShortLink

_COLUMNS = ("address_id", "category_id", "campaign_id", "issued_on")


@transaction.atomic
def short_links(address_ids: Sequence[int], about: Target, *, now: datetime) -> list[str]:
    """The short link for what `about` names, one for each address, in their order; its own address does not count.

    The same target always gets the same link. In a fixed number of queries. Raises KeyError for an address that does
    not exist, InsecureBaseUrl and TooLargeForLink.
    """
    if not address_ids:
        return []
    today = timezone.localtime(now).date()
    rows = ShortLink.objects.filter(category=about.category_id, campaign=about.campaign_id)
    rows = rows.filter(address_id__any_of=sorted(set(address_ids)))
    _make(_missing(address_ids, rows, about, today))
    rows.filter(issued_on__lt=today).update(issued_on=today)
    numbers = dict(rows.values_list("address_id", "id"))
    return links.short_urls(links.sign_short(numbers[one] for one in address_ids))


def _missing(
    address_ids: Sequence[int], rows: QuerySet[ShortLink], about: Target, today: date
) -> QuerySet[Address, tuple[object, ...]]:
    """The columns of the rows that are to be made."""
    addresses = Address.objects.filter(id__any_of=sorted(set(address_ids)))
    addresses = addresses.exclude(Exists(rows.filter(address_id=OuterRef("id"))))
    return addresses.order_by("id").values_list(
        F("id"),
        Value(about.category_id, BigIntegerField()),
        Value(about.campaign_id, BigIntegerField()),
        Value(today, DateField()),
    )


def _make(missing: QuerySet[Address, tuple[object, ...]]) -> None:
    """By hand, because Django would send SQLite a statement for every 250 rows. What another has made by then stays."""
    select, parameters = missing.query.sql_with_params()
    name = connection.ops.quote_name
    columns = ", ".join(map(name, _COLUMNS))
    with connection.cursor() as cursor:
        insert = f"INSERT INTO {name(ShortLink._meta.db_table)} ({columns}) {select} ON CONFLICT DO NOTHING"
        cursor.execute(insert, parameters)
