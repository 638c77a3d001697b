//! Every bound of the protocol, named once.

/// The version of the sync protocol.
pub const VERSION: u64 = 1;
/// The largest sync frame, in bytes.
pub const MAX_FRAME: usize = 64 * 1024;
/// The largest gossip message, in bytes: one record with its body.
pub const MAX_GOSSIP: usize = 16 * 1024;
/// How much of a frame what it brings may fill, in bytes; the rest is room for the frame's own fields.
pub const FRAME_ROOM: usize = 60 * 1024;
/// How much of a frame records or a comparison fill, in bytes. Less than is allowed: over a slow link every frame
/// arrives before the session counts as idle, and a link that breaks loses little.
pub const PORTION: usize = 16 * 1024;
/// How many records are asked for at once…
pub const WINDOW: usize = 128;
/// …how many such questions are out at a time, so that the link need not wait for the next one…
pub const WINDOWS: usize = 2;
/// …and how many bytes of records answer one; what does not fit is asked for again.
pub const ANSWER_ROOM: usize = 64 * 1024;
/// How long a peer is not asked for the same bodies again, in milliseconds: twice as long each time…
pub const BODY_AGAIN_MS: u64 = 60 * 1000;
/// …up to an hour.
pub const MAX_BODY_AGAIN_MS: u64 = 60 * 60 * 1000;
/// How many ids are offered at once; at most 9 bytes each.
pub const OFFER: usize = 4_096;
/// How many ids are known to be lacking before they are asked for and the comparison goes on: more than one author
/// may have, so that others are among them and take turns.
pub const GATHERED: usize = 4_096;
/// How many records a range holds at most of which the ids are listed; larger ones are split…
pub const LISTED: usize = 64;
/// …into so many, or less.
pub const SPLIT: usize = 16;
/// How many ranges one message of a comparison has; at most 28 bytes each, without ids.
pub const PIECES: usize = 512;
/// How many days are compared in one frame; at most 43 bytes each.
pub const DAYS_IN_FRAME: usize = 1_300;
/// How many days are compared in one session: 100 years.
pub const MAX_DAYS: usize = 36_500;
/// How many messages one side sends to find what differs in one group; the next session goes on.
pub const MAX_ROUNDS: u32 = 256;
/// How many ids of refused records are remembered for a circle, so that they are not asked for again.
pub const MAX_REFUSED: usize = 20_000;
/// How many of the records that came last are remembered for the sessions of a circle.
pub const RECENT: usize = 4_096;
/// How many read secrets of one circle a node holds: the one in use and those before it.
pub const MAX_SECRETS: usize = 8;
/// For how many of them a hello brings a proof.
pub const MAX_PROOFS: usize = 4;
/// The longest seal in a frame, in bytes: a grant with its body, and a signature.
pub const MAX_SEAL: usize = 10 * 1024;
/// How many records prove a new read secret, at most: charters, the steward's grants, the rotation.
pub const MAX_EVIDENCE: usize = 64;
/// How many records a part of a bundle holds.
pub const BUNDLE_RECORDS: usize = 256;
/// How many circles a node names to a peer that asks.
pub const MAX_CIRCLES: usize = 16;
/// How many circles of peers a node remembers.
pub const MAX_NEARBY: usize = 256;

/// With this many peers a node asks for no more.
pub const ENOUGH_PEERS: usize = 8;
/// How often it asks a peer for others until then, in milliseconds.
pub const ASK_PEERS_MS: u64 = 10 * 60 * 1000;
/// How many addresses a node tells at once, and keeps of one peer.
pub const MAX_TOLD: usize = 32;
/// See [`MAX_TOLD`].
pub const MAX_ADDRESSES: usize = 4;
/// The longest address, in bytes of its text: one in IPv6 behind a relay has 190.
pub const MAX_ADDRESS: usize = 256;

