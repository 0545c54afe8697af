"""What can go wrong in the engine. The docstring is the sentence that doors show; no address is ever in it."""


class UnsubscribeError(Exception):
    """Something went wrong with this request."""

    def __str__(self) -> str:
        return " ".join(map(str, self.args)) or " ".join((type(self).__doc__ or "").split())


class InvalidAddress(UnsubscribeError):
    """This isn't a valid address for this channel."""


class InvalidDomain(UnsubscribeError):
    """This is not a domain that can be blocked. Please enter one like corp.example."""


class PublicMailDomain(UnsubscribeError):
    """Anyone can have an email address at this domain, so it can't be blocked as a whole."""


class InvalidLink(UnsubscribeError):
    """This link isn't valid. It may have been cut off when it was copied."""


class ExpiredLink(InvalidLink):
    """This link has expired."""


class TooLargeForLink(UnsubscribeError):
    """The number of this address or category is too large for a link, so none was made."""


class UnknownCategory(UnsubscribeError):
    """There's no category with this name, so nothing was sent."""


class RetiredCategory(UnsubscribeError):
    """This category is retired, so nothing was sent."""


class ContradictoryPurpose(UnsubscribeError):
    """A message of a marketing category can't be transactional, so nothing was sent."""


class MayNotLift(UnsubscribeError):
    """This block can only be lifted by the person it protects."""


class MayNotLiftDomain(UnsubscribeError):
    """Only staff can lift this domain's block, in the admin, with a note saying why."""


class LedgerIsAppendOnly(UnsubscribeError):
    """The ledger is append-only: an event is never changed and never deleted."""


class InsecureBaseUrl(UnsubscribeError):
    """Links need a base URL that begins with https:// (plain http only for localhost in development)."""
