//! Cases of listings that are drawn.

use super::bodies::{bad, good, listing};
use super::case::Case;
use super::raw::{Fields, bytes, list, text, uint};
use super::world::END;

fn draw() -> Fields {
    Fields::new().with("commitment", bytes(&[1; 32])).with("closes", uint(END))
}

fn drawn(nonces: &[u8]) -> Fields {
    Fields::new().with("secret", bytes(&[7; 32])).with("nonces", bytes(nonces))
}

fn listed(draw: &Fields) -> Fields {
    listing().with("decide", text("draw")).with("draw", draw.encode())
}

/// A listing that tells this result.
fn told(result: &Fields) -> Fields {
    listed(&draw().with("result", result.encode()))
}

/// So many nonces, each higher than the one before.
fn nonces(count: u128) -> Vec<u8> {
    (0..count).flat_map(u128::to_be_bytes).collect()
}

pub(super) fn cases() -> Vec<Case> {
    let turned = [[2; 16], [1; 16]].concat();
    let accepted = [
        ("a listing that will be drawn", listed(&draw())),
        ("a listing that was drawn among three", told(&drawn(&nonces(3)))),
        ("a listing that was drawn among 200", told(&drawn(&nonces(200)))),
        ("a listing that was drawn, and nobody had asked", told(&drawn(&[]).without("nonces"))),
    ];
    let refused = [
        ("a draw among 201", told(&drawn(&nonces(201))), "too-many"),
        ("a draw with nonces out of order", told(&drawn(&turned)), "second-form"),
        ("a draw with a nonce twice", told(&drawn(&[1; 32])), "second-form"),
        ("a draw with no nonces, said", told(&drawn(&[])), "second-form"),
        ("a draw with a nonce of 15 bytes", told(&drawn(&[1; 15])), "wrong-type"),
        (
            "a draw with a list of nonces",
            told(&drawn(&[]).with("nonces", list(&[bytes(&[1; 16])]))),
            "wrong-type",
        ),
        ("a draw whose result has no secret", told(&drawn(&nonces(3)).without("secret")), "missing"),
        (
            "a draw with a secret of 31 bytes",
            told(&drawn(&nonces(3)).with("secret", bytes(&[7; 31]))),
            "wrong-type",
        ),
        ("a draw whose result has a field more", told(&drawn(&nonces(3)).with("by", uint(1))), "wrong-type"),
        ("a draw with a field more", listed(&draw().with("by", uint(1))), "wrong-type"),
        ("a draw without a commitment", listed(&draw().without("commitment")), "missing"),
        ("a draw without an end", listed(&draw().without("closes")), "missing"),
        ("that a listing is drawn, and no more", listed(&draw()).without("draw"), "missing"),
        ("a draw where the lister chooses", listed(&draw()).without("decide"), "wrong-type"),
        ("a draw with a queue", listed(&draw()).with("decide", text("queue")), "wrong-type"),
    ];
    let accepted = accepted.iter().map(|(name, body)| good("listing", name, &body.encode(), "listing"));
    let refused = refused.iter().map(|(name, body, reason)| bad("listing", name, &body.encode(), reason));
    accepted.chain(refused).collect()
}
