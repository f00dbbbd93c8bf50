"""Write `.env` for docker compose: `python3 stack/env.py` (`make env`). Standard library only.

A copy of `.env.example` with fresh keys and passwords; run again, it fills in what is empty and changes nothing else.
"""

import os
import re
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SECRETS = (
    "SECRET_KEY",
    "POSTGRES_PASSWORD",
    "POSTGRES_APP_PASSWORD",
    "REDIS_PASSWORD",
    "SANDBOX_KEY1",
    "SANDBOX_KEY2",
)


def main(root: Path = ROOT) -> None:
    """Fill in the empty ones; nobody else may read the file."""
    path = root / ".env"
    text = (path if path.exists() else root / ".env.example").read_text()
    filled = []
    for name in SECRETS:
        line = re.search(rf"^{name}=.*$", text, re.MULTILINE)
        if line and line[0] != f"{name}=":
            continue
        fresh = f"{name}={secrets.token_urlsafe(48)}"
        text = text.replace(line[0], fresh, 1) if line else f"{text.rstrip()}\n{fresh}\n"
        filled.append(name)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    print(f"{path}: {', '.join(filled) or 'nothing'} filled in.")


if __name__ == "__main__":
    main()
