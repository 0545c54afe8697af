"""Which sessions are about somebody: where they are signed in, and where their address was typed. It ends none."""

from collections.abc import Collection, Iterator
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from unsubscribe.addresses import normalise
from unsubscribe.errors import InvalidAddress

CHUNK = 500


def about(user_ids: Collection[int], digests: Collection[bytes]) -> list[str]:
    """The keys of the sessions of these users, and of those that name an address with one of these digests; what has
    expired and is still there among them.

    A session says only inside whom it is about, so all are opened; few people sign in, and fewer are erased.
    """
    ids = {str(id_) for id_ in user_ids}
    rows = Session.objects.iterator(chunk_size=CHUNK)
    return [row.session_key for row in rows if _is_about(row.get_decoded(), ids, digests)]


def _is_about(state: dict[str, Any], user_ids: Collection[str], digests: Collection[bytes]) -> bool:
    return state.get(SESSION_KEY) in user_ids or any(digest(text) in digests for text in _texts(state))


def _texts(state: Any) -> Iterator[str]:
    """Every text in it, however deep: where a sign-in keeps what was typed is allauth's own affair."""
    if isinstance(state, str):
        yield state
    elif isinstance(state, dict):
        yield from _texts(list(state.values()))
    elif isinstance(state, list):
        for one in state:
            yield from _texts(one)


def digest(text: str) -> bytes | None:
    """By it they are compared, because people type an address in many spellings. None for what is no address."""
    try:
        return normalise(text).digest if "@" in text else None
    except InvalidAddress:
        return None
