"""A demonstration from nothing: its own database, a dozen contacts, a mailing, and a mail program to click in."""
