"""Whether the link is ours, and what people find in the body."""

import email
import email.policy
import io
from email.message import EmailMessage
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from prefcenter.mail_check import Level, Point, PointStatus, check, check_for_us, must_fails, summary
from tests.factories import ADA, CategoryFactory
from tests.prefcenter.mail_check.messages import listed, message, of, signed
from tests.prefcenter.mail_check.test_command import run, written
from unsubscribe import links
from unsubscribe.links import Target

pytestmark = pytest.mark.sqlite_only

ADDRESS = "1 Main Street, Springfield"
LEAVE = "https://shop.example/unsubscribe?id=7"


def ours(token: str = "") -> bytes:
    return (
        f"<{links.url(token)}>".encode() if token else f"<{links.unsubscribe_url(Target(1), today=today())}>".encode()
    )


def today() -> Any:
    return timezone.localdate()


def points(raw: bytes, address: str = ADDRESS) -> list[Point]:
    return check_for_us(raw, postal_address=address, today=today())


def body(text: str | None = None, html: str | None = None) -> bytes:
    letter = EmailMessage()
    letter["From"] = "news@example.com"
    if text is not None:
        letter.set_content(text)
    if html is not None:
        letter.add_alternative(html, subtype="html") if text is not None else letter.set_content(html, subtype="html")
    return letter.as_bytes()


def with_attachments(raw: bytes, note: bytes, forwarded: bytes) -> bytes:
    """A text that is not shown, without a name, and a message in it."""
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(letter, EmailMessage)
    letter.add_attachment(note, maintype="text", subtype="plain")
    letter.add_attachment(email.message_from_bytes(forwarded, policy=email.policy.default))
    return letter.as_bytes()


class TestWhoseLink:
    def test_ours_is_said_to_be_ours(self) -> None:
        assert points(listed(ours()))[0].outcome == PointStatus.PASS

    def test_anothers_is_said_not_to_be_and_the_summary_says_so_too(self, tmp_path: Any) -> None:
        [point, *_] = points(message())
        assert (point.id, point.outcome) == ("H5", PointStatus.WARN)
        assert "leads to news.example.com, not to this site (mail.example.com)" in point.text
        output, status = run(written(tmp_path, signed(message())))
        assert status == 0
        last = "Yes, provided that the DKIM signature is valid, but the link doesn’t lead to this site; see H5."
        assert output.splitlines()[-1] == last
        verified = [one for one in check(signed(message())) if one.id != "H4"]
        assert summary([*verified, point]) == "Yes, but the link doesn’t lead to this site; see H5."

    def test_a_message_of_ours_gets_its_plain_yes(self, tmp_path: Any) -> None:
        output, status = run(written(tmp_path, signed(listed(ours()))))
        assert (status, "not to this site" in output) == (0, False)
        assert output.splitlines()[-1].startswith("Yes, provided that the DKIM signature is valid, which")

    @pytest.mark.parametrize("token", ["x" * 40, "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcY", "1"])
    def test_a_token_of_somebody_else_on_our_host_does_not_work(self, token: str, tmp_path: Any) -> None:
        raw = listed(ours(token))
        assert [one.id for one in must_fails(points(raw))] == ["E7"]
        output, status = run(written(tmp_path, signed(raw)))
        assert status == 1
        assert output.splitlines()[-1].startswith("No: one-click is offered, but its link doesn’t work")

    @pytest.mark.parametrize("path", ["/u//{}", "/U/{}", "/u/{}/", "/u/{}/?utm_source=x", "/u/{}.", "/u/{}/foo"])
    def test_ours_with_something_glued_on_is_ours(self, path: str) -> None:
        token = links.sign(Target(1), today=today())
        assert points(listed(f"<https://mail.example.com{path.format(token)}>".encode()))[0].outcome == PointStatus.PASS

    @pytest.mark.parametrize("path", ["/p/{}", "/{}", "/x/{}", "/t/u/{}", "/?u={}"])
    def test_our_token_elsewhere_on_our_host_does_not_work(self, path: str) -> None:
        token = links.sign(Target(1), today=today())
        raw = listed(f"<https://mail.example.com{path.format(token)}>".encode())
        assert [one.id for one in must_fails(points(raw))] == ["E7"]

    def test_our_token_on_another_host_is_said_to_lead_there(self) -> None:
        token = links.sign(Target(1), today=today())
        [point, *_] = points(listed(f"<https://clicks.example.net/u/{token}>".encode()))
        assert (point.id, point.outcome) == ("H5", PointStatus.WARN)
        assert "leads to clicks.example.net, not to mail.example.com" in point.text

    @pytest.mark.parametrize(
        ("base", "link", "outcome"),
        [
            ("https://mail.example.com", "https://MAIL.example.com:443/u/{}", PointStatus.PASS),
            ("https://mail.example.com:443", "https://mail.example.com/u/{}", PointStatus.PASS),
            ("https://mail.example.com", "https://mail.example.com:8443/u/{}", PointStatus.WARN),
            ("https://mail.example.com:8443", "https://mail.example.com/u/{}", PointStatus.WARN),
            ("https://mail.example.com/post", "https://mail.example.com/post/u/{}", PointStatus.PASS),
            ("https://mail.example.com/post", "https://mail.example.com/u/{}", PointStatus.FAIL),
            ("https://mail.example.com", "https://mail.example.com@evil.example/u/{}", PointStatus.WARN),
        ],
    )
    def test_ours_is_what_leads_to_this_very_site(
        self, base: str, link: str, outcome: PointStatus, settings: Any
    ) -> None:
        settings.UNSUBSCRIBE_BASE_URL = base
        token = links.sign(Target(1), today=today())
        assert points(listed(f"<{link.format(token)}>".encode()))[0].outcome == outcome

    def test_without_a_site_url_nothing_is_said_of_it(self, settings: Any) -> None:
        settings.UNSUBSCRIBE_BASE_URL = ""
        assert points(message())[0].outcome == PointStatus.SKIPPED

    @pytest.mark.parametrize(
        "value", [b"<mailto:u@example.com>", b"", b"<https://a.example/u/1>, <https://b.example/u/1>"]
    )
    def test_nor_of_none(self, value: bytes) -> None:
        assert points(listed(value))[0].outcome == PointStatus.SKIPPED


