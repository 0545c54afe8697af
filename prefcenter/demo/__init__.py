"""The demo, from nothing: its own database with a three-month history, and a mailbox to click in (manage.py demo)."""
