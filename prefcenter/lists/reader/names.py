"""The names of columns with addresses, in the languages of the site, folded; the best first."""

import re
import unicodedata

_SPLIT = re.compile(r"[^\w,;|]+|_+")  # a delimiter is no part of a name
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[^\W\d_]+")
_ALIKE = str.maketrans({"ى": "ي", "ة": "ه", "ـ": None})  # Arabic is typed either way; the last only stretches a word


def folded(name: str) -> str:
    """A column's name without what its writers differ in: case, spaces, hyphens, accents, width, punctuation."""
    letters = unicodedata.normalize("NFKD", name).casefold()
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return _SPLIT.sub("", plain).translate(_ALIKE)


def words(name: str) -> list[str]:
    """The words of a column's name, of one like "workEmail" too. Digits and punctuation only separate them."""
    return _WORD.findall(_CAMEL_CASE.sub(" ", name))


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(folded, filter(None, map(str.strip, re.split("[,\n]", text))))))


# English, with the exports of Outlook, Google and shops; German, French, Spanish, Portuguese, Japanese, Arabic.
# Mailchimp has an "Email Address" and a postal "Address", so the bare one comes last.
EMAIL = _names("""
    email address, email, mail, recipient,
    email addresses, emails, primary email, contact email, user email, customer email, billing email, subscriber email,
    email 1, email 1 value, email address home, email address work,
    email address address, emails value, emails address, emails email,
    mail address, recipient email, recipient address, internet address,
    E-Mail-Adresse, E-Mail-Adressen, Mailadresse, E-Mail-Anschrift, Empfänger, Empfängeradresse, Kontakt-E-Mail,
    adresse e-mail, adresses e-mail, adresse mail, courriel, adresse courriel, adresse de courriel, mél, mèl,
    adresse électronique, courrier électronique, adresse de courrier électronique, adresse de messagerie, destinataire,
    correo electrónico, correos electrónicos, correo, correo-e, e-correo, dirección de correo electrónico,
    dirección de correo, dirección de e-mail, dirección e-mail, dirección electrónica, destinatario,
    endereço de e-mail, endereços de e-mail, endereço e-mail, correio eletrônico, correio electrónico,
    endereço de correio eletrônico, endereço de correio electrónico, endereço eletrônico, destinatário,
    メールアドレス, メール, Eメール, Eメールアドレス, E-mailアドレス, mailアドレス, 電子メール, 電子メールアドレス,
    メアド, 宛先,
    البريد الإلكتروني, بريد إلكتروني, عنوان البريد الإلكتروني, عنوان بريد إلكتروني, البريد,
    عنوان البريد, الإيميل, إيميل,
    عنوان الإيميل, الايميل, ايميل,
    address, subscriber
""")
PHONE = _names("""
    phone number, phone, mobile, mobile number, number, telephone, sms,
    telephone number, mobile phone, mobile phone number,
    cell phone, cell phone number, cell, cell number, phone numbers,
    msisdn, tel, phone 1 value,
    Telefonnummer, Telefon, Handynummer, Handy, Mobilnummer, Mobiltelefon, Mobiltelefonnummer, Mobil, Rufnummer,
    numéro de téléphone, téléphone, téléphone portable, téléphone mobile,
    portable, numéro de portable, numéro de mobile,
    numéro mobile, tél, n° de téléphone,
    número de teléfono, teléfono, teléfono móvil, teléfono celular, móvil, celular, número de móvil, número de celular,
    número de telefone, telefone, telefone celular, telemóvel, número de telemóvel, nº de telefone,
    電話番号, 電話, 携帯電話番号, 携帯電話, 携帯番号, 携帯,
    رقم الهاتف, الهاتف, هاتف, رقم الهاتف المحمول, الهاتف المحمول, رقم الجوال, الجوال, جوال, رقم الموبايل, الموبايل,
    رقم المحمول, المحمول
""")
WHATSAPP = _names("""
    whatsapp, whatsapp number, whatsapp phone, whatsapp id, wa id,
    WhatsApp-Nummer, numéro whatsapp, numéro de whatsapp, número de whatsapp, número whatsapp, WhatsApp番号,
    واتساب, رقم الواتساب, رقم واتساب, الواتساب
""")
PUSH = _names(
    "token, device token, Gerätetoken, jeton, token del dispositivo, token do dispositivo, トークン, デバイストークン"
)
POSTAL = _names("""
    postal address, mailing address, street address,
    Postanschrift, Postadresse, Anschrift, Adresse,
    adresse postale, dirección postal, domicilio, dirección, endereço postal, endereço de correspondência, endereço,
    郵送先住所, 郵便住所, 住所, العنوان البريدي, عنوان بريدي, عنوان المراسلة, العنوان,
    address
""")