class TestTheVisibleLink:
    def outcome(self, raw: bytes) -> PointStatus:
        return of(points(raw), "B1", level=Level.SHOULD).outcome

    @pytest.mark.parametrize(
        "raw",
        [
            body(f"Hello.\n\nUnsubscribe: {LEAVE}\n"),
            body("Hello.\n\nTo unsubscribe, follow\n\nhttps://shop.example/7\n"),
            body("Hallo.\n\nAbmelden: https://shop.example/7\n"),
            body(html=f'<p>Hello.</p><a href="{LEAVE}">here</a>'),
            body(html='<a href="https://shop.example/7">Se <b>désabonner</b></a>'),
            body(html='<a href="https://shop.example/7"><img src="x.png" alt="Unsubscribe"></a>'),
            body(html='<a href="https://shop.example/7">配信停止はこちら</a>'),
            body(f"Leave: {LEAVE}", f'<a href="{LEAVE}">Leave</a>'),
            body(html='<p>Unclosed<br><a href="https://shop.example/7">Unsubscribe'),
            body("Отписаться: https://shop.example/7\n"),
            body("退订：https://shop.example/7\n"),
            body("수신거부 https://shop.example/7\n"),
            body("Abonelikten çık: https://shop.example/7\n"),
            body("Odhlásit odběr: https://shop.example/7\n"),
            body("If you no longer wish to get these: https://shop.example/7\n"),
            with_attachments(
                body(f"Leave: {LEAVE}"), b"A note without a link.", body("A forwarded one without a link.")
            ),
        ],
    )
    def test_is_found(self, raw: bytes) -> None:
        assert self.outcome(raw) == PointStatus.PASS

    @pytest.mark.parametrize(
        "raw",
        [
            message(),
            body("You can unsubscribe at any time."),
            body("Our shop: https://shop.example/7\n"),
            body(html=f'<a href="{LEAVE}"></a>'),
            body(html=f'<div style="display: none"><p><a href="{LEAVE}">Unsubscribe</a></p></div>'),
            body(html=f'<!-- <a href="{LEAVE}">Unsubscribe</a> -->'),
            body(html=f'<a style="font-size:0px; color:#fff" href="{LEAVE}">Unsubscribe</a>'),
            body(html=f'<p style="opacity: 0 !important"><a href="{LEAVE}">Unsubscribe</a></p>'),
            body(html=f'<div style="max-height:0;overflow:hidden"><a href="{LEAVE}">Unsubscribe</a></div>'),
            with_attachments(body("Hello."), LEAVE.encode(), body(f"Leave: {LEAVE}")),
            body(html=f'<a hidden href="{LEAVE}">Unsubscribe</a>'),
            body(html="<p>Unsubscribe</p>"),
            body(f"Leave: {LEAVE}", "<p>Hello.</p>"),
            body("Hello.", f'<a href="{LEAVE}">Unsubscribe</a>'),
            body("Unsubscribe: %%unsubscribe_url%%"),
            body(html='<a href="%%unsubscribe_url%%">Unsubscribe</a>'),
        ],
    )
    def test_is_missed(self, raw: bytes) -> None:
        assert self.outcome(raw) == PointStatus.FAIL

    def test_the_link_of_the_header_is_one_whatever_stands_beside_it(self) -> None:
        link = ours().strip(b"<>")
        raw = listed(b"<" + link + b">").replace(b"Hello.", b"Hello: " + link + b".")
        assert self.outcome(raw) == PointStatus.PASS

    def test_it_says_which_part_has_none(self) -> None:
        point = of(points(body(f"Leave: {LEAVE}", "<p>Hello.</p>")), "B1", level=Level.SHOULD)
        assert "in the HTML of the message" in point.text

    @pytest.mark.parametrize(
        "text",
        [
            "Leave: %%unsubscribe_url%%",
            "Leave: %% PREFERENCES_URL %%",
            "Leave: %%unsubscribe%%",
            f"Leave: {LEAVE} or %25%25unsubscribe_url%25%25",
        ],
    )
    def test_a_placeholder_that_nobody_filled_is_named(self, text: str) -> None:
        point = of(points(body(text)), "B1", level=Level.SHOULD)
        assert "placeholder" in point.text


