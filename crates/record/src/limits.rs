//! Every bound that a record must keep, named once.

/// The largest envelope (signature, header and their frame), in bytes.
pub const MAX_ENVELOPE: usize = 1024;
/// The largest body, in bytes. With its envelope a record stays within 8 KiB.
pub const MAX_BODY: usize = 7 * 1024;
/// The deepest nesting of maps and lists in canonical bytes.
pub const MAX_DEPTH: usize = 8;
/// The longest word for a kind or a feature, in characters.
pub const MAX_KIND: usize = 32;
/// How far in the future a revision may lie, in milliseconds: ten minutes.
pub const MAX_FUTURE_MS: u64 = 10 * 60 * 1000;
/// The longest title of a listing, in characters.
pub const MAX_TITLE: usize = 120;
/// The longest text of a listing, in characters.
pub const MAX_TEXT: usize = 2000;
/// The longest category of a listing, in characters.
pub const MAX_CATEGORY: usize = 60;
/// The most photos of one listing.
pub const MAX_PHOTOS: usize = 4;
/// The largest photo, in bytes.
pub const MAX_PHOTO: u32 = 200 * 1024;
/// The largest thumbnail, in bytes.
pub const MAX_THUMB: u32 = 12 * 1024;
/// The longest line about what can be seen on a photo, in characters.
pub const MAX_ALT: usize = 120;
/// The largest count of one listing.
pub const MAX_COUNT: u32 = 100_000;
/// The greatest weight of one piece of a listing, in grams: ten tonnes.
pub const MAX_GRAMS: u32 = 10_000_000;
/// The most requests that one draw decides: their nonces fit into a body beside four photos and the longest
/// text in Latin letters.
pub const MAX_DRAW: usize = 200;
/// The longest pick-up code, in characters.
pub const MAX_CODE: usize = 32;
/// The most minutes that one receipt may credit: 10,000 hours.
pub const MAX_MINUTES: u32 = 600_000;
/// The most minutes that a checkpoint may carry forward: a thousand years of every hour.
pub const MAX_BALANCE: u64 = 525_960_000;
/// The most stewards of a circle: the approvals of half of them and one more fit into a charter.
pub const MAX_STEWARDS: usize = 16;
/// The most vouches that a circle may ask of a newcomer.
pub const MAX_VOUCHES: u32 = 16;
/// The longest name of a member or circle, in characters.
pub const MAX_NAME: usize = 80;
/// The most languages, stewards or features that one record may list.
pub const MAX_LIST: usize = 32;
/// The sizes that a letter's content is padded to, in bytes.
pub const LETTER_SIZES: [usize; 3] = [256, 1024, 4096];
/// The most bits that a letter tells of whom it is for.
pub const MAX_HINT_BITS: u8 = 16;
/// The largest stance, in bytes: with its author's seal it fits into the largest letter.
pub const MAX_STANCE: usize = 3_200;
/// The most messages of one stance; together they have at most [`MAX_TEXT`] characters.
pub const MAX_MESSAGES: usize = 16;
/// The longest place, reason, note or thanks of a stance, in characters.
pub const MAX_WORDS: usize = 500;
