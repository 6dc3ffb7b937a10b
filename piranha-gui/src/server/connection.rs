//! One connection: encrypted or not, HTTP/1.1 with bounds on everything that a client decides.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use nix::sys::socket::{setsockopt, sockopt::TcpUserTimeout};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::asked::Client;
use crate::server::connections::Seat;
use crate::server::front::Front;
use crate::server::reply;

/// A request's head arrives within this time, the next one on the same connection too.
const HEAD: Duration = Duration::from_secs(10);
/// A client takes what is sent to it within this time, in milliseconds.
const TAKES: u32 = 30_000;
/// No connection lasts longer.
const LONGEST: Duration = Duration::from_secs(300);
/// The last answer has so long.
const LAST: Duration = Duration::from_secs(5);
/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 32 * 1024;
const MOST_HEADERS: usize = 64;
/// The first byte of a connection that is to be encrypted (RFC 8446, 5.1).
const HANDSHAKE: u8 = 0x16;

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) front: Arc<Front>,
    pub(crate) tls: Option<TlsAcceptor>,
    /// Turns true when the server ends.
    pub(crate) ending: watch::Receiver<bool>,
}

/// Answers what is asked on a connection until it is over. Errors are the client's: it is gone, or does not speak HTTP.
pub(crate) async fn serve(stream: TcpStream, peer: SocketAddr, shared: Shared, seat: Arc<Seat>) {
    let Ok(local) = stream.local_addr() else { return };
    let _ = stream.set_nodelay(true);
    let _ = setsockopt(&stream, TcpUserTimeout, &TAKES);
    let client = Client {
        address: peer.ip().to_canonical(),
        local: SocketAddr::new(local.ip().to_canonical(), local.port()),
        encrypted: false,
        user: String::new(),
    };
    let Some(tls) = shared.tls.clone() else { return http(stream, client, &shared, seat, false).await };
    let mut first = [0];
    match timeout(HEAD, stream.peek(&mut first)).await {
        Ok(Ok(1)) if first[0] == HANDSHAKE => {
            if let Ok(Ok(stream)) = timeout(HEAD, tls.accept(stream)).await {
                http(stream, Client { encrypted: true, ..client }, &shared, seat, false).await;
            }
        }
        // The port is an encrypted one, and this client does not know.
        Ok(Ok(1)) => http(stream, client, &shared, seat, true).await,
        _ => {}
    }
}

async fn http(
    stream: impl AsyncRead + AsyncWrite + Unpin,
    client: Client,
    shared: &Shared,
    seat: Arc<Seat>,
    encrypted_elsewhere: bool,
) {
    let answer = service_fn(|request: Request<Incoming>| {
        let (front, client, busy) = (Arc::clone(&shared.front), client.clone(), seat.busy());
        async move {
            let answer = if encrypted_elsewhere {
                reply::encrypted_instead(request.headers(), request.uri())
            } else {
                front.respond(client, request).await
            };
            drop(busy);
            Ok::<_, Infallible>(answer)
        }
    });
    let mut ending = shared.ending.clone();
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(LONGEST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = sleep(LONGEST) => {}
        _ = ending.wait_for(|ending| *ending) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(LAST, connection).await;
}
