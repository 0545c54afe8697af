"""The list of opt-outs and its export."""
