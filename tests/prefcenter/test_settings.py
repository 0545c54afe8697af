"""The settings come from the environment, and without secrets there is no start."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECRETS = {"SECRET_KEY": "a" * 30 + "0123456789" * 3, "UNSUBSCRIBE_ADDRESS_KEY": "b" * 40}


def check(tmp_path: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *(arguments or ("check",))]
    environment = {"PATH": "/usr/bin:/bin", "DATA_DIR": str(tmp_path), **environment}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


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
    assert f"Please set {' and '.join(missing)} in the environment" in last_line


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
