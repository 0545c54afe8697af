"""What is read of the emails that were sent."""

from django.core.mail import EmailMessage, EmailMultiAlternatives


def html_of(email: EmailMessage) -> str:
    """The page beside the text. An email without one, or with two, fails here."""
    assert isinstance(email, EmailMultiAlternatives)
    [page] = email.alternatives
    return str(page[0])
