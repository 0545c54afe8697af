"""Finds the sessions of an account or an address: where it is signed in, and where the address was typed."""

from collections.abc import Collection, Iterator
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.models import Session

from unsubscribe.addresses import normalise
from unsubscribe.errors import InvalidAddress

CHUNK = 500


def about(user_ids: Collection[int], digests: Collection[bytes]) -> list[str]:
    """The keys of the sessions, expired ones included, in which one of these users is signed in or which hold an
    address with one of these digests.

    Decodes every session, because only its content says whose it is; sign-ins are few.
    """
    ids = {str(id_) for id_ in user_ids}
    rows = Session.objects.iterator(chunk_size=CHUNK)
    return [row.session_key for row in rows if _is_about(row.get_decoded(), ids, digests)]


def _is_about(state: dict[str, Any], user_ids: Collection[str], digests: Collection[bytes]) -> bool:
    return state.get(SESSION_KEY) in user_ids or any(digest(text) in digests for text in _texts(state))


def _texts(state: Any) -> Iterator[str]:
    """Every text in the session, at any depth: where allauth keeps a typed address is not documented."""
    if isinstance(state, str):
        yield state
    elif isinstance(state, dict):
        yield from _texts(list(state.values()))
    elif isinstance(state, list):
        for one in state:
            yield from _texts(one)


def digest(text: str) -> bytes | None:
    """The digest of an email address in any spelling; None for any other text."""
    try:
        return normalise(text).digest if "@" in text else None
    except InvalidAddress:
        return None
