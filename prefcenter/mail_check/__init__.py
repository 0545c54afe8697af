"""Says whether mail clients will offer one-click unsubscribe for a message as sent; it repairs nothing.

`check` reads raw octets and answers with points. It reaches the network only through functions given to it.
"""

from prefcenter.mail_check import message as messages
from prefcenter.mail_check.endpoint import NoAnswerError, Poster, endpoint_points, post_one_click
from prefcenter.mail_check.line_lengths import length_points
from prefcenter.mail_check.list_id import list_id_points
from prefcenter.mail_check.message import NotAMessageError
from prefcenter.mail_check.of_this_site import check_for_us
from prefcenter.mail_check.one_click_headers import header_points
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
    """All points of a message as sent, in the order of their ids; raises NotAMessageError.

    With `dnsfunc` the signature is verified. With `post` the link is posted to, which unsubscribes.
    """
    message = messages.read(raw)
    found = signatures(message)
    points = [
        *header_points(message),
        *link_points(message),
        coverage_point(found),
        validity_point(message, found, dnsfunc),
        *length_points(message),
        *list_id_points(message),
        *endpoint_points(one_click_link(message), post),
    ]
    return sorted(points, key=lambda point: (point.id[0] != "H", int(point.id[1:])))
