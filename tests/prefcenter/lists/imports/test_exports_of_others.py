"""Which columns of other systems' exports are asked about, as they stand there, and what is proposed for them."""

import io
from datetime import UTC, datetime

import pytest

from prefcenter.lists.imports import ImportOptions
from prefcenter.lists.imports.reading import open_source
from prefcenter.models import ImportKind
from unsubscribe.choices import Channel

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
OPT_OUTS, CONTACTS = ImportOptions(ImportKind.OPT_OUTS), ImportOptions(ImportKind.CONTACTS)


def proposed(text: str, options: ImportOptions = OPT_OUTS) -> dict[str, str]:
    """The open questions by their headings, and what is proposed."""
    source = open_source(io.BytesIO(text.encode()), options, file_name="export.csv", now=NOW)
    asking = source.asking()
    for _ in source.shown_to(asking):
        pass
    return {one.heading: one.proposal for one in asking.questions if one.is_open}


def taken(text: str, options: ImportOptions) -> list[str]:
    source = open_source(io.BytesIO(text.encode()), options, file_name="export.csv", now=NOW)
    return [line.value for batch in source.batches() for line in batch.lines]


EXPORTS = {
    "Shopify": (
        "Email,Accepts Email Marketing,Phone,Accepts SMS Marketing\na@x.example,yes,,no\nb@x.example,no,,yes\n",
        {"Accepts Email Marketing": "yes=subscribed,no=unsubscribed"},
    ),
    "Salesforce": (
        "Email,HasOptedOutOfEmail,HasOptedOutOfFax,DoNotCall,EmailBouncedReason\n"
        "a@x.example,false,true,true,\nb@x.example,true,false,false,550 no\n",
        {
            "HasOptedOutOfEmail": "false=subscribed,true=unsubscribed",
            "EmailBouncedReason": "empty=subscribed,filled=hard_bounce",
        },
    ),
    "ActiveCampaign": (
        "Email,Status,Bounced Hard,Bounced Soft\na@x.example,Active,0,1\nb@x.example,Active,1,0\n",
        {"Bounced Hard": "0=subscribed,1=hard_bounce", "Bounced Soft": "1=?,0=?"},
    ),
    "Braze": (
        "email,unsubscribed_from_emails_at,push_subscribe\na@x.example,,subscribed\nb@x.example,2024-01-02,x\n",
        {},
    ),
    "Iterable": (
        'email,unsubscribedChannelIds\na@x.example,"[]"\nb@x.example,"[123]"\n',
        {"unsubscribedChannelIds": "empty=subscribed,filled=unsubscribed"},
    ),
    "Omnisend": (
        "email,email_status,sms_status,email_status_changed_at\n"
        "a@x.example,subscribed,nonSubscribed,2024-01-02\nb@x.example,unsubscribed,subscribed,2024-01-02\n",
        {},
    ),
    "Dynamics": (
        "(Do Not Modify) Contact,Email,Do not allow Postal Mails\n1,a@x.example,yes\n2,b@x.example,no\n",
        {"Do not allow Postal Mails": "yes=?,no=?"},  # nothing else in it says who opted out
    ),
    "Mailjet": ("email,is_opt_in_pending\na@x.example,false\n", {"is_opt_in_pending": "false=?"}),
    "a CRM": (
        "email,Notes,opens,Lead Status,Opt-out reason\na@x.example,no,0,New,\nb@x.example,yes,1,Open,too many mails\n",
        {"Opt-out reason": "empty=subscribed,filled=unsubscribed"},
    ),
}


@pytest.mark.parametrize(("text", "asked"), EXPORTS.values(), ids=EXPORTS)
@pytest.mark.parametrize("options", [OPT_OUTS, CONTACTS], ids=["opt-outs", "contacts"])
def test_columns_about_email_are_asked_about_and_others_are_not(
    text: str, asked: dict[str, str], options: ImportOptions
) -> None:
    assert proposed(text, options) == asked


def test_a_column_is_asked_about_on_the_channel_that_it_names() -> None:
    text = "Phone,Accepts Email Marketing,Accepts SMS Marketing\n+491701234567,yes,no\n+491701234568,no,yes\n"
    options = ImportOptions(ImportKind.OPT_OUTS, Channel.SMS)
    assert proposed(text, options) == {"Accepts SMS Marketing": "no=unsubscribed,yes=subscribed"}


def test_a_column_that_names_several_channels_is_asked_about() -> None:
    text = "email,Email and SMS consent\na@x.example,yes\nb@x.example,no\n"
    assert len(proposed(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "email,reason,detail\na@x.example,unsub,\nb@x.example,,\n",
        "email;Reason\na@x.example;Unsubscribed via Email\nb@x.example;\n",
        "Name,Email,Status\nA,a@x.example,Marked as spam\nB,b@x.example,Subscribed\n",
        "Subscriber,Name,Status\na@x.example,A,Unsubscribed\nb@x.example,B,Active\n",
    ],
    ids=["Mandrill", "Brevo", "Sendy", "MailerLite"],
)
def test_whoever_said_no_in_the_words_of_a_system_is_not_learnt_as_a_contact(text: str) -> None:
    assert taken(text, CONTACTS) == ["b@x.example"]


def test_below_the_same_columns_in_another_order_nobody_is_read() -> None:
    text = "email,status\na@x.example,unsubscribed\nstatus,email\nsubscribed,b@x.example\n"
    source = open_source(io.BytesIO(text.encode()), OPT_OUTS, file_name="joined.csv", now=NOW)
    [batch] = source.batches()
    assert [line.value for line in batch.lines] == ["a@x.example"]
    assert [(bad.line, bad.is_refused) for bad in batch.bad] == [(3, False), (4, False)]
