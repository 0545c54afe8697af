"""Makes a brand's colour readable in light and dark (WCAG 2.2, 1.4.3). Imported by the settings, so without Django."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import NamedTuple

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
#: The contrast that text needs against its background (WCAG 2.2, 1.4.3).
READABLE = 4.5
_STEPS = 100


class Colour(NamedTuple):
    """Each from 0 to 255; as text #rrggbb."""

    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


BLACK, WHITE = Colour(0, 0, 0), Colour(255, 255, 255)
# Of the backgrounds in site.css the ones with the least contrast: what is readable on them is readable on the others.
_LIGHT_GROUND = Colour(0xF3, 0xF3, 0xEF)
_DARK_GROUND = Colour(0x2A, 0x30, 0x36)


class Scheme(NamedTuple):
    """The brand's colour for text and surfaces, and the colour of text on such a surface."""

    brand: Colour
    on_brand: Colour


class Palette(NamedTuple):
    """The colours in light and in dark mode."""

    light: Scheme
    dark: Scheme


def parse(text: str) -> Colour:
    """The colour written as #rgb or #rrggbb. Raises ValueError for anything else."""
    if not _HEX.fullmatch(text):
        raise ValueError(text)
    digits = text[1:] if len(text) == 7 else "".join(digit * 2 for digit in text[1:])
    return Colour(*bytes.fromhex(digits))


def luminance(colour: Colour) -> float:
    """Relative luminance, 0 for black to 1 for white (WCAG 2.2)."""
    red, green, blue = (_linear(channel / 255) for channel in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """From 1, the same, to 21, black on white (WCAG 2.2)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def palette(colour: Colour) -> Palette:
    """The colour itself where it can be read, else the nearest darker or lighter one that can."""
    return Palette(
        light=_scheme(_readable(colour, ground=_LIGHT_GROUND, towards=BLACK)),
        dark=_scheme(_readable(colour, ground=_DARK_GROUND, towards=WHITE)),
    )


@cache
def stylesheet(text: str) -> str:
    """The CSS with the custom properties of site.css for this BRAND_COLOR; "" for none, or for one that is not a
    colour."""
    try:
        light, dark = palette(parse(text))
    except ValueError:
        return ""
    return f"{_properties(light)}@media (prefers-color-scheme:dark){{{_properties(dark)}}}"


def style_sources(text: str) -> list[str]:
    """The sources for style-src that allow this inline style alone (its hash)."""
    style = stylesheet(text)
    return [f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'"] if style else []


def _linear(channel: float) -> float:
    return float(channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4)


def _readable(colour: Colour, *, ground: Colour, towards: Colour) -> Colour:
    steps = (_mixed(colour, towards, step / _STEPS) for step in range(_STEPS + 1))
    return next(one for one in steps if contrast(one, ground) >= READABLE)


def _mixed(colour: Colour, other: Colour, share: float) -> Colour:
    return Colour(*(round(ours + (theirs - ours) * share) for ours, theirs in zip(colour, other, strict=True)))


def _scheme(brand: Colour) -> Scheme:
    """White or black on the brand's colour; one of the two always has a contrast of at least 4.58."""
    return Scheme(brand, WHITE if contrast(brand, WHITE) >= READABLE else BLACK)


def _properties(scheme: Scheme) -> str:
    return f":root{{--brand:{scheme.brand};--on-brand:{scheme.on_brand}}}"
