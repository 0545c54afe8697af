"""Support finds a contact and acts for them: all through the pages, with no address where it does not belong."""

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from prefcenter.contact_data import profile
from prefcenter.models import User
from tests.factories import ADA, BOB, CampaignFactory, CategoryFactory, address
from tests.staff import sign_in
from unsubscribe import actions
from unsubscribe.actions import Origin
from unsubscribe.addresses import normalise
from unsubscribe.choices import Channel, EventKind, Frequency, OutboxKind, PreferenceState, Source, SuppressionReason
from unsubscribe.links import Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, Contact, OutboxMessage, Suppression
from unsubscribe.models.contacts import Handle

pytestmark = pytest.mark.django_db

PHONE = "+4930123456"
SEE, ACT = "view_contact", "act_for_contact"
FIND = "/admin/people/"
WORDS = {"wording": "Please stop this.", "way": "phone", "note": ""}


class StaffClient:
    """A browser with somebody of the staff before it: every POST carries the token of the page it stands on."""

    def __init__(self, *permissions: str, **user: Any) -> None:
        fields = {"is_staff": True} | user
        self.user = User.objects.create_user(f"staff{User.objects.count()}@example.org", **fields)
        self.user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        self.client = Client(enforce_csrf_checks=True, headers={"host": "mail.example.com"})
        sign_in(self.client, self.user)

    def get(self, url: str, **query: str) -> Any:
        return self.client.get(url, query, secure=True)

    def post(self, url: str, *, page: str = FIND, **fields: str) -> Any:
        self.get(page)
        token = self.client.cookies["csrftoken"].value if "csrftoken" in self.client.cookies else ""
        headers = {"referer": "https://mail.example.com" + page}
        sent = fields | {"csrfmiddlewaretoken": token}
        return self.client.post(url, sent, secure=True, headers=headers)

    def find(self, text: str) -> Any:
        return self.post(FIND, address=text)

    def does(self, contact: Contact, what: str, /, *ids: int, **fields: str) -> str:
        """What the page of the contact says afterwards."""
        answer = self.post(url_of(contact, what, *ids), **fields)
        assert answer.status_code == 302
        return page_text(self.get(answer["Location"]))


@pytest.fixture
def staff_client() -> StaffClient:
    return StaffClient(SEE, ACT)


@pytest.fixture
def phone(ada: Address) -> Address:
    return address(PHONE, contact=ada.contact, channel=Channel.SMS)


def url_of(contact: Contact, what: str = "page", *ids: int) -> str:
    return reverse(f"admin:unsubscribe_contact_{what}", args=[contact.pk, *ids])


def page_text(answer: HttpResponse) -> str:
    return answer.content.decode().replace("&#x27;", "'")


# Finding


@pytest.mark.parametrize(
    "typed",
    [
        ADA,
        " Ada@Example.COM ",
        '"ada"@example.com',
        "Ada <ada@example.com>",
        "mailto:ada%40example.com?subject=x",
        "ada\u200b@example\u00a0.com.",
        "+49 (0)30 12 34-56",
        "0049 30/123456",
        "tel:+49\u00a030\u200b123456",
        "＋４９３０１２３４５６",
    ],
)
def test_any_spelling_leads_to_the_contact(typed: str, staff_client: StaffClient, ada: Address, phone: Address) -> None:
    answer = staff_client.find(typed)
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/people/{ada.contact_id}/")


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("dan@example.com", "No contact has this address."),
        ("+49 30 999999", "No contact has this address."),
        ("d***@example.com", "No contact has an email address that looks like this."),
        ("a***@example.org", "No contact has an email address that looks like this."),
        ("a***@", "Enter an email address, or a phone number"),
        ("ada", "Enter an email address, or a phone number"),
        ("*@example.com", "Enter an email address, or a phone number"),
        ("Corp <*@corp.example>", "Enter an email address, or a phone number"),
        ("030 123456", "Enter an email address, or a phone number"),
        ("<script>@", "Enter an email address, or a phone number"),
        ("", "This field is required."),
        ("   ", "This field is required."),
        ("x" * 321, "at most 320 characters"),
        ("a\x00b@example.com", "Null characters are not allowed."),
        ("%a@example.com", "No contact has this address."),
        ("%@example.com", "Enter an email address, or a phone number"),
        ("•••", "Enter an email address, or a phone number"),
    ],
)
def test_whoever_is_not_found_is_said_calmly(typed: str, said: str, staff_client: StaffClient, ada: Address) -> None:
    answer = staff_client.find(typed)
    assert answer.status_code == 200
    assert said in page_text(answer)
    assert answer.context["form"]["address"].value() == typed


