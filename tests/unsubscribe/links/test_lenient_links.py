"""Links as they arrive: with what was glued on, cut off, broken in two or written in another case on their way."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.old_links import an_old_token, old_token
from unsubscribe import links
from unsubscribe.errors import ExpiredLink, InvalidLink
from unsubscribe.links import LinkPurpose, Target, token_text

pytestmark = pytest.mark.sqlite_only

TODAY = date(2026, 3, 10)
TARGET = Target(12345678901, 77, 99)
#: Made by the site when this was its only format, with this key.
FIRST_KEY = "first-key" * 6
FIRST = {
    LinkPurpose.UNSUBSCRIBE: "AQLf3Bw1AE0AAABjCNRcZulT75KlhylF04IdmTAS",
    LinkPurpose.PREFERENCES: "AQLf3Bw1AE0AAABjCNQomO7W1xVKHDvUEOkOq4ZG",
    LinkPurpose.FRESH: "AQLf3Bw1AE0AAABjCNT8eVlHmpqFvM-49jaxV7PX",
    LinkPurpose.OPT_IN: "AQLf3Bw1AE0AAABjCNTkcdc6Om1_B0Iq7V1_pONT",
    LinkPurpose.ERASE: "AQLf3Bw1AE0AAABjCNRyPQRv3KC8kc_arM9B62AY",
}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
NEW, OLD = (make(TARGET, today=TODAY) for make in (links.sign, old_token))
purposes = st.sampled_from(LinkPurpose)
#: What programs, people and punctuation leave behind a link.
GLUED_ON = [
    *".,;:!?)]}>\"'*/\\|~#^`+@$<([{",
    *("»", "“", "”", "’", "…", "\u3002", "\uff0c", "\uff09", "\uff0e", "\u060c", "\u3001", "\uff1e", "\u2014"),
    *("%20", "%0D%0A", "%0A", "%09", "%22", "%27", "%3E", "%C2%A0", "%E2%80%8B", "%2520", "%25252E", "%", "%zz", "%A0"),
    *("=", "==", "=20", "=3D", "=0D=0A", "=\r\n", "=C2=A0", "=41", "=\r\nnext", "\r\n", "\n", "\t", " ", "\x00"),
    *("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u00a0", "\u202f", "\u3000", "\u200e", "\u202c"),
    *("&utm_source=x", "&amp;x=1", "?x", "?utm_source=x", "/", "//", "/foo", "/data", "/index.html", ";jsessionid=1"),
    *(
        "%3Fx=1",
        "#top",
        ".html",
        ". Thank you",
        ") or",
        "</a>",
        "\r\n\r\nUnsubscribe",
        " to leave",
        "> wrote:",
        "\ud800",
    ),
    *(".\u200b\r\n", "=0D=0A=0D=0AUnsubscribe", "'\"><script>", "@mail.example.com", "&quot;", "[1]"),
]
IN_FRONT = [
    " ",
    "%20",
    "%252520",
    "\t",
    "<",
    '"',
    "'",
    "“",
    "\u200b",
    "\ufeff",
    "\u00a0",
    "=3D",
    "=",
    "/",
    "//",
    "(",
    "[",
    "\r\n",
]
BREAKS = [
    *("=", "%3D", "=3D", "==", "= ", "=\u200b"),  # browsers take line breaks out of a URL, and leave the rest
    *("=\r\n", "=\n", "=\r", "= \r\n", "\r\n", "\n", "=0D=0A", "=0A", "=3D\r\n", "=3D=0D=0A", "=%0D%0A", "%0D%0A"),
    *("%0A", "%3D%0D%0A", "=\r\n\r\n", "\r\n ", "\n\t", "\r\n> ", "=\r\n> ", "\r\n>> ", "\u2028"),
    *(
        "\u200b",
        "\u200d",
        "\u2060",
        "\ufeff",
        "\u00ad",
        "%E2%80%8B",
        "=E2=80=8B",
        "%C2%AD",
        "\u200e",
        "\x00",
        "\u200b\r\n",
    ),
]


def says(text: str, *, purpose: LinkPurpose = LinkPurpose.UNSUBSCRIBE) -> Target | None:
    try:
        return links.read(text, purpose=purpose, today=TODAY)
    except InvalidLink:
        return None


@pytest.mark.parametrize("token", [NEW, OLD], ids=["new", "old"])
class TestGluedOn:
    @pytest.mark.parametrize("more", GLUED_ON, ids=ascii)
    def test_what_is_glued_on_is_cut_off(self, token: str, more: str) -> None:
        assert says(token + more) == TARGET

    @pytest.mark.parametrize("before", IN_FRONT, ids=ascii)
    def test_what_stands_before_it_is_left_out(self, token: str, before: str) -> None:
        assert says(before + token) == TARGET
        assert says(f"{before}{token}>. ") == TARGET

    @pytest.mark.parametrize("between", BREAKS, ids=ascii)
    @pytest.mark.parametrize("at", [1, 7, 20, 39])
    def test_a_break_in_the_middle_is_left_out(self, token: str, between: str, at: int) -> None:
        assert says(token[:at] + between + token[at:]) == TARGET

    def test_several_breaks_are_left_out_and_the_words_behind_the_token_are_not_taken_in(self, token: str) -> None:
        assert says(f"{token[:10]}=\r\n{token[10:30]}\u200b=\r\n{token[30:]}=\r\nUnsubscribe") == TARGET

    @pytest.mark.parametrize("purpose", LinkPurpose)
    def test_a_letter_or_digit_too_many_or_too_few_is_refused(self, token: str, purpose: LinkPurpose) -> None:
        make = links.sign if token is NEW else old_token
        own = make(TARGET, purpose=purpose, today=TODAY)
        stripped = own.rstrip("-_")
        for text in (f"{own}a", f"{own}7", f"{own}Z.", f"a{own}", own[1:], stripped[:-1], f"{own[:9]}2{own[9:]}"):
            assert says(text, purpose=purpose) is None

    @pytest.mark.parametrize("length", [10_000, 1_000_000])
    def test_a_long_tail_costs_nothing(self, token: str, length: int) -> None:
        assert says(f"{token}.{'a' * length}") == TARGET
        assert says("\u200b" * length + token) is None
        assert says("=\r\n" * length) is None


class TestNewTokens:
    @pytest.mark.parametrize("text", [NEW.lower(), NEW.title(), NEW.swapcase(), NEW[:20].lower() + NEW[20:]])
    def test_letter_case_does_not_matter(self, text: str) -> None:
        assert says(text) == TARGET

    @pytest.mark.parametrize("more", ["-", "_", "_ and more", "--", "-foo"])
    def test_hyphens_and_underscores_are_cut_off_like_anything_that_it_does_not_have(self, more: str) -> None:
        assert says(NEW + more) == TARGET

    @pytest.mark.parametrize(
        ("letter", "looks_alike"), [("O", "0"), ("L", "1"), ("I", "1"), ("B", "8"), ("A", "\u0410")]
    )
    def test_look_alikes_are_not_guessed(self, letter: str, looks_alike: str) -> None:
        token = next(one for one in links.sign_many(range(1, 999), TARGET, today=TODAY) if letter in one)
        assert says(token) is not None
        assert says(token.replace(letter, looks_alike)) is None

    @pytest.mark.parametrize("looks_encoded", ["22", "23", "27", "2A", "2E", "5B", "5F", "7C", "7E"])
    def test_a_break_before_what_looks_like_an_encoded_character_is_left_out(self, looks_encoded: str) -> None:
        tokens = links.sign_many(range(1, 9999), TARGET, today=TODAY)
        token, at = next((one, at) for one in tokens if (at := one.find(looks_encoded, 1)) > 0)
        target = links.read(token, today=TODAY)
        for between in ("=", "=\r\n"):
            assert says(token[:at] + between + token[at:]) == target

    def test_a_mailbox_name_is_read_like_a_link(self) -> None:
        for text in (NEW, NEW.lower(), f"{NEW}@mail.example.com", f"{NEW}>"):
            assert says(text) == TARGET

    @pytest.mark.parametrize("purpose", LinkPurpose)
    def test_what_is_used_from_there_on_is_clean(self, purpose: LinkPurpose) -> None:
        clean = links.sign(TARGET, purpose=purpose, today=TODAY)
        old = old_token(TARGET, purpose=purpose, today=TODAY)
        for text in (clean, f"{clean.lower()}.", f"<{clean[:20]}=\r\n{clean[20:]}>", old):
            target, issued_on = links.verified(text, purpose=purpose)
            assert links.sign(target, purpose=purpose, today=issued_on) == clean


class TestOldTokens:
    """Of the first format: base64url, 40 characters."""

    @pytest.mark.parametrize("purpose", FIRST)
    def test_one_that_was_made_then_is_read_for_ever(self, purpose: LinkPurpose) -> None:
        with override_settings(SECRET_KEY=FIRST_KEY):
            assert old_token(TARGET, purpose=purpose, today=TODAY) == FIRST[purpose]
            assert links.read(FIRST[purpose], purpose=purpose, today=TODAY) == TARGET
        with override_settings(SECRET_KEY="of today" * 9, SECRET_KEY_FALLBACKS=["between" * 9, FIRST_KEY]):
            assert links.read(FIRST[purpose], purpose=purpose, today=TODAY) == TARGET

    def test_a_campaign_of_32_bits_is_still_named(self) -> None:
        target = Target(1, 2, 2**32 - 1)
        assert says(old_token(target, today=TODAY)) == target

    def test_it_expires_as_ever(self) -> None:
        token = old_token(TARGET, purpose=LinkPurpose.PREFERENCES, today=date(2020, 1, 1))
        with pytest.raises(ExpiredLink):
            links.read(token, purpose=LinkPurpose.PREFERENCES, today=TODAY)

    def test_one_that_could_be_a_new_one_by_its_letters_is_read_as_what_it_is(self) -> None:
        token = an_old_token(re.compile("[A-Za-z2-7]{40}").fullmatch, today=TODAY)
        assert says(token) is not None
        assert says(f"{token}.") == says(token)

    @pytest.mark.parametrize("end", ["-", "_", "--", "-_", "_-", "__"])
    @pytest.mark.parametrize("more", ["", ".", " ", "\r\nUnsubscribe", ")"])
    def test_a_lost_last_hyphen_or_underscore_is_found_again(self, end: str, more: str) -> None:
        token = an_old_token(lambda one: one.endswith(end) and one[39 - len(end)] not in "-_", today=TODAY)
        for lost in range(1, len(end) + 1):
            assert says(token[:-lost] + more) == says(token)

    def test_three_lost_ones_are_too_many(self) -> None:
        assert len(token_text.old_tokens("AQ" + "B" * 36)) == 4
        assert token_text.old_tokens("AQ" + "B" * 35) == []

    def test_a_lost_first_or_third_character_is_not(self) -> None:
        token = an_old_token(lambda one: one[20] == "_" and one[39] not in "-_", today=TODAY)
        for text in (token[:20] + token[21:], token[:37], token[:39]):
            assert says(text) is None

    @pytest.mark.parametrize("space", [" ", "%20", "+", "%2B", "=20"])
    @pytest.mark.parametrize("pattern", ["^[^_]+_[^_]+$", "__", "_.*_.*_.*", "^[^_]+_[^_]+_$"])
    def test_underscores_that_became_spaces_are_found_again(self, space: str, pattern: str) -> None:
        token = an_old_token(re.compile(pattern).search, today=TODAY)
        text = token.replace("_", space)
        for more in ("", ".", "\r\n", " Unsubscribe"):
            assert says(text + more) == says(token)

    @pytest.mark.parametrize("more", ["-", "_", "__", "_foo", "-foo"])
    def test_hyphens_and_underscores_too_many_are_cut_off(self, more: str) -> None:
        assert says(OLD + more) == TARGET

    def test_another_letter_case_is_another_token(self) -> None:
        assert says(OLD.lower()) is None
        assert says(OLD.upper()) is None


class TestForgery:
    """Requirement H6, with all that leniency: what verifies means the same token."""

    @pytest.mark.parametrize("purpose", LinkPurpose)
    def test_no_other_character_anywhere_in_an_old_token(self, purpose: LinkPurpose) -> None:
        token = old_token(TARGET, purpose=purpose, today=TODAY)
        altered = [token[:at] + one + token[at + 1 :] for at in range(40) for one in ALPHABET if one != token[at]]
        assert len(altered) == 40 * 63
        assert not any(says(one, purpose=purpose) for one in altered)

    @hypothesis_settings(deadline=None, max_examples=300)
    @given(st.data(), purposes, st.sampled_from([links.sign, old_token]))
    def test_a_token_that_was_tampered_with_says_the_same_or_nothing(
        self, data: st.DataObject, purpose: LinkPurpose, make: Callable[..., str]
    ) -> None:
        token = make(TARGET, purpose=purpose, today=TODAY)
        odd = st.one_of(st.sampled_from([*ALPHABET, *GLUED_ON, *IN_FRONT, *BREAKS]), st.text(max_size=3))
        for _ in range(data.draw(st.integers(1, 4))):
            start = data.draw(st.integers(0, len(token)))
            end = data.draw(st.integers(start, min(len(token), start + 2)))
            token = token[:start] + data.draw(odd) + token[end:]
        assert says(token, purpose=purpose) in {None, TARGET}
        for other in {*LinkPurpose} - {purpose}:
            assert says(token, purpose=other) is None

    @hypothesis_settings(deadline=None)
    @given(st.one_of(st.text(), st.text(ALPHABET, min_size=36, max_size=44), st.from_regex(r"AQ[A-Za-z0-9_-]{36,40}")))
    def test_any_text_is_refused(self, text: str) -> None:
        assert says(text) is None

    def test_a_signature_of_one_format_is_none_in_the_other(self) -> None:
        assert says(links.sign(TARGET, today=TODAY)[:30] + OLD[30:]) is None
        assert says(OLD[:20] + NEW[20:]) is None

    def test_few_signatures_are_looked_at(self, monkeypatch: pytest.MonkeyPatch) -> None:
        looked_at: list[bytes] = []
        verify = links.Truncated.verify_signature

        def counted(self: links.Truncated, key: bytes, value: bytes, sig: bytes) -> bool:
            looked_at.append(sig)
            return verify(self, key, value, sig)

        monkeypatch.setattr(links.Truncated, "verify_signature", counted)
        texts = [NEW, OLD, "x" * 40, "AQ" + "B" * 36, "AQ B" + "B" * 34, "AQ " * 300, "AQBB B_" * 99, "AIAA" + "A" * 36]
        for text in texts:
            looked_at.clear()
            says(text)
            assert len(looked_at) <= 10
        looked_at.clear()
        says("B" * 40)  # neither version
        assert looked_at == []
