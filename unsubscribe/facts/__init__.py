"""What holds for an address, gathered for `rules.may_send`: its own choices, others' noes that cover it, joins."""
