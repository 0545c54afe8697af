"""Makes a brand's colour readable in light and in dark. Pure: the settings themselves are built with it."""

import re
from base64 import b64encode
from functools import cache
from hashlib import sha256
from typing import NamedTuple

_HEX = re.compile(r"#(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE)
#: WCAG 2.2, 1.4.3: what text needs against what is behind it.
READABLE = 4.5
_STEPS = 100


class Colour(NamedTuple):
    red: int
    green: int
    blue: int

    def __str__(self) -> str:
        return f"#{self.red:02x}{self.green:02x}{self.blue:02x}"


BLACK, WHITE = Colour(0, 0, 0), Colour(255, 255, 255)
# Of the card, the page and the tint of site.css the hardest to read on: what is readable there is so on the others.
_LIGHT_GROUND = Colour(0xF3, 0xF3, 0xEF)
_DARK_GROUND = Colour(0x2A, 0x30, 0x36)


class Scheme(NamedTuple):
    """The brand's colour where it is text or a surface, and what is written on that surface."""

    brand: Colour
    on_brand: Colour


class Palette(NamedTuple):
    light: Scheme
    dark: Scheme


def parse(text: str) -> Colour:
    """#rgb or #rrggbb. Raises ValueError."""
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
    """The custom properties of site.css for this BRAND_COLOR; "" for none, or for one that a check complains about."""
    try:
        light, dark = palette(parse(text))
    except ValueError:
        return ""
    return f"{_properties(light)}@media (prefers-color-scheme:dark){{{_properties(dark)}}}"


def style_sources(text: str) -> list[str]:
    """What style-src needs, so that browsers take this one inline style and no other."""
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
    """One of the two can always be read: the worst ground for both has a contrast of 4.58 with either."""
    return Scheme(brand, WHITE if contrast(brand, WHITE) >= READABLE else BLACK)


def _properties(scheme: Scheme) -> str:
    return f":root{{--brand:{scheme.brand};--on-brand:{scheme.on_brand}}}"