class TestThePostalAddress:
    def outcome(self, raw: bytes, address: str = ADDRESS) -> PointStatus:
        return of(points(raw, address), "B2", level=Level.SHOULD).outcome

    @pytest.mark.parametrize(
        "raw",
        [
            body("Hello.\n\n1 Main Street\nSpringfield\n"),
            body(html="<table><tr><td>1&nbsp;Main Street<br>SPRINGFIELD</td></tr></table>"),
            body("1 Main Street, Springfield", "<p>1 Main Street, Springfield</p>"),
        ],
    )
    def test_is_found_however_it_is_broken(self, raw: bytes) -> None:
        assert self.outcome(raw) == PointStatus.PASS

    @pytest.mark.parametrize(
        "raw",
        [
            message(),
            body("11 Main Street, Springfield"),
            body("1 Main Street, Springfield", "<p>Hello.</p>"),
            body(html="<style>/* 1 Main Street, Springfield */</style>"),
        ],
    )
    def test_is_missed(self, raw: bytes) -> None:
        assert self.outcome(raw) == PointStatus.FAIL

    @pytest.mark.parametrize("address", ["", " ", ","])
    def test_is_not_looked_for_where_none_is_set(self, address: str) -> None:
        assert self.outcome(message(), address) == PointStatus.SKIPPED


def test_neither_stands_in_the_way_of_one_click() -> None:
    assert must_fails(points(message())) == []


@pytest.mark.parametrize(
    "header",
    [
        *(
            b"Content-Disposition: ",
            b"Content-Disposition: attachment; filename*=utf-8''%ff",
            b"Content-Disposition: \xff",
        ),
        *(b"Content-Type: multipart/mixed", b"Content-Type: multipart/mixed; boundary=", b"Content-Type: ;;;"),
        *(b"Content-Type: message/rfc822", b"Content-Type: message/partial; number=1", b"Content-Type: text"),
        *(b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: nonsense", b"MIME-Version: \xff"),
    ],
)
def test_however_its_headers_are_nothing_is_raised(header: bytes) -> None:
    assert len(points(message(header, body=b"--\r\n\xff=\r\n----\r\n"))) == 3


@pytest.mark.parametrize("charset", [b"utf-8", b"no-such-charset", b"utf-16", b"idna"])
def test_whatever_the_body_is_nothing_is_raised(charset: bytes) -> None:
    kind = b"Content-Type: text/html; charset=" + charset
    for octets in (b"\xff\xfe<a href=", b"</a></b><a href=x>", b"<" * 3000, bytes(range(32, 256))):
        assert len(points(message(kind, body=octets))) == 3


@pytest.mark.django_db
def test_what_the_guard_sends_has_it_all(settings: Any) -> None:
    CategoryFactory.create()
    letter = EmailMultiAlternatives(
        "June", f"Leave: %%unsubscribe_url%%\n{ADDRESS}", to=[ADA], headers={"X-Unsubscribe-Category": "news"}
    )
    letter.attach_alternative(f'<a href="%%unsubscribe_url%%">Leave</a><p>{ADDRESS}</p>', "text/html")
    letter.send()
    raw = io.BytesIO(mail.outbox[0].message().as_bytes()).getvalue()
    assert {one.outcome for one in points(raw)} == {PointStatus.PASS}
