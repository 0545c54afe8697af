"""A token says what it names, to whom it was given, for what and until when; nothing else passes for one."""

import re
from base64 import b32decode, b32encode
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from unsubscribe import links
from unsubscribe.errors import ExpiredLink, InsecureBaseUrl, InvalidLink, TooLargeForLink
from unsubscribe.links import LinkPurpose, Target

pytestmark = pytest.mark.sqlite_only

TODAY = date(2026, 3, 10)
TARGET = Target(12345678901, 77, 99)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
FIRST, SECOND, THIRD = ("first-key" * 6, "second-key" * 6, "third-key" * 6)

unhurried = hypothesis_settings(deadline=None)
targets = st.builds(
    Target,
    st.integers(0, 2**40 - 1),
    st.none() | st.integers(1, 65535),
    st.none() | st.integers(1, 2**24 - 1),
)
purposes = st.sampled_from(LinkPurpose)


@unhurried
@given(targets, purposes, st.dates(date(2020, 1, 1), date(2199, 6, 6)))
def test_a_token_is_forty_letters_and_digits_and_says_what_was_signed(
    target: Target, purpose: LinkPurpose, today: date
) -> None:
    token = links.sign(target, purpose=purpose, today=today)
    assert re.fullmatch("[A-Z2-7]{40}", token)
    assert links.read(token, purpose=purpose, today=today) == target
    assert links.read(token.lower(), purpose=purpose, today=today) == target


@pytest.mark.parametrize(
    "target",
    [
        Target(0),
        Target(2**40 - 1, 65535, 2**24 - 1),
        Target(2**32, None, 1),
        Target(2**32 - 1, 1, None),
    ],
)
def test_the_ends_of_the_ranges_fit(target: Target) -> None:
    assert links.read(links.sign(target, today=TODAY), today=TODAY) == target


@pytest.mark.parametrize("campaign_id", [2**24, 2**24 + 1, 2**63 - 1])
def test_a_campaign_beyond_the_range_is_left_out_and_the_link_works(campaign_id: int) -> None:
    token = links.sign(Target(7, 8, campaign_id), today=TODAY)
    assert links.read(token, today=TODAY) == Target(7, 8, None)


@pytest.mark.parametrize("target", [Target(2**40), Target(-1), Target(1, 2**16)])
def test_an_address_or_a_category_beyond_the_range_is_refused_in_words(target: Target) -> None:
    with pytest.raises(TooLargeForLink, match="too large for a link"):
        links.sign(target, today=TODAY)


@pytest.mark.parametrize("many", [0, 1, 2, 4096, 5000])
def test_many_tokens_are_those_of_each(many: int) -> None:
    tokens = links.sign_many(range(1, many + 1), TARGET, today=TODAY)
    assert len(tokens) == many
    for number in {1, 2, 819, 820, 4096, many} & {*range(1, many + 1)}:  # where one piece of work ends
        assert tokens[number - 1] == links.sign(TARGET._replace(address_id=number), today=TODAY)


def test_a_target_signed_twice_on_a_day_gets_one_token_and_others_get_others() -> None:
    tokens = [
        links.sign(target, purpose=purpose, today=day)
        for target in (TARGET, Target(1), Target(1, 1), Target(1, None, 1), Target(1 << 32))
        for purpose in LinkPurpose
        for day in (TODAY, TODAY + timedelta(days=1))
    ]
    assert len(set(tokens)) == len(tokens)
    assert links.sign(TARGET, today=TODAY) == tokens[0]


def _with_keys(newest: str, *older: str) -> override_settings:
    return override_settings(SECRET_KEY=newest, SECRET_KEY_FALLBACKS=list(older))


class TestKeyRotation:
    @pytest.mark.parametrize("purpose", LinkPurpose)
    @pytest.mark.parametrize("keys", [(FIRST,), (SECOND, FIRST), (THIRD, SECOND, FIRST), (THIRD, FIRST, SECOND)])
    def test_a_key_that_became_a_fallback_still_reads(self, keys: tuple[str, ...], purpose: LinkPurpose) -> None:
        with _with_keys(FIRST):
            token, receipt = links.sign(TARGET, purpose=purpose, today=TODAY), links.sign_receipt([1, 2])
        with _with_keys(*keys):
            assert links.read(token, purpose=purpose, today=TODAY) == TARGET
            assert links.read_receipt(receipt) == [1, 2]

    @pytest.mark.parametrize("purpose", LinkPurpose)
    def test_a_key_that_was_dropped_does_not(self, purpose: LinkPurpose) -> None:
        with _with_keys(FIRST, SECOND):
            token, receipt = links.sign(TARGET, purpose=purpose, today=TODAY), links.sign_receipt([1])
        with _with_keys(THIRD, SECOND):
            with pytest.raises(InvalidLink):
                links.read(token, purpose=purpose, today=TODAY)
            with pytest.raises(InvalidLink):
                links.read_receipt(receipt)

    def test_the_newest_key_signs(self) -> None:
        with _with_keys(THIRD, SECOND, FIRST):
            token, receipt = links.sign(TARGET, today=TODAY), links.sign_receipt([1])
        with _with_keys(THIRD):
            assert links.read(token, today=TODAY) == TARGET
            assert links.read_receipt(receipt) == [1]


