//! What kinds of things there are on the shelf.

use std::collections::BTreeMap;

use matching::Kind;

use crate::error::NodeError;
use crate::handle::Handle;

impl Handle {
    /// The kind of things that a listing is about, by its id, where its words tell one. The listing is named by id, key
    /// or a unique beginning of one; private ones are not found.
    ///
    /// # Errors
    /// If there is no such listing, or several.
    pub fn kind_of(&self, reference: &str) -> Result<Option<String>, NodeError> {
        self.look_up(|view| {
            let place = view.find(reference)?;
            let kind = view.circles.get(&place.circle).and_then(|circle| circle.index.kind_of(&place.id));
            Ok(kind.map(|kind| kind.id().to_owned()))
        })
    }

    /// How many listings stand of each kind of things and those below it, by its id; kinds of which there are none are
    /// left out. Looks at every listing.
    #[must_use]
    pub fn kind_counts(&self) -> BTreeMap<String, usize> {
        let now = self.clock.now();
        let own = self.look_up(|view| {
            let mut own: BTreeMap<Kind, usize> = BTreeMap::new();
            for circle in view.circles.values() {
                let standing = circle.entries.iter().filter(|(_, entry)| entry.stands(now));
                for kind in standing.filter_map(|(id, _)| circle.index.kind_of(id)) {
                    *own.entry(kind).or_default() += 1;
                }
            }
            own
        });
        let mut counts = BTreeMap::new();
        for (kind, count) in own {
            for above in std::iter::once(kind).chain(kind.ancestors()) {
                *counts.entry(above.id().to_owned()).or_default() += count;
            }
        }
        counts
    }
}
