"""The sender's colour and logo: readable whatever the colour, and nothing that loosens the policy of the pages."""

import json
import os
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from prefcenter.web.branding import colours
from prefcenter.web.branding.colours import BLACK, WHITE, Colour, contrast, palette, parse
from tests import commands

pytestmark = pytest.mark.sqlite_only

ROOT = Path(__file__).resolve().parents[3]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
A_PAGE = "/u/no-link"  # it asks no database
LOOK = """
import json
from django.test import Client
answer = Client(headers={"host": "mail.example.com"}).get("/u/no-link", secure=True)
print(json.dumps([answer.content.decode(), answer["Content-Security-Policy"]]))
"""


def grounds() -> tuple[list[Colour], list[Colour]]:
    """What the stylesheet puts behind links and buttons, in light and in dark."""
    light, _, dark = (ROOT / "static/prefcenter/site.css").read_text().partition("@media (prefers-color-scheme: dark)")
    named = re.compile(r"--(?:card|page|tint): (#[0-9a-f]+);")
    return [parse(one) for one in named.findall(light)], [parse(one) for one in named.findall(dark)]


@pytest.mark.parametrize(
    ("text", "colour"),
    [("#1a56a8", (26, 86, 168)), ("#FFF", (255, 255, 255)), ("#0f8", (0, 255, 136)), ("#E4002B", (228, 0, 43))],
)
def test_a_colour_is_read(text: str, colour: tuple[int, int, int]) -> None:
    assert parse(text) == colour


NO_COLOURS = ["", "1a56a8", "#12", "#1234", "#12345678", "#ggg", "red", "#fff;}", "#fff\n", "rgb(0,0,0)"]


@pytest.mark.parametrize("text", NO_COLOURS)
def test_what_is_no_colour_changes_no_page(text: str) -> None:
    with pytest.raises(ValueError, match=re.escape(text) or "^$"):
        parse(text)
    assert colours.stylesheet(text) == ""
    assert colours.style_sources(text) == []


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000", "#fff", 21),
        ("#fff", "#fff", 1),
        ("#767676", "#fff", 4.54),
        ("#f00", "#fff", 4.00),
        ("#00f", "#000", 2.44),
    ],
)
def test_contrast_is_that_of_the_standard(one: str, other: str, ratio: float) -> None:
    assert contrast(parse(one), parse(other)) == pytest.approx(ratio, abs=0.005)
    assert contrast(parse(other), parse(one)) == contrast(parse(one), parse(other))


@given(st.builds(Colour, *[st.integers(0, 255)] * 3))
def test_any_colour_can_be_read_wherever_it_stands(colour: Colour) -> None:
    for scheme, behind in zip(palette(colour), grounds(), strict=True):
        assert len(behind) == 3
        assert min(contrast(scheme.brand, ground) for ground in behind) >= 4.5
        assert scheme.on_brand in {BLACK, WHITE}
        assert contrast(scheme.brand, scheme.on_brand) >= 4.5


@pytest.mark.parametrize(
    ("colour", "light", "on_light"), [("#1a56a8", "#1a56a8", "#ffffff"), ("#000", "#000000", "#ffffff")]
)
def test_a_colour_that_can_be_read_stays_as_it_is(colour: str, light: str, on_light: str) -> None:
    assert [str(one) for one in palette(parse(colour)).light] == [light, on_light]


def test_the_page_carries_the_style_that_its_policy_names(tmp_path: Path) -> None:
    """In a process of its own, because the policy is made with the settings."""
    (tmp_path / "logo.svg").write_bytes(SVG)
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    environment |= {"BRAND_COLOR": "#e4002b", "BRAND_LOGO": str(tmp_path / "logo.svg")}
    done = commands.run("shell", "-v0", "-c", LOOK, environment=environment)
    assert done.returncode == 0, done.stderr
    page, policy = json.loads(done.stdout)
    [style] = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert "--brand:#" in style
    assert page.index("site.css") < page.index("<style>")
    sources = re.search(r"style-src ([^;]+)", policy)
    assert sources is not None
    assert sources[1].split() == ["'self'", f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"]
    assert re.search(r'<header class="brand"><img src="/logo\?v=[0-9a-f]{16}" alt="">', page)


@pytest.fixture
def visitor() -> Client:
    return Client(enforce_csrf_checks=True, headers={"host": "mail.example.com"})


def test_without_a_brand_a_page_has_neither_style_nor_logo(visitor: Client) -> None:
    answer = visitor.get(A_PAGE, secure=True)
    assert "<style" not in answer.content.decode()
    assert "<img" not in answer.content.decode()
    assert "sha256" not in answer["Content-Security-Policy"]
    assert visitor.get("/logo", secure=True).status_code == 404


@pytest.mark.parametrize(
    ("name", "kind"),
    [("l.svg", "image/svg+xml"), ("l.PNG", "image/png"), ("l.webp", "image/webp"), ("l.jpg", "image/jpeg")],
)
def test_the_logo_is_an_image_and_runs_nothing(
    name: str, kind: str, visitor: Client, tmp_path: Path, settings: Any
) -> None:
    (tmp_path / name).write_bytes(SVG)
    settings.BRAND_LOGO = str(tmp_path / name)
    answer = visitor.get("/logo", secure=True)
    assert (answer.status_code, answer.content, answer["Content-Type"]) == (200, SVG, kind)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert not answer.cookies


def test_browsers_keep_the_logo_until_it_is_another_one(visitor: Client, tmp_path: Path, settings: Any) -> None:
    file = tmp_path / "logo.svg"
    settings.BRAND_LOGO = str(file)
    urls = []
    for content in (SVG, SVG + b"<!-- another -->"):
        file.write_bytes(content)
        urls += re.findall(r'<img src="([^"]+)"', visitor.get(A_PAGE, secure=True).content.decode())
        answer = visitor.get(urls[-1], secure=True)
        assert (answer.content, "immutable" in answer["Cache-Control"]) == (content, True)
    assert len(set(urls)) == 2
    assert visitor.get(urls[0], secure=True)["Cache-Control"] == "no-cache"


def test_a_logo_that_has_gone_takes_no_page_with_it(visitor: Client, tmp_path: Path, settings: Any) -> None:
    settings.BRAND_LOGO = str(tmp_path / "gone.svg")
    answer = visitor.get(A_PAGE, secure=True)
    assert "This link isn’t valid." in answer.content.decode()
    assert "<img" not in answer.content.decode()


def found() -> list[str | None]:
    return [one.id for one in checks.run_checks(tags=["prefcenter"])]


@pytest.mark.parametrize("text", [one for one in NO_COLOURS if one])
def test_e001_a_colour_that_is_none(text: str, settings: Any) -> None:
    settings.BRAND_COLOR = text
    assert found() == ["prefcenter.E001"]


@pytest.mark.parametrize(
    ("name", "size", "ids"),
    [
        ("logo.svg", 100_000, []),
        ("logo.svg", 100_001, ["prefcenter.E002"]),
        ("logo.bmp", 1, ["prefcenter.E002"]),
        ("logo", 1, ["prefcenter.E002"]),
        ("logo.png", None, ["prefcenter.E002"]),
    ],
)
def test_e002_a_logo_that_cannot_be_shown(
    name: str, size: int | None, ids: list[str], tmp_path: Path, settings: Any
) -> None:
    if size is not None:
        (tmp_path / name).write_bytes(b"x" * size)
    settings.BRAND_LOGO = str(tmp_path / name)
    settings.BRAND_COLOR = "#1a56a8"
    assert found() == ids
