"""What only the mailbox can answer: opting in and erasing happen on the mailed link's POST, and nowhere before."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail as sent
from django.test import Client
from django.utils import timezone

from prefcenter.models import Feedback, FeedbackReason
from tests.emails import html_of
from tests.factories import ADA, CategoryFactory
from unsubscribe import actions, gate, links, outbox
from unsubscribe.actions import ImportedNo, Origin
from unsubscribe.choices import Channel, EventKind, OutboxStatus, Outcome, PreferenceState, Source, SuppressionReason
from unsubscribe.choices import Purpose as CategoryPurpose
from unsubscribe.links import LinkPurpose, Target
from unsubscribe.mailing import Mailing
from unsubscribe.models import Address, Category, ConsentEvent, Contact, OutboxMessage, Preference

pytestmark = pytest.mark.django_db
QUESTION = {LinkPurpose.OPT_IN: "Would you like to get “Partners”?", LinkPurpose.ERASE: "Delete all your data?"}
DO = {LinkPurpose.OPT_IN: "opt_in", LinkPurpose.ERASE: "erase"}
Ask = Callable[[LinkPurpose], str]


@pytest.fixture
def partners(db: None) -> Category:
    return CategoryFactory.create(opt_in=True, description="What our partners offer.\nNever more than monthly.")


@pytest.fixture
def ask(ada: Address, partners: Category) -> Ask:
    """Asks by mail, and returns the path of the link in it."""

    def _ask(purpose: LinkPurpose) -> str:
        if purpose == LinkPurpose.OPT_IN:
            actions.ask_to_opt_in([Target(ada.pk, partners.pk)], now=timezone.now())
        else:
            actions.ask_to_erase([ada.pk], now=timezone.now())
        assert outbox.deliver(OutboxMessage.objects.latest("id").pk, now=timezone.now()) == OutboxStatus.SENT
        return f"/{purpose}/" + str(sent.outbox[-1].body).partition(f"https://mail.example.com/{purpose}/")[2][:40]

    return _ask


def path_of(target: Target, purpose: LinkPurpose, *, age: int = 0) -> str:
    today = timezone.localdate() - timedelta(days=age)
    return f"/{purpose}/{links.sign(target, purpose=purpose, today=today)}"


def get(client: Client, path: str) -> str:
    return client.get(path, secure=True).content.decode().replace("&#x27;", "'")


def post(client: Client, path: str, **fields: str) -> tuple[int, str]:
    answer = client.post(path, fields, secure=True)
    assert not answer.cookies
    return answer.status_code, answer.content.decode().replace("&#x27;", "'")


def answer_for(category: Category) -> Outcome:
    return gate.check([ADA], Mailing(category), now=timezone.now())[0].outcome


@pytest.mark.parametrize("purpose", QUESTION)
@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_e5_a_look_changes_nothing(method: str, purpose: LinkPurpose, browser_client: Client, ask: Ask) -> None:
    path = ask(purpose)
    for slash in ("", "/"):
        answer = getattr(browser_client, method)(path + slash, {"do": DO[purpose]}, secure=True)
        assert answer.status_code in {200, 204}
        assert answer["Cache-Control"] == "no-store"
        assert not answer.cookies
    assert not ConsentEvent.objects.exists()
    assert Address.objects.get().value == ADA


@pytest.mark.parametrize("purpose", QUESTION)
@pytest.mark.parametrize("body", [b"", b"do=other", b"List-Unsubscribe=One-Click"], ids=["nothing", "other", "click"])
def test_a_post_that_does_not_answer_is_asked_again(
    body: bytes, purpose: LinkPurpose, browser_client: Client, ask: Ask
) -> None:
    form = "application/x-www-form-urlencoded"
    answer = browser_client.post(ask(purpose), body, content_type=form, secure=True)
    assert answer.status_code == 400
    assert QUESTION[purpose] in answer.content.decode()
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize("asked", LinkPurpose)
@pytest.mark.parametrize("signed", LinkPurpose)
def test_a_link_of_one_purpose_is_none_of_another(
    signed: LinkPurpose, asked: LinkPurpose, browser_client: Client, ada: Address, partners: Category
) -> None:
    token = path_of(Target(ada.pk, partners.pk), signed).split("/")[2]
    paths = (
        [f"/{asked}/{token}", f"/{asked}/{token}/data"] if asked == LinkPurpose.PREFERENCES else [f"/{asked}/{token}"]
    )
    for path in paths:
        assert browser_client.get(path, secure=True).status_code == (200 if signed == asked else 404)
        if signed != asked:
            for do in (*DO.values(), "unsubscribe", "download"):
                assert post(browser_client, path, do=do)[0] == 404
    assert not ConsentEvent.objects.exists()


@pytest.mark.parametrize(("purpose", "days"), [(LinkPurpose.OPT_IN, 7), (LinkPurpose.ERASE, 2)])
def test_a_question_can_be_answered_for_some_days_only(
    purpose: LinkPurpose, days: int, browser_client: Client, ada: Address, partners: Category
) -> None:
    target = Target(ada.pk, partners.pk)
    assert QUESTION[purpose] in get(browser_client, path_of(target, purpose, age=days))
    old = path_of(target, purpose, age=days + 1)
    for page in (get(browser_client, old), post(browser_client, old, do=DO[purpose])[1]):
        assert "This link has expired." in page
        assert 'href="/preferences/"' in page
    assert not ConsentEvent.objects.exists()


def test_an_answer_can_be_undone_for_an_hour_although_its_link_has_expired_since(
    browser_client: Client, ada: Address, partners: Category
) -> None:
    target = Target(ada.pk, partners.pk)
    page = post(browser_client, path_of(target, LinkPurpose.OPT_IN, age=7), do=DO[LinkPurpose.OPT_IN])[1]
    receipt = page.partition('name="receipt" value="')[2].partition('"')[0]
    page = post(browser_client, path_of(target, LinkPurpose.OPT_IN, age=8), do="undo", receipt=receipt)[1]
    assert "Undone. Your previous settings are back." in page
    assert gate.check([ada.value], Mailing(partners), now=timezone.now())[0].outcome == Outcome.UNSUBSCRIBED


@pytest.mark.parametrize("path", ["/i", "/i/", "/e", "/e/", "/i/nonsense", "/e/nonsense/"])
def test_e7_an_unknown_link_gets_the_uniform_answer(path: str, browser_client: Client) -> None:
    for answer in (browser_client.get(path, secure=True), browser_client.post(path, {"do": "erase"}, secure=True)):
        assert answer.status_code == 404
        assert "This link isn’t valid." in answer.content.decode()


class TestOptIn:
    def test_the_mail_asks_and_sells_nothing(self, ask: Ask) -> None:
        token = ask(LinkPurpose.OPT_IN).split("/")[2]
        [mail] = sent.outbox
        html = html_of(mail)
        for text in (str(mail.body), html):
            assert f"https://mail.example.com/i/{token}" in text
            assert "Partners" in text
            assert "What our partners offer." in text
            assert "If you didn’t ask for this, you can ignore this email." in text
            assert "1 Main Street" in text
        assert mail.extra_headers["Auto-Submitted"] == "auto-generated"
        assert not [name for name in mail.message() if name.lower().startswith(("list-", "x-unsubscribe"))]

    def test_p9_the_yes_is_kept_with_the_words_it_was_a_yes_to(
        self, browser_client: Client, ask: Ask, partners: Category
    ) -> None:
        path = ask(LinkPurpose.OPT_IN)
        assert answer_for(partners) == Outcome.UNSUBSCRIBED
        shown = get(browser_client, path)
        assert "a•••@example.com" in shown
        status, page = post(browser_client, path, do="opt_in")
        assert status == 200
        assert "Your preferences are saved." in page
        assert answer_for(partners) == Outcome.SEND
        event = ConsentEvent.objects.get()
        assert (event.kind, event.source) == (EventKind.OPT_IN, Source.PAGE)
        assert event.wording == (
            "Would you like to get “Partners”? What our partners offer. Never more than monthly. "
            "You can unsubscribe at any time with one tap. Yes, subscribe me"
        )
        assert f'name="wording" value="{event.wording}"' in shown
        assert all(sentence in shown for sentence in event.wording.split(". "))

    def test_words_that_were_changed_since_are_asked_again(
        self, browser_client: Client, ask: Ask, partners: Category
    ) -> None:
        path = ask(LinkPurpose.OPT_IN)
        read = get(browser_client, path).partition('name="wording" value="')[2].partition('"')[0]
        Category.objects.update(description="Everything, daily.")
        status, page = post(browser_client, path, do="opt_in", wording=read)
        assert status == 400
        assert "Everything, daily." in page
        assert not ConsentEvent.objects.exists()
        assert (
            post(
                browser_client,
                path,
                do="opt_in",
                wording=read.replace("What our partners offer. Never more than monthly.", "Everything, daily."),
            )[0]
            == 200
        )

    def test_what_was_read_in_another_language_is_kept_in_it(
        self, browser_client: Client, ask: Ask, partners: Category
    ) -> None:
        Category.objects.update(translations={"ja": {"name": "提携先"}})
        path = f"{ask(LinkPurpose.OPT_IN)}?lang=ja"
        assert "提携先" in get(browser_client, path)
        post(browser_client, path, do="opt_in")
        assert "提携先" in ConsentEvent.objects.get().wording

    def test_twice_is_the_same_as_once(self, browser_client: Client, ask: Ask) -> None:
        path = ask(LinkPurpose.OPT_IN)
        post(browser_client, path, do="opt_in")
        status, page = post(browser_client, path, do="opt_in")
        assert status == 200
        for again in (get(browser_client, path), page):
            assert "You’re already subscribed to “Partners”." in again
            assert "There’s nothing else you need to do." in again
            assert QUESTION[LinkPurpose.OPT_IN] not in again
        assert ConsentEvent.objects.count() == 1
        assert OutboxMessage.objects.count() == 2  # the question, and one confirmation

    def test_a_pause_since_is_told_on_a_second_look(self, browser_client: Client, ask: Ask, ada: Address) -> None:
        path = ask(LinkPurpose.OPT_IN)
        post(browser_client, path, do="opt_in")
        until = timezone.localdate() + timedelta(days=9)
        actions.pause([Target(ada.pk)], Origin(Source.PAGE, timezone.now()), until=until)
        page = get(browser_client, path)
        assert "You’re already subscribed to “Partners”." in page
        assert "Everything is paused until" in page
        assert "There’s nothing else you need to do." not in page

    def test_a_yes_said_again_beats_an_imported_no_from_before_it(
        self, browser_client: Client, ada: Address, partners: Category
    ) -> None:
        now, day = timezone.now(), timedelta(days=1)
        target = Target(ada.pk, partners.pk)
        actions.opt_in([target], Origin(Source.PAGE, now - 3 * day, wording="Yes"))
        page = post(browser_client, path_of(target, LinkPurpose.OPT_IN), do="opt_in")[1]
        assert "You’re already subscribed to “Partners”." in page
        no = [ImportedNo(bytes(ada.digest), ada.value, now - day)]
        origin = Origin(Source.IMPORT, timezone.now())
        actions.import_opt_outs(no, origin, channel=Channel.EMAIL, category_id=partners.pk)
        assert answer_for(partners) == Outcome.SEND

    def test_a_yes_said_again_ends_a_pause_of_the_category(
        self, browser_client: Client, ask: Ask, ada: Address, partners: Category
    ) -> None:
        path = ask(LinkPurpose.OPT_IN)
        post(browser_client, path, do="opt_in")
        until = timezone.localdate() + timedelta(days=9)
        actions.pause([Target(ada.pk, partners.pk)], Origin(Source.PAGE, timezone.now()), until=until)
        page = post(browser_client, path, do="opt_in")[1]
        assert "Your preferences are saved." in page
        assert 'value="undo"' in page
        assert answer_for(partners) == Outcome.SEND

    @pytest.mark.parametrize("whole", [True, False])
    def test_who_left_since_is_asked_again(
        self, whole: bool, browser_client: Client, ask: Ask, ada: Address, partners: Category
    ) -> None:
        path = ask(LinkPurpose.OPT_IN)
        post(browser_client, path, do="opt_in")
        left = Target(ada.pk, None if whole else partners.pk)
        actions.opt_out([left], Origin(Source.PAGE, timezone.now()))
        assert QUESTION[LinkPurpose.OPT_IN] in get(browser_client, path)
        post(browser_client, path, do="opt_in")
        assert answer_for(partners) == Outcome.SEND

    def test_who_gets_it_by_default_is_asked_all_the_same(
        self, browser_client: Client, ada: Address, news: Category
    ) -> None:
        path = path_of(Target(ada.pk, news.pk), LinkPurpose.OPT_IN)
        assert "Would you like to get “News”?" in get(browser_client, path)
        post(browser_client, path, do="opt_in")
        assert "You’re already subscribed to “News”." in get(browser_client, path)

    def test_it_can_be_undone_on_the_spot(self, browser_client: Client, ask: Ask, partners: Category) -> None:
        path = ask(LinkPurpose.OPT_IN)
        page = post(browser_client, path, do="opt_in")[1]
        receipt = page.partition('name="receipt" value="')[2].partition('"')[0]
        assert "Your previous settings are back" in post(browser_client, path, do="undo", receipt=receipt)[1]
        assert answer_for(partners) == Outcome.UNSUBSCRIBED

    def test_it_lifts_their_own_no_and_leaves_the_rest_off(
        self, browser_client: Client, ask: Ask, ada: Address, news: Category, partners: Category
    ) -> None:
        actions.opt_out([Target(ada.pk)], Origin(Source.ONE_CLICK, timezone.now() - timedelta(days=1)))
        post(browser_client, ask(LinkPurpose.OPT_IN), do="opt_in")
        assert answer_for(partners) == Outcome.SEND
        assert answer_for(news) == Outcome.UNSUBSCRIBED

    def test_a_pause_of_everything_that_still_holds_is_told(
        self, browser_client: Client, ask: Ask, ada: Address
    ) -> None:
        until = timezone.localdate() + timedelta(days=9)
        actions.pause([Target(ada.pk)], Origin(Source.PAGE, timezone.now()), until=until)
        assert "Everything is paused until" in post(browser_client, ask(LinkPurpose.OPT_IN), do="opt_in")[1]

    @pytest.mark.parametrize(
        "reason", [SuppressionReason.HARD_BOUNCE, SuppressionReason.MANUAL, SuppressionReason.ERASED]
    )
    def test_an_address_that_cannot_be_written_to_is_told_so(
        self, reason: SuppressionReason, browser_client: Client, ask: Ask, ada: Address
    ) -> None:
        path = ask(LinkPurpose.OPT_IN)
        if reason == SuppressionReason.ERASED:
            actions.erase([ada.contact_id], Origin(Source.PAGE, timezone.now()))
        else:
            actions.suppress([ada.pk], Origin(Source.STAFF, timezone.now()), reason=reason)
        for page in (get(browser_client, path), post(browser_client, path, do="opt_in")[1]):
            assert "We can’t send anything to this address." in page
        assert not Preference.objects.filter(state=PreferenceState.SUBSCRIBED).exists()

    def test_what_is_no_longer_offered_is_told_so(self, browser_client: Client, ask: Ask) -> None:
        path = ask(LinkPurpose.OPT_IN)
        Category.objects.update(purpose=CategoryPurpose.TRANSACTIONAL)
        assert "This is no longer available." in post(browser_client, path, do="opt_in")[1]
        assert not ConsentEvent.objects.exists()


class TestErase:
    def test_it_says_what_goes_and_then_it_is_gone(self, browser_client: Client, ask: Ask) -> None:
        path = ask(LinkPurpose.ERASE)
        page = get(browser_client, path)
        assert "This can’t be undone." in page
        assert "a•••@example.com" in page
        status, page = post(browser_client, path, do="erase")
        assert status == 200
        assert "Your data has been deleted." in page
        assert "example.com<" not in page
        assert Address.objects.get().value == ""
        assert ConsentEvent.objects.latest("id").kind == EventKind.ERASE
        assert answer_for(CategoryFactory.create(transactional=True)) == Outcome.SUPPRESSED

    def test_what_they_wrote_goes_too(self, browser_client: Client, ask: Ask, ada: Address, news: Category) -> None:
        [event] = actions.opt_out([Target(ada.pk, news.pk)], Origin(Source.PAGE, timezone.now()))
        reason = FeedbackReason.objects.create(text="Other")
        Feedback.objects.create(event=event, reason=reason, text="I moved", created_at=timezone.now())
        post(browser_client, ask(LinkPurpose.ERASE), do="erase")
        assert (Feedback.objects.get().text, Feedback.objects.get().reason) == ("", reason)

    def test_twice_is_the_same_as_once(self, browser_client: Client, ask: Ask) -> None:
        path = ask(LinkPurpose.ERASE)
        post(browser_client, path, do="erase")
        erased_at = Contact.objects.get().erased_at
        for page in (get(browser_client, path), post(browser_client, path, do="erase")[1]):
            assert "Your data has already been deleted." in page
        assert Contact.objects.get().erased_at == erased_at
        assert ConsentEvent.objects.filter(kind=EventKind.ERASE).count() == 1
