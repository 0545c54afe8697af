"""What can go wrong in the engine. The docstring is the sentence that doors show; no address is ever in it."""


class UnsubscribeError(Exception):
    """Something was wrong with that request."""

    def __str__(self) -> str:
        return " ".join(map(str, self.args)) or " ".join((type(self).__doc__ or "").split())


class InvalidAddress(UnsubscribeError):
    """This isn't a valid address for this channel."""


class InvalidDomain(UnsubscribeError):
    """This is not a domain that can be suppressed. Enter a domain like corp.example."""


class PublicMailDomain(UnsubscribeError):
    """This is a public email provider. Its domain can't be suppressed, because most people there never opted out."""


class InvalidLink(UnsubscribeError):
    """This link isn't valid. It may have been cut off when it was copied."""


class ExpiredLink(InvalidLink):
    """This link has expired."""


class TooLargeForLink(UnsubscribeError):
    """The ID of this address or category is too large for a link, so no link was created."""


class UnknownCategory(UnsubscribeError):
    """There is no category with this name, so nothing was sent."""


class RetiredCategory(UnsubscribeError):
    """This category is retired, so nothing was sent."""


class ContradictoryPurpose(UnsubscribeError):
    """A message of a marketing category can't be transactional, so nothing was sent."""


class MayNotLift(UnsubscribeError):
    """Only the contact can lift this suppression."""


class MayNotLiftDomain(UnsubscribeError):
    """Only staff can lift the suppression of this domain, in the admin, with a note that says why."""


class LedgerIsAppendOnly(UnsubscribeError):
    """The ledger is append-only: events are never changed or deleted."""


class InsecureBaseUrl(UnsubscribeError):
    """Links need a base URL that begins with https:// (plain http only for localhost in development)."""
