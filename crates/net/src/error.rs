//! Why the network did not start.

use crate::{Address, Carrier};

/// Why the network did not start. Each is one sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// Another program (perhaps another node) listens at the port.
    #[error(
        "port {port} is taken by another program: choose another with --p2p, such as --p2p {}",
        other(address)
    )]
    PortTaken {
        /// Where the node should have listened.
        address: Address,
        /// Its port.
        port: u16,
    },
    /// The system gives the port to privileged programs only.
    #[error(
        "port {port} needs special rights: choose one above 1023 with --p2p, such as --p2p {}",
        other(address)
    )]
    PortForbidden {
        /// Where the node should have listened.
        address: Address,
        /// Its port.
        port: u16,
    },
    /// The IP address is none of this machine's.
    #[error(
        "this machine has no address {}: choose one that it has with --p2p, or 0.0.0.0 for all that it \
         has",
        address.socket().ip()
    )]
    NoSuchAddress {
        /// Where the node should have listened.
        address: Address,
    },
    /// Listening failed for another reason.
    #[error("cannot listen at {address} ({reason}): choose another address with --p2p")]
    Listen {
        /// Where the node should have listened.
        address: Address,
        /// What the system says.
        reason: String,
    },
    /// libp2p refused the node's key or its configuration, which only a fault in this program explains.
    #[error("the network could not be set up ({reason}): please report this as a fault of commonshelf")]
    Setup {
        /// What libp2p says.
        reason: String,
    },
}

impl NetError {
    #[expect(clippy::needless_pass_by_value, reason = "so that `map_err` takes it as it is")]
    pub(crate) fn setup(reason: impl ToString) -> Self {
        Self::Setup { reason: reason.to_string() }
    }
}

/// The same address with a port that the system chooses: it always works.
fn other(address: &Address) -> String {
    let family = if address.socket().is_ipv4() { "ip4" } else { "ip6" };
    let ip = address.socket().ip();
    match address.carrier() {
        Carrier::Tcp => format!("/{family}/{ip}/tcp/0"),
        Carrier::Quic => format!("/{family}/{ip}/udp/0/quic-v1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_is_one_sentence_with_a_remedy() {
        let address: Address = "/ip4/0.0.0.0/tcp/7378".parse().unwrap();
        let quic: Address = "/ip6/::/udp/80/quic-v1".parse().unwrap();
        for (error, text) in [
            (
                NetError::PortTaken { address: address.clone(), port: 7378 },
                "port 7378 is taken by another program: choose another with --p2p, such as --p2p \
                 /ip4/0.0.0.0/tcp/0",
            ),
            (
                NetError::PortForbidden { address: quic, port: 80 },
                "port 80 needs special rights: choose one above 1023 with --p2p, such as --p2p \
                 /ip6/::/udp/0/quic-v1",
            ),
            (
                NetError::NoSuchAddress { address },
                "this machine has no address 0.0.0.0: choose one that it has with --p2p, or 0.0.0.0 for \
                 all that it has",
            ),
        ] {
            assert_eq!(error.to_string(), text);
        }
    }
}
