"""Asks every check about one message; it decides nothing itself."""

from prefcenter.mail_check import message as messages
from prefcenter.mail_check.endpoint import Poster, endpoint_points
from prefcenter.mail_check.line_lengths import length_points
from prefcenter.mail_check.list_id import list_id_points
from prefcenter.mail_check.one_click_headers import header_points
from prefcenter.mail_check.points import Point
from prefcenter.mail_check.signature import coverage_point, signatures
from prefcenter.mail_check.unsubscribe_links import link_points, one_click_link
from prefcenter.mail_check.verification import KeyLookup, validity_point


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
