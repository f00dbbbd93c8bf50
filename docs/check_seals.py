#!/usr/bin/env python3
"""
Is the sealed history what it was? For outsiders: needs Python alone, and trusts nothing of the portal.

    python3 check_seals.py FILE [NUMBER:HEAD ...]    what `manage.py seals --export FILE` wrote, and what it said before
"""

import hashlib
import json
import sys


def faults(lines, known):
    """What contradicts the chain or the heads that are known, one sentence each."""
    before, expected = "", 1
    for line in lines:
        seal = json.loads(line)
        number, content = seal["number"], seal["content"]
        if number != expected:
            yield f"seals {expected} to {number - 1} were removed"
        if content is None:
            yield f"the row of seal {number} was removed"
        elif hashlib.sha256((before + content).encode()).hexdigest() != seal["head"]:
            yield f"the row of seal {number} was changed: {content}"
        if known.pop(number, seal["head"]) != seal["head"]:
            yield f"history before seal {number} was written anew: its head was another one"
        before, expected = seal["head"], number + 1
    for number in known:
        yield f"seal {number} was removed with all that came after it"


if __name__ == "__main__":
    heads = dict(argument.split(":") for argument in sys.argv[2:])
    with open(sys.argv[1], encoding="utf-8") as file:
        chain = file.readlines()
    found = list(faults(chain, {int(number): head for number, head in heads.items()}))
    print(
        "\n".join(found) or f"As it was written, {len(chain)} seals; the last head is {json.loads(chain[-1])['head']}"
    )
    sys.exit(bool(found))
