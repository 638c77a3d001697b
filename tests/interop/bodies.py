"""What a record or a stance says: docs/protocol.md, sections 3.3, 3.5 and 3.7."""

import re

from basics import Refused, decode_map, derive, encode, need, public_key

UNSEEN = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u180b-\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
PENTAGONS = {4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117}


def octets(length=None):
    return lambda value: need(type(value) is bytes and len(value) == (length or len(value)), "wrong-type")


def number(least, most, reason="out-of-range"):
    def check(value):
        need(type(value) is int and value >= 0, "wrong-type")
        need(least <= value <= most, reason)

    return check


def text(least, most, line=False):
    def check(value):
        need(type(value) is str, "wrong-type")
        need(len(value) >= least, "empty")
        need(len(value) <= most, "too-long")
        need(not UNSEEN.search(value) and not (line and "\n" in value), "unseen")

    return check


def line(least, most):
    return text(least, most, line=True)


def word(value):
    need(type(value) is str, "wrong-type")


def flag(value):
    need(value is True, "wrong-type")


def listed(check, most=32):
    def checks(value):
        need(isinstance(value, list), "wrong-type")
        need(len(value) <= most, "too-many")
        for item in value:
            check(item)

    return checks


def members(most=32):
    def check(value):
        listed(public_key)(value)
        need(len(value) <= most, "too-many")
        need(len(set(value)) == len(value), "repeated")

    return check


def cell(value):
    need(type(value) is int and value >= 0, "wrong-type")
    bits = lambda at, width: value >> at & ((1 << width) - 1)
    resolution, base = bits(52, 4), bits(45, 7)
    directions = [bits(42 - 3 * at, 3) for at in range(15)]
    used, rest = directions[:resolution], directions[resolution:]
    fits = bits(59, 5) == 1 and bits(56, 3) == 0 and base < 122
    fits = fits and all(one < 7 for one in used) and all(one == 7 for one in rest)
    fits = fits and not (base in PENTAGONS and next((one for one in used if one), 0) == 1)
    need(fits, "not-a-cell")
    need(resolution <= 7, "cell-too-fine")


def nested(schema):
    def check(value):
        need(isinstance(value, dict), "wrong-type")
        fields(value, schema, "wrong-type")

    return check


def fields(values, schema, unknown=None):
    """Checks a map. In a schema `name*` may be left out, and `name°` has to be when it is empty."""
    names = set()
    for key, check in schema.items():
        name = key.rstrip("*°")
        names.add(name)
        if name in values:
            check(values[name])
            need(not (key.endswith("°") and len(values[name]) == 0), "second-form")
        else:
            need(key != name, "missing")
    need(unknown is None or names >= values.keys(), unknown)


time = number(0, 2**64 - 1)
short = number(0, 2**32 - 1)
count = number(1, 100_000)
words = listed(word)
seal = nested({"grant": octets(), "body": octets(), "signature": octets(64)})


def approval(value):
    try:
        nested({"steward": public_key, "seal": seal})(value)
    except Refused:
        raise Refused("wrong-type") from None


def nonces(value):
    need(type(value) is bytes and len(value) % 16 == 0, "wrong-type")
    found = [value[at : at + 16] for at in range(0, len(value), 16)]
    need(len(set(found)) <= 200, "too-many")
    need(found == sorted(set(found)), "second-form")


