//! One request: past the gate, to its page, into the log.

use std::sync::Arc;
use std::time::Duration;

use access::Settings;
use axum::body::{Body, HttpBody as _};
use axum::http::{Method as Verb, Response};
use hyper::Request;
use hyper::body::Incoming;
use time::OffsetDateTime;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::asked::{Asked, Client, Method};
use crate::gate::area::{Area, without_alias};
use crate::gate::{Gate, origin};
use crate::live::clock;
use crate::page::Place;
use crate::pages;
use crate::refusal::Refusal;
use crate::server::log_line;
use crate::server::logs::Logs;
use crate::server::{pictures, received, reply};
use crate::site::Site;
use crate::style;

/// The longest address of a request, in bytes.
const LONGEST_ADDRESS: usize = 16 * 1024;
/// Pages that are made at once; the others wait.
const AT_ONCE: u32 = 32;
/// No page takes longer; a restart of pulse may take nearly that long.
const PATIENCE: Duration = Duration::from_secs(100);

/// What is between connections and pages.
#[derive(Debug)]
pub(crate) struct Front {
    site: Arc<Site>,
    gate: Gate,
    pub(crate) logs: Arc<Logs>,
    making: Arc<Semaphore>,
    patience: Duration,
}

impl Front {
    /// With the bounds of `httpd.conf` where they are closer.
    pub(crate) fn new(
        site: Arc<Site>,
        settings: Settings,
        gui_conf: &std::path::Path,
        logs: Arc<Logs>,
    ) -> anyhow::Result<Self> {
        let at_once = settings.max_clients.unwrap_or(AT_ONCE).clamp(1, AT_ONCE);
        let patience = settings.timeout.unwrap_or(PATIENCE).clamp(Duration::from_secs(1), PATIENCE);
        Ok(Self {
            site,
            gate: Gate::new(settings, gui_conf)?,
            logs,
            making: Arc::new(Semaphore::new(at_once as usize)),
            patience,
        })
    }

    /// Answers a request, and logs it.
    pub(crate) async fn respond(&self, mut client: Client, request: Request<Incoming>) -> Response<Body> {
        let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
        let head = *request.method() == Verb::HEAD;
        let address = client.address;
        let response = match self.answer(&mut client, request.map(Body::new)).await {
            Ok(response) => response,
            Err(refusal) => reply::of_refusal(&refusal, &self.site.style, address),
        };
        let line = log_line::Request {
            client: address,
            user: client.user,
            method,
            path,
            status: response.status().as_u16(),
            bytes: response.body().size_hint().exact().filter(|_| !head),
        };
        self.logs.access(line.line(OffsetDateTime::now_utc()));
        response
    }

    /// The client is given the name of its login.
    async fn answer(&self, client: &mut Client, request: Request<Body>) -> Result<Response<Body>, Refusal> {
        let (head, body) = request.into_parts();
        let path = without_alias(head.uri.path());
        let place = Place::at(head.uri.path());
        let area = Area::of(path, place, &self.site.style);
        client.user = self.gate.pass(area, client.address, &head.headers).await?;
        let query = head.uri.query().unwrap_or_default();
        if path.len() + query.len() > LONGEST_ADDRESS {
            return Err(Refusal::LongAddress);
        }
        let page = match place {
            Place::Page(page) => page,
            Place::Moved(page) => return Ok(reply::of_answer(Answer::see(page))),
            Place::Nothing => return self.decoration(path, &head.method),
        };
        let method = received::method(&head.method, page)?;
        if method == Method::Post && origin::is_foreign(&head.headers) {
            tracing::warn!("a form of another site was refused, client={}", client.address);
            return Err(Refusal::Foreign);
        }
        let asked = received::asked(page, method, client.clone(), query, &head.headers, body).await?;
        if method == Method::Post && !self.has_token(&asked) {
            tracing::warn!("a form without a token of ours was refused, client={}", client.address);
            return Err(Refusal::Token);
        }
        let answer = self.page(asked).await?;
        Ok(reply::of_answer(if method == Method::Post { answer.at(clock::now()) } else { answer }))
    }

    /// What is no page, or nothing.
    fn decoration(&self, path: &str, method: &Verb) -> Result<Response<Body>, Refusal> {
        if !matches!(*method, Verb::GET | Verb::HEAD) {
            return Err(Refusal::Method { post: false });
        }
        if path == self.site.style {
            return Ok(reply::for_ever("text/css", style::SHEET));
        }
        let (kind, picture) = pictures::at(path).ok_or(Refusal::Missing)?;
        Ok(reply::for_a_day(kind, picture))
    }

    /// Whether a form was shown to this user by this program. Without any token it may be a script's, where that is allowed.
    fn has_token(&self, asked: &Asked) -> bool {
        match asked.parameters.get("token") {
            Some(token) => self.site.tokens.is_right(&asked.client.user, asked.page, token),
            None => self.gate.allows_scripted_post(),
        }
    }

    /// In a task of its own: what was begun is finished, also if the client goes away meanwhile.
    async fn page(&self, asked: Asked) -> Result<Answer, Refusal> {
        let permit = timeout(self.patience, Arc::clone(&self.making).acquire_owned()).await;
        let permit = permit.map_err(|_| Refusal::Busy)?.map_err(|_| Refusal::Busy)?;
        let site = Arc::clone(&self.site);
        let making = tokio::spawn(async move {
            let answer = pages::answer(&site, &asked).await;
            drop(permit);
            answer
        });
        match timeout(self.patience, making).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::error!("a page failed: {error}");
                Err(Refusal::Fault)
            }
            Err(_) => Err(Refusal::Late),
        }
    }
}
