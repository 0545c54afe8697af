"""Which columns, beside the one that is read, hold another address of the same contact: “Email 2”, “Work email”."""

import re
from collections.abc import Sequence

from .columns import wanted
from .names import WHATSAPP, folded

_PARTS = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
# What tells one address from the others, beside numbers. English, German, French, Spanish, Portuguese, Arabic.
_WORDS = """
primary secondary first second third st nd rd th main alt alternate alternative additional other another further more
extra private personal home work business professional office company corporate school university new old previous
former current preferred backup recovery value
privat private privater geschäftlich geschäftliche dienstlich dienstliche beruflich berufliche zweite weitere andere
alternative zusätzliche alte neue
personnel personnelle professionnel professionnelle pro privé privée principal principale secondaire deuxième seconde
autre ancien ancienne nouveau nouvelle travail bureau domicile
personal trabajo laboral profesional particular segundo segunda otro otra alternativo alternativa secundario secundaria
antiguo nuevo
pessoal trabalho comercial profissional secundário secundária outro outra antigo novo
الثاني الثانوي البديل الشخصي العمل آخر الآخر إضافي الرئيسي
"""
_QUALIFIERS = frozenset(map(folded, _WORDS.split()))
#: Japanese writes them without a space.
_JAPANESE = "予備 副 サブ 第 自宅 勤務先 会社 個人 その他 携帯 主 パソコン pc"
_GLUED = re.compile("|".join(map(folded, re.split(" ", _JAPANESE))))
#: The channels of which a cell shows whether it holds an address.
_TOLD_APART = frozenset({"email", "sms", "phone", "whatsapp"})


def others(columns: Sequence[str], address_index: int, *, channel: str) -> list[int]:
    """Their indexes. What is in them may be no address all the same: “Address” may be a postal one.

    channel: the Channel that the table is read for; for push and post there are none
    """
    names = wanted(channel, or_hash=False).names if channel in _TOLD_APART else ()
    if folded(columns[address_index]) in WHATSAPP:
        names = WHATSAPP  # a phone number beside it need not be one of WhatsApp's
    return [place for place, name in enumerate(columns) if place != address_index and _is_named(name, names)]


def _is_named(heading: str, names: Sequence[str]) -> bool:
    if folded(heading) in names:
        return True
    parts = [folded(part) for part in _PARTS.findall(_CAMEL.sub(" ", heading))]
    core = "".join(part for part in parts if part not in _QUALIFIERS)
    return core in names or _GLUED.sub("", core) in names