QUOTAS = dict.fromkeys(("control", "members", "content", "rest", "strangers"), short)
RECEIPT = {
    "circle": octets(32), "exchange": octets(16), "giver": public_key, "receiver": public_key,
    "title": line(1, 120), "kind°": line(0, 60), "count": count, "grams": short, "terms": word,
    "minutes": number(0, 600_000), "at": time,
}  # fmt: skip
CHECKPOINT = {
    "circle": octets(32), "one": public_key, "other": public_key,
    "balance": lambda value: need(type(value) is int and -(2**63) <= value < 2**63, "wrong-type"),
    "turnover": number(0, 525_960_000), "until": time,
}  # fmt: skip
PHOTO = {
    "photo": octets(32), "size": number(1, 204_800), "thumb": octets(32), "thumb-size": number(1, 12_288),
    "alt°": line(0, 120),
}
DRAW = {
    "commitment": octets(32), "closes": time, "result*": nested({"secret": octets(32), "nonces°": nonces}),
}  # fmt: skip
BODIES = {
    "charter": {
        "name": line(1, 80), "cell*": cell, "languages°": words, "forms°": words, "quotas": nested(QUOTAS),
        "stewards*": members(16), "write": word, "vouches*": short, "read": word, "parent*": octets(32),
        "distrusted°": members(), "approvals°": listed(approval),
    },
    "grant": {"signer": public_key, "role": word, "until": time},
    "profile": {
        "name": line(1, 80), "text°": text(0, 2000), "languages°": words, "cell*": cell, "hours°": line(0, 500),
        "tally*": flag,
    },
    "admission": {"member": public_key},
    "removal": {"member": public_key, "reason°": text(0, 2000)},
    "vouch": {"member": public_key},
    "rotation": {"secret": octets(32)},
    "seal-key": {"key": octets(32), "epoch": short, "decides": public_key},
    "listing": {
        "side": word, "terms": word, "title": line(1, 120), "text°": text(0, 2000), "category°": line(0, 60),
        "language*": word, "count": count, "left*": short, "cell*": cell, "until*": time,
        "needs°": listed(line(1, 32)), "photos°": listed(nested(PHOTO), most=4), "grams*": number(1, 10_000_000),
        "decide*": word, "draw*": nested(DRAW),
    },
    "notice": {"title": line(1, 120), "text°": text(0, 2000), "language*": word, "until*": time},
    "letter": {"bits": number(0, 16), "hint": short, "sealed": octets()},
    "comment": {"author": public_key, "on": octets(16), "text": text(1, 2000)},
    "receipt": {
        "receipt": nested(RECEIPT), "giver": seal, "receiver*": seal,
        "code*": nested({"commitment": octets(32), "code": line(1, 32)}),
    },
    "checkpoint": {"checkpoint": nested(CHECKPOINT), "one": seal, "other": seal},
}  # fmt: skip

LANGUAGE = re.compile("[a-z][a-z]")
TERMS = re.compile("gift|loan|hours|pool")
WORDS = {
    "charter": {"languages": LANGUAGE, "forms": TERMS, "write": re.compile("open|invited|vouched"),
                "read": re.compile("anyone|members")},
    "grant": {"role": re.compile("device|desk|host")},
    "profile": {"languages": LANGUAGE},
    "listing": {"side": re.compile("offer|need"), "terms": TERMS, "language": LANGUAGE,
                "decide": re.compile("choose|queue|draw")},
    "notice": {"language": LANGUAGE},
    "receipt": {"terms": TERMS},
}  # fmt: skip


def knows_words(kind, body):
    """Whether each word, alone or in a list, is one that its field knows."""
    inside = body.get("receipt") if kind == "receipt" else body
    for name, known in WORDS.get(kind, {}).items():
        value = inside.get(name) if isinstance(inside, dict) else None
        for item in value if isinstance(value, list) else [value]:
            if type(item) is str and not known.fullmatch(item):
                return False
    return True


def read_body(kind, data):
    """As which kind the body is read, and its fields."""
    need(len(data) <= 7168, "too-large")
    body = decode_map(data)
    if kind not in BODIES or not knows_words(kind, body):
        return "other", body
    fields(body, BODIES[kind])
    if kind == "charter":
        need(body.get("stewards"), "empty")
        vouched = body["write"] == "vouched"
        need(not vouched or "vouches" in body, "missing")
        need(vouched or "vouches" not in body, "wrong-type")
        need(not vouched or 1 <= body["vouches"] <= 16, "out-of-range")
    if kind == "listing":
        need(body.get("left", 0) <= body["count"], "out-of-range")
        need(body.get("left") != body["count"], "second-form")
        decide = body.get("decide")
        need(decide != "choose", "second-form")
        need(decide != "draw" or "draw" in body, "missing")
        need(decide == "draw" or "draw" not in body, "wrong-type")
    if kind == "letter":
        need(body["hint"] < 2 ** body["bits"], "out-of-range")
        need(len(body["sealed"]) in (304, 1072, 4144) and len(body) == 3, "wrong-type")
    if kind == "receipt":
        need("code" in body or "receiver" in body, "missing")
        need(not ("code" in body and "receiver" in body), "wrong-type")
    return kind, body


