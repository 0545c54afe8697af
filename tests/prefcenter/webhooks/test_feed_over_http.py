"""The feed as the API answers it, where a reader and the ledger no longer agree."""

import pytest

from tests.prefcenter.api.conftest import Caller
from unsubscribe.ledger import feed
from unsubscribe.models import Address

from .sending import happen


@pytest.mark.django_db
def test_a_cursor_beyond_the_end_is_refused_in_words(ada: Address) -> None:
    happen(ada)
    caller = Caller()
    assert caller.get(f"/events?cursor={feed.end()}").status_code == 200
    answer = caller.get(f"/events?cursor={feed.end() + 1}")
    assert answer.status_code == 422
    assert "restored from a backup" in answer.json()["detail"]
    assert answer.json()["errors"][0]["at"] == "cursor"
