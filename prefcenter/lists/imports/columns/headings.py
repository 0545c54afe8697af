"""What the heading of a column says about it: that its values may be a yes or a no, when somebody said no, or neither.

All functions take the heading as it stands in the file.
"""

import re
import unicodedata

from prefcenter.lists import reader
from prefcenter.lists.reader import folded
from unsubscribe import channels
from unsubscribe.addresses import digest, redact
from unsubscribe.choices import Channel, SuppressionReason

from . import vocabulary

_UNSUBSCRIBED, _COMPLAINT, _HARD_BOUNCE, *_ = SuppressionReason
# Spreadsheets and data frames write an index into a column without a name, or call it so (pandas, readr).
_NAMELESS = re.compile(r"unnamed\d*|\d*")

# --- when somebody said no ---------------------------------------------------------------------------------
_NO = (
    r"(?:unsub(?:scri(?:be|bed|ption))?|opt(?:ed|s)?out|suppress(?:ed|ion)?|(?:hard)?bounced?|(?:spam)?complain(?:ed|t)"
    r"|bl(?:ack|ock)listed|abmelde|abmeldung|abgemeldet|abbestell(?:t|ung)|ausgetragen|widersp(?:ruchs?|rochen)"
    r"|d[ée]sabonn(?:ement|[ée]e?)|d[ée]sinscri(?:ption|te?)|(?:dad[oa]de)?baja|desuscri(?:pción|pcion|t[oa])"
    r"|descadastr(?:o|ad[oa]|ouse|ou)|cancelou(?:sua|a)?inscri[çc][ãa]o|inscri[çc][ãa]ocancelada|配信停止|登録解除|解除)"
)
_AT = (
    r"(?:at|on|time|date|datetime|timestamp|utc|ts|since|am|vom|seit|datum|zeit|zeitpunkt|fecha|el|desde|le|depuis|em"
    r"|日|日時|日付)"
)
_NO_AT = re.compile(
    rf"(?:e?mail|global|list|user|contact|customer|subscriber|member|profile|marketing|newsletter|confirmed|first|last)*"
    rf"{_NO}(?:(?:from|of)?(?:all)?(?:e?mails?|marketing|newsletters?|lists?))?{_AT}+"
    rf"|(?:date|time|datum|fecha|data)(?:of|de|da|do|der|des|la)*{_NO}"
)

