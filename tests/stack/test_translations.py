"""Translations are compiled once, again when changed, and never half."""

import gettext
import os
from pathlib import Path

from stack.translations import compile_translations

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def test_compiles_what_is_new(tmp_path: Path) -> None:
    folder = tmp_path / "vi" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source = folder / "django.po"
    source.write_text(HEAD + 'msgid "Invoice"\nmsgstr "Hóa đơn"\n')
    (target,) = compile_translations(tmp_path)
    with target.open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Invoice") == "Hóa đơn"
    assert compile_translations(tmp_path) == []
    os.utime(source, (target.stat().st_mtime + 5,) * 2)
    assert compile_translations(tmp_path) == [target]
