"""Webhooks: each consent event, POSTed to the endpoints of the sender's systems; `payload` is the feed's shape too."""
