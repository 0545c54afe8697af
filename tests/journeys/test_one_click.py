"""From a mail that went out, through its own one-click link, to the confirmation and the mail that is not sent."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.journeys.clicks import one_click, request
from tests.journeys.mailserver import Letter, PostOffice
from tests.journeys.site import Running, Site, new_site
from tests.prefcenter.mail_check.messages import signed
from tests.services import wait_until

pytestmark = [pytest.mark.sqlite_only, pytest.mark.starts_first]

NEWSLETTER = """
from django.core.mail import EmailMessage, get_connection
from unsubscribe import headers
declared = {{headers.CATEGORY: {category!r}, headers.CAMPAIGN: {campaign!r}}}
mails = [EmailMessage({campaign!r}, "Hello.", to=[one], headers=declared) for one in {recipients!r}]
print(get_connection().send_messages(mails))
"""
ONE_CLICK_LINK = re.compile(rb"(?m)^List-Unsubscribe: <(http://localhost:[0-9]+/u/[A-Za-z0-9_-]{40})>\r$")
POINT = re.compile(r"(?m)^(\w+) +([HE]\d+) +(\w+) ")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, post_office: PostOffice) -> Iterator[Site]:
    with new_site(tmp_path_factory.mktemp("site"), EMAIL_URL=post_office.url) as site:
        yield site


@pytest.fixture(scope="module", autouse=True)
def running(site: Site) -> Iterator[Running]:
    running = site.start()
    yield running
    running.stop()


def send(site: Site, *recipients: str, category: str = "news", campaign: str = "Spring") -> int:
    """The sender's own mailing through the guarded backend. Returns how many mails it let through."""
    return int(site.shell(NEWSLETTER.format(category=category, campaign=campaign, recipients=recipients)))


def the_letter(post_office: PostOffice, address: str) -> Letter:
    (letter,) = post_office.to(address)
    return letter


def link_in(letter: Letter) -> str:
    found = ONE_CLICK_LINK.search(letter.raw)
    assert found, letter.raw
    return found[1].decode()


def confirmations(post_office: PostOffice, address: str) -> list[Letter]:
    return [letter for letter in post_office.to(address) if "Auto-Submitted" in letter.message]


def test_who_takes_one_click_gets_one_confirmation_and_not_the_next_mail(site: Site, post_office: PostOffice) -> None:
    ada, bob = "ada@one-click.example", "bob@one-click.example"
    assert send(site, ada, bob) == 2
    link = link_in(the_letter(post_office, ada))

    answers = [one_click(link), one_click(link)]
    assert [answer.status for answer in answers] == [200, 200]
    assert not {"Set-Cookie", "Location"} & set(answers[0].headers)
    wait_until(lambda: confirmations(post_office, ada), what="the confirmation")

    assert send(site, ada, bob, campaign="Summer") == 1
    assert [letter.message["Subject"] for letter in post_office.to(bob)] == ["Spring", "Summer"]
    assert [letter.message["Subject"] for letter in post_office.to(ada)] == [
        "Spring",
        "Your preferences at Journey Post were updated",
    ]
    assert len(site.outbox(ada)) == 1
    assert site.verdict(ada, category="offers") == "send"


def test_looking_changes_nothing(site: Site, post_office: PostOffice) -> None:
    """Requirement E5: scanners fetch every link in a mail."""
    address = "scanned@one-click.example"
    send(site, address)
    link = link_in(the_letter(post_office, address))
    assert [request(method, link).status for method in ("GET", "HEAD", "OPTIONS")] == [200, 200, 204]
    assert site.verdict(address) == "send"
    assert site.outbox(address) == []


def test_a_post_acts_whatever_it_says(site: Site) -> None:
    """Requirements E1 and E2."""
    bodies: dict[str, dict[str, Any]] = {
        "urlencoded@one-click.example": {"data": {"List-Unsubscribe": "One-Click"}},
        "multipart@one-click.example": {"files": {"List-Unsubscribe": (None, "One-Click")}},
        "empty@one-click.example": {},
        "other@one-click.example": {"data": {"anything": "else"}},
        "broken@one-click.example": {"data": b"--x", "headers": {"Content-Type": "multipart/form-data"}},
    }
    links = {address: row["unsubscribe_url"] for address, row in site.audience([*bodies]).items()}
    answers = {address: request("POST", links[address], **body).status for address, body in bodies.items()}
    assert answers == dict.fromkeys(bodies, 200)
    verdicts = {address: row["verdict"] for address, row in site.audience([*bodies]).items()}
    assert verdicts == dict.fromkeys(bodies, "unsubscribed")


def test_a_closing_slash_or_another_host_name_redirects_nobody(site: Site) -> None:
    """Requirement E4."""
    slash, host = "slash@one-click.example", "host@one-click.example"
    links = {address: row["unsubscribe_url"] for address, row in site.audience([slash, host]).items()}
    assert one_click(f"{links[slash]}/").status == 200
    assert request("POST", links[host], headers={"Host": "the-name-of-old.example"}).status == 200
    assert {row["verdict"] for row in site.audience([slash, host]).values()} == {"unsubscribed"}


def test_an_altered_token_changes_nothing_and_tells_nothing(site: Site) -> None:
    address = "forged@one-click.example"
    link = site.link(address)
    token = link.rpartition("/")[2]
    altered = [token[:-1] + ("A" if token[-1] != "A" else "B"), token[:20], "A" * 40]
    answers = [one_click(link.replace(token, one)) for one in altered]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert site.verdict(address) == "send"


def test_the_checker_finds_the_mail_as_it_was_sent_in_order_and_its_post_unsubscribes(
    site: Site, post_office: PostOffice
) -> None:
    address = "checked@one-click.example"
    send(site, address)
    raw = the_letter(post_office, address).raw
    file = site.folder / "checked.eml"
    file.write_bytes(signed(raw, domain=b"journey.example"))

    said = site.manage("check_message", str(file), "--post").stdout
    points = set(POINT.findall(said))
    assert {("pass", id_, "must") for id_ in ("H1", "H3", "H4", "E3", "E4")} <= points, said
    assert "fail" not in {outcome for outcome, _, _ in points}, said
    assert site.verdict(address) == "unsubscribed"


def test_a_site_that_is_no_demo_has_no_mailbox(site: Site) -> None:
    assert request("GET", f"{site.url}/preferences/").status == 200
    assert request("GET", f"{site.url}/demo/").status == 404
    assert request("POST", f"{site.url}/demo/next/").status in {403, 404}


def test_the_log_names_nobody(site: Site) -> None:
    """Law 10, over all that the tests above did."""
    log = site.log.read_text()
    assert "one-click.example" not in log
    assert not re.search(r"/[up]/[A-Za-z0-9_-]{40}", log)
