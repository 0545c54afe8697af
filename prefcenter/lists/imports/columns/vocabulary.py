"""The words in which systems and people write a yes, a no or a state, in English, then in other languages.

Each is in lower case, without spaces, hyphens and underscores. What a cell with one says: consent.by_word.
"""

import re
import unicodedata

# Postmark: HardBounce, SpamComplaint, ManualSuppression (postmarkapp.com/developer/api/suppressions-api). Klaviyo:
# HARD_BOUNCE, INVALID_EMAIL, SPAM_COMPLAINT, UNSUBSCRIBE, USER_SUPPRESSED of a suppression, and SUBSCRIBED,
# UNSUBSCRIBED, NEVER_SUBSCRIBED of a consent (developers.klaviyo.com, profiles). Our own: our names and labels.
# What another system's staff suppressed counts as a no to advertising: a receipt may still be wanted.
_UNSUBSCRIBED = """
unsubscribed unsubscribe unsubscribes unsubscribedall globalunsubscribe groupunsubscribe unsub optout optouts optedout
usersuppressed manualsuppression suppressed suppressionlist erased unsubscribedfromeverything leftthecategory
blocklisted blocklist blacklisted blacklist exclusionlist donotcontact donotemail donotmail donotsend dnc nomarketing
removeme
abgemeldet abgemeldete abmeldung abmeldungen abbestellt abbesteller abbestellung ausgetragen widersprochen widerspruch
widersprüche werbewiderspruch sperrliste werbesperre mailsperre kontaktsperre robinsonliste negativliste keinewerbung
keinemail keinemails keinnewsletter keinkontakt nichtkontaktieren nichtanschreiben nichtmailen
désabonné désabonnée désabonnés désabonnées désabonnement désabonnements désinscrit désinscrite désinscrits
désinscrites désinscription désinscriptions listenoire listerouge nepascontacter nepluscontacter nepasenvoyer pasdemail
dadodebaja dadadebaja dadosdebaja dadasdebaja desuscrito desuscrita desuscritos desuscripción desinscrito desinscrita
listanegra listadeexclusión listarobinson nocontactar noenviar norecibir
descadastrado descadastrada descadastrados descadastradas descadastro descadastrou descadastrouse cancelouinscrição
cancelouainscrição cancelouasubscrição inscriçãocancelada desinscrição listadebloqueio listadesupressão nãoenviar
nãocontatar nãocontactar nãoreceber nãoquerreceber
オプトアウト 配信停止 配信解除 配信拒否 配信不要 受信拒否 登録解除 購読解除 メール不要 ブラックリスト
إلغاءالاشتراك ألغىالاشتراك القائمةالسوداء لاترسل عدمالاتصال
disiscritto disiscritta uitgeschreven afgemeld
"""
_COMPLAINT = "complaint complained spamcomplaint spamreport spam abuse abused markedasspam reportedasspam"
_HARD_BOUNCE = """
hardbounce hardbounced bounce bounced permanent cleaned invalid invalidemail invalidaddress addressdoesnotexist
"""
_YES = """
subscribed subscribe active optin optedin confirmed enabled neversubscribed nonsubscribed pending unconfirmed
transactional didnotchoosethecategory
aktiv actif activo activa ativo ativa 有効 angemeldet abonniert abonné abonnée suscrito suscrita 購読中 配信中
iscritto iscritta ingeschreven
"""
_BLOCKED = """
block blocked blocking banned gesperrt gesperrte geblockt blockiert bloqué bloquée bloqués bloquées bloqueado bloqueada
bloqueados bloqueadas bloqueio bloccato bloccata geblokkeerd ブロック ブロック済み محظور
"""
_IDLE = """
inactive disabled denied declined revoked removed deleted cancelled canceled left out stop stopped deactivated
suspended excluded former expired lapsed unwanted quarantined dormant archived closed terminated resigned goneaway
churned anonymized anonymised deceased cancellation revocation withdrawal
inaktiv inaktive gekündigt gelöscht deaktiviert ausgeschlossen entfernt ausgetreten ausgeschieden stillgelegt
unerwünscht widerruf
kündigung verstorben verzogen
inactif inactive inactifs inactives résilié résiliée résiliation annulé annulée annulation supprimé supprimée désactivé
désactivée exclu exclue retiré radié radiée rejeté rejetée retrait indésirable décédé décédée opposition refus
inactivo inactiva inactivos inactivas cancelado cancelada cancelados canceladas cancelación eliminado eliminada
eliminados excluido excluida exclusión suspendido desactivado anulado anulada anulación revocado renuncia suprimido
baja bajas debaja oposición rechazo fallecido
inativo inativa inativos inativas excluído excluída exclusão removido removida desativado desativada suspenso
cancelamento cancelou revogado oposição saída saiu saiudalista supressão falecido
無効 退会 退会済み 解約 解除 停止 除外 削除 غيرنشط محذوف ملغى
"""
_UNWILLING = """
rejected refused withdrawn disallowed forbidden abgelehnt verweigert widerrufen untersagt refusé refusée rechazado
rechazada recusado recusada recusou 拒否 禁止 مرفوض رفض
"""
_WILLING = """
accepted agreed granted allowed permitted consented erlaubt zugestimmt akzeptiert eingewilligt accepté acceptée
autorisé autorisée alta aceptado aceptada autorizado autorizada aceito aceita 同意 許可 承諾 موافق
"""
#: Words for those whom a list is about; they say nothing of them.
_PEOPLE = """
contact contacts user users customer customers client clients member members subscriber subscribers person people
account accounts profile profiles recipient recipients address addresses email emails mail mails list export
kontakt kontakte kunde kunden nutzer mitglied mitglieder empfänger adressen liste personne personnes membres contacto
contactos cliente clientes usuario usuarios lista contato contatos usuário usuários
"""


#: Of Latin, Arabic and Japanese letters.
_MARKS = re.compile("[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670\u3099\u309a]")


def plain(word: str) -> str:
    """A word in lower case and without accents, which people leave out."""
    if word.isascii():
        return word.casefold()
    return _MARKS.sub("", unicodedata.normalize("NFKD", word).casefold())


def _plain_words(text: str) -> frozenset[str]:
    return frozenset(map(plain, text.split()))


UNSUBSCRIBED, COMPLAINT, HARD_BOUNCE = map(_plain_words, (_UNSUBSCRIBED, _COMPLAINT, _HARD_BOUNCE))
MANUAL, YES = map(_plain_words, ("manual blockedbystaff", _YES))
TEMPORARY = _plain_words("softbounce softbounced transient temporary")
#: By a mail server for a while, by staff or by the contact: also with more behind it ("blocked by user") it may mean
#: any of them.
BLOCKED = _plain_words(_BLOCKED)
#: They may mean a no or something else, so it has to be asked.
IDLE = _plain_words(f"{_IDLE} {_UNWILLING} {_BLOCKED}")
#: They may mean a yes, where other values of the column are a no.
WILLING = _plain_words(_WILLING)
PEOPLE = _plain_words(_PEOPLE)
