"""Says whether mail clients will offer one-click unsubscribe for a message as sent; it repairs nothing.

`check` reads raw octets and answers with points. It reaches the network only through functions given to it.
"""

from prefcenter.mail_check.checker import check
from prefcenter.mail_check.endpoint import NoAnswerError, post_one_click
from prefcenter.mail_check.message import NotAMessageError
from prefcenter.mail_check.of_this_site import check_for_us
from prefcenter.mail_check.points import Level, Point, PointStatus, must_fails, summary
from prefcenter.mail_check.verification import fetch_key

__all__ = [
    "Level",
    "NoAnswerError",
    "NotAMessageError",
    "Point",
    "PointStatus",
    "check",
    "check_for_us",
    "fetch_key",
    "must_fails",
    "post_one_click",
    "summary",
]
