//! Connections, and requests on their way to the pages.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{Method as Verb, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::answer::Answer;
use crate::asked::{Asked, Client, Method};
use crate::form::Parameters;
use crate::options::Options;
use crate::page::Place;
use crate::pages;
use crate::site::Site;
use crate::style;

/// The longest body of a request, in bytes.
const LONGEST_BODY: usize = 256 * 1024;

/// Answers requests for ever.
pub(crate) async fn serve(site: Arc<Site>, options: &Options) -> anyhow::Result<()> {
    let port = if options.any_port { 0 } else { 3636 };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.context("cannot listen")?;
    tracing::info!("listening on {}", listener.local_addr()?);
    let pages = Router::new().fallback(respond).with_state(site);
    axum::serve(listener, pages.into_make_service_with_connect_info::<SocketAddr>()).await?;
    Ok(())
}

async fn respond(
    State(site): State<Arc<Site>>,
    ConnectInfo(client): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    if request.uri().path() == site.style {
        return ([(header::CONTENT_TYPE, "text/css")], style::SHEET).into_response();
    }
    let page = match Place::at(request.uri().path()) {
        Place::Page(page) => page,
        Place::Moved(page) => return send(Answer::see(page)),
        Place::Nothing => return StatusCode::NOT_FOUND.into_response(),
    };
    let client = Client { address: client.ip(), local: client, encrypted: false, user: "piranha".to_owned() };
    match asked(page, client, request).await {
        Ok(asked) => send(pages::answer(&site, &asked).await),
        Err(status) => status.into_response(),
    }
}

async fn asked(page: crate::page::Page, client: Client, request: Request) -> Result<Asked, StatusCode> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (method, encoded) = match *request.method() {
        Verb::GET | Verb::HEAD => (Method::Get, query.into_bytes()),
        Verb::POST => {
            let body = to_bytes(request.into_body(), LONGEST_BODY).await;
            let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
            (Method::Post, [query.as_bytes(), b"&", &body].concat())
        }
        _ => return Err(StatusCode::METHOD_NOT_ALLOWED),
    };
    Ok(Asked { page, method, parameters: Parameters::parse(&encoded), client })
}

fn send(answer: Answer) -> Response {
    match answer {
        Answer::Page { status, html, .. } => {
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], Body::from(html)).into_response()
        }
        Answer::Data { content_type, body } => ([(header::CONTENT_TYPE, content_type)], body).into_response(),
        Answer::See(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
    }
}