ASKS = {
    "count": count, "name*": line(1, 80), "commitment*": octets(32), "nonce*": octets(16), "accepted*": time,
}  # fmt: skip
ANSWERS = {
    "promised*": count, "promised-at*": time, "until*": time, "place*": text(1, 500), "time*": time,
    "ready*": time, "code*": line(1, 32), "queue*": count, "hold*": time,
}  # fmt: skip
GIVEN = {"count": count, "minutes*": number(0, 600_000), "grams*": short, "at": time, "seal": seal}
MESSAGE = {"at": time, "text": text(1, 2000)}
ABOUT = {
    "circle": octets(32), "exchange": octets(16), "asker": public_key, "lister": public_key,
    "listing": octets(16), "listed": time, "asked": time, "side": word, "terms": word, "title": line(1, 120),
    "category°": line(0, 60),
}  # fmt: skip
STANCE = ABOUT | {
    "revision": time, "asks*": nested(ASKS), "answers*": nested(ANSWERS), "given*": nested(GIVEN),
    "due*": time, "wants-until*": time, "returned*": time, "back*": time, "condition*": text(1, 500),
    "condition-back*": text(1, 500), "thanks*": text(1, 500), "ended*": word, "missed*": time,
    "owns-up*": lambda value: need(type(value) is bool, "wrong-type"), "public*": flag,
    "messages°": listed(nested(MESSAGE)),
}  # fmt: skip
STANCE_WORDS = {
    "side": WORDS["listing"]["side"], "terms": TERMS,
    "ended": re.compile("withdrawn|cancelled|declined|lapsed|elsewhere"),
}  # fmt: skip


def read_stance(data):
    need(len(data) <= 3200, "too-large")
    stance = decode_map(data)
    for name, known in STANCE_WORDS.items():
        need(type(stance.get(name)) is not str or known.fullmatch(stance[name]), "unknown-word")
    fields(stance, STANCE | {"because°": text(0, 500)} if "ended" in stance else STANCE)
    need(("asks" in stance) != ("answers" in stance), "wrong-type")
    need(stance["asker"] != stance["lister"], "repeated")
    answers, given, messages = stance.get("answers", {}), stance.get("given", {}), stance.get("messages", [])
    need("promised" not in answers or "promised-at" in answers, "missing")
    need("promised" in answers or "promised-at" not in answers, "wrong-type")
    need(given.get("minutes") != 0 and given.get("grams") != 0, "second-form")
    need(len(messages) <= 16 and sum(len(message["text"]) for message in messages) <= 2000, "too-many")
    return stance


def side_of(stance):
    """Which side says it: the name of the field in which its author stands, too."""
    return "asker" if "asks" in stance else "lister"


def binds(stance):
    """Whether its author has to have signed it."""
    return "promised" in stance.get("answers", {}) or any(name in stance for name in ("given", "returned", "back"))


def exchange_of(stance):
    """The id of the exchange that it is about."""
    about = {name: stance[name] for name in (key.rstrip("°") for key in ABOUT) if name in stance}
    return derive("commonshelf/exchange/1", encode(about))[:16]


def receipt_of(stance):
    """The receipt that its author's word is about."""
    giver, receiver = ("lister", "asker") if stance["side"] == "offer" else ("asker", "lister")
    given = stance["given"]
    kind = {"kind": stance["category"]} if "category" in stance else {}
    return kind | {
        "circle": stance["circle"], "exchange": stance["exchange"], "giver": stance[giver],
        "receiver": stance[receiver], "title": stance["title"], "count": given["count"],
        "grams": given.get("grams", 0), "terms": stance["terms"], "minutes": given.get("minutes", 0),
        "at": given["at"],
    }  # fmt: skip


def read_said(data):
    """A stance as it is kept: with its author's seal if there is one."""
    said = decode_map(data)
    fields(said, {"stance": octets(), "seal*": seal}, "wrong-type")
    return read_stance(said["stance"]), said.get("seal")
