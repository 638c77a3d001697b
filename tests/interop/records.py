"""Envelopes, headers and what members seal: docs/protocol.md, sections 3.1, 3.2, 3.4 to 3.7."""

import re

from basics import Refused, decode, decode_map, derive, encode, need, public_key, sha256, verify
from bodies import binds, fields, number, octets, read_body, receipt_of, side_of, time, word

PROTECTED = bytes.fromhex("a10132")
CLASSES = {
    "control": "charter grant profile admission removal vouch rotation seal-key",
    "content": "listing notice comment proposal ballot join close",
    "letter": "letter",
    "proof": "receipt checkpoint",
}
CLASS_OF = {kind: name for name, kinds in CLASSES.items() for kind in kinds.split()}
HEADER = {
    "author": public_key, "signer": public_key, "circle": octets(32), "class": word, "kind": word,
    "key": octets(16), "revision": time, "body": octets(32), "size": number(0, 7168, "too-large"),
}  # fmt: skip


def signed_bytes(purpose, payload):
    return encode(["Signature1", PROTECTED, purpose.encode(), payload])


def read_header(data):
    header = decode_map(data)
    fields(header, HEADER, "unknown-field")
    need(header["class"] in CLASSES, "unknown-word")
    kind = header["kind"]
    need(re.fullmatch("[a-z][a-z0-9-]{0,31}", kind), "bad-kind")
    need(CLASS_OF.get(kind, header["class"]) == header["class"], "wrong-class")
    need((header["size"] == 0) == (header["body"] == sha256(b"")), "bad-withdrawal")
    return header


def read_envelope(data):
    need(len(data) <= 1024, "too-large")
    parts = decode(data)
    need(isinstance(parts, list) and len(parts) == 4, "shape")
    protected, other, payload, signature = parts
    need(protected == PROTECTED and other == {}, "shape")
    need(type(payload) is bytes and type(signature) is bytes and len(signature) == 64, "shape")
    return read_header(payload), payload, signature


def read_record(envelope, body):
    """The header, and the kind as which the body is read."""
    header, payload, signature = read_envelope(envelope)
    withdrawn = header["size"] == 0
    if withdrawn and body is None:
        body = b""
    if body is not None:
        need(len(body) == header["size"] and sha256(body) == header["body"], "other-body")
    read = "without-body"
    if withdrawn:
        read = "withdrawn"
    elif header["class"] == "control":
        need(body is not None, "no-body")
        read, _ = read_body(header["kind"], body)
    elif body is not None:
        try:
            read, _ = read_body(header["kind"], body)
        except Refused:
            read = "unreadable"
    verify(header["signer"], signed_bytes("commonshelf/record/1", payload), signature)
    return header, read


def check_seal(seal, purpose, payload, member, circle, at):
    """Who signed, and in which role."""
    try:
        header, read = read_record(seal["grant"], seal["body"])
    except Refused as refused:
        raise Refused(f"grant/{refused}") from None
    need(header["kind"] == read == "grant", "other-grant")
    need(header["author"] == header["signer"] == member and header["circle"] == circle, "other-grant")
    grant = decode_map(seal["body"])
    need(header["key"] == derive("commonshelf/grant/1", grant["signer"])[:16], "other-grant")
    need(at <= grant["until"], "not-covered")
    verify(grant["signer"], signed_bytes(purpose, payload), seal["signature"])
    return grant["signer"], grant["role"]


def approved_bytes(charter, circle, revision):
    bare = {name: value for name, value in charter.items() if name != "approvals"}
    return encode([circle, revision, bare])


def approvals(charter, circle, revision):
    payload, found = approved_bytes(charter, circle, revision), set()
    for one in charter.get("approvals", []):
        try:
            _, role = check_seal(one["seal"], "commonshelf/approval/1", payload, one["steward"], circle, revision)
        except Refused:
            continue
        if role == "device":
            found.add(one["steward"])
    return " ".join(sorted(member.hex() for member in found))


def check_receipt(body):
    """How it was made."""
    said = body["receipt"]
    need(said["giver"] != said["receiver"], "alone")

    def word_of(side):
        try:
            purpose, payload = "commonshelf/receipt/1", encode(said)
            return check_seal(body[side], purpose, payload, said[side], said["circle"], said["at"])
        except Refused as refused:
            raise Refused(f"{side}/{refused}") from None

    gave = word_of("giver")
    if "code" in body:
        code = body["code"]
        committed = derive("commonshelf/pick-up/1", said["exchange"], code["code"].encode())
        need(committed == code["commitment"], "code")
        return "by-code"
    hosts = [signer for signer, role in (gave, word_of("receiver")) if role == "host"]
    if len(hosts) == 2 and hosts[0] == hosts[1]:
        return "one-host"
    return "hosted" if hosts else "two-keys"


def check_checkpoint(body):
    said = body["checkpoint"]
    need(said["one"] < said["other"], "order")
    need(abs(said["balance"]) <= said["turnover"], "balance")
    for side in ("one", "other"):
        purpose, payload = "commonshelf/checkpoint/1", encode(said)
        check_seal(body[side], purpose, payload, said[side], said["circle"], said["until"])
    return ""


def check_said(stance, seal):
    """Its author signed what binds, but for the messages, and the receipt that it gives its word on."""
    need(seal or not binds(stance), "bad-signature")
    author, circle = stance[side_of(stance)], stance["circle"]
    if seal:
        signed = encode({name: value for name, value in stance.items() if name != "messages"})
        check_seal(seal, "commonshelf/stance/1", signed, author, circle, stance["revision"])
    if "given" in stance:
        given, receipt = stance["given"], encode(receipt_of(stance))
        check_seal(given["seal"], "commonshelf/receipt/1", receipt, author, circle, given["at"])
