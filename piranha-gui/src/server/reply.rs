//! Answers as HTTP, with the headers that keep other sites and curious browsers out (specification gui.md 2 and 10).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, Uri, header};

use crate::answer::Answer;
use crate::live::metrics;
use crate::refusal::Refusal;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
/// On everything.
const ALWAYS: [(HeaderName, &str); 4] = [
    (header::CONTENT_SECURITY_POLICY, POLICY),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
];
/// On what may be another thing the next time; the last two for the browsers of that time.
const NEVER_KEPT: [(HeaderName, &str); 3] = [
    (header::CACHE_CONTROL, "no-store"),
    (header::EXPIRES, "Thu, 01 Jan 1970 00:00:00 GMT"),
    (header::PRAGMA, "no-cache"),
];
/// For what has its content in its address.
const KEPT: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
/// For pictures.
const KEPT_A_DAY: [(HeaderName, &str); 1] = [(header::CACHE_CONTROL, "public, max-age=86400")];

/// What a page answers.
pub(crate) fn of_answer(answer: Answer) -> Response<Body> {
    match answer {
        Answer::Page { status, html, refresh } => {
            let mut response = never_kept(status, "text/html; charset=utf-8", html);
            if let Some(refresh) = refresh.and_then(|refresh| HeaderValue::try_from(refresh).ok()) {
                response.headers_mut().insert(header::REFRESH, refresh);
            }
            response
        }
        Answer::Data { content_type, body } => never_kept(StatusCode::OK, content_type, body),
        Answer::Metrics(facts) => {
            response(StatusCode::OK, metrics::CONTENT_TYPE, Body::new(facts.pieces()), &NEVER_KEPT)
        }
        Answer::See(location) => leading_to(StatusCode::SEE_OTHER, &location),
    }
}

/// What is answered instead.
pub(crate) fn of_refusal(refusal: &Refusal, style: &str, client: std::net::IpAddr) -> Response<Body> {
    let html = refusal.html(style, client);
    let mut response = never_kept(refusal.status(), "text/html; charset=utf-8", html);
    let more = match refusal {
        Refusal::Login { realm, .. } => {
            let realm: String = realm.chars().filter(|&c| c != '"' && c != '\\' && !c.is_control()).collect();
            Some((header::WWW_AUTHENTICATE, format!("Basic realm=\"{realm}\", charset=\"UTF-8\"")))
        }
        Refusal::TooManyTries { seconds } => Some((header::RETRY_AFTER, seconds.to_string())),
        Refusal::Busy => Some((header::RETRY_AFTER, "2".to_owned())),
        Refusal::Method { post } => {
            Some((header::ALLOW, if *post { "GET, HEAD, POST" } else { "GET, HEAD" }.to_owned()))
        }
        _ => None,
    };
    if let Some((name, value)) =
        more.and_then(|(name, value)| Some((name, HeaderValue::try_from(value).ok()?)))
    {
        response.headers_mut().insert(name, value);
    }
    response
}

/// The style sheet.
pub(crate) fn for_ever(kind: &'static str, body: &'static str) -> Response<Body> {
    response(StatusCode::OK, kind, body.into(), &KEPT)
}

/// A picture.
pub(crate) fn for_a_day(kind: &'static str, body: &'static str) -> Response<Body> {
    response(StatusCode::OK, kind, body.into(), &KEPT_A_DAY)
}

/// To the same address, encrypted. A request that does not say which host it means cannot be led anywhere.
pub(crate) fn encrypted_instead(headers: &HeaderMap, uri: &Uri) -> Response<Body> {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).filter(|host| is_host(host));
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    match host {
        Some(host) if path.starts_with('/') => {
            leading_to(StatusCode::MOVED_PERMANENTLY, &format!("https://{host}{path}"))
        }
        _ => never_kept(
            StatusCode::BAD_REQUEST,
            "text/plain",
            "This port is encrypted: use https.\n".to_owned(),
        ),
    }
}

fn is_host(host: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']');
    !host.is_empty() && host.bytes().all(allowed)
}

fn leading_to(status: StatusCode, location: &str) -> Response<Body> {
    let mut response = never_kept(status, "text/plain", String::new());
    if let Ok(location) = HeaderValue::try_from(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn never_kept(status: StatusCode, kind: &'static str, body: String) -> Response<Body> {
    response(status, kind, body.into(), &NEVER_KEPT)
}

fn response(
    status: StatusCode,
    kind: &'static str,
    body: Body,
    more: &[(HeaderName, &'static str)],
) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in ALWAYS.iter().chain(more) {
        headers.insert(name.clone(), HeaderValue::from_static(value));
    }
    response
}
