"""What a cell says about its person, in the words of whoever exported it. It takes no yes for a no, and asks nobody."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from unsubscribe.choices import SuppressionReason

UNSUBSCRIBED, COMPLAINT, HARD_BOUNCE, MANUAL, _ = SuppressionReason


class Says(NamedTuple):
    """A no and its reason; or why this is none. Neither: nothing is said."""

    reason: SuppressionReason | None = None
    refusal: str = ""


NOTHING = Says()
SUBSCRIBED = Says(refusal="the file does not say that this person opted out")
TEMPORARY = Says(refusal="the file says that a mail failed for a while: that is no opt-out, and the address exists")
UNKNOWN = Says(
    refusal="the file's word for this person is not one we know; if all of them opted out, choose the reason"
)

# Postmark: HardBounce, SpamComplaint, ManualSuppression (postmarkapp.com/developer/api/suppressions-api). Klaviyo:
# HARD_BOUNCE, INVALID_EMAIL, SPAM_COMPLAINT, UNSUBSCRIBE, USER_SUPPRESSED of a suppression, and SUBSCRIBED,
# UNSUBSCRIBED, NEVER_SUBSCRIBED of a consent (developers.klaviyo.com, profiles). Our own: our names and labels.
# What another system's staff suppressed counts as a no to advertising: a receipt may still be wanted.
_WORDS: Mapping[SuppressionReason, str] = {
    UNSUBSCRIBED: "unsubscribed unsubscribe unsubscribedall globalunsubscribe groupunsubscribe optout optedout "
    "usersuppressed manualsuppression suppressed erased unsubscribedfromeverything",
    COMPLAINT: "complaint complained spamcomplaint spamreport spam abuse",
    HARD_BOUNCE: "hardbounce hardbounced bounce bounced permanent cleaned invalid invalidemail invalidaddress "
    "addressdoesnotexist",
    MANUAL: "manual blockedbystaff",
}
_YES_WORDS = (
    "subscribed subscribe active optin optedin confirmed enabled neversubscribed nonsubscribed pending unconfirmed "
    "transactional"
)
_BY_WORD: dict[str, Says] = {
    **{word: Says(reason) for reason, words in _WORDS.items() for word in words.split()},
    **dict.fromkeys(_YES_WORDS.split(), SUBSCRIBED),
    **dict.fromkeys(["softbounce", "softbounced", "transient", "temporary"], TEMPORARY),
    # By a mail server for a while, or by somebody for good.
    **dict.fromkeys(["block", "blocked"], UNKNOWN),
}
_YES, _NO = frozenset({"yes", "true", "1", "y", "on"}), frozenset({"no", "false", "0", "n", "off", ""})
_WORD = re.compile(r"[A-Za-z]+(?:[ _-][A-Za-z]+)*")
_BETWEEN = re.compile(r"[ _-]")


def _by_word(cell: str) -> Says:
    """Of several, as in `['USER_SUPPRESSED', 'HARD_BOUNCE']`, the weightiest."""
    return weightiest(_BY_WORD.get(_BETWEEN.sub("", word).lower(), NOTHING) for word in _WORD.findall(cell))


def _state(cell: str) -> Says:
    """In a column of states every row has one that counts."""
    said = _by_word(cell)
    return UNKNOWN if said == NOTHING else said


def _is_subscribed(cell: str) -> Says:
    word = cell.strip().lower()
    if word in _YES:
        return SUBSCRIBED
    return Says(UNSUBSCRIBED) if word in _NO and word else UNKNOWN


def is_no(reason: SuppressionReason) -> Callable[[str], Says]:
    """Reads a column of those who said no. Some write when, and not that."""
    return lambda cell: SUBSCRIBED if cell.strip().lower() in _NO else Says(reason)


#: Columns that speak of their row's person, by their folded names. A `reason` may also be somebody's free text.
TELLING: Mapping[str, Callable[[str], Says]] = {
    **dict.fromkeys(["status", "subscriptionstatus", "emailstatus", "suppressionreason"], _state),
    "emailmarketingconsent": _state,
    **dict.fromkeys(["reason", "emailsuppressions", "suppressed"], _by_word),
    **dict.fromkeys(["subscribed", "optedin", "optin"], _is_subscribed),
    **dict.fromkeys(["unsubscribed", "optedout", "optout", "unsubscribedfromallemail"], is_no(UNSUBSCRIBED)),
}


def weightiest(said: Iterable[Says]) -> Says:
    """A complaint or a dead address goes before a no, a no before a yes, and that before what is no answer."""
    return max(said, key=_weight, default=NOTHING)


def _weight(said: Says) -> int:
    if said.reason:
        return 3 + (said.reason != UNSUBSCRIBED)
    return bool(said.refusal) + (said == SUBSCRIBED)


def of_code(code: str) -> Says:
    """A mail server's answer: 4.x.x and 4xx are temporary (RFC 5321, section 4.2.1; RFC 3463)."""
    return TEMPORARY if code.strip().startswith("4") else NOTHING
