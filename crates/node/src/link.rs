//! The link with which a node joins a circle: its id and name, what opens it, and where nodes are that keep it.

use std::fmt;
use std::str::FromStr;

use net::Address;
use protocol::Token;
use protocol::limits::MAX_ADDRESS;
use record::limits::MAX_NAME;
use record::{CircleId, ReadSecret};

use crate::error::NodeError;
use crate::percent;
use crate::secrets;
use crate::tokens::{read_token, token_text};

/// `commonshelf:ID?name=NAME&secret=HEX&token=HEX&peer=ADDRESS&peer=ADDRESS`; an id alone is a link, too. What a link says
/// beside that is for later versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CircleLink {
    /// The circle.
    pub circle: CircleId,
    /// What the link calls it. Only its charter says what it is called.
    pub name: Option<String>,
    /// The read secret of a circle that only members read: whoever has the link can read it.
    pub secret: Option<ReadSecret>,
    /// What lets the first who shows it to the node that gave it into a circle whose stewards take members in.
    pub token: Option<Token>,
    /// Nodes that keep it.
    pub peers: Vec<Address>,
}

const SCHEME: &str = "commonshelf:";
/// The longest link, in bytes.
const MAX_LINK: usize = 2 * 1024;
/// How many addresses an invitation tells: each makes its QR code larger.
const MOST_TOLD: usize = 3;
/// How many addresses of a link are used.
const MAX_PEERS: usize = 4;

impl FromStr for CircleLink {
    type Err = NodeError;

    fn from_str(text: &str) -> Result<Self, NodeError> {
        let shown: String = text.chars().take(60).collect();
        let wrong = |_| {
            NodeError::Invalid(format!(
                "\"{shown}\" is neither `nearby` nor a circle's id (bafyrei…) nor a link (commonshelf:…)"
            ))
        };
        let text = text.trim();
        if text.len() > MAX_LINK {
            return Err(NodeError::Invalid(format!(
                "the link has {} bytes, and none has more than {MAX_LINK}: copy it again",
                text.len()
            )));
        }
        let rest = text.strip_prefix(SCHEME).unwrap_or(text);
        let (id, query) = rest.split_once('?').unwrap_or((rest, ""));
        let circle = id.parse().map_err(wrong)?;
        let secret = query.split('&').find_map(|pair| pair.strip_prefix("secret="));
        let cut = || NodeError::Invalid("the link is not whole: copy all of it".to_owned());
        let secret = secret.map(|text| secrets::from_text(text).ok_or_else(cut));
        let token = query.split('&').find_map(|pair| pair.strip_prefix("token="));
        let token = token.map(|text| read_token(text).ok_or_else(cut));
        let name = query.split('&').find_map(|pair| pair.strip_prefix("name=")).and_then(percent::decoded);
        let name = name.map(|name| record::tidy_line(&name));
        let name = name.filter(|name| (1..=MAX_NAME).contains(&name.chars().count()));
        // A later version may know addresses that this one can not dial: the others are enough.
        let (mut peers, mut unknown) = (Vec::new(), None);
        for address in query.split('&').filter_map(|pair| pair.strip_prefix("peer=")) {
            match address.parse::<Address>() {
                Ok(address) if address.to_string().len() <= MAX_ADDRESS => peers.push(address),
                Ok(_) => {}
                Err(error) => unknown = unknown.or(Some(error)),
            }
        }
        peers.truncate(MAX_PEERS);
        match unknown {
            Some(error) if peers.is_empty() => Err(NodeError::Invalid(error.to_string())),
            Some(_) | None => {
                Ok(Self { circle, name, secret: secret.transpose()?, token: token.transpose()?, peers })
            }
        }
    }
}

impl fmt::Display for CircleLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.circle)?;
        let mut mark = '?';
        if let Some(name) = &self.name {
            write!(f, "{mark}name={}", percent::encoded(name))?;
            mark = '&';
        }
        if let Some(secret) = &self.secret {
            write!(f, "{mark}secret={}", *secrets::to_text(secret))?;
            mark = '&';
        }
        if let Some(token) = &self.token {
            write!(f, "{mark}token={}", token_text(token))?;
            mark = '&';
        }
        for peer in &self.peers {
            write!(f, "{mark}peer={peer}")?;
            mark = '&';
        }
        Ok(())
    }
}

