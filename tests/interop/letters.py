"""Letters and seal keys: docs/protocol.md, section 3.9. HPKE is written from RFC 9180."""

import hashlib
import hmac

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from basics import Refused, decode_map, derive, encode, need, public_key
from bodies import binds, octets, read_stance, seal, short, side_of, word
from records import check_said

# --- RFC 9180: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305 ------------------------------

KEM = b"KEM\x00\x20"
SUITE = b"HPKE\x00\x20\x00\x01\x00\x03"


def extract(suite, salt, label, material):
    return hmac.digest(salt, b"HPKE-v1" + suite + label + material, hashlib.sha256)


def expand(suite, key, label, info, length):
    """One round of HKDF-Expand gives 32 bytes, which is all that is asked for."""
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(key, labelled + b"\x01", hashlib.sha256)[:length]


def public_of(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def hpke_open(secret, sender, info, bound, sealed):
    """The plaintext; with a sender's key in Auth mode, else in base mode."""
    key, encapped = X25519PrivateKey.from_private_bytes(secret), sealed[:32]
    others = [encapped] if sender is None else [encapped, sender]
    try:
        shared = b"".join(key.exchange(X25519PublicKey.from_public_bytes(other)) for other in others)
    except ValueError:
        return None
    context = encapped + public_of(secret) + (sender or b"")
    shared = expand(KEM, extract(KEM, b"", b"eae_prk", shared), b"shared_secret", context, 32)
    hashes = extract(SUITE, b"", b"psk_id_hash", b"") + extract(SUITE, b"", b"info_hash", info)
    context = bytes([0 if sender is None else 2]) + hashes
    schedule = extract(SUITE, shared, b"secret", b"")
    cipher = ChaCha20Poly1305(expand(SUITE, schedule, b"key", context, 32))
    try:
        return cipher.decrypt(expand(SUITE, schedule, b"base_nonce", context, 12), sealed[32:], bound)
    except InvalidTag:
        return None


# --- 3.9 Letters ---------------------------------------------------------------------------------------


def hint(key, bits):
    first = int.from_bytes(derive("commonshelf/letter-hint/1", key)[:2], "big")
    return first >> (16 - bits)


def content(said):
    """Which one it is, from whom and to whom, and the stance in it."""
    if "stance" in said:
        octets()(said["stance"])
        if "seal" in said:
            seal(said["seal"])
        stance = read_stance(said["stance"])
        author = stance[side_of(stance)]
        other = stance["lister" if side_of(stance) == "asker" else "asker"]
        if "copy" not in said:
            return "stance", author, other, stance
        word(said["copy"])
        need(said["copy"] in ("sent", "received"), "unknown-word")
        keeper = author if said["copy"] == "sent" else other
        return "copy", keeper, keeper, stance
    passed = "pass" in said
    if passed:
        octets()(said["pass"])
    names = ("member", "member") if passed else ("from", "to")
    for name in names:
        need(name in said, "missing")
        public_key(said[name])
    return ("pass" if passed else "other", *(said[name] for name in names), None)


def open_letter(letter, known):
    """What the letter holds, opened by a member who knows the seal key of one sender."""
    known_bytes = lambda name: bytes.fromhex(known[name])
    circle, secret = known_bytes("circle"), known_bytes("secret")
    need(letter["hint"] == hint(public_of(secret), letter["bits"]), "closed")
    bound = encode([
        known_bytes("author"), circle, known_bytes("key"), int(known["revision"]), letter["bits"], letter["hint"],
    ])  # fmt: skip
    plain = hpke_open(secret, None, b"commonshelf/letter/1", bound, letter["sealed"])
    need(plain is not None, "closed")
    proof, length, rest = plain[:48], int.from_bytes(plain[48:50], "big"), plain[50:]
    need(length <= len(rest) and not any(rest[length:]), "padding")
    data = rest[:length]
    said = decode_map(data)
    need("epoch" in said, "missing")
    short(said["epoch"])
    what, sender, recipient, stance = content(said)
    is_known = sender == known_bytes("sender") and said["epoch"] == int(known["sender-epoch"])
    need(is_known, "unknown-sender")
    proved = hpke_open(secret, known_bytes("sender-key"), b"commonshelf/letter-auth/1", bound + data, proof)
    need(proved == b"", "forged")
    if stance is not None:
        need(stance["circle"] == circle, "other-circle")
        need("seal" in said or not binds(stance), "unsigned")
        try:
            check_said(stance, said.get("seal"))
        except Refused as refused:
            raise Refused(f"seal/{refused}") from None
    need(recipient == known_bytes("member"), "other-member")
    return what
