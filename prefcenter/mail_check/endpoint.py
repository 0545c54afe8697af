"""Does the one-click POST of RFC 8058 and checks the answer (E3, E4). It unsubscribes the recipient of the link."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from prefcenter.mail_check.message import shown
from prefcenter.mail_check.points import Point, failed, passed, skipped
from prefcenter.mail_check.unsubscribe_links import LOCAL_HOSTS

#: Seconds to connect, and then to wait for a byte.
TIMEOUT = 10.0


class NoAnswerError(Exception):
    """The link did not answer; the text says why, without the link."""


@dataclass(frozen=True)
class EndpointAnswer:
    """What is checked of the answer to a one-click POST."""

    #: The HTTP status.
    status: int
    #: The Location header; "" without one.
    location: str
    #: Whether there is a Set-Cookie header.
    sets_cookie: bool


#: Posts to a link as a mail client does. Raises NoAnswerError.
Poster = Callable[[str], EndpointAnswer]


def post_one_click(link: str, *, timeout: float = TIMEOUT) -> EndpointAnswer:
    """The answer to a POST as a mail client sends it (RFC 8058, section 3.2): once, without cookies or credentials,
    and redirects are not followed. Raises NoAnswerError."""
    try:
        with _session(link) as session, _post(session, link, timeout) as response:
            headers = response.headers
            return EndpointAnswer(response.status_code, headers.get("Location", ""), "Set-Cookie" in headers)
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError) as error:
        raise NoAnswerError(_reason(error, timeout)) from error


def endpoint_points(link: str | None, post: Poster | None) -> list[Point]:
    """E4 and E3; skipped without `post`, or without a link to post to."""
    if post is None:
        return _skipped("The link was not tested. Use --post to test it; this unsubscribes its recipient.")
    if link is None:
        return _skipped("There is no single https link to post to; see H2.")
    try:
        answer = post(link)
    except NoAnswerError as error:
        return [
            failed("E4", f"{error}; make sure that the link answers a POST with 200."),
            skipped("E3", "There was no response to check for cookies."),
        ]
    return [_status(answer), _cookies(answer)]


def _session(link: str) -> requests.Session:
    session = requests.Session()
    # Given a function that adds nothing, requests looks neither into .netrc nor for user:password@host.
    session.auth = _anonymous
    # The proxy that the environment may name cannot reach this machine.
    session.trust_env = urlsplit(link).hostname not in LOCAL_HOSTS
    return session


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _post(session: requests.Session, link: str, timeout: float) -> requests.Response:
    return session.post(
        link,
        data=b"List-Unsubscribe=One-Click",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        allow_redirects=False,
        timeout=timeout,
        # The body is not read. The time-out is for silence; an answer that trickles in may take longer.
        stream=True,
    )


def _reason(error: Exception, timeout: float) -> str:
    # Never the text of the error: it carries the path, and with it the token.
    if isinstance(error, requests.Timeout):
        return f"The link did not answer within {timeout:g} seconds"
    if isinstance(error, requests.exceptions.SSLError):
        return "The https certificate of the link is not valid"
    if isinstance(error, requests.ConnectionError):
        return "The host of the link can’t be reached or closed the connection"
    return f"The link can’t be posted to ({type(error).__name__})"


def _skipped(reason: str) -> list[Point]:
    return [skipped("E4", reason), skipped("E3", reason)]


def _status(answer: EndpointAnswer) -> Point:
    if 200 <= answer.status < 300:
        return passed("E4", f"The link answered {answer.status}; its recipient should now be unsubscribed.")
    if 300 <= answer.status < 400:
        where = shown(answer.location.encode()) or "nowhere"
        return failed("E4", f"The link redirects ({answer.status}, to {where}); answer the POST itself.")
    return failed("E4", f"The link answered the POST with {answer.status}; it must answer with 200.")


def _cookies(answer: EndpointAnswer) -> Point:
    if answer.sets_cookie:
        return failed("E3", "The response sets a cookie; serve the link without session and CSRF cookies.")
    return passed("E3", "The POST was sent without cookies, and the response sets none.")
