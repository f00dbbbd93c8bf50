"""Statements as banks write them."""

from __future__ import annotations

from datetime import date

import pytest

from kernel.errors import InvalidInput
from payments.bank_lines import StatementLine, of_account, read_csv, read_feed, read_mt940

CSV = """Số tham chiếu;Ngày giao dịch;Nội dung;Ghi có;Ghi nợ;Tên người chuyển
FT26069001;10/03/2026;CK ABCDEFGHJA;1.640.000;;NGUYEN VAN A
FT26069002;10/03/2026;phi dich vu;;11.000;
FT26069003;11/03/2026;"tra; tien";200,000.00 VND;;
"""

MT940 = """:20:STARTUMSE
:25:970436/1017595600
:28C:00001/001
:60F:C260309VND0,
:61:2603100310C181000,00NTRFNONREF//FT26069004
:86:MBVCB.327890.ABCDEFGHJA.CT tu 0071000888888
:61:2603110311D50000,00NTRFNONREF//FT26069005
:86:phi
:62F:C260311VND131000,
"""


def test_a_csv_file_is_read_by_the_titles_of_its_columns() -> None:
    first, fee, second = read_csv(CSV.encode("utf-8-sig"))
    assert first == StatementLine(
        "FT26069001", 1_640_000, note="CK ABCDEFGHJA", payer="NGUYEN VAN A", day=date(2026, 3, 10)
    )
    assert (second.number, second.amount, second.note, second.day) == (
        "FT26069003", 200_000, "tra; tien", date(2026, 3, 11),
    )  # fmt: skip
    assert (fee.number, fee.amount, fee.is_outgoing) == ("FT26069002", 11_000, True)


@pytest.mark.parametrize(
    ("written", "amount"),
    [("181000", 181_000), ("+181.000", 181_000), ("181,000.00", 181_000), ("181 000 ₫", 181_000), ("181.000 VNĐ", 181_000)],
)  # fmt: skip
def test_an_amount_is_read_however_a_bank_writes_it(written: str, amount: int) -> None:
    [line] = read_csv(f"number\tamount\nA1\t{written}\n".encode())
    assert line.amount == amount


@pytest.mark.parametrize("written", ["", "0", "-"])
def test_what_did_not_move_is_left_out(written: str) -> None:
    assert read_csv(f"number\tamount\nA1\t{written}\n".encode()) == []


@pytest.mark.parametrize(
    "row",
    ["A1\t-181000\t\t", "A1\t-181.000 VND\t\t", "A1\t\t181.000\t", "A1\t0\t-181000\t", "A1\t181000\t\tout"],
)
def test_what_went_out_is_read_however_a_bank_writes_it(row: str) -> None:
    [line] = read_csv(f"number\tamount\tdebit\ttransferType\n{row}\n".encode())
    assert (line.number, line.amount, line.is_outgoing) == ("A1", 181_000, True)


def test_what_went_out_may_lack_a_number_and_what_came_in_may_not() -> None:
    """Fees often do; a file is not refused for them."""
    [line] = read_csv(b"number,amount,note\n,-11000,fee\n")
    assert (line.number, line.note, line.is_outgoing) == ("", "fee", True)
    [_came, fee] = read_mt940(MT940.replace("//FT26069005", "").encode())
    assert (fee.number, fee.amount, fee.is_outgoing) == ("", 50_000, True)


