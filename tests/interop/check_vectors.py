"""Checks all test cases in tests/vectors, by docs/protocol.md alone.

    python3 check_vectors.py FOLDER

Needs the modules in requirements.txt. It shares nothing with the crates: where both agree, the text says
what the program does.
"""

import json
import pathlib
import re
import sys

from basics import (
    Refused, decode, decode_map, derive, id_text, public_key, read_id, read_member, sha256, verify,
)  # fmt: skip
from bodies import exchange_of, read_body, read_said, read_stance, seal, side_of
from letters import hint, open_letter, public_of
from records import (
    approvals, approved_bytes, check_checkpoint, check_receipt, check_said, check_seal, read_envelope, read_header,
    read_record,
)  # fmt: skip


def unhex(text):
    """`(9f*300)` stands for 300 times the byte 9f."""
    runs = re.sub(r"\((..)\*(\d+)\)", lambda run: run[1] * int(run[2]), text)
    return bytes.fromhex(runs)


def parts(text):
    return [bytes.fromhex(part) for part in text.split(".")[:-1]]


def verdict(case):
    """What is made of the case's bytes."""
    data, known = unhex(case.get("bytes", "")), case.get("with", {})
    known_bytes = lambda name: unhex(known[name]) if name in known else None
    match case["what"]:
        case "cbor":
            decode(data)
            return ""
        case "key":
            public_key(data)
            return ""
        case "signature":
            verify(known_bytes("key"), known_bytes("message"), data)
            return ""
        case "header":
            read_header(data)
            return id_text(sha256(data))
        case "envelope":
            return id_text(sha256(read_envelope(data)[1]))
        case "record":
            return read_record(data, known_bytes("body"))[1]
        case "body":
            return read_body(known["kind"], data)[0]
        case "seal":
            value = decode_map(data)
            seal(value)
            member, circle, payload = map(known_bytes, ("member", "circle", "payload"))
            return check_seal(value, known["purpose"], payload, member, circle, int(known["at"]))[1]
        case "receipt":
            return check_receipt(read_body("receipt", data)[1])
        case "checkpoint":
            return check_checkpoint(read_body("checkpoint", data)[1])
        case "approvals":
            return approvals(read_body("charter", data)[1], known_bytes("circle"), int(known["revision"]))
        case "charter-key":
            charter = read_body("charter", data)[1]
            payload = approved_bytes(charter, known_bytes("circle"), int(known["revision"]))
            return derive("commonshelf/charter/1", payload)[:16].hex()
        case "stance":
            stance = read_stance(data)
            return f"{side_of(stance)} {exchange_of(stance).hex()}"
        case "said":
            stance, outer = read_said(data)
            check_said(stance, outer)
            return side_of(stance)
        case "letter":
            return open_letter(read_body("letter", data)[1], known)
        case "seal-secret" | "host-seal-secret" as what:
            purpose = f"commonshelf/{what.removesuffix('-secret')}-key/1"
            secret = derive(purpose, data, int(known["epoch"]).to_bytes(4, "big"))
            return f"{secret.hex()} {public_of(secret).hex()}"
        case "hint":
            return str(hint(data, int(known["bits"])))
        case "seal-key-slot":
            return derive("commonshelf/seal-key/1")[:16].hex()
        case "id":
            return read_id(known["text"]).hex()
        case "member":
            return read_member(known["text"]).hex()
        case "derive":
            return derive(known["purpose"], *parts(known["parts"])).hex()
        case "read-secret":
            return derive("commonshelf/read/1", data).hex()
        case "topic" | "discovery" | "gossip-key" as what:
            return derive(f"commonshelf/{what}/1", data).hex()
        case "read-proof":
            drawn = parts(known["drawn"])
            return derive("commonshelf/read-proof/1", data, known_bytes("circle"), known["side"].encode(), *drawn).hex()
        case "grant-key":
            return derive("commonshelf/grant/1", data)[:16].hex()
        case "draw-commitment":
            lister, listing = known_bytes("lister"), known_bytes("listing")
            return derive("commonshelf/draw/1", data, lister, listing, int(known["closes"]).to_bytes(8, "big")).hex()
        case "draw-order":
            ticket = lambda nonce: derive("commonshelf/draw-ticket/1", data, nonce)
            return "".join(f"{nonce.hex()}." for nonce in sorted(parts(known["nonces"]), key=ticket))
        case "receipt-key":
            return derive("commonshelf/receipt-key/1", known_bytes("exchange"), data[:32], data[32:])[:16].hex()
        case "pick-up":
            return derive("commonshelf/pick-up/1", data, known["code"].encode()).hex()
    raise SystemExit(f"no case is of the sort {case['what']}")


def found(case):
    try:
        return "accept", verdict(case)
    except Refused as refused:
        return "refuse", str(refused).split("/")[0]


def main(folder):
    checked, wrong = 0, 0
    for path in sorted(pathlib.Path(folder).glob("*.json")):
        for case in json.loads(path.read_text(encoding="utf-8")):
            says = case.get("gives", "") if case["expect"] == "accept" else case["reason"].split("/")[0]
            expected, actual = (case["expect"], says), found(case)
            checked += 1
            if actual != expected:
                wrong += 1
                print(f"{path.name}, {case['what']}, {case['name']}: {actual} and not {expected}")
    print(f"{checked} cases, {wrong} of them wrong")
    return 1 if wrong or not checked else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
