"""The facts about an address, for rules.may_send: its own (`own`), noes of others that cover it, and joins."""
