//! What telephones and computers ask to find out whether a Wi-Fi leads to the internet.
//!
//! Where none is, they leave it again. A network without internet whose name server sends these names here, as
//! `docs/operating.md` says, keeps them. The answers are the same for everybody and tell nothing of the node.

use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

/// A question, as one maker's devices ask it: to which hosts, for what, and what they want to hear.
struct Probe {
    hosts: &'static [&'static str],
    path: &'static str,
    status: StatusCode,
    kind: &'static str,
    answer: &'static str,
}

const PROBES: [Probe; 5] = [
    // Android and Chrome.
    Probe {
        hosts: &[
            "connectivitycheck.gstatic.com",
            "connectivitycheck.android.com",
            "clients3.google.com",
            "www.google.com",
        ],
        path: "/generate_204",
        status: StatusCode::NO_CONTENT,
        kind: "text/plain",
        answer: "",
    },
    // iOS and macOS.
    Probe {
        hosts: &["captive.apple.com", "www.apple.com"],
        path: "/hotspot-detect.html",
        status: StatusCode::OK,
        kind: "text/html",
        answer: "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>",
    },
    // Windows.
    Probe {
        hosts: &["www.msftconnecttest.com"],
        path: "/connecttest.txt",
        status: StatusCode::OK,
        kind: "text/plain",
        answer: "Microsoft Connect Test",
    },
    // Firefox.
    Probe {
        hosts: &["detectportal.firefox.com"],
        path: "/success.txt",
        status: StatusCode::OK,
        kind: "text/plain",
        answer: "success\n",
    },
    // GNOME.
    Probe {
        hosts: &["nmcheck.gnome.org"],
        path: "/check_network_status.txt",
        status: StatusCode::OK,
        kind: "text/plain",
        answer: "NetworkManager is online\n",
    },
];

/// The answer to such a question; none to any other.
pub(crate) fn answer(method: &Method, host: Option<&str>, path: &str) -> Option<Response> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let host = host?;
    let host = host.strip_suffix(":80").unwrap_or(host);
    let is_asked = |probe: &&Probe| {
        probe.path == path && probe.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    };
    let probe = PROBES.iter().find(is_asked)?;
    let mut about = HeaderMap::new();
    about.insert(header::CONTENT_TYPE, header::HeaderValue::from_static(probe.kind));
    Some((probe.status, about, probe.answer).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(host: &str, path: &str) -> Option<u16> {
        answer(&Method::GET, Some(host), path).map(|answer| answer.status().as_u16())
    }

    #[test]
    fn devices_hear_what_they_want_and_nobody_hears_more() {
        assert_eq!(status("connectivitycheck.gstatic.com", "/generate_204"), Some(204));
        assert_eq!(status("Captive.Apple.com:80", "/hotspot-detect.html"), Some(200));
        assert_eq!(status("www.msftconnecttest.com", "/connecttest.txt"), Some(200));
        for (host, path) in [
            ("captive.apple.com", "/"),
            ("captive.apple.com", "/api/v1/status"),
            ("captive.apple.com:7377", "/hotspot-detect.html"),
            ("captive.apple.com.evil.com", "/hotspot-detect.html"),
            ("evil.com", "/generate_204"),
        ] {
            assert_eq!(status(host, path), None, "{host}{path}");
        }
        assert!(answer(&Method::POST, Some("captive.apple.com"), "/hotspot-detect.html").is_none());
        assert!(answer(&Method::GET, None, "/generate_204").is_none());
    }
}