def test_a_masked_address_lists_whom_it_fits(staff_client: StaffClient) -> None:
    here = [address(text) for text in (ADA, "anna@example.com", "a@example.com")]
    for other in (BOB, "ada@example.org", "ada@sub.example.com", "ada@example.com.org"):
        address(other)
    address("a@example.com", channel=Channel.PUSH)
    for typed in ("a•••@example.com", "A***@Example.com", "a*@example.com", "a…@example.com"):
        page = page_text(staff_client.find(typed))
        assert [one.pk for one in profile.find_masked(typed) or []] == [one.pk for one in reversed(here)]
        assert all(url_of(one.contact) in page for one in here)
        assert "anna@" not in page


def test_a_masked_domain_beyond_ascii_is_found(staff_client: StaffClient) -> None:
    one = address("jörg@bücher.example")
    assert url_of(one.contact) in page_text(staff_client.find("j•••@bücher.example"))
    assert url_of(one.contact) in page_text(staff_client.find("j•••@xn--bcher-kva.example"))


def test_an_address_with_a_star_in_it_is_an_address_first(staff_client: StaffClient) -> None:
    one = address("a***@example.com")
    assert staff_client.find("a***@example.com")["Location"] == url_of(one.contact)


def test_at_most_fifty_are_listed(staff_client: StaffClient) -> None:
    for number in range(profile.MOST + 1):
        address(f"a{number}@example.com")
    assert page_text(staff_client.find("a***@example.com")).count('<th scope="row">') == profile.MOST


def test_masks_are_looked_up_in_an_index(db: None) -> None:
    for number in range(300):
        address(f"{chr(97 + number % 26)}{number}@{number}.example")
    rows = Address.objects.alias(handle=Handle("value")).filter(handle="a@example.com", channel="email")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE unsubscribe_address")
        assert "address_by_mask" in rows.order_by("-id")[:50].explain()


def test_a_long_token_can_still_be_learnt() -> None:
    """PostgreSQL refuses an index entry of more than 2,704 bytes."""
    letters = "".join(chr(33 + (number * number * 7919 + number) % 90) for number in range(4000))
    address("t" + letters + "@" + letters[:90], channel=Channel.PUSH)
    address("q@" + letters, channel=Channel.PUSH)


def test_a_number_known_to_two_contacts_lists_both(staff_client: StaffClient, phone: Address) -> None:
    other = address(PHONE, channel=Channel.PHONE)
    page = page_text(staff_client.find(PHONE))
    assert all(url_of(one.contact) in page for one in (phone, other))


def test_the_search_is_never_read_from_a_url(staff_client: StaffClient, ada: Address) -> None:
    page = staff_client.get(FIND, address=ADA)
    assert page.status_code == 400
    assert ADA not in page_text(page)


# What is shown


@pytest.fixture
def much(ada: Address, phone: Address, news: Category) -> Address:
    june = CampaignFactory.create(category=news, name="June")
    now = timezone.now()
    for source in (Source.ONE_CLICK, Source.PAGE):
        actions.opt_out([Target(ada.pk, news.pk, june.pk)], Origin(source, now, wording="Unsubscribe from News"))
        actions.opt_in([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording="Yes, News"))
    actions.suppress([ada.pk], Origin(Source.API, now, note="550 no such user"), reason=SuppressionReason.HARD_BOUNCE)
    actions.opt_out([Target(ada.pk)], Origin(Source.PAGE, now))
    actions.note_access(ada.pk, Origin(Source.PAGE, now))
    actions.send_link([ada.pk], now=now)
    return ada


def test_the_page_tells_all_and_shows_no_address(staff_client: StaffClient, much: Address) -> None:
    page = page_text(staff_client.get(url_of(much.contact)))
    for text in (
        "a•••@example.com",
        "+49•••56",
        "Unsubscribed from “News” by email.",
        "Suppressed: Address does not exist.",
        "The contact received a copy of all data",
        "campaign “June”",
        "Wording: “Unsubscribe from News”",
        "Note: 550 no such user",
        "One-click",
        "Unsubscribed from everything, all addresses",
        "Fresh link",
        "Only the contact can lift this",
    ):
        assert text in page
    assert ADA not in page
    assert PHONE not in page


