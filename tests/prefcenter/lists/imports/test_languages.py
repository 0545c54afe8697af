"""A no in the other languages of the site, and some more of English: as a heading, a word, the name of a file."""

import io
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prefcenter.lists.imports import ImportOptions
from prefcenter.lists.imports.columns import consent
from prefcenter.lists.imports.columns.consent import UNKNOWN, Says
from prefcenter.lists.imports.reading import SAYS_NO, open_source
from prefcenter.models import ImportKind
from tests.factories import ADA, BOB
from tests.prefcenter.lists.imports.importing import Files, blocked

pytestmark = pytest.mark.sqlite_only

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
CONTACTS = ImportOptions(ImportKind.CONTACTS)


def asked(text: str) -> list[str]:
    source = open_source(io.BytesIO(text.encode()), CONTACTS, file_name="crm.csv", now=NOW)
    asking = source.asking()
    for _ in source.shown_to(asking):
        pass
    return [one.heading for one in asking.questions if one.is_open]


def refused(text: str, name: str = "crm.csv") -> list[int]:
    """The lines of people who said no and are not learnt as contacts."""
    source = open_source(io.BytesIO(text.encode()), CONTACTS, file_name=name, now=NOW)
    return [bad.line for batch in source.batches() for bad in batch.bad if bad.problem == SAYS_NO]


def words(text: str) -> list[str]:
    return [one for one in map(str.strip, text.replace("\n", "").split("|")) if one]


#: With a date they said no then, without one they did not.
SINCE = words("""
    abgemeldet am|Abmeldedatum|Abmeldung am|Datum der Abmeldung|Abmeldezeitpunkt|Abgemeldet seit|abbestellt am|
    Datum der Abbestellung|ausgetragen am|Widerspruch am|Widerspruch vom|Widerspruchsdatum|widersprochen am|
    désabonné le|désabonnée le|desabonne le|désabonné depuis|date de désabonnement|désinscrit le|désinscrite le|
    desinscrit le|
    date de désinscription|fecha de baja|fecha baja|baja el|dado de baja el|dada de baja el|desuscrito el|
    fecha de desuscripción|data de descadastro|data do descadastro|descadastrado em|descadastrada em|
    descadastrou-se em|cancelou inscrição em|cancelou a inscrição em|inscrição cancelada em|cancelou inscricao em|
    配信停止日|登録解除日""")
#: Whose no it is, or whether it is one, does not show.
ASKED = words("""
    Austragung am|widerrufen am|Widerruf vom|gesperrt am|gesperrt seit|Sperrdatum|gekündigt am|Kündigungsdatum|
    gelöscht am|résilié le|date de résiliation|bloqué le|date de blocage|date d'opposition|date de retrait|
    cancelado el|fecha de cancelación|bloqueado el|fecha de anulación|cancelado em|data de cancelamento|bloqueado em|
    data de exclusão|removido em|data de saída|退会日|解約日|deleted_at|removed on|is_deleted|Date cancelled""")


@pytest.mark.parametrize("heading", SINCE)
def test_a_date_of_the_no_needs_no_question(heading: str) -> None:
    text = f'email,"{heading}"\n{ADA},2024-01-01\n{BOB},\n'
    assert (asked(text), refused(text)) == ([], [2])


@pytest.mark.parametrize("heading", ASKED)
def test_a_date_of_what_may_be_a_no_is_asked_about(heading: str) -> None:
    assert asked(f'email,"{heading}"\n{ADA},2024-01-01\n{BOB},\n') == [heading]


