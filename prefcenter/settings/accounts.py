"""Who may sign in, and how."""

from .base import TRUST_PROXY_HEADERS

AUTH_USER_MODEL = "prefcenter.User"
AUTHENTICATION_BACKENDS = ["prefcenter.accounts.backend.NoPasswords"]
LOGIN_URL = "account_request_login_code"
LOGIN_REDIRECT_URL = "mine"
#: A day's work. Signing in again costs one mail.
SESSION_COOKIE_AGE = 12 * 3600

ACCOUNT_ADAPTER = "prefcenter.accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_LOGOUT_REDIRECT_URL = "ask"
# The code that signs in has just proved the mailbox; a second one would prove no more.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
# Digits, because every keyboard has them; and eight, because six are guessed too soon.
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": True}
# Mail may take minutes. The pages and the mail say how long.
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = ACCOUNT_LOGIN_TIMEOUT = 15 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
# With five attempts each, ten codes an hour leave a guesser one chance in two million. The price: whoever wants to can
# keep somebody from signing in. The links in our mails still open the preferences.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "20/m/ip,3/m/key,10/h/key",
    # Of a second factor. Thirty wrong codes a day, three of a million being right, leave a guesser who reads somebody's
    # mail one chance in ten thousand a day; each right one begins the count anew.
    "login_failed": "5/5m/key,30/d/key",
}
#: How many proxies before us may be believed about the address of whoever asks.
ALLAUTH_TRUSTED_PROXY_COUNT = int(TRUST_PROXY_HEADERS)

# Staff show a second factor before they enter the admin: prefcenter/accounts/admin_site.py demands it.
MFA_ADAPTER = "prefcenter.accounts.second_factor.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
# Clocks differ, and people type slowly: one step to each side (RFC 6238, section 5.2).
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True
# Who may change their factors is asked in accounts/second_factor: allauth would ask for a password.
MFA_REAUTHENTICATION_REQUIRED = False
