"""The recipient's own links in the body: the guard fills them for each letter."""

import re
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.utils import timezone
from django.utils.functional import lazystr

from tests.emails import html_of
from tests.factories import ADA, BOB, CLEO
from tests.unsubscribe.backends.test_backends import TRANSACTIONAL, about, block, message, recipients, send
from unsubscribe import links
from unsubscribe.choices import SuppressionReason
from unsubscribe.models import Address, Category, Contact

pytestmark = pytest.mark.django_db

TEXT = "Hello.\n\nLeave: %%unsubscribe_url%%\nChoose: %%preferences_url%%\nOr leave: %%unsubscribe_url%%."
HTML = '<p>Hello.</p><a href="%%unsubscribe_url%%">Leave</a> <a href="%%preferences_url%%">Choose</a>'


def letter(*to: str, said: dict[str, str] | None = None) -> EmailMultiAlternatives:
    one = EmailMultiAlternatives("%%unsubscribe_url%%", TEXT, to=list(to), headers=dict(said or about("news")))
    one.attach_alternative(HTML, "text/html")
    one.attach("notes.txt", "%%unsubscribe_url%%", "text/plain")
    return one


def urls(sent: EmailMessage, text: str) -> set[str]:
    """The unsubscribe and preferences URLs of this recipient: one as it is in the header, the other that says so."""
    unsubscribe = sent.extra_headers["List-Unsubscribe"].partition(">")[0].removeprefix("<")
    return {unsubscribe, _preferences_url(sent, text)}


def _preferences_url(sent: EmailMessage, text: str) -> str:
    found: set[str] = set(re.findall(r"https://mail\.example\.com/p/[\w-]+", str(sent.body)))
    [url] = found
    token = url.rpartition("/")[2]
    target = links.read(token, purpose=links.LinkPurpose.PREFERENCES, today=timezone.localdate())
    assert Address.objects.get(pk=target.address_id).value == text
    return url


def test_each_letter_has_the_links_of_its_own_recipient(news: Category) -> None:
    original = letter(ADA, BOB, CLEO)
    block(CLEO, SuppressionReason.MANUAL)
    assert send(original) == 1
    assert recipients() == [[ADA], [BOB]]
    for sent, text in zip(mail.outbox, (ADA, BOB), strict=True):
        for part in (str(sent.body), html_of(sent)):
            assert "%%" not in part
            assert set(re.findall(r"https://[\w./-]+[\w-]", part)) == urls(sent, text)
    assert (original.body, original.alternatives[0][0]) == (TEXT, HTML)


def test_subject_and_attachments_are_left_alone(news: Category) -> None:
    send(letter(ADA))
    [sent] = mail.outbox
    assert sent.subject == "%%unsubscribe_url%%"
    assert sent.attachments[0][1] == "%%unsubscribe_url%%"


@pytest.mark.parametrize(
    "body", ["Hello.", lazystr("Hello."), "100%% off", "", "%%unsubscribe%%", "{{ unsubscribe_url }}"]
)
def test_a_message_without_placeholders_is_as_it_was(body: Any, news: Category) -> None:
    one = message(ADA, headers=about("news"))
    one.body = body
    send(one)
    assert mail.outbox[0].body == body


@pytest.mark.parametrize(
    "spelled",
    [
        *("%%UNSUBSCRIBE_URL%%", "%%Unsubscribe_Url%%", "%% unsubscribe_url %%", "%25%25unsubscribe_url%25%25"),
        *("http://%%unsubscribe_url%%", "https://%25%25unsubscribe_url%25%25", "HTTP://%%UNSUBSCRIBE_URL%%"),
        *("&#37;&#37;unsubscribe_url&#37;&#37;", "&#x25;&#x25;unsubscribe_url%%", "&percnt;&percnt;unsubscribe_url%%"),
    ],
)
def test_a_placeholder_is_filled_as_editors_write_it(spelled: str, news: Category) -> None:
    one = letter(ADA)
    one.body = f"Leave: {spelled}"
    vars(one)["alternatives"] = []
    one.attach_alternative(f'<a href="{spelled}">Leave</a>', "text/html")
    send(one)
    [sent] = mail.outbox
    url = sent.extra_headers["List-Unsubscribe"].strip("<>")
    assert (sent.body, html_of(sent)) == (f"Leave: {url}", f'<a href="{url}">Leave</a>')


def test_a_part_for_amp_is_filled_as_html_too(news: Category, settings: Any) -> None:
    settings.UNSUBSCRIBE_BASE_URL = "https://mail.example.com/a&b"
    one = letter(ADA)
    one.attach_alternative('<a href="%%unsubscribe_url%%">Leave</a>', "text/x-amp-html")
    send(one)
    [sent] = mail.outbox
    assert isinstance(sent, EmailMultiAlternatives)
    [*_, amp] = sent.alternatives
    assert str(amp[0]).startswith('<a href="https://mail.example.com/a&amp;b/u/')


def test_an_html_body_is_filled_as_html_and_a_lazy_one_as_text(news: Category) -> None:
    html = message(ADA, headers=about("news"))
    html.content_subtype, html.body = "html", HTML
    lazy = message(ADA, headers=about("news"))
    lazy.body = lazystr(TEXT)
    assert send(html, lazy) == 2
    assert all("%%" not in str(sent.body) and "https://mail.example.com/u/" in str(sent.body) for sent in mail.outbox)


def test_what_html_would_read_is_escaped_in_html_alone(news: Category, settings: Any) -> None:
    settings.UNSUBSCRIBE_BASE_URL = "https://mail.example.com/a&b"
    one = letter(ADA)
    send(one)
    [sent] = mail.outbox
    assert "https://mail.example.com/a&b/u/" in sent.body
    html = html_of(sent)
    assert "https://mail.example.com/a&amp;b/u/" in html
    assert "a&b" not in html


def test_in_what_is_undeclared_the_link_leaves_everything(ada: Address) -> None:
    send(letter(ADA, said={"X-Mailer": "ours"}))
    assert mail.outbox[0].extra_headers["List-Unsubscribe"].strip("<>") in mail.outbox[0].body


class TestReceipts:
    def test_both_lead_to_the_preferences_and_each_gets_one_of_their_own(self) -> None:
        block(CLEO, SuppressionReason.HARD_BOUNCE)
        block(BOB, SuppressionReason.COMPLAINT)
        original = letter(ADA, BOB, CLEO, said=TRANSACTIONAL)
        original.reply_to = [CLEO]
        assert send(original) == 1
        assert recipients() == [[ADA], [BOB]]
        for sent, text in zip(mail.outbox, (ADA, BOB), strict=True):
            assert set(re.findall(r"https://[\w./-]+[\w-]", str(sent.body))) == {_preferences_url(sent, text)}
            assert "List-Unsubscribe" not in sent.extra_headers
            assert sent.reply_to == [CLEO]

    def test_without_placeholders_they_stay_together_and_nobody_becomes_a_contact(self) -> None:
        assert send(message(ADA, BOB, headers=dict(TRANSACTIONAL))) == 1
        assert recipients() == [[ADA, BOB]]
        assert not Contact.objects.exists()
