//! Every bound of the protocol, named once.

/// The largest sync frame, in bytes.
pub const MAX_FRAME: usize = 64 * 1024;
/// The largest gossip message, in bytes: one record with its body.
pub const MAX_GOSSIP: usize = 16 * 1024;
