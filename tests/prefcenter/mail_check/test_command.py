import io
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from prefcenter.management.commands.check_message import WIDTH, Command
from tests.prefcenter.mail_check.messages import message, signed

pytestmark = pytest.mark.sqlite_only


def written(folder: Path, raw: bytes) -> str:
    file = folder / "message.eml"
    file.write_bytes(raw)
    return str(file)


def run(*arguments: str) -> tuple[str, int]:
    """What the command prints, and its exit status when a MUST fails."""
    out, status = io.StringIO(), 0
    try:
        call_command(Command(), *arguments, stdout=out)
    except SystemExit as stop:
        status = int(stop.code or 0)
    return out.getvalue(), status


def run_as_a_program(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        Command().run_from_argv(["manage.py", "check_message", *arguments])
    return int(caught.value.code or 0)


def test_a_message_without_a_failed_must_ends_with_yes_and_status_0(tmp_path: Path) -> None:
    output, status = run(written(tmp_path, signed(message())))

    assert status == 0
    assert output.splitlines()[-1].startswith("Yes, provided that the DKIM signature is valid")


def test_a_failed_must_ends_with_no_and_status_1(tmp_path: Path) -> None:
    output, status = run(written(tmp_path, message()))

    assert status == 1
    assert output.splitlines()[-1] == "No: email clients won’t offer one-click unsubscribe for this message; see H4."


def test_every_point_is_printed_with_outcome_id_level_and_standard_in_columns(tmp_path: Path) -> None:
    output, _ = run(written(tmp_path, message()))
    lines = output.splitlines()

    assert lines[:3] == [
        "pass     H1   must    There is one List-Unsubscribe and one List-Unsubscribe-Post header.",
        "                      [RFC 8058 s.3.1, RFC 2369 s.3]",
        "pass     H2   must    There is exactly one https link:",
    ]
    assert all(len(line) <= WIDTH for line in lines)


def test_a_message_is_read_from_standard_input_as_octets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(signed(message()))))

    assert run("-")[1] == 0


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "can’t be read: No such file or directory."),
        (b"", "is empty."),
        (b"\x89PNG\r\n\x1a\n\0", "is not an email message: it does not begin with header lines"),
    ],
)
def test_what_cannot_be_checked_ends_with_one_sentence_and_status_2(
    raw: bytes | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "missing.eml") if raw is None else written(tmp_path, raw)

    assert run_as_a_program(file) == 2

    output = capsys.readouterr()
    assert output.out == ""
    assert said in output.err
    assert len(output.err.splitlines()) == 1


def test_a_folder_is_not_a_message(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="can’t be read: Is a directory") as caught:
        run(str(tmp_path))

    assert caught.value.returncode == 2


def test_the_options_hand_over_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used: dict[str, object] = {}
    monkeypatch.setattr(
        "prefcenter.management.commands.check_message.check", lambda raw, **network: used.update(network) or []
    )
    run(written(tmp_path, message()))
    assert used == {"dnsfunc": None, "post": None}
    run(written(tmp_path, message()), "--dns", "--post")
    assert all(callable(function) for function in used.values())
