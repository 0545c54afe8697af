"""Webhooks: each consent event, POSTed to the endpoints of the sender's systems.

delivery.py says what is sent when and tried again, attempt.py makes one try, http.py and hosts.py connect, payload.py
is the shape of an event, in GET /events too. For those who receive them: docs/api.md.
"""
