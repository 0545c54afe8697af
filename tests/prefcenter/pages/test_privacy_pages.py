"""The page that tells what is kept: a look changes nothing, the file is written down, and erasing takes a mail."""

import json
from datetime import timedelta

import pytest
from django.core import mail as sent
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from tests.emails import html_of
from tests.factories import ADA, AddressFactory
from unsubscribe import actions, links, outbox
from unsubscribe.actions import Origin
from unsubscribe.choices import Channel, EventKind, OutboxKind, Source, SuppressionReason
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.models import Address, ConsentEvent, Contact, OutboxMessage

pytestmark = pytest.mark.django_db
Page = tuple[int, str]


def url_for(address: Address, *, age: int = 0) -> str:
    today = timezone.localdate() - timedelta(days=age)
    return f"/f/{links.sign(Target(address.pk), purpose=LinkPurpose.FRESH, today=today)}/data"


@pytest.fixture
def url(ada: Address) -> str:
    return url_for(ada)


def get(client: Client, url: str) -> Page:
    answer = client.get(url, secure=True)
    return answer.status_code, answer.content.decode().replace("&#x27;", "'")


def post(client: Client, url: str, **fields: str) -> Page:
    answer = client.post(url, fields, secure=True)
    assert not answer.cookies
    return answer.status_code, answer.content.decode().replace("&#x27;", "'")


@pytest.mark.parametrize("slash", ["", "/"])
def test_shows_both_and_names_nobody(browser_client: Client, url: str, slash: str) -> None:
    status, page = get(browser_client, url + slash)
    assert status == 200
    assert "Download my data" in page
    assert "Email me a deletion link" in page
    assert "a•••@example.com" in page
    assert ADA not in page


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_e5_a_look_changes_nothing(method: str, browser_client: Client, url: str) -> None:
    answer = getattr(browser_client, method)(url, {"do": "erase"}, secure=True)
    assert answer.status_code in {200, 204}
    assert not ConsentEvent.objects.exists()
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"do=everything", b"List-Unsubscribe=One-Click"], ids=["nothing", "another form", "one-click"]
)
def test_a_post_that_is_none_of_its_forms_changes_nothing(body: bytes, browser_client: Client, url: str) -> None:
    answer = browser_client.post(url, body, content_type="application/x-www-form-urlencoded", secure=True)
    assert answer.status_code == 400
    assert "Download my data" in answer.content.decode()
    assert not ConsentEvent.objects.exists()


def test_the_file_comes_at_once_and_that_it_came_is_written_down(browser_client: Client, url: str) -> None:
    answer = browser_client.post(url, {"do": "download"}, secure=True)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == 'attachment; filename="my-data.json"'
    assert answer["Cache-Control"] == "no-store"
    assert json.loads(answer.content)["addresses"][0]["address"] == ADA
    event = ConsentEvent.objects.get()
    assert (event.kind, event.source) == (EventKind.ACCESS, Source.PAGE)
    assert OutboxMessage.objects.get().kind == OutboxKind.DOWNLOAD


def test_asking_to_be_erased_mails_one_link_and_erases_nothing(browser_client: Client, url: str) -> None:
    for _ in range(2):
        status, page = post(browser_client, url, do="erase")
        assert status == 200
        assert "We’ve emailed you a link." in page
    assert OutboxMessage.objects.get().kind == OutboxKind.ERASE
    assert Address.objects.get().value == ADA
    assert not Contact.objects.filter(erased_at__isnull=False).exists()


def test_the_mail_asks_once_more_and_says_until_when(browser_client: Client, url: str) -> None:
    post(browser_client, url, do="erase")
    outbox.deliver(OutboxMessage.objects.get().pk, now=timezone.now())
    [mail] = sent.outbox
    html = html_of(mail)
    link = str(mail.body).partition("https://mail.example.com/e/")[2][:40]
    assert links.read(link, purpose=LinkPurpose.ERASE, today=timezone.localdate())
    assert link in html
    for text in (str(mail.body), html):
        assert "If you didn’t ask for this, you can ignore this email." in text
        assert f"The link works until {date_format(timezone.localdate() + timedelta(days=2))}." in text
        assert "1 Main Street" in text
    assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
    assert "List-Unsubscribe" not in mail.message()
    assert mail.subject == "Confirm the deletion of your data at Example Post"


@pytest.mark.parametrize(
    "is_blocked_by",
    [None, SuppressionReason.HARD_BOUNCE, SuppressionReason.MANUAL],
    ids=["a telephone", "a bounced address", "a blocked address"],
)
def test_where_no_mail_can_go_it_says_how_to_be_erased(
    is_blocked_by: SuppressionReason | None, browser_client: Client, ada: Address
) -> None:
    address = ada
    if is_blocked_by:
        actions.suppress([ada.pk], Origin(Source.STAFF, timezone.now()), reason=is_blocked_by)
    else:
        address = AddressFactory.create(contact=ada.contact, channel=Channel.SMS, text="+49 30 901820")
    status, page = post(browser_client, url_for(address), do="erase")
    assert status == 400
    assert "Please open this page from one of our emails." in page
    assert "Email me a deletion link" not in page
    assert not OutboxMessage.objects.filter(kind=OutboxKind.ERASE).exists()


def test_an_erased_contact_hears_that_it_is_so(browser_client: Client, ada: Address, url: str) -> None:
    actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))
    page = get(browser_client, url)[1]
    assert "Your data has been deleted." in page
    assert "Email me a deletion link" not in page


def test_p8_an_expired_link_tells_nothing_and_offers_a_fresh_one(browser_client: Client, ada: Address) -> None:
    old = url_for(ada, age=61)
    for status, page in (get(browser_client, old), post(browser_client, old, do="download")):
        assert status == 200
        assert "This link has expired." in page
        assert 'href="/preferences/"' in page
        assert "example.com<" not in page
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize("path", ["/f/nonsense/data", "/p//data"])
def test_e7_an_unknown_link_gets_the_uniform_answer(path: str, browser_client: Client) -> None:
    assert get(browser_client, path)[0] == 404


def test_it_speaks_the_contacts_language_or_the_one_asked_for(browser_client: Client, ada: Address, url: str) -> None:
    actions.choose_language(ada.contact_id, "ar")
    assert '<html lang="ar" dir="rtl">' in get(browser_client, url)[1]
    page = get(browser_client, f"{url}?lang=de")[1]
    assert '<html lang="de"' in page
    assert "?lang=de" in page.partition("</main>")[0]


def test_the_way_back_leads_to_the_preferences_of_the_same_age(browser_client: Client, url: str) -> None:
    token = url.split("/")[2]
    assert f'href="https://mail.example.com/f/{token}"' in get(browser_client, url)[1]
