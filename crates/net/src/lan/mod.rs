//! The local network as neighbours see it: this machine's addresses, and a name that answers there.
//!
//! libp2p's mDNS answers for nodes alone, in names that nobody types. A browser needs `gartenstrasse.local`, so
//! [`hold`] is a small responder (RFC 6762) for the addresses of one name: it asks whether somebody has the name
//! already, says that it is ours, and answers on each interface with the addresses of that interface. Nothing is
//! sent before it is called. It shares mDNS's port with libp2p and with the system's own responder.
//!
//! **Invariants:** no packet panics it; a name that somebody else holds is left to them; what is sent is bounded
//! for each interface, and is sent to nobody who is not on that link.

mod claim;
mod hostname;
mod interfaces;
mod lookup;
mod packet;
mod responder;
mod socket;

pub use hostname::{HostName, HostNameError};
pub use interfaces::{Interface, interfaces};
pub use lookup::look_up;
pub use responder::{Standing, hold};
