"""The settings come from the environment, and without secrets there is no start."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from prefcenter import checks
from tests import commands

pytestmark = pytest.mark.sqlite_only

SECRETS = {"SECRET_KEY": "a" * 30 + "0123456789" * 3, "UNSUBSCRIBE_ADDRESS_KEY": "b" * 40}


def check(tmp_path: Path, *arguments: str, **environment: str) -> commands.Done:
    environment = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path), **environment}
    return commands.run(*(arguments or ("check",)), environment=environment)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ([], ["SECRET_KEY", "UNSUBSCRIBE_ADDRESS_KEY"]),
        (["SECRET_KEY"], ["UNSUBSCRIBE_ADDRESS_KEY"]),
        (["UNSUBSCRIBE_ADDRESS_KEY"], ["SECRET_KEY"]),
    ],
)
@pytest.mark.parametrize("command", ["check", "serve", "audience"])
def test_without_debug_it_refuses_to_start_and_says_what_is_missing(
    given: list[str], missing: list[str], command: str, tmp_path: Path
) -> None:
    done = check(tmp_path, command, **{name: SECRETS[name] for name in given})
    assert done.returncode != 0
    last_line = done.stderr.strip().splitlines()[-1]
    assert f"Set {' and '.join(missing)} in the environment" in last_line


def test_keys_and_hosts_are_read_with_spaces_beside_their_commas(tmp_path: Path) -> None:
    """A retired key with a space before it verifies no link that it signed, and with a key of a space anybody signs."""
    script = "from django.conf import settings as s; print(s.SECRET_KEY_FALLBACKS, s.ALLOWED_HOSTS)"
    given = {"SECRET_KEY_FALLBACKS": "newer, older, ,", "ALLOWED_HOSTS": "a.example, b.example"}
    site = SECRETS | given | {"SITE_URL": "https://mail.example.com"}
    done = check(tmp_path, "shell", "-v0", "-c", script, **site)
    assert done.stdout.strip() == "['newer', 'older'] ['mail.example.com', 'a.example', 'b.example']"


def test_production_needs_https(tmp_path: Path) -> None:
    done = check(tmp_path, **SECRETS)
    assert "unsubscribe.E001" in done.stderr
    assert check(tmp_path, **SECRETS, SITE_URL="https://mail.example.com").returncode == 0


def test_development_needs_nothing_but_debug(tmp_path: Path) -> None:
    assert check(tmp_path, DEBUG="true").returncode == 0


@pytest.mark.parametrize(
    ("url", "backend"),
    [
        ("smtp+tls://user:pass@mail.example.com:587", "smtp"),
        ("consolemail://", "console"),
        ("memorymail://", "locmem"),
    ],
)
def test_whatever_sends_the_mail_the_guard_stands_before_it(url: str, backend: str, tmp_path: Path) -> None:
    script = "from django.conf import settings as s; print(s.EMAIL_BACKEND, s.UNSUBSCRIBE_EMAIL_BACKEND)"
    done = check(tmp_path, "shell", "-v0", "-c", script, DEBUG="true", EMAIL_URL=url)
    guard, wrapped = done.stdout.split()
    assert guard == "unsubscribe.backends.GuardedEmailBackend"
    assert wrapped == f"django.core.mail.backends.{backend}.EmailBackend"


def test_the_demo_is_never_reachable_outside_the_demo(tmp_path: Path) -> None:
    script = (
        "from django.conf import settings as s; from prefcenter.urls import urlpatterns as u; print(s.DEMO, len(u))"
    )
    production = {**SECRETS, "SITE_URL": "https://mail.example.com", "PREFCENTER_DEMO": "true"}
    demo, without = check(tmp_path, "shell", "-v0", "-c", script, **production).stdout.split()
    assert demo == "False"
    assert check(tmp_path, "shell", "-v0", "-c", script, DEBUG="true").stdout.split() == ["False", without]


def modes(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): f"{path.stat().st_mode & 0o777:o}" for path in (folder, *folder.rglob("*"))}


PUBLISH = "from prefcenter.tasks import forget_answers; forget_answers.delay()"


@pytest.mark.parametrize(
    ("umask", "file", "folder"), [("077", "600", "700"), ("7", "660", "770"), ("27", "640", "750")]
)
def test_what_the_site_keeps_is_for_its_own_account(umask: str, file: str, folder: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    for command in (["migrate", "contenttypes", "-v0"], ["shell", "-c", PUBLISH]):
        done = check(data, *command, DEBUG="true", DATA_UMASK=umask)
        assert done.returncode == 0, done.stderr
    found = modes(data)
    assert found["."] == found["queue"] == folder
    assert found["db.sqlite3"] == ("640" if umask == "7" else file), "SQLite itself lets no group write"
    assert {mode for name, mode in found.items() if name.endswith(".msg")} == {file}


def test_what_an_earlier_version_left_open_is_closed(tmp_path: Path) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere.sqlite3"
    for folder in (data, data / "queue", data / "imports", data / "static"):
        folder.mkdir()
        folder.chmod(0o755)
    opened = [data / "celerybeat-schedule", elsewhere, tmp_path / "elsewhere.sqlite3-wal"]
    for path in opened:
        path.touch()
        path.chmod(0o644)
    assert check(data, DEBUG="true", DATABASE_URL=f"sqlite:///{elsewhere}").returncode == 0
    assert {f"{path.stat().st_mode & 0o777:o}" for path in opened} == {"600"}
    found = modes(data)
    assert (found["."], found["queue"], found["imports"], found["static"]) == ("700", "700", "700", "755")


def test_before_going_live_it_says_what_is_open_still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sqlite = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(tmp_path / "db.sqlite3")}}
    ours = SimpleNamespace(DATA_DIR=tmp_path, DATABASES=sqlite, DATA_UMASK=0o077)
    monkeypatch.setattr(checks, "settings", ours)
    tmp_path.chmod(0o700)
    assert checks.private_files(None) == []
    (tmp_path / "db.sqlite3").touch()
    (tmp_path / "db.sqlite3").chmod(0o640)
    [said] = checks.private_files(None)
    assert (said.id, "db.sqlite3" in said.msg) == ("prefcenter.W001", True)


@pytest.mark.parametrize("wrong", ["", "x", "099", "000", "777", "-1", "075"])
def test_a_mask_that_makes_no_sense_is_refused(wrong: str, tmp_path: Path) -> None:
    done = check(tmp_path, DEBUG="true", DATA_UMASK=wrong)
    assert done.returncode != 0
    assert "DATA_UMASK is" in done.stderr
