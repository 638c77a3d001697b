//! Canonical bytes, written without the crate under test: so that bad ones can be written as well.

/// A major type and its argument in the shortest form.
pub(super) fn head(major: u8, argument: u64) -> Vec<u8> {
    let bytes = argument.to_be_bytes();
    let (extra, from) = match argument {
        0..=23 => return vec![major << 5 | bytes[7]],
        24..=0xff => (24, 7),
        0x100..=0xffff => (25, 6),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 0),
    };
    [&[major << 5 | extra], &bytes[from..]].concat()
}

pub(super) fn uint(number: u64) -> Vec<u8> {
    head(0, number)
}

pub(super) fn bytes(bytes: &[u8]) -> Vec<u8> {
    [head(2, bytes.len() as u64), bytes.to_vec()].concat()
}

pub(super) fn text(text: &str) -> Vec<u8> {
    [head(3, text.len() as u64), text.as_bytes().to_vec()].concat()
}

pub(super) fn list(items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, items.len() as u64), items.concat()].concat()
}

pub(super) fn texts(words: &[&str]) -> Vec<u8> {
    list(&words.iter().map(|word| text(word)).collect::<Vec<_>>())
}

/// The fields of a map with their encoded values; written in order, each name once.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, Vec<u8>)>);

impl Fields {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// The same map with another value of this field.
    pub(super) fn with(&self, name: &str, value: Vec<u8>) -> Self {
        let mut changed = self.without(name);
        changed.0.push((name.to_owned(), value));
        changed.0.sort_by(|(one, _), (other, _)| (one.len(), one).cmp(&(other.len(), other)));
        changed
    }

    /// The same map without this field.
    pub(super) fn without(&self, name: &str) -> Self {
        Self(self.0.iter().filter(|(field, _)| field != name).cloned().collect())
    }

    /// The fields' encodings one by one, a name before its value.
    pub(super) fn entries(&self) -> Vec<Vec<u8>> {
        self.0.iter().map(|(name, value)| [text(name), value.clone()].concat()).collect()
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        [head(5, self.0.len() as u64), self.entries().concat()].concat()
    }
}
