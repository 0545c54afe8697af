"""What this site knows of a message: whether the link in its header is ours (H5, E7), and whether its body has an
unsubscribe link (B1) and the sender's postal address (B2)."""

import re
from collections.abc import Sequence
from datetime import date
from urllib.parse import urlsplit

from prefcenter.mail_check import message as messages
from prefcenter.mail_check import parts
from prefcenter.mail_check.parts import Link, MessagePart
from prefcenter.mail_check.points import Level, Point, failed, passed, skipped, warned
from prefcenter.mail_check.unsubscribe_links import one_click_link
from unsubscribe import conf, links
from unsubscribe.errors import InsecureBaseUrl, InvalidLink

# "Unsubscribe" in the languages of our pages, and in others.
_LEAVING = re.compile(
    r"unsub|opt[ -]?out|abmeld|abbestell|austrag|désabonn|desabonn|désinscri|desinscri|de baja|cancelar|descadastr|"
    r"配信停止|登録解除|購読解除|配信解除|إلغاء|الغاء|disiscri|cancella|uitschrijv|afmeld|wypis|zrezygnuj|avregistrer|"
    r"avsluta|avmeld|meld av|frameld|peruuta|odhlás|leiratkoz|dezabon|odjav|отпис|отказ|відпис|διαγραφ|"
    r"הסר|abonelikten|üyelikten|berhenti berlangganan|hủy đăng ký|ยกเลิก|수신\s*거부|구독\s*취소|"
    r"退订|退訂|取消订阅|取消訂閱|stop receiving|no longer (?:wish|want)|remove me|opt me out",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
#: The placeholders that the guarded backend fills in, and what looks like one.
_PLACEHOLDER = re.compile(r"(?:%%|%25%25)\s*(?:\w+_url|unsubscribe\w*|preferences\w*)\s*(?:%%|%25%25)", re.IGNORECASE)


def check_for_us(raw: bytes, *, postal_address: str, today: date) -> list[Point]:
    """H5 or E7, then B1 and B2.

    raw:            the message as sent
    postal_address: the sender's, in any layout; without a word in it B2 is skipped
    today:          in the site's time zone, for the age of the link

    Raises NotAMessageError.
    """
    link = one_click_link(messages.read(raw))
    found = parts.read(raw)
    return [_whose(link, today), _visible_link(found, link), _postal_address(found, postal_address)]


def _whose(link: str | None, today: date) -> Point:
    try:
        base = conf.base_url()
    except InsecureBaseUrl:
        return skipped("H5", "Set SITE_URL to check whose link it is.")
    if link is None:
        return skipped("H5", "There is no link in the header to check.")
    here, there = _site(base), _site(link)
    try:
        links.read(_token(link, base), today=today)
    except InvalidLink:
        if there == here:
            return failed("E7", "The link leads to this site, but its token is not valid; send links unchanged.")
        return warned(
            "H5",
            f"The link leads to {there}, not to this site ({here}). People who unsubscribe there are not known here "
            "and would be emailed again.",
        )
    if there != here:
        return warned(
            "H5",
            f"The token is from this site, but the link leads to {there}, not to {here}. Unless that host leads "
            "here, people who unsubscribe there are not known here and would be emailed again.",
        )
    return passed("H5", "The link leads to this site, and its token is valid.")


def _token(link: str, base: str) -> str:
    """What follows `/u/` in a link, as the site's URLs read it; "" where they read nothing."""
    found = re.fullmatch(re.escape(urlsplit(base).path) + r"/*[uU]/([\s\S]*)", urlsplit(link).path)
    return found[1] if found else ""


def _site(url: str) -> str:
    """The host of a URL, with its port where that is not the usual one."""
    parts = urlsplit(url)
    is_usual = parts.port in {None, {"https": 443, "http": 80}.get(parts.scheme)}
    return (parts.hostname or "") + ("" if is_usual else f":{parts.port}")


def _visible_link(found: Sequence[MessagePart], link: str | None) -> Point:
    level = Level.SHOULD
    if any(_PLACEHOLDER.search(url) for part in found for url in (part.text, *(one.url for one in part.links))):
        text = "A placeholder (%%..._url%%) is still in the body; send the message through the guarded backend."
        return failed("B1", text, level=level)
    lacking = [part.name for part in found if not any(_leaves(one, link) for one in part.links)]
    if not found or lacking:
        return failed(
            "B1", f"No visible unsubscribe link was found in {_where(lacking)}; add one for readers.", level=level
        )
    return passed("B1", "There is a visible unsubscribe link in the body.", level=level)


def _leaves(one: Link, link: str | None) -> bool:
    return one.url.rstrip(".,;)") == link or bool(_LEAVING.search(f"{one.words} {one.url}"))


def _postal_address(found: Sequence[MessagePart], address: str) -> Point:
    if not _words(address):
        text = "SENDER_POSTAL_ADDRESS is not set, so the postal address was not checked."
        return skipped("B2", text, level=Level.SHOULD)
    lacking = [part.name for part in found if _words(address) not in _words(part.text)]
    if not found or lacking:
        return failed("B2", f"The postal address of the sender was not found in {_where(lacking)}.", level=Level.SHOULD)
    return passed("B2", "The postal address of the sender is in the body.", level=Level.SHOULD)


def _where(lacking: Sequence[str]) -> str:
    return f"the {' and the '.join(dict.fromkeys(lacking))} of the message" if lacking else "the message"


def _words(text: str) -> str:
    """The words of a text, case-folded, between single spaces; so the same address is found in any layout."""
    words = _WORD.findall(text.casefold())
    return f" {' '.join(words)} " if words else ""
