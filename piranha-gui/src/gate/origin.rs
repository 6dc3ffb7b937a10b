//! Whether a POST comes from a page of ours (specification gui.md 10, F2). The token decides; what browsers say besides can
//! only refuse.

use axum::http::{HeaderMap, HeaderName, header};

/// Whether a browser says that another site sent this.
pub(crate) fn is_foreign(headers: &HeaderMap) -> bool {
    let host = value(headers, &header::HOST).unwrap_or_default();
    let site = value(headers, &HeaderName::from_static("sec-fetch-site"));
    // `null` is what browsers send for our own forms, because of `Referrer-Policy: no-referrer`.
    let origin = value(headers, &header::ORIGIN).filter(|origin| *origin != "null");
    let referer = value(headers, &header::REFERER);
    site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
        || [origin, referer].into_iter().flatten().any(|url| !is_at(url, host))
}

/// Whether a URL names this host, as the request itself names it: behind an ssh forwarding that is another name and port.
fn is_at(url: &str, host: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    let bare = |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
    !host.is_empty() && bare(authority) == bare(host)
}

/// A header that cannot be read as text is taken for one of somebody else.
fn value<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foreign(lines: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert("host", "router:3636".parse().unwrap());
        for (name, value) in lines {
            headers.insert(*name, value.parse().unwrap());
        }
        is_foreign(&headers)
    }

    #[test]
    fn only_what_another_site_sends_is_foreign() {
        for own in [
            &[][..],
            &[("origin", "http://router:3636")],
            &[("origin", "http://ROUTER:3636"), ("sec-fetch-site", "same-origin")],
            &[("origin", "null")],
            &[("sec-fetch-site", "none")],
            &[("referer", "https://router:3636/secure/control.php?rate=10")],
            &[("host", "localhost:8080"), ("origin", "http://localhost:8080")],
            &[("host", "router"), ("origin", "http://router:80")],
        ] {
            assert!(!foreign(own), "{own:?}");
        }
        for other in [
            &[("origin", "http://elsewhere")][..],
            &[("origin", "http://router")],
            &[("origin", "http://router:3636.elsewhere")],
            &[("origin", "http://elsewhere/router:3636")],
            &[("origin", "router:3636")],
            &[("origin", "")],
            &[("origin", "null"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("referer", "http://elsewhere/?http://router:3636/")],
            &[("host", ""), ("origin", "http://")],
        ] {
            assert!(foreign(other), "{other:?}");
        }
    }
}