def test_the_ledger_speaks_about_the_contact_and_not_to_them(
    staff_client: StaffClient, ada: Address, news: Category
) -> None:
    target, origin = Target(ada.pk, news.pk), Origin(Source.PAGE, timezone.now(), wording="As they read it")
    until = origin.now.date() + timedelta(days=30)
    [left] = actions.opt_out([target], origin)
    actions.undo([left.pk], origin)
    actions.opt_in([target], origin)
    actions.opt_down([target], origin, frequency=Frequency.WEEKLY)
    actions.pause([target], origin, until=until)
    lines = re.findall(r"</strong> \(News\)\. (.*)</p>", page_text(staff_client.get(url_of(ada.contact))))
    assert lines == [
        f"“News” by email is paused until {date_format(until)}.",
        "“News” by email: at most once a week.",
        "Subscribed to “News” by email.",
        "The earlier setting for “News” by email is back.",
        "Unsubscribed from “News” by email.",
    ]


def test_the_pages_have_no_style_and_no_script_of_their_own(staff_client: StaffClient, much: Address) -> None:
    page = page_text(staff_client.get(url_of(much.contact)))
    both = page + page_text(staff_client.get(FIND))
    assert "style=" not in both
    assert "onclick=" not in both
    assert page.count("<table") == page.count("<caption") >= 5


def test_the_ledger_has_pages_newest_first(staff_client: StaffClient, ada: Address, news: Category) -> None:
    now = timezone.now()
    for number in range(51):
        until = (now + timedelta(days=number + 1)).date()
        actions.pause([Target(ada.pk, news.pk)], Origin(Source.PAGE, now, wording=f"words {number}."), until=until)
    first, second = (page_text(staff_client.get(url_of(ada.contact), page=page)) for page in "12")
    assert first.count("<li>\n<p><time") == profile.PER_PAGE
    assert first.index("words 50.") < first.index("words 49.")
    assert "words 0." not in first
    assert "words 0." in second
    for odd in ("0", "-1", "99", "x", "9" * 30):
        assert staff_client.get(url_of(ada.contact), page=odd).status_code == 200


def test_the_page_shows_the_last_mailing_that_was_recorded(
    staff_client: StaffClient, ada: Address, news: Category
) -> None:
    now = timezone.now()
    june = CampaignFactory.create(category=news, name="June")
    actions.record_sent([ada.contact_id], Mailing(news, campaign=june), now=now)
    actions.record_sent([ada.contact_id], Mailing(CategoryFactory.create(slug="offers"), channel=Channel.SMS), now=now)
    text = page_text(staff_client.get(url_of(ada.contact)))
    table = text[text.index("Last messages sent") :].split("</table>")[0]
    for said in ("News", "June", "Email", "Offers", "Text message", date_format(timezone.localdate(now))):
        assert said in table, said
    assert "None." not in table


def test_the_page_says_what_is_confirmed_and_how_far_one_category_reaches(
    staff_client: StaffClient, phone: Address
) -> None:
    text = page_text(staff_client.get(url_of(phone.contact)))
    assert "if we know an email address of theirs" not in text
    assert "an opt-out on another channel is confirmed to all of their known email addresses" in text
    assert "One category: on all channels where they have an address today" in text
    form = WORDS | {"what": f"channel:{Channel.SMS}"}
    staff_client.does(phone.contact, "opt_out", **form)
    mailboxes = phone.contact.addresses.filter(channel=Channel.EMAIL).values_list("id", flat=True)
    assert sorted(OutboxMessage.objects.values_list("address", flat=True)) == sorted(mailboxes)


def test_a_page_takes_as_many_queries_for_much_as_for_little(staff_client: StaffClient, much: Address) -> None:
    def count(contact: Contact) -> int:
        with CaptureQueriesContext(connection) as asked:
            staff_client.get(url_of(contact))
        return len(asked)

    count(much.contact)  # the first page of a process learns the content types
    bob = address(BOB)
    actions.note_access(bob.pk, Origin(Source.PAGE, timezone.now()))
    little = count(bob.contact)
    for number in range(5):
        slug = f"more-{number}"
        other = address(f"ada{number}@example.com", contact=much.contact)
        actions.opt_out([Target(other.pk, CategoryFactory.create(slug=slug).pk)], Origin(Source.PAGE, timezone.now()))
        actions.suppress([other.pk], Origin(Source.STAFF, timezone.now()), reason=SuppressionReason.MANUAL)
    assert count(much.contact) == little <= 17