FLAGS = words("""
    abgemeldet|Abmeldung|abbestellt|ausgetragen|Widerspruch|Werbewiderspruch|widersprochen|Widerruf|widerrufen|
    Sperrliste|gesperrt|Sperre|Sperrvermerk|Werbesperre|Mailsperre|Kontaktsperre|Robinsonliste|keine Werbung|
    keine Mails|nicht anschreiben|nicht kontaktieren|nicht mailen|darf nicht kontaktiert werden|Ausschluss|inaktiv|
    gekündigt|geblockt|Negativliste|unerwünscht|verstorben|
    désabonné|désabonnée|désabonnement|désinscrit|désinscrite|désinscription|desinscrit|liste noire|bloqué|bloque|
    blocage|opposition|refus|ne pas contacter|ne plus contacter|ne souhaite pas|ne veut plus|pas de mail|résilié|
    stop pub|liste rouge|liste d'exclusion|exclu|retiré|rejeté|indésirable|radié|inactif|
    baja|bajas|baja newsletter|dado de baja|dada de baja|de baja|bloqueado|cancelado|no contactar|no enviar|
    no desea recibir|no quiere|lista negra|lista de exclusión|desuscrito|desinscrito|anulado|oposición|rechazado|
    revocado|excluido|renuncia|inactivo|suprimido|
    descadastrado|descadastrada|descadastrou|cancelou inscrição|cancelou inscricao|inscrição cancelada|desinscrito|
    bloqueio|bloqueada|lista de bloqueio|não enviar|nao enviar|não contatar|não quer receber|não deseja receber|
    não perturbe|excluído|removido|recusou|revogado|oposição|saiu da lista|saiu|inativo|lista de supressão|
    配信停止|配信拒否|受信拒否|退会|解約|ブロック|ブラックリスト|送信不可|メール不要|解除|
    إلغاء الاشتراك|محظور|القائمة السوداء|لا ترسل|عدم الاتصال|رفض|
    Refused contact|removed|deleted|cancelled|banned|exclusion list|revocation|gone away|deceased|suppression list|DNC|
    inactive|
    オプトアウト|送信NG|希望しない|لا يرغب|Rückläufer|unzustellbar|Kontaktverbot|ausgeschieden|désabo|NPAI|injoignable|
    rebotado|
    rebote|dar de baja|darse de baja|rejeitado|devolvido|inválido|DND|do not disturb|withdrew|objected|right to object|
    restrict processing|processing restricted|forget me|deletion requested|erasure request|anonymized|churned""")


@pytest.mark.parametrize("heading", FLAGS)
def test_a_heading_that_may_be_a_no_is_asked_about_whatever_stands_below(heading: str) -> None:
    for pair in (("x", ""), ("1", ""), ("ja", "nein"), ("", "")):
        assert asked(f'email,"{heading}"\n{ADA},{pair[0]}\n{BOB},{pair[1]}\n') == [heading], pair


@pytest.mark.parametrize("heading", ["Estado", "Situação", "Situación", "État", "Zustand"])
def test_a_state_that_may_be_a_place_as_well_is_asked_about_by_its_words(heading: str) -> None:
    assert asked(f"email,{heading}\n{ADA},Baja California\n{BOB},São Paulo\n") == []
    assert asked(f"email,{heading}\n{ADA},baja\n{BOB},alta\n") == [heading]
    assert asked(f"email,{heading}\n{ADA},inactif\n") == [heading]
    assert refused(f"email,{heading}\n{ADA},dado de baja\n{BOB},activo\n") == [2]


@pytest.mark.parametrize("heading", words("Estado del contacto|Situação do contato|État de l'abonné|Estado suscriptor"))
def test_a_state_of_a_contact_is_asked_about(heading: str) -> None:
    assert asked(f'email,"{heading}"\n{ADA},A1\n{BOB},B2\n') == [heading]


@pytest.mark.parametrize("heading", words("Publicidad|Publicidade|Boletín|Boletim|Infolettre|送信可否|受信可否"))
def test_a_yes_or_nothing_below_the_word_for_advertising_is_asked_about(heading: str) -> None:
    assert asked(f"email,{heading}\n{ADA},x\n{BOB},\n") == [heading]


@pytest.mark.parametrize("heading", FLAGS)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_only_heading_of_a_list_makes_it_a_list_of_noes(heading: str, form: Any) -> None:
    assert refused(unicodedata.normalize(form, f"{heading}\n{ADA}\n{BOB}\n")) == [2, 3]


@pytest.mark.parametrize("heading", FLAGS)
def test_the_name_of_a_sheet_is_a_no_or_asked_about(heading: str) -> None:
    said = consent.of_title(heading)
    assert said.reason or said == UNKNOWN


