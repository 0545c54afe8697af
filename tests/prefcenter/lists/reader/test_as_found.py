"""Tables as people and programs leave them: titles above the heading, joined files, several addresses in a cell."""

import codecs
import io

import pytest

from prefcenter.lists.reader import NoAddressColumnError, NoColumnNamesError, Table, open_table

pytestmark = pytest.mark.sqlite_only

A, B, C, D = (f"{letter}@x.example" for letter in "abcd")
MARK = "\ufeff"


def opened(text: str, *, channel: str = "email", encoding: str = "utf-8") -> Table:
    return open_table(io.BytesIO(text.encode(encoding)), channel=channel)


def found(text: str, *, channel: str = "email", encoding: str = "utf-8") -> list[tuple[int, str]]:
    """Line and address of each row. None of them has a problem."""
    rows = list(opened(text, channel=channel, encoding=encoding))
    assert [row.problem for row in rows if row.problem] == []
    return [(row.line, row.address) for row in rows]


# --- above the heading -------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~"])
@pytest.mark.parametrize("line", ["sep={}", "SEP={}", "Sep = {}", '"sep={}"', "sep={};;", "\n\nsep={}"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_line_that_names_the_delimiter_is_no_heading(delimiter: str, line: str, end: str) -> None:
    text = f"{line.format(delimiter)}\nEmail{delimiter}Name\n{A}{delimiter}Ada; or, so | I hear\n".replace("\n", end)
    if delimiter in ",;|":
        text = text.replace("Ada; or, so | I hear", "Ada")
    first = 2 if line[0] == "\n" else 0
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        table = opened(text, encoding=encoding)
        assert (table.columns, table.delimiter) == (["Email", "Name"], delimiter)
        assert [(row.line, row.address, row.problem) for row in table] == [(first + 3, A, None)]


def test_a_declared_delimiter_that_is_not_used_is_overruled_by_the_heading() -> None:
    assert opened(f"sep=;\nEmail,Name\n{A},Ada\n").columns == ["Email", "Name"]
    assert found(f"sep=;\nEmail,Name\n{A},Ada\n") == [(3, A)]


def test_a_declared_delimiter_is_taken_where_the_heading_leaves_it_open() -> None:
    assert opened(f"sep=\\t\nemail\n{A}\tAda\n").delimiter == "\t"
    assert found(f"sep=;\n{A};{B}\n{C};\n") == [(2, A), (2, B), (3, C)]


@pytest.mark.parametrize(
    ("above", "heading"),
    [
        ("Opt-outs of Acme Ltd.\n", "Email,Name"),
        ("Opt-outs of Acme Ltd.\nExported on 2026-11-30 10:00\n\n", "Email,Name"),
        ("Opt-outs of Acme Ltd.,\nExported on,2026-11-30\n,\n", "Email,Name"),
        ('"Opt-outs, all of them"\n', "Email,Name"),
        ('Opt-outs of "Acme\n', "Email,Name"),
        ("Exported by ada@acme.example\n", "Email,Name"),
        ("Email\n", "Email Address,Name"),
        ("Email,\n", "Email Address,Name"),
        ("Abmeldungen\n", '"E-Mail-Adresse","Name"'),
        ("\n\nReport: unsubscribed people\n\n\n", "Name,Email"),
        ("sep=,\nOpt-outs\n\n", "Email,Name"),
        ("Opt-outs\nsep=,\n", "Email,Name"),
        ("Line\n" * 20, "Email,Name"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_titles_above_the_heading_are_passed_over_and_counted(above: str, heading: str, end: str) -> None:
    row = f"Ada,{A}" if heading.startswith("Name") else f"{A},Ada"
    text = f"{above}{heading}\n{row}\n"
    assert found(text.replace("\n", end)) == [(text.count("\n"), A)]
    assert found(text.replace(",", ";").replace("sep=;", "sep=;").replace("\n", end)) == [(text.count("\n"), A)]


def test_a_title_above_a_single_column_and_above_nobody_at_all() -> None:
    assert found(f"Unsubscribed\n\nemail\n{A}\n{B}\n") == [(4, A), (5, B)]
    assert opened("Opt-outs of Acme\nEmail,Status\n").columns == ["Email", "Status"]


def test_no_person_is_taken_for_a_title() -> None:
    assert found(f"{A}\nemail\n{B}\n")[::2] == [(1, A), (3, B)]
    with pytest.raises(NoColumnNamesError):
        opened(f"Ada,{A}\nName,Email\nBob,{B}\n")


def test_a_cell_that_reads_email_is_no_heading_if_nobody_is_below_it() -> None:
    with pytest.raises(NoAddressColumnError):
        opened("Id,Who,Preferred channel\n1,abc,email\n2,def,email\n")


def test_a_row_with_more_cells_than_the_heading_has_names_is_no_heading() -> None:
    assert found(f"address,channel,,\n{A},email,x,y\n") == [(2, A)]
    assert found(f"address,channel,,\n{A},email,x,y\n{B},email,x,y\n") == [(2, A), (3, B)]


def test_a_heading_is_not_replaced_by_a_row_that_looks_like_one() -> None:
    assert opened(f"email,channel\nmail,email\n{A},email\n").columns == ["email", "channel"]


@pytest.mark.parametrize(
    ("channel", "names"),
    [
        (
            "email",
            "Email|E-mail|e-mail address|EMAIL_ADDRESS|E-Mail-Adresse|E-Mail Adresse|Email-Adresse|Mailadresse|"
            "Adresse e-mail|Adresse E-Mail|Adresse mail|Courriel|Adresse électronique|adresse electronique|"
            "Correo electrónico|CORREO ELECTRONICO|Correo|Dirección de correo electrónico|Dirección de e-mail|"
            "Endereço de e-mail|Endereco de email|E-mail:|Correio eletrônico|メールアドレス|ﾒｰﾙｱﾄﾞﾚｽ|Ｅメール|"
            "Ｅ－ｍａｉｌ|電子メール|البريد الإلكتروني|البريد الالكتروني|بريد إلكتروني|البريد الإلكترونى|الإيميل|"
            "Email*|“Email”|E\u2011Mail|Email\u200b|Email\u00a0Address|E-mail 1 - Value",
        ),
        (
            "sms",
            "Phone|Phone Number|Mobile phone|Telefonnummer|Handynummer|Numéro de téléphone|Téléphone|telephone|"
            "Teléfono|Número de teléfono|Móvil|Celular|Telefone|Número de telefone|電話番号|携帯電話|رقم الهاتف|الجوال",
        ),
        ("whatsapp", "WhatsApp|WhatsApp-Nummer|Número de WhatsApp|واتساب|Telefonnummer"),
        ("post", "Postanschrift|Anschrift|Adresse postale|Dirección postal|Endereço|住所|العنوان البريدي"),
    ],
)
def test_headings_are_known_in_the_languages_of_the_site(channel: str, names: str) -> None:
    for name in names.split("|"):
        for heading in (f"Nr;{name};Note", f"Nr,{name},Note"):
            assert opened(heading + "\n", channel=channel).address_index == 1, name


# --- lists, and lines in quotes ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        f"{A};{B};{C}",
        f"{A}; {B}; {C};",
        f"{A}, {B}, {C},\n",
        f"{A},{B};{C}\n",
        f"{A}\t{B}\t{C}\n",
        f"{A}|{B}|{C}\n",
        f"{A} {B} {C}\n",
        f"{A} ; {B} ;; {C} ;\r\n",
        f'"{A}";"{B}";"{C}"\n',
        f'"{A};{B};{C}"\n',
        f'"{A}" "{B}" "{C}"\n',
        f'"{A},{B},{C}"\n',
    ],
)
def test_a_list_on_one_line_names_everybody(text: str) -> None:
    assert found(text) == [(1, A), (1, B), (1, C)]
    assert found(f"email\n{text}") == [(2, A), (2, B), (2, C)]


@pytest.mark.parametrize("end", [";", ",", "; ", ";;;", "\t"])
def test_a_delimiter_at_the_end_of_each_line_of_a_list_means_nothing(end: str) -> None:
    assert found(f"{A}{end}\n{B}{end}\n{C}\n") == [(1, A), (2, B), (3, C)]
    assert found(f"email{end}\n{A}{end}\n{B}{end}\n{C}\n") == [(2, A), (3, B), (4, C)]


def test_in_a_list_what_is_no_address_costs_itself() -> None:
    rows = list(opened(f"{A};bob@;{C}\n"))
    assert [(row.line, row.address, row.fields) for row in rows] == [
        (1, A, [A]),
        (1, "bob@", ["bob@"]),
        (1, C, [C]),
    ]


def test_a_list_of_phone_numbers_on_one_line() -> None:
    one, other = "+49 151 2345678", "0049 (151) 234-5679"
    for between in (";", "; ", ", ", " / ", " or "):
        assert found(f"phone\n{one}{between}{other}\n", channel="sms") == [(2, one), (2, other)], between
    assert found("phone\n+49 30/901820\n", channel="sms") == [(2, "+49 30/901820")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("heading", ["email{}name", '"email{}name"', '"""email""{}""name"""'])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_in_quotes_as_a_whole_are_read_once_more(delimiter: str, heading: str, end: str) -> None:
    names = heading.format(delimiter)
    lines = [names, f'"{A}{delimiter}Ada"', f'"{B}{delimiter}""Bob{delimiter} Jr."""', f"{C}{delimiter}Cy", ""]
    table = opened(end.join(lines))
    assert table.columns == ["email", "name"]
    assert [(row.line, row.fields, row.problem) for row in table] == [
        (2, [A, "Ada"], None),
        (3, [B, f"Bob{delimiter} Jr."], None),
        (4, [C, "Cy"], None),
    ]


def test_a_line_in_quotes_may_be_followed_by_empty_fields() -> None:
    assert found(f'"email,name",\n"{A},Ada",\n"{B},Bob",,\n') == [(2, A), (3, B)]


def test_a_name_with_a_delimiter_is_no_line_in_quotes() -> None:
    rows = list(opened(f'name,email\n"Lovelace, Ada",{A}\n"Lovelace, Ada, Countess"\n'))
    assert [(row.address, bool(row.problem)) for row in rows] == [(A, False), ("", True)]


# --- joined files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("between", ["\n", f"\n{MARK}", MARK, f"\n\n{MARK}", f"\n{MARK}{MARK}"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_of_a_joined_file_neither_the_mark_nor_the_second_heading_is_a_row(
    between: str, end: str, encoding: str
) -> None:
    file = f'email,name\n{A},"Ada, C."\n{B},Bob'
    text = f"{file}{between}{file}{between}{file}\n"
    rows = list(opened(text.replace("\n", end), encoding=encoding))
    assert [row.address for row in rows] == [A, B] * 3
    assert {row.problem for row in rows} == {None}
    shift = 2 + len(between.replace(MARK, ""))
    assert [row.line for row in rows] == [part * shift + n for part in range(3) for n in (2, 3)]


def test_the_first_field_after_a_second_mark_may_be_quoted() -> None:
    assert found(f'email,name\n{A},A\n{MARK}"email","name"\n"{B}","Bob, Jr."\n') == [(2, A), (4, B)]
    assert found(f'{MARK}{MARK}"email","name"\n{MARK}"{B}","Bob, Jr."\n') == [(2, B)]


def test_a_second_heading_in_other_letters_and_a_second_declaration_are_no_rows() -> None:
    text = f"sep=;\nEmail;First Name\n{A};Ada\nsep=;\nE-MAIL;first_name\n{B};Bob\n"
    assert found(text) == [(3, A), (6, B)]


def test_below_a_heading_with_other_columns_nothing_is_read_by_the_first() -> None:
    first, second = f"email,unsubscribed\n{A},true\n", f"email,subscribed\n{B},true\n{C},true\n"
    rows = list(opened(first + MARK + second + first))
    assert [(row.line, row.address, row.problem is None) for row in rows] == [
        (2, A, True),
        (3, "", False),
        (4, "", False),
        (5, "", False),
        (6, "", False),
        (7, "", False),
    ]
    assert "to a separate file" in str(rows[-1].problem)


def test_one_cell_that_is_called_as_the_heading_is_no_heading() -> None:
    assert [row.address for row in opened(f"email,name\nemail,\n{A},Ada\n")] == ["email", A]


def test_joined_lists_without_a_line_end_between_them() -> None:
    assert found(f"{A}\n{B}{MARK}{C}\n") == [(1, A), (2, B), (2, C)]


# --- several addresses in a cell ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "between",
    ["; ", ";", ", ", ",", "/", " / ", "\n", "\r\n", " ", "|", " & ", " and ", " oder ", "\t", "，", "；", "、"],
)
@pytest.mark.parametrize("heading", ["id,email,name", "id;email;name"])
def test_each_address_of_a_cell_is_a_row_of_its_own(between: str, heading: str) -> None:
    delimiter = heading[2]
    row = delimiter.join(["1", f'"{A}{between}{B}"', "Ada"])
    rows = list(opened(f"{heading}\n{row}\n2{delimiter}{C}{delimiter}Cy\n"))
    assert [(row.line, row.address, row.fields) for row in rows] == [
        (2, A, ["1", A, "Ada"]),
        (2, B, ["1", B, "Ada"]),
        (rows[-1].line, C, ["2", C, "Cy"]),
    ]


@pytest.mark.parametrize(
    "cell", [f"{A}; nobody", f"{A}, @", f"{A}/b@", f"see {A} and {B}@", "a@b@x.example", "@", "; ;"]
)
def test_a_cell_is_left_alone_if_a_part_of_it_is_no_address(cell: str) -> None:
    [row] = opened(f'id;email;name\n1;"{cell}";Ada\n')
    assert (row.address, row.problem) == (cell, None)


@pytest.mark.parametrize("address", ["a/b@x.example", "o'neil@x.example", '"a;b@c"@x.example', "tom&jerry@x.example"])
def test_one_address_is_never_taken_apart(address: str) -> None:
    quoted = address.replace('"', '""')
    assert found(f'id;email\n1;"{quoted}"\n') == [(2, address)]


def test_a_postal_address_is_never_taken_apart() -> None:
    text = "12 High Street, Springfield; IL/62701\nUSA"
    assert found(f'id;postal address\n1;"{text}"\n', channel="post") == [(2, text)]


def test_very_many_addresses_in_a_cell_and_marks_without_end_take_no_time() -> None:
    many = [f"p{n}@x.example" for n in range(5000)]
    assert [address for _, address in found(f'id,email\n1,"{"; ".join(many)}"\n')] == many
    for cell in ('""' * 50_000 + "a@@", '""a@' * 30_000, "a@ " * 40_000, "\\" * 100_000 + "@@", "a@x;" * 30_000):
        assert len(list(opened(f'id,email\n1,"{cell}"\n'))) == 1


def test_the_heading_of_a_mixed_encoding_is_read_too() -> None:
    data = codecs.BOM_UTF8 + f"email;name\n{A};Zoë\n".encode() + codecs.BOM_UTF8 + f"email;name\n{B};Zoë\n".encode()
    assert [row.fields for row in open_table(io.BytesIO(data))] == [[A, "Zoë"], [B, "Zoë"]]
