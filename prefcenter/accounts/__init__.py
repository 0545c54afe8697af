"""Signing in through allauth: with a code by email and, for staff, a second factor; and API keys. There are no
passwords. See docs/staff.md."""
