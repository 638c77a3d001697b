//! What travels in a blob session: canonical lists that begin with their name.

use record::{Hash, Value};

use super::Blob;
use crate::limits::{BLOB_PART, MAX_BLOB, MAX_FRAME};

/// One frame of a blob session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BlobFrame {
    /// What follows the first so many bytes of a blob?
    Ask { blob: Blob, offset: u32 },
    /// This.
    Part(Vec<u8>),
    /// I have no such blob for you.
    Lacking,
}

/// Bytes that are no frame of a blob session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoFrame;

impl BlobFrame {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let text = |name: &str| Value::Text(name.to_owned());
        let parts = match self {
            Self::Ask { blob, offset } => vec![
                text("ask"),
                Value::Bytes(blob.hash.as_bytes().to_vec()),
                Value::Uint(blob.size.into()),
                Value::Uint((*offset).into()),
            ],
            Self::Part(bytes) => vec![text("part"), Value::Bytes(bytes.clone())],
            Self::Lacking => vec![text("lacking")],
        };
        Value::List(parts).encode()
    }

    pub(crate) fn decode(frame: &[u8]) -> Result<Self, NoFrame> {
        if frame.len() > MAX_FRAME {
            return Err(NoFrame);
        }
        let Ok(Value::List(mut parts)) = Value::decode_without_maps(frame) else { return Err(NoFrame) };
        match parts.as_mut_slice() {
            [Value::Text(name), Value::Bytes(hash), Value::Uint(size), Value::Uint(offset)]
                if name == "ask" =>
            {
                let hash: [u8; 32] = hash.as_slice().try_into().map_err(|_| NoFrame)?;
                let size = u32::try_from(*size).map_err(|_| NoFrame)?;
                let offset = u32::try_from(*offset).map_err(|_| NoFrame)?;
                let sane = size <= MAX_BLOB && offset < size;
                let ask = Self::Ask { blob: Blob { hash: Hash::from_bytes(hash), size }, offset };
                if sane { Ok(ask) } else { Err(NoFrame) }
            }
            [Value::Text(name), Value::Bytes(bytes)]
                if name == "part" && (1..=BLOB_PART as usize).contains(&bytes.len()) =>
            {
                Ok(Self::Part(std::mem::take(bytes)))
            }
            [Value::Text(name)] if name == "lacking" => Ok(Self::Lacking),
            _ => Err(NoFrame),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames() -> Vec<BlobFrame> {
        let blob = Blob { hash: Hash::of(b"x"), size: MAX_BLOB };
        vec![
            BlobFrame::Ask { blob, offset: MAX_BLOB - 1 },
            BlobFrame::Part(vec![7; BLOB_PART as usize]),
            BlobFrame::Part(vec![7]),
            BlobFrame::Lacking,
        ]
    }

    #[test]
    fn every_frame_survives_its_bytes_and_fits() {
        for frame in frames() {
            let bytes = frame.encode();
            assert!(bytes.len() <= MAX_FRAME);
            assert_eq!(BlobFrame::decode(&bytes), Ok(frame));
        }
    }

    #[test]
    fn what_is_beyond_its_bounds_is_refused() {
        let blob = |size| Blob { hash: Hash::of(b"x"), size };
        for frame in [
            BlobFrame::Ask { blob: blob(MAX_BLOB + 1), offset: 0 },
            BlobFrame::Ask { blob: blob(0), offset: 0 },
            BlobFrame::Ask { blob: blob(5), offset: 5 },
            BlobFrame::Part(Vec::new()),
            BlobFrame::Part(vec![7; BLOB_PART as usize + 1]),
        ] {
            assert_eq!(BlobFrame::decode(&frame.encode()), Err(NoFrame), "{frame:?}");
        }
        assert_eq!(BlobFrame::decode(&[0; MAX_FRAME + 1]), Err(NoFrame));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(at in 0..frames().len(), cut in any::<prop::sample::Index>(), flip in any::<u8>()) {
            let mut bytes = frames()[at].encode();
            let cut = cut.index(bytes.len());
            bytes[cut] ^= flip;
            if let Ok(frame) = BlobFrame::decode(&bytes) {
                prop_assert_eq!(frame.encode(), bytes);
            }
        }
    }
}