@pytest.mark.parametrize("url", ["/admin/people/987654321/", "/admin/people/99999999999999999999999/"])
def test_an_unknown_contact_is_not_found(url: str, staff_client: StaffClient) -> None:
    assert staff_client.get(url).status_code == 404


def test_the_list_of_contacts_leads_to_the_page_of_each_and_that_to_its_record(
    staff_client: StaffClient, ada: Address
) -> None:
    page = url_of(ada.contact)
    assert f'<a href="{page}">{ada.contact_id}</a>' in page_text(staff_client.get(FIND))
    record = f"{page}change/"
    assert f'href="{record}"' in page_text(staff_client.get(page))
    assert "a•••@example.com" in page_text(staff_client.get(record))


def test_the_index_and_the_list_of_contacts_lead_there() -> None:
    staff_client = StaffClient(SEE)
    for url in (reverse("admin:index"), reverse("admin:unsubscribe_contact_changelist")):
        assert f'href="{FIND}"' in page_text(staff_client.get(url))
    assert f'href="{FIND}"' not in page_text(StaffClient().get(reverse("admin:index")))


# Acting


def test_a_no_to_one_category_holds_on_every_channel(
    staff_client: StaffClient, ada: Address, phone: Address, news: Category
) -> None:
    fields = {**WORDS, "note": "Called at noon", "what": f"category:{news.pk}"}
    page = staff_client.does(ada.contact, "opt_out", **fields)
    assert "Recorded an opt-out: One category: News." in page
    events = ConsentEvent.objects.order_by("channel")
    assert [(one.channel, one.kind, one.after["state"]) for one in events] == [
        ("email", EventKind.OPT_OUT, PreferenceState.UNSUBSCRIBED),
        ("sms", EventKind.OPT_OUT, PreferenceState.UNSUBSCRIBED),
    ]
    for one in events:
        assert (one.source, one.actor) == (Source.STAFF, f"staff {staff_client.user.pk}")
        assert (one.wording, one.note) == ("Please stop this.", "By phone. Called at noon")
    assert OutboxMessage.objects.get().kind == OutboxKind.CONFIRMATION


def test_a_no_to_everything_blocks_every_address(staff_client: StaffClient, ada: Address, phone: Address) -> None:
    staff_client.does(ada.contact, "opt_out", **{**WORDS, "what": "everything", "way": "in_person"})
    blocked = Suppression.objects.filter(reason=SuppressionReason.UNSUBSCRIBED_ALL, everywhere=True)
    assert set(blocked.values_list("address_id", flat=True)) == {ada.pk, phone.pk}
    event = ConsentEvent.objects.get(address=phone)
    assert (event.source, event.wording, event.note) == (Source.STAFF, "Please stop this.", "In person.")


def test_a_no_to_one_channel_leaves_the_others_and_is_the_persons_to_take_back(
    staff_client: StaffClient, ada: Address, phone: Address, news: Category
) -> None:
    staff_client.does(ada.contact, "opt_out", **{**WORDS, "what": "channel:sms"})
    row = Suppression.objects.get()
    assert (row.address, row.reason, row.everywhere) == (phone, SuppressionReason.UNSUBSCRIBED_ALL, False)
    event = ConsentEvent.objects.get()
    assert "Please stop this." in event.wording + event.note
    actions.opt_in([Target(phone.pk, news.pk)], Origin(Source.PAGE, timezone.now(), wording="Yes"))
    row.refresh_from_db()
    assert row.lifted_at


