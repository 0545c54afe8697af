"""Signing in: allauth, codes by email, second factors."""

from .base import TRUST_PROXY_HEADERS

AUTH_USER_MODEL = "prefcenter.User"
AUTHENTICATION_BACKENDS = ["prefcenter.accounts.backend.NoPasswords"]
LOGIN_URL = "account_request_login_code"
LOGIN_REDIRECT_URL = "mine"
#: A working day.
SESSION_COOKIE_AGE = 12 * 3600

ACCOUNT_ADAPTER = "prefcenter.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_LOGOUT_REDIRECT_URL = "ask"
# The code that signs in has verified the address already.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
# Digits, because every keyboard has them; eight, because six are guessed too easily.
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": True}
# An email may take minutes. The pages and the email name this time.
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_LOGIN_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
# With five attempts each, ten codes an hour leave a guesser one chance in two million. The price: anyone can keep an
# account from signing in. Links in emails still open the preferences.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "20/m/ip,3/m/key,10/h/key",
    # Of a second factor. Thirty wrong codes a day, three of a million being right, leave a guesser who reads the
    # account's email one chance in ten thousand a day; a right one resets the count.
    "login_failed": "5/5m/key,30/d/key",
}
#: How many proxies in front of the site are trusted to name the client's IP address.
ALLAUTH_TRUSTED_PROXY_COUNT = int(TRUST_PROXY_HEADERS)

# Required for the admin by prefcenter/accounts/admin_site.py.
MFA_ADAPTER = "prefcenter.accounts.second_factor.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
# One step to each side, because clocks differ and typing takes time (RFC 6238, section 5.2).
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# accounts/second_factor checks that instead, because allauth would ask for a password.
MFA_REAUTHENTICATION_REQUIRED = False
