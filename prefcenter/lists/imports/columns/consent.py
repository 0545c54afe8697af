"""What a cell says about its contact, in the words of the system that exported it. UNKNOWN is asked about (law 13)."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from unsubscribe.choices import SuppressionReason

from . import cells, headings, vocabulary

UNSUBSCRIBED, COMPLAINT, HARD_BOUNCE, MANUAL, _ = SuppressionReason


class Says(NamedTuple):
    """What is said: a no, or something that is none."""

    #: Of a no; None of anything else.
    reason: SuppressionReason | None = None
    #: Why a row that says this is no opt-out, for its report; "" of a no, and where nothing is said.
    refusal: str = ""


#: Reads a cell of one column.
ReadCell = Callable[[str], Says]
#: Neither a no nor anything else.
NOTHING = Says()
SUBSCRIBED = Says(refusal="the file doesn’t say that this person opted out")
TEMPORARY = Says(refusal="the file says that delivery failed temporarily, which is not an opt-out")
IGNORED = Says(refusal="you chose to ignore lines with this value")
UNKNOWN = Says(
    refusal="the file’s value for this person is not recognised; if everyone in the file opted out, choose a reason"
)

_BY_WORD: dict[str, Says] = {
    **dict.fromkeys(vocabulary.IDLE, UNKNOWN),
    **dict.fromkeys(vocabulary.TEMPORARY, TEMPORARY),
    **dict.fromkeys(vocabulary.YES, SUBSCRIBED),
    **dict.fromkeys(vocabulary.UNSUBSCRIBED, Says(UNSUBSCRIBED)),
    **dict.fromkeys(vocabulary.COMPLAINT, Says(COMPLAINT)),
    **dict.fromkeys(vocabulary.HARD_BOUNCE, Says(HARD_BOUNCE)),
    **dict.fromkeys(vocabulary.MANUAL, Says(MANUAL)),
}
_WORD = re.compile(r"[^\W\d_]+(?:[ _-][^\W\d_]+)*")
_BETWEEN = re.compile(r"[ _-]")
_LETTERS = re.compile(r"[^\W\d_]+")
#: Words that mean the same with more behind them ("unsubscribed via link"); "spam" or "invalid" need not.
_LEADING = vocabulary.UNSUBSCRIBED | vocabulary.COMPLAINT | vocabulary.BLOCKED | {"hardbounce", "hardbounced"}
_LEADING -= {"spam", "abuse", "abused", "erased", "block"}
#: No more parts than this can be one of them.
_MOST = max(map(len, _LEADING))
#: Words beside a date by which a cell says more than when: "no, since 2024-01-01".
_TURNING = "not never nicht pas nie jamais nunca until bis resubscribed withdrawn expired"
_NO_DATE = frozenset(_TURNING.split())


def by_word(cell: str) -> Says:
    """What a cell of words says; of several, as in `['USER_SUPPRESSED', 'HARD_BOUNCE']`, the weightiest.

    A yes has to be the whole cell: "subscribed: no" and "Sorry, subscribed" are NOTHING. UNKNOWN for what may be a no,
    alone or with a yes beside it: "blocked", "active, inactive".
    """
    cell = cells.folded(cell)
    words = _WORD.findall(cell)
    said = [of_phrase(word) for word in words]
    found = weightiest(said)
    if UNKNOWN in said and not found.reason:
        found = UNKNOWN
    if found.refusal and NOTHING in said:
        return (
            UNKNOWN
            if said[0] == UNKNOWN and vocabulary.plain(_BETWEEN.split(words[0])[0]) in vocabulary.BLOCKED
            else NOTHING
        )
    if found == SUBSCRIBED and any(map(str.isdigit, cell)):
        return NOTHING
    return NOTHING if found != NOTHING and any(word in cells.YES or word in cells.NO for word in words) else found


def of_phrase(text: str) -> Says:
    """What a few words say that are joined by single spaces, _ or -; NOTHING if they are not known."""
    parts = _BETWEEN.split(vocabulary.plain(text))
    said = _BY_WORD.get("".join(parts))
    if said is not None:
        return said
    heads = ("".join(parts[:count]) for count in range(min(len(parts) - 1, _MOST), 0, -1))
    return next((_BY_WORD[head] for head in heads if head in _LEADING), NOTHING)


def of_title(text: str) -> Says:
    """What the name of a sheet says of all that is in it, or the only heading of a list: "Unsubscribed", "Do not
    contact". UNKNOWN for "Blocked" or "Inactive contacts"."""
    said = by_word(text)
    if said != NOTHING:
        return said
    if not vocabulary.IDLE.isdisjoint(map(vocabulary.plain, _LETTERS.findall(cells.folded(text)))):
        return UNKNOWN
    return Says(headings.refuses(text))


