//! Every bound that a record must keep, named once.

/// The largest envelope (signature, header and their frame), in bytes.
pub const MAX_ENVELOPE: usize = 1024;
/// The largest body, in bytes. With its envelope a record stays within 8 KiB.
pub const MAX_BODY: usize = 7 * 1024;
/// The deepest nesting of maps and lists in canonical bytes.
pub const MAX_DEPTH: usize = 8;
/// The longest kind, in bytes.
pub const MAX_KIND: usize = 32;
/// How far in the future a revision may lie, in milliseconds: ten minutes.
pub const MAX_FUTURE_MS: u64 = 10 * 60 * 1000;
/// The longest title of a listing, in characters.
pub const MAX_TITLE: usize = 120;
/// The longest text of a listing, in characters.
pub const MAX_TEXT: usize = 2000;
/// The longest category of a listing, in characters.
pub const MAX_CATEGORY: usize = 60;
/// The largest count of one listing.
pub const MAX_COUNT: u32 = 100_000;
/// The longest name of a member or circle, in characters.
pub const MAX_NAME: usize = 80;
/// The most languages, stewards or features that one record may list.
pub const MAX_LIST: usize = 32;
