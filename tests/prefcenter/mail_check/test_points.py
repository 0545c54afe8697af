import pytest

from prefcenter.mail_check import Point, must_fails, summary
from prefcenter.mail_check.points import Level, failed, passed, skipped, warned

pytestmark = pytest.mark.sqlite_only

FINE = [passed("H1", "."), passed("H2", "."), passed("H4", "."), passed("H4", ".")]


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (FINE, "Yes: email clients that support RFC 8058 and trust the sender will offer one-click unsubscribe."),
        ([*FINE, failed("H10", ".", level=Level.SHOULD)], "Yes: "),
        ([*FINE, skipped("E4", "."), skipped("E3", ".")], "Yes: "),
        ([*FINE, skipped("H4", ".")], "Yes, provided that the DKIM signature is valid"),
        ([*FINE, warned("H4", ".")], "Yes, provided that the DKIM signature is valid"),
        ([*FINE, warned("H2", "."), skipped("H4", ".")], "Not yet: "),
        ([*FINE, failed("H4", ".")], "No: email clients won’t offer one-click unsubscribe for this message; see H4."),
        ([failed("H1", "."), failed("H4", "."), failed("H4", ".")], "see H1 and H4."),
        ([failed("H1", "."), failed("H3", "."), failed("E4", ".")], "see H1, H3 and E4."),
        ([*FINE, failed("E4", ".")], "No: one-click is offered, but its link doesn’t work correctly; see E4."),
    ],
)
def test_the_summary_says_whether_mail_clients_will_offer_one_click(points: list[Point], said: str) -> None:
    assert said in summary(points)


def test_only_a_must_that_fails_stands_in_the_way() -> None:
    broken = failed("H1", ".")

    assert must_fails([*FINE, warned("H2", "."), failed("H10", ".", level=Level.SHOULD), broken]) == [broken]


def test_a_point_names_the_standard_that_it_comes_from() -> None:
    assert passed("H3", ".").source == "RFC 8058 s.5"
