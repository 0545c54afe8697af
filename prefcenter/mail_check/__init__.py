"""Whether mail clients will offer one-click unsubscribe for a message as sent (manage.py check_message).

One file for each group of requirements of docs/requirements.md; each returns points (points.py).
"""

from prefcenter.mail_check import message as messages
from prefcenter.mail_check.endpoint import NoAnswerError, Poster, endpoint_points, post_one_click
from prefcenter.mail_check.headers import header_points
from prefcenter.mail_check.message import NotAMessageError
from prefcenter.mail_check.of_this_site import check_for_us
from prefcenter.mail_check.points import Level, Point, PointStatus, must_fails, summary
from prefcenter.mail_check.signature import coverage_point, signatures
from prefcenter.mail_check.unsubscribe_links import link_points, one_click_link
from prefcenter.mail_check.verification import KeyLookup, fetch_key, validity_point

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


def check(raw: bytes, *, dnsfunc: KeyLookup | None = None, post: Poster | None = None) -> list[Point]:
    """All points of a message, H before E, in the order of their numbers. What this site knows of it: check_for_us.

    raw:     the message as sent, with all its headers
    dnsfunc: looks up the key (fetch_key); without it the signature is not verified
    post:    posts to the link (post_one_click), which unsubscribes its recipient; without it the link is not tested

    Raises NotAMessageError.
    """
    message = messages.read(raw)
    found = signatures(message)
    points = [
        *header_points(message),
        *link_points(message),
        coverage_point(found),
        validity_point(message, found, dnsfunc),
        *endpoint_points(one_click_link(message), post),
    ]
    return sorted(points, key=lambda point: (point.id[0] != "H", int(point.id[1:])))
