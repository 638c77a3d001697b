//! Who may do what: the names this node answers to, the API's token, the forms' token.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::{HeaderMap, header};
use sha2::{Digest as _, Sha256};

use crate::reach::Reach;

/// What lets a request in.
#[derive(Clone)]
pub struct Access {
    /// By which names the pages are reached; any other one is refused.
    pub reach: Reach,
    /// Whether devices that ask here if there is internet are told so.
    pub captive: bool,
    /// The token that writing through the API needs.
    pub token: String,
}

// Why: a token must not end up in a log by way of `{:?}`.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access").field("reach", &self.reach).finish_non_exhaustive()
    }
}

/// The values of `Host` with which a browser reaches this address.
#[must_use]
pub fn hosts_for(addr: SocketAddr) -> Vec<String> {
    let port = addr.port();
    let mut names = vec!["127.0.0.1".to_owned(), "localhost".to_owned(), "[::1]".to_owned()];
    if !addr.ip().is_loopback() {
        names.push(match addr.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        });
    } else if addr.ip() != IpAddr::V4(Ipv4Addr::LOCALHOST) && addr.is_ipv4() {
        // 127.0.0.2 and the rest of that block.
        names.push(addr.ip().to_string());
    }
    let mut hosts: Vec<String> = names.iter().map(|name| format!("{name}:{port}")).collect();
    if port == 80 {
        // Browsers leave this port out.
        hosts.extend(names);
    }
    hosts
}

impl Access {
    /// Whether a value of `Host` is one of ours.
    pub(crate) fn knows_host(&self, host: &str) -> bool {
        self.reach.knows(host)
    }

    /// Whether a value of `Origin` is one of ours.
    pub(crate) fn knows_origin(&self, origin: &str) -> bool {
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(|host| self.knows_host(host))
    }

    /// Whether a request carries `Authorization: Bearer TOKEN`.
    pub(crate) fn may_write(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return false };
        let Some((scheme, token)) = value.to_str().ok().and_then(|value| value.split_once(' ')) else {
            return false;
        };
        scheme.eq_ignore_ascii_case("bearer") && !self.token.is_empty() && same(token.trim(), &self.token)
    }

    /// The token that every form of this node carries. It follows from the API's token without telling
    /// it, so that a form that was open while the node was restarted can still be sent.
    pub(crate) fn form_token(&self) -> String {
        self.derived("form")
    }

    /// The token that the forms for people without an account carry: it is good for nothing else.
    pub(crate) fn guest_token(&self) -> String {
        self.derived("guest")
    }

    /// What opens the member's feed. It follows from the API's token without telling it.
    pub(crate) fn feed_key(&self) -> String {
        self.derived("feed")
    }

    /// What this node alone answers to a question of 32 hexadecimal digits.
    pub(crate) fn own_answer(&self, question: &str) -> String {
        self.derived(&format!("check/{question}"))
    }

    fn derived(&self, purpose: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("commonshelf/{purpose}/1\0"));
        hash.update(self.token.as_bytes());
        hex(&hash.finalize()[..16])
    }

    /// Whether this opens the member's feed.
    pub(crate) fn knows_feed(&self, key: &str) -> bool {
        !self.token.is_empty() && same(key, &self.feed_key())
    }

    /// Whether the form of somebody without an account carries the right token.
    pub(crate) fn knows_guest(&self, token: &str) -> bool {
        !self.token.is_empty() && same(token, &self.guest_token())
    }

    /// Whether a form carries the right token.
    pub(crate) fn knows_form(&self, token: &str) -> bool {
        !self.token.is_empty() && same(token, &self.form_token())
    }
}

/// Compares two secrets in a time that tells nothing about where they differ.
pub(crate) fn same(one: &str, other: &str) -> bool {
    let (one, other) = (Sha256::digest(one.as_bytes()), Sha256::digest(other.as_bytes()));
    one.iter().zip(other.iter()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        let hosts = hosts_for("127.0.0.1:7377".parse().unwrap());
        Access { reach: Reach::at(hosts), captive: false, token: "ab".repeat(32) }
    }

    #[test]
    fn a_loopback_address_has_three_names() {
        let loopback = hosts_for("127.0.0.1:7377".parse().unwrap());
        assert_eq!(loopback, ["127.0.0.1:7377", "localhost:7377", "[::1]:7377"]);
        let lan = hosts_for("192.168.1.5:80".parse().unwrap());
        assert!(lan.contains(&"192.168.1.5:80".to_owned()) && lan.contains(&"192.168.1.5".to_owned()));
        assert!(hosts_for("[fd00::1]:7377".parse().unwrap()).contains(&"[fd00::1]:7377".to_owned()));
    }

    #[test]
    fn names_that_only_look_like_ours_are_not_ours() {
        let access = access();
        assert!(access.knows_host("LocalHost:7377"));
        for host in [
            "",
            "localhost",
            "127.0.0.1",
            "127.0.0.1:7378",
            "127.0.0.1:07377",
            "127.evil.com:7377",
            "localhost.evil:7377",
            "127.0.0.1:7377.evil.com",
            "[::1%25lo]:7377",
            "evil@localhost:7377",
            " localhost:7377",
        ] {
            assert!(!access.knows_host(host), "{host}");
        }
        assert!(access.knows_origin("http://localhost:7377"));
        for origin in
            ["null", "", "localhost:7377", "ftp://localhost:7377", "http://evil", "http://localhost"]
        {
            assert!(!access.knows_origin(origin), "{origin}");
        }
    }

    #[test]
    fn only_the_whole_token_lets_write() {
        let access = access();
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            access.may_write(&headers)
        };
        assert!(with(&format!("Bearer {}", access.token)));
        assert!(with(&format!("bearer {}", access.token)));
        for wrong in ["", "Bearer", "Bearer ", "Bearer ab", &access.token, &format!("Basic {}", access.token)]
        {
            assert!(!with(wrong), "{wrong}");
        }
        assert!(!access.may_write(&HeaderMap::new()));
        let open = Access { token: String::new(), ..access };
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, "Bearer ".parse().unwrap());
        assert!(!open.may_write(&headers) && !open.knows_form(&open.form_token()));
    }

    #[test]
    fn neither_a_form_nor_a_log_tells_the_token() {
        let access = access();
        assert!(!access.form_token().contains("abab"));
        assert!(access.knows_form(&access.form_token()) && !access.knows_form(&access.token));
        assert!(access.knows_feed(&access.feed_key()) && !access.knows_feed(&access.form_token()));
        assert!(access.knows_guest(&access.guest_token()) && !access.knows_form(&access.guest_token()));
        assert!(!access.feed_key().contains("abab"));
        assert!(!format!("{access:?}").contains("abab"));
    }
}
