"""Compiles `locale/*/LC_MESSAGES/*.po`, without the gettext programs."""

from pathlib import Path

import polib

ROOT = Path(__file__).resolve().parent.parent


def compile_translations(folder: Path = ROOT / "locale") -> list[Path]:
    """Write the `.mo` of each `.po` that is newer than it; answer what was written."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        fresh = target.with_suffix(".mo.new")
        polib.pofile(str(source)).save_as_mofile(str(fresh))
        fresh.replace(target)  # whole or not at all: another process may be reading it
        written.append(target)
    return written


if __name__ == "__main__":
    compile_translations()
