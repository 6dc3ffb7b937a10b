//! From an HTTP request to what a page is asked.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method as Verb, header};
use tokio::time::timeout;

use crate::asked::{Asked, Client, Method};
use crate::form::Parameters;
use crate::page::Page;
use crate::refusal::Refusal;

/// The longest body of a request, in bytes.
const LONGEST_BODY: usize = 256 * 1024;
/// It arrives within this time.
const PATIENCE: Duration = Duration::from_secs(20);
const FORM: &str = "application/x-www-form-urlencoded";

/// How a page is asked, if it may be asked so.
pub(crate) fn method(verb: &Verb, page: Page) -> Result<Method, Refusal> {
    let post = page.is_secure() && !page.is_readable();
    match *verb {
        Verb::GET | Verb::HEAD => Ok(Method::Get),
        Verb::POST if post => Ok(Method::Post),
        _ => Err(Refusal::Method { post }),
    }
}

/// With all its parameters.
///
/// # Errors
///
/// The body is no form, too long, or too slow.
pub(crate) async fn asked(
    page: Page,
    method: Method,
    client: Client,
    query: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Asked, Refusal> {
    let encoded = match method {
        Method::Get => query.as_bytes().to_vec(),
        Method::Post => {
            if !is_form(headers) {
                return Err(Refusal::NoForm);
            }
            let body = timeout(PATIENCE, to_bytes(body, LONGEST_BODY)).await.map_err(|_| Refusal::Slow)?;
            // Of two values the body's counts, which comes last.
            [query.as_bytes(), b"&", &body.map_err(|_| Refusal::Body)?].concat()
        }
    };
    Ok(Asked { page, method, parameters: Parameters::parse(&encoded), client, locked: None })
}

/// Scripts may leave the type out.
fn is_form(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let kind = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case(FORM)
}
