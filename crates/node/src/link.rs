//! The link with which a node joins a circle: its id, where nodes are that keep it, and what opens it.

use std::fmt;
use std::str::FromStr;

use net::Address;
use record::{CircleId, ReadSecret};

use crate::error::NodeError;
use crate::secrets;

/// `commonshelf:ID?secret=HEX&peer=ADDRESS&peer=ADDRESS`; an id alone is a link without addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircleLink {
    /// The circle.
    pub circle: CircleId,
    /// The read secret of a circle that only members read: whoever has the link can read it.
    pub secret: Option<ReadSecret>,
    /// Nodes that keep it.
    pub peers: Vec<Address>,
}

const SCHEME: &str = "commonshelf:";
/// How many addresses of a link are used.
const MAX_PEERS: usize = 16;

impl FromStr for CircleLink {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, NodeError> {
        let shown: String = text.chars().take(60).collect();
        let wrong = |_| {
            NodeError::Invalid(format!(
                "\"{shown}\" is neither `nearby` nor a circle's id (bafyrei…) nor a link (commonshelf:…)"
            ))
        };
        let rest = text.trim().strip_prefix(SCHEME).unwrap_or(text.trim());
        let (id, query) = rest.split_once('?').unwrap_or((rest, ""));
        let circle = id.parse().map_err(wrong)?;
        let secret = query.split('&').find_map(|pair| pair.strip_prefix("secret="));
        let secret = secret.map(|text| {
            let cut = || NodeError::Invalid("the link is not whole: copy all of it".to_owned());
            secrets::from_text(text).ok_or_else(cut)
        });
        let addresses = query.split('&').filter_map(|pair| pair.strip_prefix("peer="));
        let peers = addresses
            .take(MAX_PEERS)
            .map(|address| {
                address.parse().map_err(|error: net::AddressError| NodeError::Invalid(error.to_string()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { circle, secret: secret.transpose()?, peers })
    }
}

impl fmt::Display for CircleLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.circle)?;
        let mut mark = '?';
        if let Some(secret) = &self.secret {
            write!(f, "{mark}secret={}", *secrets::to_text(secret))?;
            mark = '&';
        }
        for peer in &self.peers {
            write!(f, "{mark}peer={peer}")?;
            mark = '&';
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_survives_its_text() {
        let circle = CircleId::from_bytes([7; 32]);
        let peers =
            vec!["/ip4/192.168.1.5/tcp/7378".parse().unwrap(), "/ip6/fe80::1/udp/1/quic-v1".parse().unwrap()];
        for peers in [Vec::new(), peers] {
            for secret in [None, Some(ReadSecret::from_bytes([9; 32]))] {
                let link = CircleLink { circle, secret, peers: peers.clone() };
                assert_eq!(link.to_string().parse::<CircleLink>().unwrap(), link);
            }
        }
        assert_eq!(circle.to_string().parse::<CircleLink>().unwrap().circle, circle);
    }

    #[test]
    fn other_texts_are_no_links() {
        let half = format!("{}?secret=00ff", CircleId::from_bytes([7; 32]));
        for text in ["", "Gartenstraße", "commonshelf:", "commonshelf:bafy?peer=x", "http://x", &half] {
            assert!(text.parse::<CircleLink>().is_err(), "{text}");
        }
    }
}
