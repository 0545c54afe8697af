"""The demo's inbox: lists the emails, shows one, and has an Unsubscribe button like a mail program's.

The button sends what a provider sends (RFC 8058): a POST over HTTP without cookies.
"""

import email.policy
import re
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any, NamedTuple

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from prefcenter.mail_check import NoAnswerError, post_one_click
from unsubscribe.errors import RetiredCategory

from . import seed
from .backends import folder

_ONE_CLICK = re.compile(r"<(https?://[^<>\s]+)>")
_HEAD = re.compile(r"(?i)(<head[^>]*>)")


class Mail(NamedTuple):
    """One email; `id` is the name of its file without the suffix."""

    id: str
    message: EmailMessage

    @property
    def one_click(self) -> str | None:
        """The URI behind the button; None unless both headers are there, as in mail programs."""
        found = _ONE_CLICK.search(str(self.message.get("List-Unsubscribe", "")))
        return found[1] if found and "List-Unsubscribe-Post" in self.message else None


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    """The latest hundred emails."""
    mails = [_read(path) for path in sorted(folder().glob("*.eml"), reverse=True)[:100]]
    return _page(request, "prefcenter/demo/inbox.html", {"mails": mails, "login": seed.LOGIN})


@require_safe
def message(request: HttpRequest, mail_id: str) -> HttpResponse:
    """One email, with the button."""
    return _page(request, "prefcenter/demo/message.html", {"mail": _read(_path(mail_id))})


@require_safe
def source(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The raw email."""
    raw = _path(mail_id).read_bytes().decode("utf-8", "replace").replace("\r\n", "\n")
    return _page(request, "prefcenter/demo/source.html", {"mail_id": mail_id, "raw": raw})


@require_safe
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]  # its stubs know no view with arguments
    {"default-src": [NONE], "style-src": [UNSAFE_INLINE], "img-src": ["data:"], "frame-ancestors": [SELF]}
)
def body(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The email's HTML for a frame: with its own styles, without scripts, and with links that leave the frame."""
    part = _read(_path(mail_id)).message.get_body(("html", "plain"))
    html = part.get_content() if part else ""
    return HttpResponse(_HEAD.sub(r'\1<base target="_top">', html, count=1))


@require_POST
def unsubscribe(request: HttpRequest, mail_id: str) -> HttpResponse:
    """The button: posts the one-click and shows the answer; 502 if there was none."""
    mail = _read(_path(mail_id))
    if mail.one_click is None or not mail.one_click.startswith(settings.SITE_URL):
        raise Http404
    try:
        answer = post_one_click(mail.one_click)
    except NoAnswerError as error:
        return _page(request, "prefcenter/demo/no_answer.html", {"mail": mail, "why": str(error)}, status=502)
    delay = settings.UNSUBSCRIBE_CONFIRMATION_DELAY
    return _page(request, "prefcenter/demo/clicked.html", {"mail": mail, "answer": answer, "delay": delay})


@require_POST
def next_mailing(request: HttpRequest) -> HttpResponse:
    """Sends the next issue of the newsletter; 409 if its category was retired."""
    try:
        entries = seed.send_next()
    except RetiredCategory as error:
        return _page(request, "prefcenter/demo/mailing.html", {"refusal": str(error)}, status=409)
    return _page(request, "prefcenter/demo/mailing.html", {"entries": entries})


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """The template in English, as all of the demo that is not the site's own."""
    with translation.override("en"):
        return render(request, template, context, status=status)


def _path(mail_id: str) -> Path:
    path = folder() / f"{mail_id}.eml"
    if not path.is_file():
        raise Http404
    return path


def _read(path: Path) -> Mail:
    return Mail(path.stem, BytesParser(policy=email.policy.default).parsebytes(path.read_bytes()))
