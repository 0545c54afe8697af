"""Somebody of the staff at a browser, from the sign-in page to the admin."""

from typing import Any

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY

from tests.prefcenter.accounts.test_accounts import ASK, CONFIRM, Browser, code, work
from tests.staff import shown_by_the_app

BOSS, PASSWORD = "boss@example.com", "correct horse battery"
FACTOR, SHOW = "/accounts/second-factor/", "/accounts/second-factor/show/"
CHANGING = ("app/", "app/remove/", "passkey/", "passkey/1/remove/", "codes/", "codes/new/")
LATER = 16 * 60


class Staff(Browser):
    def comes(self, to: str = "/admin/", email: str = BOSS) -> str:
        """With the code from the mail. Returns where that leads."""
        self.send(f"{ASK}?next={to}", email=email)
        return str(self.send(f"{CONFIRM}?next={to}", code=code())["Location"])

    def posts(self, url: str, **fields: str) -> Any:
        """As from a page that is open already."""
        self.open(ASK)
        token = self.client.cookies["csrftoken"].value
        answer = self.client.post(url, fields | {"csrfmiddlewaretoken": token}, secure=True)
        work()
        return answer

    def sets_up_the_app(self) -> str:
        self.open(f"{FACTOR}app/")
        secret = str(self.client.session["mfa.totp.secret"])
        answer = self.posts(f"{FACTOR}app/?next=/admin/people/", code=shown_by_the_app(secret))
        assert answer["Location"] == f"{FACTOR}codes/?next=%2Fadmin%2Fpeople%2F"
        return secret

    def is_in(self) -> bool:
        return bool(self.open("/admin/").status_code == 200)

    def waits(self) -> None:
        """What was shown in this session was shown a while ago."""
        session = self.client.session
        for record in session.get(AUTHENTICATION_METHODS_SESSION_KEY, []):
            record["at"] -= LATER
        session.save()
