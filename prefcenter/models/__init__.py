"""The tables that only the site has: accounts, API keys, feedback, imports, link visits, webhooks."""

from .accounts import AccountMessage, SignInCode, User, UserManager, staff_actor
from .api import ApiKey, IdempotentAnswer
from .feedback import Feedback, FeedbackReason, FeedbackTag
from .imports import ImportAnswer, ImportKind, ImportRun, ImportState
from .link_visits import LinkRequest, Visits
from .permissions import OptOut, ProvenContact
from .webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "AccountMessage",
    "ApiKey",
    "Feedback",
    "FeedbackReason",
    "FeedbackTag",
    "IdempotentAnswer",
    "ImportAnswer",
    "ImportKind",
    "ImportRun",
    "ImportState",
    "LinkRequest",
    "OptOut",
    "ProvenContact",
    "SignInCode",
    "User",
    "UserManager",
    "Visits",
    "WebhookDelivery",
    "WebhookEndpoint",
    "staff_actor",
]