def state(cell: str) -> Says:
    """What a cell in a column of states says; UNKNOWN where that is not known, because each is a yes or a no."""
    said = by_word(cell)
    return UNKNOWN if said == NOTHING else said


def is_date(cell: str) -> bool:
    """Whether a folded cell names a day, and says nothing else: "unsubscribed 2024-01-01" is more than a date."""
    return cells.is_date(cell) and not any(map(_is_more, _LETTERS.findall(cell)))


def _is_more(word: str) -> bool:
    is_known = vocabulary.plain(word) in _BY_WORD or word in _NO_DATE
    return is_known or (len(word) > 2 and word in cells.YES) or _is_no(word)


def _is_no(word: str) -> bool:
    return len(word) > 1 and word in cells.NO


def _is_subscribed(cell: str) -> Says:
    """Reads a column of those who said yes: whether, or when."""
    word = cells.folded(cell)
    if word in cells.YES or is_date(word):
        return SUBSCRIBED
    return Says(UNSUBSCRIBED) if word in cells.NO else state(cell)


def is_no(reason: SuppressionReason) -> Callable[[str], Says]:
    """What reads a column of those who said no: whether, or when, or nothing for the others."""

    def read(cell: str) -> Says:
        word = cells.folded(cell)
        if word in cells.NO or word == "never" or cells.is_empty(word):
            return SUBSCRIBED
        return Says(reason) if word in cells.YES or is_date(word) or cells.is_serial(word) else state(cell)

    return read


#: Columns of whether, or when, somebody said no.
IS_NO = ("unsubscribed", "optedout", "optout", "unsubscribedfromallemail", "suppressed")
#: Columns of a reason, in the languages of the site, by their folded names. It may also be somebody's free text.
REASONS = ("reason", "grund", "raison", "motif", "motivo", "razon", "理由", "السبب")
#: A state in other languages; or, under the same word, one of a country ("Baja California"), which says nothing.
STATES = ("estado", "situacao", "situacion", "etat", "zustand")
#: How columns are read that say something of their row's contact, by their folded names.
TELLING: Mapping[str, Callable[[str], Says]] = {
    **dict.fromkeys(["status", "subscriptionstatus", "emailstatus", "suppressionreason"], state),
    "emailmarketingconsent": state,
    **dict.fromkeys([*REASONS, *STATES, "emailsuppressions"], by_word),
    "sheet": of_title,
    **dict.fromkeys(["subscribed", "optedin", "optin"], _is_subscribed),
    **dict.fromkeys(IS_NO, is_no(UNSUBSCRIBED)),
}


def is_word(cell: str) -> bool:
    """Whether a folded cell is one of the few words in which systems write a yes, a no or a state."""
    return cell in cells.YES or cell in cells.NO or is_willing(cell) or of_word(cell) != NOTHING


def is_willing(cell: str) -> bool:
    """Whether a folded cell may be a yes, where others of its column are a no: "accepted"."""
    return vocabulary.plain(cell) in vocabulary.WILLING


def of_word(cell: str) -> Says:
    """What a folded cell says that is one known word as a whole; else NOTHING."""
    return _BY_WORD.get(_BETWEEN.sub("", vocabulary.plain(cell)), NOTHING)


def weightiest(said: Iterable[Says]) -> Says:
    """What counts of several: a complaint, a bounce or staff's reason before a no, a no before a yes, a yes before
    other refusals; NOTHING of none."""
    return max(said, key=_weight, default=NOTHING)


def _weight(said: Says) -> int:
    if said.reason:
        return 3 + (said.reason != UNSUBSCRIBED)
    return bool(said.refusal) + (said == SUBSCRIBED)


def of_code(cell: str) -> Says:
    """What a mail server's answer says: 4.x.x and 4xx are TEMPORARY (RFC 5321, section 4.2.1; RFC 3463), other numbers
    NOTHING. Under the same heading other tables have a state."""
    code = cells.folded(cell)
    if cells.is_empty(code) or code[:1].isdigit():
        return TEMPORARY if code.startswith("4") else NOTHING
    return state(code)


def if_filled(reason: SuppressionReason) -> Callable[[str], Says]:
    """What reads a column that is filled, with whatever, for those who said no, and empty for the others."""

    def read(cell: str) -> Says:
        word = cells.folded(cell)
        return SUBSCRIBED if cells.is_empty(word) or word in cells.NO else Says(reason)

    return read