def test_twice_is_once_and_says_so(staff_client: StaffClient, ada: Address) -> None:
    for said in ("Recorded an opt-out", "Already recorded"):
        assert said in staff_client.does(ada.contact, "opt_out", **{**WORDS, "what": "everything"})
    assert ConsentEvent.objects.count() == LogEntry.objects.count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"what": ""}, "This field is required."),
        ({"what": "nothing"}, "Select a valid choice."),
        ({"what": "category:0"}, "Select a valid choice."),
        ({"what": "channel:push"}, "Select a valid choice."),
        ({"what": "category:{receipts}"}, "Select a valid choice."),
        ({"wording": ""}, "This field is required."),
        ({"wording": "  \n "}, "This field is required."),
        ({"wording": "x" * 2001}, "at most 2000 characters"),
        ({"wording": "a\x00b"}, "Null characters are not allowed."),
        ({"way": ""}, "This field is required."),
        ({"way": "pigeon"}, "Select a valid choice."),
        ({"note": "x" * 301}, "at most 300 characters"),
    ],
    ids=str,
)
def test_a_form_filled_in_wrongly_comes_back_as_typed(
    wrong: dict[str, str], said: str, staff_client: StaffClient, ada: Address
) -> None:
    receipts = CategoryFactory.create(transactional=True)
    fields = {**WORDS, "what": "everything"} | {name: text.format(receipts=receipts.pk) for name, text in wrong.items()}
    answer = staff_client.post(url_of(ada.contact, "opt_out"), **fields)
    assert answer.status_code == 200
    assert said in page_text(answer)
    assert answer.context["forms"]["opt_out"]["wording"].value() == fields["wording"]
    assert not ConsentEvent.objects.exists()
    assert not LogEntry.objects.exists()


def test_a_manual_block_can_be_set_and_lifted_with_a_note(staff_client: StaffClient, ada: Address) -> None:
    assert "Suppressed an address" in staff_client.does(
        ada.contact, "suppress", address=str(ada.pk), note="Legal asked"
    )
    row = Suppression.objects.get(reason=SuppressionReason.MANUAL)
    assert "Add a note that says why" in staff_client.does(ada.contact, "lift", row.pk, note=" ")
    assert "Lifted a suppression: Blocked by staff." in staff_client.does(
        ada.contact, "lift", row.pk, note="Legal is content"
    )
    row.refresh_from_db()
    assert row.lifted_at
    told = ConsentEvent.objects.order_by("id").values_list("kind", "source", "actor", "note")
    actor = f"staff {staff_client.user.pk}"
    assert list(told) == [
        (EventKind.SUPPRESS, Source.STAFF, actor, "Legal asked"),
        (EventKind.LIFT, Source.STAFF, actor, "Legal is content"),
    ]
    assert "Already recorded" in staff_client.does(ada.contact, "lift", row.pk, note="Again")


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (SuppressionReason.HARD_BOUNCE, ""),
        (SuppressionReason.MANUAL, ""),
        (SuppressionReason.UNSUBSCRIBED_ALL, "Only the contact can lift this"),
        (SuppressionReason.COMPLAINT, "Only the contact can lift this"),
        (SuppressionReason.ERASED, "The contact was erased."),
    ],
)
def test_the_staff_lift_what_the_rules_allow_and_are_told_why_not(
    reason: SuppressionReason, said: str, staff_client: StaffClient, ada: Address
) -> None:
    actions.suppress([ada.pk], Origin(Source.API, timezone.now()), reason=reason)
    row = Suppression.objects.get()
    before = page_text(staff_client.get(url_of(ada.contact)))
    button = f'action="{url_of(ada.contact, "lift", row.pk)}"'
    assert (button in before, said in before) == (not said, True)
    after = staff_client.does(ada.contact, "lift", row.pk, note="They asked")
    row.refresh_from_db()
    assert (row.lifted_at is None, said in after) == (bool(said), True)
    assert ConsentEvent.objects.filter(kind=EventKind.LIFT).exists() is not bool(said)
    assert LogEntry.objects.exists() is not bool(said)


def test_their_link_goes_out_by_mail(staff_client: StaffClient, ada: Address, phone: Address) -> None:
    assert "The preferences link will be emailed" in staff_client.does(ada.contact, "send_link", ada.pk)
    assert OutboxMessage.objects.get().kind == OutboxKind.LINK
    assert "only be sent to an email address" in staff_client.does(ada.contact, "send_link", phone.pk)
    assert OutboxMessage.objects.count() == LogEntry.objects.count() == 1


