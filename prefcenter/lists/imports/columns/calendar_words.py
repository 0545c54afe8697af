"""The names of months, weekdays and time zones in dates, folded: lower case, without accents."""

import unicodedata
from datetime import timedelta


def bare(text: str) -> str:
    """`text` in lower case, without accents, invisible characters and odd spaces."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    kept = (letter for letter in letters if unicodedata.category(letter) not in {"Mn", "Cf"})
    return " ".join("".join(kept).split())


def _numbered(text: str) -> dict[str, int]:
    return {bare(word): number for line in text.split("\n") for number, word in enumerate(line.split(), 1)}


# English, German and Austrian, French, Spanish, Portuguese, Arabic.
_LONG = """
january february march april may june july august september october november december
januar februar märz april mai juni juli august september oktober november dezember
jänner feber maerz april mai juni juli august september oktober november dezember
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre
enero febrero marzo abril mayo junio julio agosto setiembre octubre noviembre diciembre
janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro
يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر
"""
_SHORT = """
jan feb mar apr may jun jul aug sep oct nov dec
jan feb mrz apr mai jun jul aug sept okt nov dez
janv fevr mars avr mai juin juil aout sept oct nov dec
ene feb mar abr may jun jul ago sept oct nov dic
jan fev mar abr mai jun jul ago set out nov dez
"""
MONTHS = _numbered(_LONG.strip()) | _numbered(_SHORT.strip())
_DAYS_OF_THE_WEEK = """
monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun
montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag mo di mi do fr sa so
lundi mardi mercredi jeudi vendredi samedi dimanche lun mar mer jeu ven sam dim
lunes martes miércoles jueves viernes sábado domingo lun mar mié jue vie sáb dom
segunda-feira terça-feira quarta-feira quinta-feira sexta-feira segunda terça quarta quinta sexta seg ter qua qui sex
"""
WEEKDAYS = frozenset(map(bare, _DAYS_OF_THE_WEEK.split()))
# RFC 2822, section 4.3, and those in which exports of Central Europe and Japan are written. Other names mean several.
ZONES = {
    name: timedelta(hours=hours)
    for names, hours in {
        "z utc gmt ut": 0,
        "est cdt": -5,
        "edt": -4,
        "cst mdt": -6,
        "mst pdt": -7,
        "pst": -8,
        "cet mez": 1,
        "cest mesz": 2,
        "jst": 9,
    }.items()
    for name in names.split()
}