/// Of all addresses of a node a few that lead to it from furthest away, one of each of the machine's IP addresses.
/// What leads there from this machine or link alone is among them if there is nothing else.
pub(crate) fn most_useful(addresses: &[Address]) -> Vec<Address> {
    let ip = |address: &Address| address.socket().ip();
    let near = |address: &Address| (ip(address).is_loopback(), address.is_link_local());
    let mut all: Vec<&Address> = addresses.iter().filter(|address| !ip(address).is_unspecified()).collect();
    all.sort_by_key(|address| (near(address), ip(address).is_ipv6(), address.carrier()));
    let furthest = all.first().map(|address| near(address));
    let mut told: Vec<Address> = Vec::new();
    for address in all.into_iter().filter(|address| Some(near(address)) == furthest) {
        if told.len() < MOST_TOLD && told.iter().all(|other| ip(other) != ip(address)) {
            told.push(address.clone());
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CIRCLE: CircleId = CircleId::from_bytes([7; 32]);

    fn link(query: &str) -> CircleLink {
        format!("commonshelf:{CIRCLE}{query}").parse().unwrap()
    }

    #[test]
    fn a_link_survives_its_text() {
        let peers =
            vec!["/ip4/192.168.1.5/tcp/7378".parse().unwrap(), "/ip6/fe80::1/udp/1/quic-v1".parse().unwrap()];
        for peers in [Vec::new(), peers] {
            for name in [None, Some("Gartenstraße & mehr?".to_owned()), Some("庭".repeat(80))] {
                let secret = name.as_ref().map(|_| ReadSecret::from_bytes([9; 32]));
                let token = secret.as_ref().map(|_| Token::from_bytes([8; 16]));
                let link = CircleLink { circle: CIRCLE, name, secret, token, peers: peers.clone() };
                assert_eq!(link.to_string().parse::<CircleLink>().unwrap(), link);
            }
        }
        assert_eq!(CIRCLE.to_string().parse::<CircleLink>().unwrap().circle, CIRCLE);
    }

    #[test]
    fn other_texts_are_no_links() {
        let half = format!("{CIRCLE}?secret=00ff");
        let half_token = format!("{CIRCLE}?token=00");
        let long = format!("commonshelf:{CIRCLE}?{}", "x".repeat(2_000));
        for text in [
            "",
            "Gartenstraße",
            "commonshelf:",
            "commonshelf:bafy?peer=x",
            "http://x",
            &half,
            &half_token,
            &long,
        ] {
            assert!(text.parse::<CircleLink>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_invitation_tells_the_addresses_that_lead_here_from_afar() {
        let told = |texts: &[&str]| -> Vec<String> {
            let all: Vec<Address> = texts.iter().map(|text| text.parse().unwrap()).collect();
            most_useful(&all).iter().map(ToString::to_string).collect()
        };
        let loopback = ["/ip4/127.0.0.1/udp/1/quic-v1", "/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"];
        assert_eq!(told(&loopback), ["/ip4/127.0.0.1/tcp/1", "/ip6/::1/tcp/1"]);
        let near = [&loopback[..], &["/ip6/fe80::1/tcp/1", "/ip4/0.0.0.0/tcp/1"]].concat();
        assert_eq!(told(&near), ["/ip6/fe80::1/tcp/1"]);
        let far = ["/ip6/fd00::7/tcp/1", "/ip4/10.0.0.7/udp/1/quic-v1", "/ip4/10.0.0.7/tcp/1"];
        assert_eq!(told(&[&near[..], &far].concat()), ["/ip4/10.0.0.7/tcp/1", "/ip6/fd00::7/tcp/1"]);
        let many =
            ["/ip4/10.0.0.1/tcp/1", "/ip4/10.0.0.2/tcp/1", "/ip4/10.0.0.3/tcp/1", "/ip4/10.0.0.4/tcp/1"];
        assert_eq!(told(&many).len(), MOST_TOLD);
    }

    #[test]
    fn what_a_later_version_says_is_passed_over() {
        let known = "/ip4/192.168.1.5/tcp/7378";
        let later =
            link(&format!("?colour=red&peer=/dns4/x.org/tcp/1&peer={known}&x&=&&name=Hof&name=Other"));
        assert_eq!(later.peers, [known.parse().unwrap()]);
        assert_eq!(later.name.as_deref(), Some("Hof"));
        let unknown = format!("{CIRCLE}?peer=/dns4/x.org/tcp/1").parse::<CircleLink>().unwrap_err();
        assert!(unknown.to_string().contains("names are not looked up"), "{unknown}");
    }

    #[test]
    fn a_name_shows_what_it_says_or_is_left_out() {
        assert_eq!(link("?name=a%E2%80%AEb%00%0Ac").name.as_deref(), Some("ab c"));
        for query in ["?name=", "?name=%20", "?name=%", "?name=%ff", &format!("?name={}", "x".repeat(81))] {
            assert_eq!(link(query).name, None, "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_link_breaks_anything_and_each_that_is_taken_survives_its_text(
            parts in prop::collection::vec("name=[^&]{0,90}|peer=/ip[46]/[0-9a-f.:]{1,20}/tcp/[0-9]{1,5}|.{0,30}", 0..12),
        ) {
            let text = format!("commonshelf:{CIRCLE}?{}", parts.join("&"));
            if let Ok(link) = text.parse::<CircleLink>() {
                prop_assert!(link.peers.len() <= MAX_PEERS);
                let again = link.to_string();
                prop_assert!(again.len() <= MAX_LINK);
                prop_assert_eq!(again.parse::<CircleLink>().ok(), Some(link));
            }
        }
    }
}
