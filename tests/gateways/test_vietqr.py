"""The code that banks' apps read."""

from payments.vietqr import crc16, payload, svg


def test_the_crc_is_the_one_of_the_standard() -> None:
    assert crc16(b"123456789") == 0x29B1


def test_the_crc_of_the_published_sample_is_ours() -> None:
    """The sample says 12 of an account number of 13 digits; its CRC is that of what it says."""
    sample = "00020101021138570010A00000072701270006970403011200110123456780208QRIBFTTA53037045802VN6304"
    assert crc16(sample.encode()) == 0xF4E5


def test_a_code_without_an_amount_leaves_it_to_the_payer() -> None:
    said = payload(bin_code="970403", account="0011012345678")
    assert said == (
        "000201" "010211" "3857" "0010A000000727" "0127" "0006970403" "01130011012345678" "0208QRIBFTTA"
        "5303704" "5802VN" "63049E6F"
    )  # fmt: skip


def test_amount_and_note_stand_in_the_code_and_under_its_crc() -> None:
    said = payload(bin_code="970436", account="1017595600", amount=181_000, note="ABCDEFGHJA")
    assert said[:-4] == (
        "000201" "010212" "3854" "0010A000000727" "0124" "0006970436" "01101017595600" "0208QRIBFTTA"
        "5303704" "5406181000" "5802VN" "6214" "0810ABCDEFGHJA" "6304"
    )  # fmt: skip
    assert said[-4:] == f"{crc16(said[:-4].encode()):04X}"


def test_the_drawing_scales_and_is_read_out() -> None:
    drawn = svg(payload(bin_code="970403", account="0011012345678"), label="Mã QR <chuyển khoản>")
    assert drawn.startswith("<svg ")
    assert "<title>Mã QR &lt;chuyển khoản&gt;</title>" in drawn
    assert "viewBox" in drawn
    assert "width=" not in drawn.split(">")[0]
    assert "style=" not in drawn