/// A session without a frame for this long is closed, in milliseconds.
pub const SESSION_IDLE_MS: u64 = 30_000;
/// Sessions that one peer may have opened at a time.
pub const MAX_INBOUND_SESSIONS: usize = 8;
/// How often a peer may say hello for a circle in a burst…
pub const HELLO_BURST: u64 = 30;
/// …and after it once in so many milliseconds: twice as often as honest peers do at most.
pub const HELLO_MS: u64 = 500;
/// Rounds that a node has under way with one peer at a time. Less than half of what the peer allows, since
/// the peer may hear of an end later than of the next beginning.
pub const MAX_ROUNDS_AT_ONCE: usize = 3;
/// The shortest time between two rounds with a peer whatever gossip says, in milliseconds.
pub const ROUND_MS: u64 = 30_000;
/// How much later the next round may be, by chance, in milliseconds.
pub const ROUND_JITTER_MS: u64 = 30_000;
/// How long after the first round with a peer the second one begins, in milliseconds: gossip's mesh of a new
/// link is not there before its first heartbeat (5 s), and what is told meanwhile goes past it.
pub const SETTLE_MS: u64 = 8_000;
/// How long news that gossip does not carry are gathered before the next round, in milliseconds.
pub const NEWS_MS: u64 = 1_000;
/// How often a round is put off for [`NEWS_MS`] in a row, while another peer brings records of the circle.
pub const MAX_WAITS: u32 = 12;
/// How long a node leaves it to the peer (the one with the lower name) to begin, in milliseconds.
pub const POLITE_MS: u64 = 3_000;

/// How many records written at once are told by gossip; more than that go by reconciliation.
pub const GOSSIP_BURST: usize = 16;
/// How many records of one author a node passes on in a burst…
pub const AUTHOR_BURST: u64 = 60;
/// …and after it one in so many milliseconds.
pub const AUTHOR_MS: u64 = 2_000;
/// How many authors' budgets are remembered.
pub const MAX_BUDGETS: usize = 10_000;

/// How long gossip waits for what it is judged by, in milliseconds: gossip keeps messages for three heartbeats.
pub const UNDECIDED_MS: u64 = 3_000;
/// How many messages wait at a time.
pub const MAX_UNDECIDED: usize = 256;

/// A record that is known already is passed on if it is no older than this, in milliseconds: it may have come
/// by reconciliation first. As long as gossip remembers messages: what is older was told before, and somebody
/// tells it again.
pub const NEWS_AGE_MS: u64 = 2 * 60 * 1_000;
/// How long a record is kept after its end, in milliseconds. Sessions leave it out from its end on, and both
/// sides of one that began before still have it.
pub const LINGER_MS: u64 = 60_000;

/// The largest blob that is asked for, in bytes.
pub const MAX_BLOB: u32 = 256 * 1024;
/// How many bytes of it one frame brings, at most.
pub const BLOB_PART: u32 = 60 * 1024;
/// How many blobs are fetched at a time; from one peer one.
pub const MAX_FETCHES: usize = 4;
/// How long the answer to a question for a part is waited for, in milliseconds.
pub const BLOB_WAIT_MS: u64 = 20_000;
/// How many wanted blobs one search for the next looks at.
pub const BLOB_SCAN: usize = 256;
/// How many beginnings of blobs are kept while nobody goes on with them.
pub const MAX_BEGUN: usize = 8;
/// How many photos that somebody looks at are fetched before all else…
pub const MAX_LOOKED_AT: usize = 64;
/// …and for how long, in milliseconds.
pub const LOOKED_AT_MS: u64 = 60_000;
/// How long a peer that lacks a blob is not asked for it again, in milliseconds: twice as long each time…
pub const BLOB_LACKING_MS: u64 = 2_000;
/// …up to an hour.
pub const MAX_BLOB_LACKING_MS: u64 = 60 * 60_000;
/// The same for one with which it broke off.
pub const BLOB_BROKEN_MS: u64 = 5_000;
/// Blob sessions that one peer may have opened at a time. It needs one, and may hear late that another ended.
pub const MAX_BLOB_SESSIONS: usize = 3;
/// A full part takes so much of what a peer may be given, in milliseconds: 240 KiB a second…
pub const PART_COST_MS: u64 = 250;
/// …each question this…
pub const ASK_COST_MS: u64 = 10;
/// …and so much it may be given at once: 64 parts, 3.75 MiB.
pub const SERVE_BURST_MS: u64 = 16_000;

/// A peer with this many points is banned.
pub const BAN_POINTS: u32 = 100;
/// One point is forgiven in so many milliseconds.
pub const FORGIVE_MS: u64 = 60_000;

/// The version of bundles.
pub const BUNDLE_VERSION: u64 = 1;
/// The largest bundle that is read, in bytes: 100,000 records of the largest size.
pub const MAX_BUNDLE: u64 = 1 << 30;