class TestWhoseAnAddressIs:
    """A sender joined it to the contact; where no mailbox can say whether that is right, the staff do."""

    @pytest.fixture
    def joined(self, phone: Address) -> Address:
        """To a contact that is known by a telephone alone."""
        only = Address.objects.get(pk=phone.pk)
        Contact.objects.filter(pk=only.contact_id).update(language="")
        only.contact = Contact.objects.create(created_at=timezone.now())
        only.save()
        [email] = actions.add_addresses(only.contact_id, [normalise("new@example.org")], now=timezone.now())
        return email

    def test_is_answered_with_a_note(self, staff_client: StaffClient, joined: Address) -> None:
        assert not OutboxMessage.objects.exists()  # there is no mailbox to ask
        assert "Added by a sender, not confirmed" in page_text(staff_client.get(url_of(joined.contact)))
        note = "Rang us from that number, and read the code to us."
        after = staff_client.does(joined.contact, "join", joined.pk, answer="agree", note=note)
        assert "Confirmed that an address is theirs." in after
        assert "Confirmed: the address belongs to the contact." in after
        event = ConsentEvent.objects.get()
        assert (event.kind, event.source, event.actor, event.note) == (
            EventKind.JOIN,
            Source.STAFF,
            f"staff {staff_client.user.pk}",
            note,
        )
        joined.refresh_from_db()
        assert not joined.is_pending
        assert "Already recorded" in staff_client.does(joined.contact, "join", joined.pk, answer="agree", note=note)

    def test_or_not_theirs_at_all(self, staff_client: StaffClient, joined: Address) -> None:
        older = joined.contact
        after = staff_client.does(older, "join", joined.pk, answer="part", note="A typing error of ours.")
        assert "Moved an address to a contact of its own" in after
        joined.refresh_from_db()
        assert (joined.contact_id == older.pk, joined.parted_from_id) == (False, older.pk)

    @pytest.mark.parametrize("fields", [{"answer": "agree", "note": ""}, {"answer": "perhaps", "note": "Why"}, {}])
    def test_takes_a_note_and_an_answer(
        self, fields: dict[str, str], staff_client: StaffClient, joined: Address
    ) -> None:
        assert "Nothing changed." in staff_client.does(joined.contact, "join", joined.pk, **fields)
        assert not ConsentEvent.objects.exists()

    def test_takes_the_right_to_act(self, joined: Address) -> None:
        url = url_of(joined.contact, "join", joined.pk)
        assert StaffClient(SEE).post(url, answer="agree", note="Why").status_code == 403
        assert not ConsentEvent.objects.exists()

    def test_the_address_a_contact_began_with_is_asked_about_by_nobody(
        self, staff_client: StaffClient, ada: Address
    ) -> None:
        assert 'name="answer"' not in page_text(staff_client.get(url_of(ada.contact)))
        assert "Already recorded" in staff_client.does(ada.contact, "join", ada.pk, answer="part", note="Why")


def test_what_belongs_to_somebody_else_is_not_found(staff_client: StaffClient, ada: Address) -> None:
    bob = address(BOB)
    actions.suppress([bob.pk], Origin(Source.STAFF, timezone.now()), reason=SuppressionReason.MANUAL)
    row = Suppression.objects.get()
    assert staff_client.post(url_of(ada.contact, "lift", row.pk), note="x").status_code == 404
    assert staff_client.post(url_of(ada.contact, "send_link", bob.pk)).status_code == 404
    assert "Select a valid choice" in page_text(
        staff_client.post(url_of(ada.contact, "suppress"), address=str(bob.pk), note="x")
    )
    row.refresh_from_db()
    assert row.lifted_at is None


def test_of_an_erased_person_nothing_can_be_changed(staff_client: StaffClient, ada: Address) -> None:
    actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))
    assert staff_client.find(ADA)["Location"] == url_of(ada.contact)
    page = page_text(staff_client.get(url_of(ada.contact)))
    assert f"This contact was erased on {date_format(timezone.localdate())}. No personal data remains." in page
    assert 'method="post" action="/admin/people/' not in page
    for what, fields in (
        ("opt_out", {**WORDS, "what": "everything"}),
        ("suppress", {"address": str(ada.pk), "note": "x"}),
    ):
        assert "There is nothing left to change" in staff_client.does(ada.contact, what, **fields)
    assert "only be sent" in staff_client.does(ada.contact, "send_link", ada.pk)
    assert [one.kind for one in ConsentEvent.objects.all()] == [EventKind.ERASE]


# Who may, and where no address goes


def everything_to_do(ada: Address) -> list[Callable[[StaffClient], Any]]:
    row = Suppression.objects.get()
    contact = ada.contact
    return [
        lambda staff_client: staff_client.post(url_of(contact, "opt_out"), **{**WORDS, "what": "everything"}),
        lambda staff_client: staff_client.post(url_of(contact, "suppress"), address=str(ada.pk), note="x"),
        lambda staff_client: staff_client.post(url_of(contact, "lift", row.pk), note="x"),
        lambda staff_client: staff_client.post(url_of(contact, "send_link", ada.pk)),
    ]


