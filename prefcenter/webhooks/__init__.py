"""What leaves the house by itself: the ledger's lines for the sender's systems, in the API's feed and in webhooks."""