# --- whether somebody wants to be written to ---------------------------------------------------------------
_REFUSES = re.compile(
    r"unsub|optout|optedout|optsout|^stop(?:ped|time|date|status)?$|donot(?!modify|edit|delete|change|remove)"
    r"|dont(?:e?mail|contact|send|want|market|call)|^dn[cemt]$|blacklist|blocklist|block|suppress|bounce|complain|spam|abuse"
    r"|disabled|deactivated|deceased|goneaway|^ban(?:ned)?$|^(?:mps|tps|ctps)$|invalid|cleaned|undeliver|unmailable|suspended|quarantin|exclu(?:de|sion)|revo[ck]|withdraw|objection"
    r"|no(?:e?mails?|newsletters?|contact|marketing)|never(?:e?mail|contact)|optdown|erased|robinson|object(?:s|ed)to"
    r"|stop(?:all)?(?:e?mail|newsletter|marketing|contact|send|pub|werb)|^removeme|(?:e?mail|newsletter|marketing)s?stop(?!\w)"
    r"|abmeld|abgemeld|abbestell|ausgetragen|austrag|widersp|widerruf|sperr|ausschluss|ausgeschlossen"
    r"|keine?n?(?:e?mail|werb|newsletter|kontakt|marketing|infopost)|negativliste|verstorben|unerwünscht"
    r"|nicht(?:mehr)?(?:an)?(?:schreib|mail|kontakt|bewerb|ruf)"
    r"|d.{0,2}sabo(?:n|$)|d.{0,2}sinscri|neplus|nepas|nesouhait|neveut|pasde|plusde(?:e?mail|newsletter|pub|courri)|opposition"
    r"|refus|bloqu|blocage|listenoire|listerouge"
    r"|^bajas?(?=$|news|e?mail|desde|volunt)|^debaja|dad[oa]s?debaja|desuscri|cancelarsu|listanegra|rechaz|excluid"
    r"|(?:^|[^aiu])no(?:contact|envi|recib|quier|dese|molest)|exclusi[oó]n|oposici[oó]n|supresi[oó]n"
    r"|descadast|cancelou|inscri[çc][ãa]ocancelad|n[ãa]o(?:enviar|contac?tar|receber|quer|dese[jy]|perturb)|exclu[ií]d"
    r"|exclus[ãa]o|oposi[çc][ãa]o|bloqueio|supress[ãa]o|recusou|disiscri|uitgeschr|afgemeld"
    r"|rückläuf|unzustellbar|kontaktverbot|^npai$|injoignable|^rebot(?:ad[oa]|e)s?$|dar(?:se)?debaja|rejeitad|devolvid|inv[aá]lid"
    r"|^dnd$|donotdisturb|withdrew|objected|righttoobject|restrictprocessing|processingrestrict|forgetme|anonymi[sz]ed"
    r"|(?:deletion|erasure)request"
    r"|停止|解除|拒否|不要|不可|禁止|退会|解約|除外|ブロック|ブラックリスト|オプトアウト|送信ng|希望しない"
    r"|لايرغب|إلغاء|رفض|حظر|محظور|القائمةالسوداء|لاترسل|عدم(?:ال)?(?:اتصال|إرسال)"
)
_WANTS = re.compile(
    r"subscri|optin|optedin|optsin|consent|permission|accept|newsletter|mailinglist|marketing|allow|permit|receive"
    r"|can(?:e?mail|contact|send|beemailed)|(?:send|wants|ok)(?:to)?e?mail|mailable|contactable|reachable|deliverab"
    r"|emailenabled|notifications?enabled|confirmed|gdpr|dsgvo|rgpd|lgpd|einwillig|zustimm|erlaub|abonn|mailings?$"
    r"|consent|inscri|accepte|autoris|suscri|acepta|permiso|autoriza|consent|aceita|permiss|receb|recib"
    r"|publici(?:dade?|t[ée])$|^bolet[ií][nm]|infolettre|(?:送信|受信)可否"
    r"|購読|配信|同意|許可|メルマガ|オプトイン|اشتراك|موافقة"
)
#: Beside such a word a wish may be none: "not subscribed", "subscription cancelled", "newsletter off".
_TURNING = (
    "not no non without never cannot cant longer ended end expired lapsed cancelled canceled cancellation cancel off "
    "muted mute declined rejected denied deny forbidden prohibited removed inactive former stop stopped "
    "nicht kein keine keinen ohne nie beendet abgelaufen gekündigt gelöscht aus "
    "ne pas sans jamais résilié résiliée annulé annulée expiré sin nunca cancelado cancelada caducado baja "
    "sem não nao expirado غير لا عدم بدون ملغى"
)
_TURNED = re.compile(
    r"(?:un|dis|in|no[nt]?)(?:contact|reach|mail|market|confirm|consent|accept|permi|deliver|allow|agree|subscri|opt)"
)
_YES_AT = re.compile(
    r"(?:subscribe[dr]?|subscription|opt(?:ed)?in|consent(?:ed)?|confirm(?:ed|ation)?|acceptsmarketing|abonnement|signup)"
    rf"{_AT}+"
)
_STATES = re.compile(
    r"status|statut|estatus|^stato|subscriptionstate|emailstate|ステータス|状態|الحالة"
    r"|^(?:estado|situa[çc][ãa]o|situaci[óo]n|[ée]tat|zustand)(?:d[aeou]|del|des)?(?:l[ea]?)?"
    r"(?:contact|contat|suscriptor|abonn|inscrit|assinante|usuari|client|membre|correo|e?mail)"
)
_OTHER_STATES = re.compile(
    r"(?:order|payment|marital|shipping|shipment|fulfillment|fulfilment|invoice|employment|ticket|deal|http|lead|civil"
    r"|attendee|attendance|registration|booking|appointment|billing|job|opportunity)status"
)

#: What a yes means in such a column is not known: "soft bounced", "opt-in pending", "permission to track".
_UNSURE = re.compile(r"soft|pending|track|cookie|terms|privacy|datenschutz|confidential")

# --- on which channel ---------------------------------------------------------------------------------------
_CHANNELS = {one: channels.of(one).heading for one in Channel} | {None: re.compile(r"\bfax|\btelegram|\bmessenger")}

