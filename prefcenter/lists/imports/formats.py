"""Recognises exports of other systems by their columns and the file's name. A new one is an entry of FILE_FORMATS."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from . import own
from .columns import consent, headings
from .columns.consent import COMPLAINT, HARD_BOUNCE, NOTHING, SUBSCRIBED, TELLING, TEMPORARY, UNSUBSCRIBED, Says


@dataclass(frozen=True)
class FileFormat:
    """One kind of file: how it is recognised, and what its rows say. Names of columns are folded (headings.name_of)."""

    #: As ImportRun.recognised stores it; before its first "_" is the system.
    key: str
    #: For staff.
    label: str
    #: Names of columns that must all be there, separated by spaces.
    columns: str = ""
    #: Whether there must be no others.
    is_exact: bool = False
    #: A pattern that must be found in the file's name.
    name: str = ""
    #: What every row says, unless one of its columns says otherwise.
    always: Says = NOTHING
    #: Columns that consent.TELLING reads.
    tells: tuple[str, ...] = ()
    #: A column that is empty for those who did not say no.
    filled: str = ""
    #: A column with a mail server's answer, such as 550 or 5.1.1.
    code: str = ""
    #: Columns that say when somebody said no.
    at: tuple[str, ...] = ("createdat", "created")
    #: Whether all rows say no by the name of the file or a title in it.
    is_of_noes: bool = False

    @property
    def telling(self) -> tuple[str, ...]:
        """The columns that tell, each to be read by `reading`."""
        return tuple(filter(None, (*self.tells, self.filled, self.code)))

    def reading(self, name: str) -> Callable[[str], Says]:
        """How the cells of a column of `telling` are read."""
        if self.key == _OWN_KEY:
            return own.telling
        if name == self.code:
            return consent.of_code
        return consent.if_filled(self.always.reason or UNSUBSCRIBED) if name == self.filled else TELLING[name]


_OWN_KEY = "own"
_UNSUBSCRIBED, _COMPLAINT, _HARD_BOUNCE = Says(UNSUBSCRIBED), Says(COMPLAINT), Says(HARD_BOUNCE)

_MAILCHIMP = [  # the files of an audience export: UNSUB_TIME or CLEAN_TIME, and LEID and EUID in each
    FileFormat(
        "mailchimp_unsubscribed",
        "Mailchimp: unsubscribed",
        "emailaddress unsubtime",
        always=_UNSUBSCRIBED,
        filled="unsubtime",
        at=("unsubtime",),
    ),
    FileFormat(
        "mailchimp_cleaned",
        "Mailchimp: cleaned (bounced)",
        "emailaddress cleantime",
        always=_HARD_BOUNCE,
        filled="cleantime",
        at=("cleantime",),
    ),
    FileFormat("mailchimp_subscribed", "Mailchimp: subscribed", "emailaddress leid euid", always=SUBSCRIBED),
]
_POSTMARK = [  # postmarkapp.com/developer/api/suppressions-api
    FileFormat("postmark", "Postmark: suppressions", "suppressionreason origin", tells=("suppressionreason",)),
]
_KLAVIYO = [  # the export of a list or segment; suppressions alone are a table with a reason
    FileFormat(
        "klaviyo",
        "Klaviyo: profiles",
        "email emailmarketingconsent",
        tells=("emailmarketingconsent", "emailsuppressions"),
        at=("emailmarketingconsenttimestamp",),
    ),
]
_MAILGUN = [  # documentation.mailgun.com: import of bounces, unsubscribes and complaints; members of a mailing list
    FileFormat("mailgun_bounces", "Mailgun: bounces", "address code error createdat", always=_HARD_BOUNCE, code="code"),
    FileFormat("mailgun_unsubscribes", "Mailgun: unsubscribes", "address tags createdat", always=_UNSUBSCRIBED),
    FileFormat("mailgun_unsubscribes", "Mailgun: unsubscribes", "address tag createdat", always=_UNSUBSCRIBED),
    FileFormat("mailgun_members", "Mailgun: mailing list members", "address subscribed", tells=("subscribed",)),
    FileFormat("mailgun_complaints", "Mailgun: complaints", "address createdat", is_exact=True, always=_COMPLAINT),
]
_SENDGRID = [  # suppression_bounces.csv and its siblings, with the fields of docs.sendgrid.com, Suppressions API
    FileFormat(
        "sendgrid_blocks",
        "SendGrid: blocks",
        "status reason email created",
        is_exact=True,
        name=r"(?<![^\W_])blocks(?![^\W_])",
        always=TEMPORARY,
        code="status",
    ),
    FileFormat(
        "sendgrid_bounces",
        "SendGrid: bounces",
        "status reason email created",
        is_exact=True,
        always=_HARD_BOUNCE,
        code="status",
    ),
    FileFormat(
        "sendgrid_invalid",
        "SendGrid: invalid addresses",
        "reason email created",
        is_exact=True,
        always=_HARD_BOUNCE,
        tells=("reason",),
    ),
    FileFormat("sendgrid_spam", "SendGrid: spam reports", "ip email created", is_exact=True, always=_COMPLAINT),
    FileFormat("sendgrid_spam", "SendGrid: spam reports", "email created", True, "spam", always=_COMPLAINT),
    FileFormat("sendgrid_unsubscribes", "SendGrid: unsubscribes", "email created", is_exact=True, always=_UNSUBSCRIBED),
]
_SES = [  # docs.aws.amazon.com: SuppressedDestinationSummary; without a heading, named so by reader.columns
    FileFormat(
        "ses",
        "Amazon SES: suppression list",
        "emailaddress reason lastupdatetime",
        is_exact=True,
        always=_UNSUBSCRIBED,
        tells=("reason",),
        at=("lastupdatetime",),
    ),
]
#: Our own table for people, read line by line by own.py.
OWN = FileFormat(_OWN_KEY, "This site: opt-outs", " ".join(own.COLUMNS), tells=("reason",), at=("date",))
#: Of those that fit, the first counts.
FILE_FORMATS = [OWN, *_MAILCHIMP, *_POSTMARK, *_KLAVIYO, *_MAILGUN, *_SENDGRID, *_SES]
#: Names that don't count: a blank one, and the reader's own column for the sheets of a workbook (reader.sheets.SHEET).
_NOTHING = frozenset({"", "sheet"})
LIST = FileFormat("list", "A plain list")
TABLE = FileFormat("table", "A table")
#: Labels by key, of what is recognised and of what isn't.
LABELS = {one.key: one.label for one in (*FILE_FORMATS, LIST, TABLE)}
# When somebody said no, without doubt. A "created" may be when they signed up: taken for the moment of their no, it
# would be overtaken by a yes that they have long taken back.
_NO_AT = (
    *("unsubscribedat", "unsubscribetime", "unsubscribedate", "unsubscribedon", "unsubtime", "optoutat", "optouttime"),
    *("optoutdate", "optedoutat", "suppressedat", "suppressedon", "bouncedat", "complainedat"),
)
ANY_TABLE = FileFormat(TABLE.key, TABLE.label, tells=tuple(TELLING), at=_NO_AT)


#: What people call a file of those who said no, in the languages of the site. A file called less than that, such as
#: "cleaned" or "block", may hold anybody.
_OF_NOES = re.compile(
    r"opted.?out|do.?not.?(?:e?mail|contact|send|call)|(?<![^\W_])dnc(?![^\W_])|suppress(?:ed|ion)|black.?list"
    r"|block(?:ed)?.?list|exclusion.?list|abmeld|abgemeld|abbestell|widerspr|widerruf|sperr|robinson|negativliste"
    r"|d[ée]sabonn|d[ée]sinscri|liste.?(?:noire|rouge|d.(?:exclusion|opposition))|ne.?(?:pas|plus).?contacter"
    r"|(?<![^\W_])bajas(?![^\W_])|dad[oa]s?.?de.?baja|desuscri|lista.?(?:negra|de.?(?:exclusi|bloq|supress))"
    r"|no.?(?:contactar|enviar)|descadast|cancelou|n[ãa]o.?(?:contac?tar|enviar)"
    r"|配信停止|配信拒否|受信拒否|登録解除|退会|ブラックリスト|إلغاء.?الاشتراك|القائمة.?السوداء",
    re.IGNORECASE,
)
_ENDING = re.compile(r"\.\w{1,5}\Z")


def recognise(columns: Sequence[str], *, file_name: str, titles: Sequence[str] = ()) -> FileFormat:
    """The format of a table; a plain list or ANY_TABLE if none is known.

    columns:   the headings as they stand in the file
    file_name: "" if it is not to count
    titles:    what stands above the headings; a no in one counts as in the file's name
    """
    names = [name for name in map(headings.name_of, columns) if name not in _NOTHING]
    named = next((one for one in FILE_FORMATS if _fits(one, names, file_name)), None)
    always = consent.weightiest([_by_name(file_name), *(one for one in map(_by_heading, titles) if one.reason)])
    if named and (named is OWN or not always.reason):
        return named
    if named:
        return replace(named, always=always if named.always == SUBSCRIBED else named.always, is_of_noes=True)
    if len(names) < 2:
        told = consent.weightiest([always, *map(_by_heading, columns)])
        return FileFormat(LIST.key, LIST.label, always=told)
    return replace(ANY_TABLE, always=always, is_of_noes=always.reason is not None)


def _by_heading(heading: str) -> Says:
    """What the only heading, or a title, says of the addresses below it. Where it may mean a no ("Blocked") it does."""
    said = consent.of_title(heading)
    return Says(headings.refuses(heading) or UNSUBSCRIBED) if said == consent.UNKNOWN else said


def _fits(one: FileFormat, names: Iterable[str], file_name: str) -> bool:
    there, wanted = set(names), set(one.columns.split())
    if not (there == wanted if one.is_exact else there >= wanted):
        return False
    return bool(re.search(one.name, file_name, re.IGNORECASE))


def _by_name(file_name: str) -> Says:
    """What the name of a file says of its rows, by what the systems above and people call such files."""
    file_name = unicodedata.normalize("NFKC", file_name)
    if re.search("unsub|opt.?out", file_name, re.IGNORECASE):
        return _UNSUBSCRIBED
    if re.search("spam|complain", file_name, re.IGNORECASE):
        return _COMPLAINT
    if re.search("bounce", file_name, re.IGNORECASE):
        return _HARD_BOUNCE
    is_of_noes = _OF_NOES.search(file_name) or headings.is_bare(_ENDING.sub("", file_name))
    return _UNSUBSCRIBED if is_of_noes else NOTHING