@pytest.mark.parametrize(
    "word",
    words("""
    Abgemeldet|Abmeldung|abbestellt|ausgetragen|Widerspruch|widersprochen|Widerspruch gegen Werbung|Sperrliste|
    Werbesperre|keine Werbung|nicht kontaktieren|désabonné|desabonne|désabonnée|désinscrit|Désinscrite|désinscription|
    liste noire|ne pas contacter|dado de baja|dada de baja|desuscrito|lista negra|no contactar|descadastrado|
    Descadastrada|descadastrou|cancelou inscrição|cancelou a inscrição|cancelou inscricao|inscrição cancelada|
    não enviar|nao contatar|não quer receber|配信停止|配信拒否|受信拒否|إلغاء الاشتراك|القائمة السوداء|
    unsubscribes|opt-outs|DNC|blacklist|suppression list|オプトアウト|ｵﾌﾟﾄｱｳﾄ"""),
)
def test_a_word_of_a_no_is_a_no(word: str) -> None:
    for column in ("status", "reason", "sheet", "unsubscribed"):
        assert consent.TELLING[column](word) == Says(consent.UNSUBSCRIBED), column
    assert asked(f"email,col7\n{ADA},{word}\n{BOB},vip\n") == ["col7"]


@pytest.mark.parametrize(
    "word",
    words("""
    gesperrt|geblockt|inaktiv|gekündigt|gelöscht|Widerruf|bloqué|bloque|résilié|resilie|refus|opposition|exclu|baja|
    bloqueado|cancelado|excluido|oposición|inativo|excluído|cancelou|recusou|退会|ブロック|محظور|blocked|banned"""),
)
def test_a_word_that_may_be_a_no_is_asked_about_beside_a_yes_and_among_reasons(word: str) -> None:
    assert asked(f"email,col7\n{ADA},{word}\n{BOB},active\n") == ["col7"]
    assert asked(f"email,reason\n{ADA},{word}\n") == ["reason"]


@pytest.mark.parametrize(
    "name",
    words("""
    Abmeldungen 2026|newsletter_abgemeldet|Abbesteller|Widersprüche|Sperrliste|Werbesperre|Robinsonliste|gesperrt|
    Désabonnés|desabonnes|désinscrits|liste noire|Liste_noire_2026|bajas|Bajas newsletter|dados de baja|lista negra|
    descadastrados|cancelou inscrição|lista de bloqueio|配信停止|受信拒否|القائمة السوداء|
    suppression list|do_not_contact|blacklist|Block list|blocked|blocked contacts|inactive_2026|DNC|deleted users"""),
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_the_name_of_a_file_may_say_it_too(name: str, form: Any) -> None:
    name = unicodedata.normalize(form, name)
    assert refused(f"{ADA}\n{BOB}\n", f"{name}.csv") == [1, 2]
    assert refused(f"email,city\n{ADA},Rome\n", f"{name}.csv") == [2]


def test_what_else_the_name_of_a_file_says_goes_before() -> None:
    source = open_source(
        io.BytesIO(f"{ADA}\n".encode()),
        ImportOptions(ImportKind.OPT_OUTS),
        file_name="suppression_bounces.csv",
        now=NOW,
    )
    assert [str(line.reason) for batch in source.batches() for line in batch.lines] == ["hard_bounce"]


@pytest.mark.parametrize(
    "name",
    words("""
    contacts|contacts_cleaned|crm without deleted|Baja California|Stop motion workshop|Newsletter|Blockchain leads|
    left handed|trabajadores|Kunden|membres|alumnos|removed duplicates|opposition research"""),
)
def test_other_names_say_nothing(name: str) -> None:
    assert refused(f"{ADA}\n", f"{name}.csv") == []


@pytest.mark.parametrize(
    "heading",
    words("""
    Trabajador|trabaja en|Caja|Rebajas|Radio|Retirement|Retiree|Exclusive|Blockchain id|Suprime|time left|Stopover|
    Position|Preposición|Piano|Refund|Banner|Bandname|Kanban|closed|archived|Left eye|DNS|Robot|Reboot|Municipality|
    Sandnes|Anonymous visits"""),
)
def test_other_headings_are_not_asked_about(heading: str) -> None:
    assert asked(f"email,{heading}\n{ADA},x\n{BOB},\n") == []


@pytest.mark.django_db
def test_what_the_headings_say_is_done(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path / "data"
    files = Files(tmp_path)
    text = f"email;abgemeldet am;désinscrit le\n{ADA};01.02.2024;\n{BOB};;\nc@x.example;;2024-03-01\n"
    assert files.does("import_optouts", text, "--apply")["new"] == 2
    assert blocked() == {ADA, "c@x.example"}
