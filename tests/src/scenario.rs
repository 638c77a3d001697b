//! What two nodes live through, however they found each other.

use crate::{Node, PATIENCE, same_digest, table, titles};

/// 500 listings are imported on `one`; it is killed; `other` writes 20 more; `one` starts again. Both
/// agree each time, and nothing is lost.
///
/// # Panics
/// If not.
pub fn survive_a_kill(mut one: Node, other: &Node) {
    let file = one.home().file("shelf.csv", table("shelf", 500));
    let report = one.json(&["import", &file]);
    assert_eq!(report["added"], 500, "{report:#}");
    same_digest(one.home(), other.home(), 500, PATIENCE);

    one.process().kill9();
    for number in 0..20 {
        let side = if number % 2 == 0 { "offer" } else { "need" };
        let written = other.json(&[side, &format!("Written while the other was away {number}")]);
        assert_eq!(written["mine"], true, "{written:#}");
    }
    let one = one.restart(&[]);
    same_digest(one.home(), other.home(), 520, PATIENCE);

    let here = titles(one.home());
    assert_eq!(here.len(), 520, "each has a title of its own");
    assert_eq!(here, titles(other.home()));
    for number in [0, 19] {
        assert!(here.contains(&format!("Written while the other was away {number}")), "{number}");
    }
    let whole = one.json(&["import", &file]);
    assert_eq!((&whole["added"], &whole["unchanged"]), (&0.into(), &500.into()), "{whole:#}");
}