class TestForgery:
    """Requirement H6: an altered token changes nothing."""

    @pytest.mark.parametrize("purpose", LinkPurpose)
    def test_every_other_character_anywhere_is_refused(self, purpose: LinkPurpose) -> None:
        token = links.sign(TARGET, purpose=purpose, today=TODAY)
        altered = [
            token[:at] + one + token[at + 1 :] for at in range(40) for one in ALPHABET if one.upper() != token[at]
        ]
        for one in altered:
            with pytest.raises(InvalidLink):
                links.read(one, purpose=purpose, today=TODAY)

    def test_every_cut_is_refused(self) -> None:
        token = links.sign(TARGET, today=TODAY)
        for one in [*(token[:end] for end in range(40)), *(token[start:] for start in range(1, 40))]:
            with pytest.raises(InvalidLink):
                links.read(one, today=TODAY)

    @pytest.mark.parametrize("more", ["A", "a", "2", "0", "AAAA", "%41", "https://mail.example.com/u/"])
    def test_a_letter_or_digit_too_many_is_refused(self, more: str) -> None:
        token = links.sign(TARGET, today=TODAY)
        for one in (token + more, more + token, token[:20] + more + token[20:]):
            with pytest.raises(InvalidLink):
                links.read(one, today=TODAY)

    @pytest.mark.parametrize("between", [".", ",", "/", "&", "-", "_", "…"])
    def test_what_no_mail_program_puts_into_a_token_is_refused_there(self, between: str) -> None:
        token = links.sign(TARGET, today=TODAY)
        with pytest.raises(InvalidLink):
            links.read(token[:20] + between + token[20:], today=TODAY)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "\0",
            "ü" * 40,
            "\uff21" * 40,  # full-width letters
            "\u0661" * 40,  # digits that are not 0-9
            "A" * 40,
            "=" * 40,
            "+/" * 20,
            "A" * 39 + "\n",
            "\n" + "A" * 39,
            " " * 40,
            "\ud800" * 40,
            "A" * 1_000_000,
            "../../etc/passwd",
        ],
        ids=lambda text: ascii(text)[:20],
    )
    def test_what_never_was_a_token_is_refused(self, text: str) -> None:
        for purpose in LinkPurpose:
            with pytest.raises(InvalidLink):
                links.read(text, purpose=purpose, today=TODAY)
        with pytest.raises(InvalidLink):
            links.verified(text, purpose=LinkPurpose.PREFERENCES)

    @unhurried
    @given(st.one_of(st.text(), st.text(ALPHABET, min_size=40, max_size=40)))
    def test_any_text_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidLink):
            links.read(text, today=TODAY)

    def test_the_fields_of_one_token_do_not_go_with_the_signature_of_another(self) -> None:
        ada, bob = (b32decode(links.sign(Target(one), today=TODAY), casefold=True) for one in (1, 2))
        with pytest.raises(InvalidLink):
            links.read(b32encode(ada[:13] + bob[13:]).decode(), today=TODAY)

    @pytest.mark.parametrize("version", [0, 1, 3])
    def test_another_version_is_refused_although_it_is_signed(
        self, version: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(links, "_FORMAT", links._FORMAT._replace(version=version))
        token = links.sign(TARGET, today=TODAY)
        assert links.read(token, today=TODAY) == TARGET
        monkeypatch.undo()
        with pytest.raises(InvalidLink):
            links.read(token, today=TODAY)


class TestPurposes:
    @pytest.mark.parametrize("kind", LinkPurpose)
    def test_no_kind_passes_for_another(self, kind: LinkPurpose) -> None:
        token = links.sign(TARGET, purpose=kind, today=TODAY)
        for other in {*LinkPurpose} - {kind}:
            with pytest.raises(InvalidLink):
                links.read(token, purpose=other, today=TODAY)
            with pytest.raises(InvalidLink):
                links.verified(token, purpose=other)
        with pytest.raises(InvalidLink):
            links.read_receipt(token)

    @pytest.mark.parametrize("kind", LinkPurpose)
    def test_a_receipt_is_no_link(self, kind: LinkPurpose) -> None:
        with pytest.raises(InvalidLink):
            links.read(links.sign_receipt([1]), purpose=kind, today=TODAY)

    @pytest.mark.parametrize(
        ("kind", "days"),
        [
            (LinkPurpose.PREFERENCES, 60),
            (LinkPurpose.FRESH, 60),
            (LinkPurpose.OPT_IN, 7),
            (LinkPurpose.JOIN, 7),
            (LinkPurpose.ERASE, 2),
        ],
    )
    def test_what_starts_anything_expires_after_its_last_day(self, kind: LinkPurpose, days: int) -> None:
        token = links.sign(TARGET, purpose=kind, today=TODAY)
        assert links.read(token, purpose=kind, today=TODAY + timedelta(days=days)) == TARGET
        with pytest.raises(ExpiredLink):
            links.read(token, purpose=kind, today=TODAY + timedelta(days=days + 1))

    def test_an_url_says_what_it_is_for(self) -> None:
        token = links.sign(TARGET, today=TODAY)
        assert links.unsubscribe_url(TARGET, today=TODAY) == f"https://mail.example.com/u/{token}"
        token = links.sign(TARGET, purpose=LinkPurpose.PREFERENCES, today=TODAY)
        assert links.preferences_url(TARGET, today=TODAY) == f"https://mail.example.com/p/{token}"

    def test_an_url_needs_https(self, settings: Any) -> None:
        settings.UNSUBSCRIBE_BASE_URL = "http://mail.example.com"
        with pytest.raises(InsecureBaseUrl):
            links.unsubscribe_url(TARGET, today=TODAY)


class TestExpiry:
    @pytest.mark.parametrize("years", [0, 1, 50, 170])
    def test_a_link_that_stops_mail_never_expires(self, years: int) -> None:
        token = links.sign(TARGET, today=TODAY)
        assert links.read(token, today=TODAY.replace(year=TODAY.year + years)) == TARGET

    @pytest.mark.parametrize("days", [60, 1])
    def test_a_link_that_shows_something_does(self, days: int, settings: Any) -> None:
        settings.UNSUBSCRIBE_PREFERENCES_LINK_DAYS = days
        token = links.sign(TARGET, purpose=LinkPurpose.PREFERENCES, today=TODAY)
        last_day = TODAY + timedelta(days=days)
        assert links.read(token, purpose=LinkPurpose.PREFERENCES, today=last_day) == TARGET
        with pytest.raises(ExpiredLink):
            links.read(token, purpose=LinkPurpose.PREFERENCES, today=last_day + timedelta(days=1))

    def test_an_expired_link_can_still_stop_mail(self) -> None:
        token = links.sign(TARGET, purpose=LinkPurpose.PREFERENCES, today=date(2020, 1, 1))
        with pytest.raises(ExpiredLink):
            links.read(token, purpose=LinkPurpose.PREFERENCES, today=TODAY)
        assert links.verified(token, purpose=LinkPurpose.PREFERENCES) == (TARGET, date(2020, 1, 1))

    def test_a_forged_link_is_invalid_and_not_expired(self) -> None:
        token = links.sign(TARGET, purpose=LinkPurpose.PREFERENCES, today=date(2020, 1, 1))
        with pytest.raises(InvalidLink) as caught:
            links.read(token[::-1], purpose=LinkPurpose.PREFERENCES, today=TODAY)
        assert caught.type is InvalidLink


class TestReceipts:
    @unhurried
    @given(st.lists(st.integers(1, 2**63 - 1), max_size=50))
    def test_a_receipt_says_which_events(self, event_ids: list[int]) -> None:
        assert links.read_receipt(links.sign_receipt(event_ids)) == event_ids

    @pytest.mark.parametrize(("seconds", "is_valid"), [(0, True), (3600, True), (3601, False)])
    def test_a_receipt_is_valid_for_an_hour(
        self, seconds: int, is_valid: bool, monkeypatch: pytest.MonkeyPatch, now: datetime
    ) -> None:
        clock = int(now.timestamp())
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: clock)
        receipt = links.sign_receipt([7])
        monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: clock + seconds)
        if is_valid:
            assert links.read_receipt(receipt) == [7]
        else:
            with pytest.raises(ExpiredLink):
                links.read_receipt(receipt)

    def test_every_other_character_anywhere_is_refused(self) -> None:
        receipt = links.sign_receipt([7])
        for at in range(len(receipt)):
            other = "B" if receipt[at] == "A" else "A"
            if at == len(receipt) - 1:
                other = ALPHABET[ALPHABET.index(receipt[at]) ^ 32]  # the two lowest bits of the last are padding
            with pytest.raises(InvalidLink):
                links.read_receipt(receipt[:at] + other + receipt[at + 1 :])

    @pytest.mark.parametrize("text", ["", ".", "..", "a.b.c", "WzFd.A.B", "ü", "\0", " ", "A" * 100_000])
    def test_what_never_was_a_receipt_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidLink):
            links.read_receipt(text)

    @unhurried
    @given(st.text(st.characters(exclude_categories=["Cs"])))
    def test_any_text_is_refused(self, text: str) -> None:
        with pytest.raises(InvalidLink):
            links.read_receipt(text)

    def test_what_our_key_signed_for_something_else_is_refused(self, settings: Any) -> None:
        other = URLSafeTimedSerializer(settings.SECRET_KEY, signer_kwargs={"digest_method": sha256})
        with pytest.raises(InvalidLink):
            links.read_receipt(str(other.dumps([7])))

    def test_half_a_character_is_refused(self) -> None:
        """As JSON brings it in: "\\ud800"."""
        with pytest.raises(InvalidLink):
            links.read_receipt("\ud800")