@pytest.mark.parametrize(
    "text", ["number,amount\nA1,about 5", "number,amount\n,5000", "number,amount\n-,5000", "number,amount\nA1,0.5"]
)
def test_what_cannot_be_read_refuses_the_whole_file_and_names_the_line(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"Line 1|Dòng 1"):
        read_csv(text.encode())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Số giao dịch,amount\nA1,5000", "MAGIAODICH"),
        ("number,Tiền\nA1,5000", "GHICO"),
        ("Sao kê tài khoản\nnumber,amount\nA1,5000", "MAGIAODICH"),
        ("", "MAGIAODICH"),
    ],
)
def test_a_file_without_the_titles_of_number_and_amount_is_no_day_without_money(text: str, named: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_csv(text.encode())
    assert named in str(refused.value)


def test_an_mt940_file_is_read() -> None:
    line, sent = read_mt940(MT940.encode())
    assert (line.number, line.amount, line.day) == ("FT26069004", 181_000, date(2026, 3, 10))
    assert (sent.number, sent.amount, sent.is_outgoing) == ("FT26069005", 50_000, True)
    assert "ABCDEFGHJA" in line.note
    assert "1017595600" in line.account


@pytest.mark.parametrize("text", ["", "number,amount", ":20:X\n:61:rubbish"])
def test_what_is_no_mt940_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_mt940(text.encode())


def test_another_currency_is_refused() -> None:
    with pytest.raises(InvalidInput):
        read_mt940(MT940.replace("VND", "USD").encode())


def test_the_news_of_a_banks_service_is_read_one_or_many() -> None:
    one = b'{"id": 92704, "transactionDate": "2026-03-10 14:02:37", "accountNumber": "1017595600", "content": "ABCDEFGHJA",' \
        b' "transferType": "in", "transferAmount": 181000, "referenceCode": "FT26069006"}'  # fmt: skip
    [line] = read_feed(one)
    assert line == StatementLine("FT26069006", 181_000, note="ABCDEFGHJA", day=date(2026, 3, 10), account="1017595600")
    many = b'{"error": 0, "data": [{"id": 1, "tid": "BANK_REF_1", "description": "x", "amount": 599000, "when": "2026-03-10"},' \
        b' {"tid": "BANK_REF_2", "description": "y", "amount": -5}]}'  # fmt: skip
    assert [(each.number, each.amount) for each in read_feed(many)] == [("BANK_REF_1", 599_000)]
    assert read_feed(one.replace(b'"in"', b'"out"')) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no",
        b"5",
        b'["x"]',
        b'[{"number": "A1", "amount": 0.5}]',
        b'[{"amount": 5}]',
        b'[{"number": "A", "amount": true}]',
    ],
)
def test_news_that_make_no_sense_are_refused(body: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_feed(body)


@pytest.mark.parametrize(
    "written", ["10/03/2026", "10-3-2026 14:02", "10.03.2026", "2026/03/10", "2026-03-10T14:02:37+07:00", "20260310"]
)
def test_a_day_is_read_however_a_bank_writes_it(written: str) -> None:
    [line] = read_csv(f"number,amount,date\nA1,5000,{written}\n".encode())
    assert line.day == date(2026, 3, 10)


def test_a_day_in_a_file_that_cannot_be_read_refuses_the_whole_of_it() -> None:
    """Without its day a line is compared with nothing, and nobody would hear of that. What the service tells is compared by when it told."""
    with pytest.raises(InvalidInput, match=r"Line 2|Dòng 2"):
        read_csv(b"number,amount,date\nA1,5000,2026-03-10\nA2,5000,10 March\n")
    assert read_csv(b"number,amount,date\nA1,5000,\n")[0].day is None
    assert read_feed(b'{"tid": "A1", "amount": 5000, "when": "10 March"}')[0].day is None


def test_what_is_in_another_currency_is_left_out() -> None:
    """200,000 rupiah are no 200,000 đồng."""
    rows = "Số bút toán;Số tiền;Loại tiền\nA1;200000;IDR\nA2;200000;VNĐ\nA3;200000;\n"
    assert [line.number for line in read_csv(rows.encode())] == ["A2", "A3"]
    told = b'[{"tid": "B1", "amount": 200000, "currency": "usd"}, {"tid": "B2", "amount": 200000, "currency": "vnd"}]'
    assert [line.number for line in read_feed(told)] == ["B2"]


def test_a_text_that_was_cut_within_a_character_is_read() -> None:
    """A bank's 25 characters may end between the halves of one that has two."""
    [line] = read_feed(b'{"tid": "A1", "amount": 5000, "note": "ABCDEFGHJA \\ud83d"}')
    assert line.note == "ABCDEFGHJA ?"


def test_more_than_any_amount_can_be_refuses_the_whole_before_anything_is_booked() -> None:
    with pytest.raises(InvalidInput, match=r"Line 2|Dòng 2"):
        read_csv(b"number,amount\nA1,5000\nA2,1000000000001")


@pytest.mark.parametrize("written", ["71000888888", "0071000888888VND", "970436/0071000888888 VND", "71000888888.0"])
def test_the_account_is_ours_however_a_bank_or_a_spreadsheet_writes_it(written: str) -> None:
    line = StatementLine("A", 1, account=written)
    assert of_account(line, ["0071000888888"], "main") == "main"


def test_the_account_that_customers_pay_into_is_the_main_one() -> None:
    line = StatementLine("A", 1, account="970436/1017595600")
    assert of_account(line, ["1017595600"], "main") == "main"
    assert of_account(StatementLine("A", 1), ["1017595600"], "main") == "main"
    assert of_account(StatementLine("A", 1, account="0011"), ["1017595600"], "main") == "0011"
    assert of_account(StatementLine("A", 1, account="5600"), ["0000000000", "1017595600"], "main") == "5600"
    assert of_account(StatementLine("A", 1, account="0000000000"), ["0000000000"], "main") == "main"
