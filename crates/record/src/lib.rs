//! Signed records: keys, canonical bytes, signing, verification, the kinds.
//!
//! A record is a signed [`Header`] and a body beside it. Bytes that arrive become [`Signed`] (they
//! parse), then [`Verified`] (the signature holds); whether a circle admits them is the catalogue's
//! matter. Start reading at [`envelope`](Signed), then [`Header`] and [`Body`].
//!
//! **Invariant:** no I/O, no clock, no randomness: what this crate does is a function of its inputs.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod body;
mod cbor;
mod cell;
mod charter;
mod checkpoint;
mod draw;
mod envelope;
mod fields;
mod grant;
mod header;
mod id;
mod keys;
#[cfg(test)]
mod laws;
mod letter;
pub mod limits;
mod listing;
mod membership;
mod notice;
mod number;
mod photo;
mod profile;
mod receipt;
mod seal;
mod secret;
mod stance;
mod text;
mod time;
mod words;

pub use body::{Body, BodyError, Map};
pub use cbor::{CborError, Value};
pub use cell::{Cell, PlaceError};
pub use charter::{Approval, Charter, Quotas, ReadPolicy, WritePolicy};
pub use checkpoint::{CHECKPOINT_PURPOSE, Checkpoint, CheckpointError, SignedCheckpoint};
pub use draw::{Draw, Drawn, draw_commitment, draw_order};
pub use envelope::{Fault, Record, RefusedBytes, Signed, Statement, Verified};
pub use grant::{Grant, GrantRole};
pub use header::{Class, Header, HeaderError, Key, Kind, Slot};
pub use id::{CircleId, Hash, IdError, RecordId};
pub use keys::{KeyError, KnownKeys, MemberId, PublicKey, SecretKey};
pub use letter::{
    Content, Copied, Inside, KEEP_OLD_DAYS, Keyring, Letter, LetterError, Mailboxes, Opened, Outer, SealKey,
    SealPublic, SealSecret,
};
pub use listing::{Decide, Language, Listing, Side, Terms};
pub use membership::{Admission, Removal, Vouch};
pub use notice::{Comment, Notice};
pub use number::{NumberError, ThingNumber};
pub use photo::Photo;
pub use profile::Profile;
pub use receipt::{
    Confirmation, Made, Proof, RECEIPT_PURPOSE, Receipt, ReceiptError, Signatory, SignedReceipt,
    code_commitment,
};
pub use seal::{Seal, SealError};
pub use secret::{ReadSecret, Rotation};
pub use stance::{
    About, Amount, AskerSays, Common, Ending, ExchangeId, ExchangeIdError, Given, ListerSays, Message,
    Promised, STANCE_PURPOSE, Said, Says, Stance, Why,
};
pub use text::{tidy, tidy_line};
pub use time::{Date, Timestamp};
pub use words::WordsError;
