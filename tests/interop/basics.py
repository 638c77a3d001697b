"""Canonical bytes, names, keys and signatures: docs/protocol.md, sections 1 and 2."""

import base64
import hashlib

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refused(Exception):
    """Bytes are refused, for the reason in one word."""


def need(holds, reason):
    if not holds:
        raise Refused(reason)


# --- 1. Canonical bytes -------------------------------------------------------------------------------


def decode(data):
    try:
        value = cbor2.loads(data)
        plain(value, 0)
        again = cbor2.dumps(value, canonical=True)
    except (cbor2.CBORError, RecursionError, MemoryError, OverflowError, UnicodeError, ValueError, TypeError):
        raise Refused("cbor") from None
    # Second forms, repeated and unsorted names, and bytes behind the value do not survive this.
    need(again == data, "cbor")
    return value


def plain(value, depth):
    """Only the types of records, not too deep. Python's bool is an int; floats are neither."""
    if isinstance(value, (list, dict)):
        need(depth < 8, "cbor")
        if isinstance(value, dict):
            need(all(type(name) is str for name in value), "cbor")
            value = value.values()
        for item in value:
            plain(item, depth + 1)
    elif type(value) is int:
        need(-(2**64) <= value < 2**64, "cbor")
    else:
        need(value is None or type(value) in (bool, bytes, str), "cbor")


def decode_map(data):
    value = decode(data)
    need(isinstance(value, dict), "not-a-map")
    return value


def encode(value):
    return cbor2.dumps(value, canonical=True)


def derive(purpose, *parts):
    framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return hashlib.sha256(purpose.encode() + b"\0" + framed).digest()


def sha256(data):
    return hashlib.sha256(data).digest()


# --- 2. Names, keys, signatures -----------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P


def root_of(square):
    """A square root modulo P, or None."""
    root = pow(square, (P + 3) // 8, P)
    if (root * root - square) % P:
        root = root * pow(2, (P - 1) // 4, P) % P
    return None if (root * root - square) % P else root


def small_order():
    """The y of all points of small order: 1, -1, 0, and where doubling gives y = 0 (x^2 = -y^2)."""
    found = {0, 1, P - 1}
    for sign in (1, -1):
        y = root_of((-1 + sign * root_of(1 + D)) * pow(D, -1, P) % P)
        if y is not None:
            found |= {y, P - y}
    return found


SMALL_ORDER = small_order()


def y_of(encoding):
    return int.from_bytes(encoding, "little") & (2**255 - 1)


def public_key(value):
    need(type(value) is bytes and len(value) == 32, "wrong-type")
    need(y_of(value) < P, "bad-key")


def verify(key, message, signature):
    public_key(key)
    y = y_of(key)
    need(root_of((y * y - 1) * pow(D * y * y + 1, -1, P) % P) is not None, "bad-key")
    need(y not in SMALL_ORDER, "weak-key")
    need(int.from_bytes(signature[32:], "little") < L, "bad-signature")
    commitment = y_of(signature[:32])
    need(commitment < P and commitment not in SMALL_ORDER, "bad-signature")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        raise Refused("bad-signature") from None


PREFIX = bytes.fromhex("01711220")


def id_text(digest):
    return "b" + base64.b32encode(PREFIX + digest).decode().lower().rstrip("=")


def read_id(text):
    try:
        digest = base64.b32decode(text[1:].upper() + "=" * (-len(text[1:]) % 8))[4:]
    except ValueError:
        raise Refused("text") from None
    need(len(digest) == 32 and id_text(digest) == text, "text")
    return digest


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def read_member(text):
    need(text.startswith("did:key:z") and all(letter in BASE58 for letter in text[9:]), "text")
    number = 0
    for letter in text[9:]:
        number = number * 58 + BASE58.index(letter)
    need(number >> 256 == 0xED01, "text")
    key = (number & (2**256 - 1)).to_bytes(32, "big")
    public_key(key)
    return key