# --- whose address it is -----------------------------------------------------------------------------------
#: Somebody else than the contact of the row.
_OTHERS = (
    "owner owners rep representative agent agency manager sender from referrer referer referred creator author host by "
    "assignee assigned staff sales salesperson advisor adviser consultant supervisor boss parent spouse partner reply "
    "replyto emergency organizer organiser recruiter "
    "besitzer inhaber betreuer berater vertreter absender bearbeiter verantwortlicher vorgesetzter "
    "propriétaire conseiller commercial expéditeur responsable propietario agente comercial remitente vendedor "
    "proprietário remetente responsável 担当者 営業 送信者 紹介者 المندوب المرسل المسؤول"
)

# --- neither -----------------------------------------------------------------------------------------------
_LINKS = re.compile(
    r".*(?:subscriber|subscription|subscribe|contact|list|optin|consent)(?:id|url|link|ip|key|hash|uuid|token)"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TURNING_WORDS, _OTHERS_WORDS = _words(_TURNING), _words(_OTHERS)
#: After such a word, or before one, there is a day.
_OF_A_DAY = _words(
    "at on since date datetime time timestamp until am vom seit datum le depuis fecha desde el em data 日 日付 日時"
)
#: Words that change nothing beside one that may be a no: "is deleted", "date de résiliation", "Kündigungsdatum".
_AROUND = _OF_A_DAY | vocabulary.PEOPLE | _words("is was has been of the de da do du des d der die das la l a flag")
#: What may be a no among values, and as a heading is about anything.
_ANYTHING = _words("left out closed archived former")
_OF_A_NO = vocabulary.IDLE - _ANYTHING
_DAY_BEHIND = re.compile(r"(?<=ung)sdatum$|(?<=.{2})[日]$")
#: At the end of a heading: it is about a consent, and doesn't say whether there is one.
_BESIDE = _words("id ids uuid guid url uri link ip hash token md5 sha256 useragent")
#: The same, where the heading does not refuse.
_BESIDE_A_YES = _words(
    "at on time date datetime timestamp since source owner medium method text wording version form page plan tier "
    "count total score segment notes comment utm datum fecha created updated changed "
    "details message"
)
#: At the end of a heading that refuses: why or how somebody said no, so that any value is a no.
_EXPLAINING = _words(
    "reason reasons cause detail details mode method source comment comments campaign campaigns ids by via note notes "
    "message feedback grund motivo raison motif"
)
#: Notes of people; a yes or a no in them may be about anything.
_NOTES = _words(
    "category note notes comment comments remark remarks memo bemerkung bemerkungen notiz notizen kommentar "
    "commentaire commentaires remarque remarques nota notas comentario comentarios observaciones observações メモ 備考 "
    "ملاحظات"
)
_INDEXES = _words(
    "index idx nr no nº row rows rownum rownumber rownames rowid line linenumber lfd lfdnr n num number key pk "
    "position pos rank recordid channel campaign source"
)
_PERSONAL = _words(
    "name firstname lastname fullname fname lname surname forename vorname nachname nom prenom prénom nombre apellido "
    "apellidos nome sobrenome initial initials birthday birthdate birth born dob geburtstag geburtsdatum naissance "
    "nacimiento nascimento cumpleaños aniversario aniversário language languages lang locale sprache langue idioma "
    "country land pays país pais cc region province city town ort stadt ville ciudad cidade zip zipcode plz postcode "
    "postal street timezone currency gender sex salutation anrede geschlecht company firma phone mobile telephone fax "
    "title age opens clicks orders points score visits sessions purchases"
)
_PERSONAL_SIGNS = re.compile("名|姓|氏|生年月日|誕生|言語|国|都道府県|住所|الاسم|الميلاد|اللغة|البلد")


def name_of(heading: str) -> str:
    """The folded name by which a column is found; "" for a heading that is blank or says nothing, such as "#" or
    "Unnamed: 0". It is stored with answers, so one with an address in it becomes a keyed hash."""
    if "@" in heading and redact(heading) != heading:
        return f"column{digest(folded(heading)).hex()[:24]}"
    return "" if _NAMELESS.fullmatch(_plain(heading)) else folded(heading)


def no_since(heading: str) -> SuppressionReason | None:
    """The reason of the no whose moment a column holds, so that a filled cell is such a no ("Unsubscribed at"); None
    for all other columns."""
    plain = _plain(heading)
    if not _NO_AT.fullmatch(plain):
        return None
    if "bounce" in plain:
        return _HARD_BOUNCE
    return _COMPLAINT if "complain" in plain else _UNSUBSCRIBED


def may_tell(heading: str) -> bool:
    """Whether values of the column may be a yes or a no; not of an index, a name, a birthday, a link, an id."""
    plain, parts = _plain(heading), _parts(heading)
    is_beside = bool(parts) and parts[-1] in _BESIDE and not explains(heading)
    if plain in _INDEXES or is_beside or _LINKS.fullmatch(plain):
        return False
    return speaks(heading) or not (_PERSONAL & {plain, *parts} or _PERSONAL_SIGNS.search(plain))


def speaks(heading: str) -> bool:
    """Whether the column is about consent, by its heading alone."""
    plain, parts = _plain(heading), _parts(heading)
    if _REFUSES.search(plain) or is_bare(heading):
        return True
    if parts and parts[-1] in _BESIDE_A_YES:
        return False
    if _WANTS.search(plain):
        return not _YES_AT.fullmatch(plain)
    return _STATES.search(plain) is not None and not _OTHER_STATES.search(plain)


def is_bare(heading: str) -> bool:
    """Whether it is a word that may be a no ("Deleted contacts"), with nothing beside it but a day or whom it is
    about."""
    parts = [_DAY_BEHIND.sub("", vocabulary.plain(part)) for part in _parts(heading)]
    rest = [part for part in parts if part not in _AROUND]
    return bool(rest) and (_OF_A_NO.issuperset(rest) or "".join(rest) in _OF_A_NO)


def explains(heading: str) -> bool:
    """Whether the column holds why or how somebody said no, in any words."""
    parts = _parts(heading)
    return bool(parts) and parts[-1] in _EXPLAINING and _REFUSES.search(_plain(heading)) is not None


def is_note(heading: str) -> bool:
    """Whether the column holds notes of people, and is not about consent."""
    return not _NOTES.isdisjoint(_parts(heading)) and not speaks(heading)


def is_unsure(heading: str) -> bool:
    """Whether no meaning of a yes can be proposed, although the column is about consent."""
    plain = _plain(heading)
    if _UNSURE.search(plain):
        return True
    is_turned = _TURNED.search(plain) is not None or not _TURNING_WORDS.isdisjoint(_parts(heading))
    is_turned = is_turned or is_bare(heading)
    return is_turned and not _REFUSES.search(plain)


def is_of_others(heading: str) -> bool:
    """Whether an address in it is most likely another person's: “owner email”."""
    return not _OTHERS_WORDS.isdisjoint(_parts(heading))


def is_of_days(heading: str) -> bool:
    """Whether the column holds dates."""
    return not _OF_A_DAY.isdisjoint(_parts(heading)) or no_since(heading) is not None


def is_of_another(heading: str, channel: Channel) -> bool:
    """Whether it names channels, and not this one: "Accepts SMS Marketing" says nothing about email."""
    words = " ".join(_parts(heading))
    is_by_post = _CHANNELS[Channel.POST].search(words) is not None
    words = _CHANNELS[Channel.POST].sub(" post ", words) if is_by_post else words
    named = {one for one, pattern in _CHANNELS.items() if pattern.search(words)}
    return bool(named) and channel not in named


def wants(heading: str) -> bool:
    """Whether a yes in such a column most likely means that somebody wants to be written to."""
    plain = _plain(heading)
    return _WANTS.search(plain) is not None and not _REFUSES.search(plain)


def refuses(heading: str) -> SuppressionReason | None:
    """What a yes in such a column most likely means, if it is a no."""
    plain = _plain(heading)
    if not _REFUSES.search(plain):
        return None
    if "bounce" in plain or "invalid" in plain or "cleaned" in plain:
        return _HARD_BOUNCE
    return _COMPLAINT if "complain" in plain or "spam" in plain else _UNSUBSCRIBED


def _plain(heading: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", heading).casefold())


def _parts(heading: str) -> list[str]:
    return [part.casefold() for part in reader.words(unicodedata.normalize("NFKC", heading))]
