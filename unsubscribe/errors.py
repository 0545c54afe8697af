"""What the engine raises. `message` is the sentence that pages, API and commands show; no address is ever in it."""


class UnsubscribeError(Exception):
    """The base of all of them. `str()` gives the arguments it was raised with, or else `message`."""

    message = "Something was wrong with that request."

    def __str__(self) -> str:
        return " ".join(map(str, self.args)) or self.message


class InvalidAddress(UnsubscribeError):
    """`addresses`: the text can't be normalised for its channel."""

    message = "This isn't a valid address for this channel."


class InvalidDomain(UnsubscribeError):
    """`addresses.domains`: the text is no domain name that the DNS could hold (RFC 1035, RFC 5891)."""

    message = "This is not a domain that can be suppressed. Enter a domain like corp.example."


class PublicMailDomain(UnsubscribeError):
    """`addresses.domains`: the domain is on the list of `addresses.public_mail`."""

    message = (
        "This is a public email provider. Its domain can't be suppressed, because most people there never opted out."
    )


class InvalidLink(UnsubscribeError):
    """`links`, `queries`: no key signed the token, or what it names isn't in the database."""

    message = "This link isn't valid. It may have been cut off when it was copied."


class ExpiredLink(InvalidLink):
    """`links`: the token was valid and is too old for what was asked of it (law 6)."""

    message = "This link has expired."


class TooLargeForLink(UnsubscribeError):
    """`links.mint`: an id doesn't fit into its bits of the token."""

    message = "The ID of this address or category is too large for a link, so no link was created."


class UnknownCategory(UnsubscribeError):
    """`backends`: an email names a category that doesn't exist."""

    message = "There is no category with this name, so nothing was sent."


class RetiredCategory(UnsubscribeError):
    """`Mailing`: its category is retired."""

    message = "This category is retired, so nothing was sent."


class ContradictoryPurpose(UnsubscribeError):
    """`Mailing`: transactional was asked for in a category whose purpose is marketing (law 7)."""

    message = "A message of a marketing category can't be transactional, so nothing was sent."


class MayNotLift(UnsubscribeError):
    """`actions`: somebody other than the contact would end a no of the contact's own (law 8)."""

    message = "Only the contact can lift this suppression."


class MayNotLiftDomain(UnsubscribeError):
    """`actions.lift_domains`: the source isn't staff, or the note is empty."""

    message = "Only staff can lift the suppression of this domain, in the admin, with a note that says why."


class LedgerIsAppendOnly(UnsubscribeError):
    """`models.ledger`: an event would be changed or deleted (law 9)."""

    message = "The ledger is append-only: events are never changed or deleted."


class InsecureBaseUrl(UnsubscribeError):
    """`conf`: `UNSUBSCRIBE_BASE_URL` isn't https."""

    message = "Links need a base URL that begins with https:// (plain http only for localhost in development)."