@pytest.mark.parametrize(
    ("permissions", "user", "sees", "acts"),
    [
        ((SEE, ACT), {}, 200, 302),
        ((SEE,), {}, 200, 403),
        ((ACT,), {}, 403, 403),
        ((), {}, 403, 403),
        ((), {"is_superuser": True}, 200, 302),
        ((SEE, ACT), {"is_staff": False}, 302, 0),
    ],
)
def test_who_may_see_and_who_may_act(
    permissions: tuple[str, ...], user: dict[str, bool], sees: int, acts: int, ada: Address
) -> None:
    actions.suppress([ada.pk], Origin(Source.API, timezone.now()), reason=SuppressionReason.HARD_BOUNCE)
    staff_client = StaffClient(*permissions, **user)
    assert [staff_client.get(url).status_code for url in (FIND, url_of(ada.contact))] == [sees, sees]
    before = ConsentEvent.objects.count()
    # Whoever has no page has no token either, unless from another page of the admin.
    staff_client.client.cookies["csrftoken"] = "a" * 32
    answers = [do(staff_client) for do in everything_to_do(ada)]
    if acts:
        assert [one.status_code for one in answers] == [acts] * 4
    else:
        assert all("/login/" in one["Location"] for one in answers)
    assert (ConsentEvent.objects.count() > before) is (acts == 302)
    assert LogEntry.objects.exists() is (acts == 302)


def test_a_stranger_is_sent_to_sign_in(ada: Address) -> None:
    for url in (FIND, url_of(ada.contact)):
        answer = Client(headers={"host": "mail.example.com"}).get(url, secure=True)
        assert answer.status_code == 302
        assert "/login/" in answer["Location"]


def test_who_may_only_look_is_offered_nothing_to_change(much: Address) -> None:
    assert 'method="post" action="/admin/people/' not in page_text(StaffClient(SEE).get(url_of(much.contact)))


def test_nothing_is_done_without_the_token_or_by_get(staff_client: StaffClient, ada: Address) -> None:
    actions.suppress([ada.pk], Origin(Source.API, timezone.now()), reason=SuppressionReason.HARD_BOUNCE)
    before = ConsentEvent.objects.count()
    url = url_of(ada.contact, "opt_out")
    assert staff_client.client.post(url, {**WORDS, "what": "everything"}, secure=True).status_code == 403
    assert staff_client.client.post(FIND, {"address": ADA}, secure=True).status_code == 403
    row = Suppression.objects.get()
    for one in (url, url_of(ada.contact, "suppress"), url_of(ada.contact, "lift", row.pk)):
        assert staff_client.get(one).status_code == 405
    assert ConsentEvent.objects.count() == before


def test_no_address_reaches_a_url_a_log_or_the_ledger(
    staff_client: StaffClient, ada: Address, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    staff_client.find("nobody@example.com")
    location = staff_client.find(ADA)["Location"]
    words = {"wording": f"It is {ADA}, call +49 30 123456 or 030-123 4567", "note": f"<{ADA}>", "way": "mail"}
    staff_client.does(ada.contact, "opt_out", what="everything", **words)
    staff_client.does(ada.contact, "suppress", address=str(ada.pk), note=f"see {ADA} and {PHONE}")
    row = Suppression.objects.get(reason=SuppressionReason.MANUAL)
    staff_client.does(ada.contact, "lift", row.pk, note=f"see {ADA}")
    staff_client.does(ada.contact, "send_link", ada.pk)
    kept = [f"{one.wording} {one.note} {one.actor} {one.before} {one.after}" for one in ConsentEvent.objects.all()]
    kept += [f"{one.object_repr} {one.change_message}" for one in LogEntry.objects.all()]
    assert len(kept) == 3 + 4
    everywhere = " ".join([location, *kept, *(record.getMessage() for record in caplog.records)])
    for text in ("@example", "123456", "123 4567", PHONE):
        assert text not in everywhere
    assert "It is •••, call ••• or •••" in everywhere


def test_a_day_and_an_amount_are_no_phone_numbers(staff_client: StaffClient, ada: Address) -> None:
    said = "On 03.10.2026 at 10:15 I paid 1,000.00 for order 12345678."
    staff_client.does(ada.contact, "opt_out", what="everything", wording=said, way="letter", note="2026-10-03")
    event = ConsentEvent.objects.get()
    assert (event.wording, event.note) == (said, "By letter. 2026-10-03")
