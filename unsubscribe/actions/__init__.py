"""The only writer of preferences, suppressions and the ledger (law 1). It never asks who may sign in.

Every verb takes many, is one transaction (state, ledger, outbox), and doing it twice is the same as once (laws 2
and 3). What most of them take:

targets, address_ids: what it is about. An id that does not exist is passed over
origin: where the change comes from, when, in which words and by whom, kept in its events (Origin)
now:    the moment, aware, in place of an Origin where a verb keeps nothing else

A verb returns the consent events that it wrote, none where nothing changed, unless it says otherwise.
"""

from .bulk import BATCH, ImportedCounts, ImportedNo, import_opt_outs, learn_many, preview_opt_outs
from .contacts import LearnedAddress, choose_language, erase, learn, note_access, suggest_language
from .domains import DomainsTaken, lift_domains, preview_domains, suppress_domains
from .joining.adding import add_addresses, add_addresses_to
from .joining.agreement import agree
from .joining.keeping_apart import part
from .origin import Origin
from .pausing import pause
from .preferences import opt_down, opt_in, opt_out, set_preferences
from .requests import ask_to_erase, ask_to_opt_in, send_link
from .sending import campaign_named, claim, give_back, record_sent
from .short_links import short_links
from .suppressions import lift, suppress
from .taking_back import ImportStanding, TakenBack, oldest_repeat, settle, standing, take_back
from .undoing import undo
from .wanted import Wanted

__all__ = [
    "BATCH",
    "DomainsTaken",
    "ImportStanding",
    "ImportedCounts",
    "ImportedNo",
    "LearnedAddress",
    "Origin",
    "TakenBack",
    "Wanted",
    "add_addresses",
    "add_addresses_to",
    "agree",
    "ask_to_erase",
    "ask_to_opt_in",
    "campaign_named",
    "choose_language",
    "claim",
    "erase",
    "give_back",
    "import_opt_outs",
    "learn",
    "learn_many",
    "lift",
    "lift_domains",
    "note_access",
    "oldest_repeat",
    "opt_down",
    "opt_in",
    "opt_out",
    "part",
    "pause",
    "preview_domains",
    "preview_opt_outs",
    "record_sent",
    "send_link",
    "set_preferences",
    "settle",
    "short_links",
    "standing",
    "suggest_language",
    "suppress",
    "suppress_domains",
    "take_back",
    "undo",
]
