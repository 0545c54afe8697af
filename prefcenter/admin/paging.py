"""Pages of very long lists: first the keys, which an index holds, then the fifty rows. It shows what Django's shows."""

from typing import Any, cast

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet


class ByKey(Paginator):
    """Asked for whole rows in the order of their keys, SQLite reads every one that a filter finds: half a million for
    a page of fifty."""

    def page(self, number: Any) -> Page[Any]:
        number = self.validate_number(number)
        rows = cast(QuerySet[Any], self.object_list)
        first = (number - 1) * self.per_page
        keys = list(rows.values_list("pk", flat=True)[first : first + self.per_page])
        return Page(rows.filter(pk__in=keys), number, self)
