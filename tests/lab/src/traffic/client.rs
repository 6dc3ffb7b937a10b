//! The program that asks.

use std::fmt::Display;
use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{INTERVAL, Moment, TIME_OUT};

/// What is asked.
const QUESTION: &[u8] = b"GET / HTTP/1.0\r\n\r\n";

/// Asks for ever; one line on standard output for each request, in the order in which they end.
pub(crate) fn main(arguments: &[String]) -> ! {
    let target: SocketAddr =
        arguments.first().and_then(|target| target.parse().ok()).expect("an address and a port");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut ticks = interval(INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            tokio::spawn(ask_and_note(target));
        }
    })
}

async fn ask_and_note(target: SocketAddr) {
    let asked = Moment::now();
    let answer = timeout(TIME_OUT, ask(target)).await.unwrap_or_else(|_| Err(after(TIME_OUT)));
    let done = Moment::now();
    let (verdict, text) = match answer {
        Ok(name) => ("ok", name),
        Err(reason) => ("failed", reason),
    };
    let line = format!("{} {} {verdict} {text}\n", asked.microseconds(), done.microseconds());
    // One write for one line, so that a reader never has to guess.
    let _ = stdout().lock().write_all(line.as_bytes());
}

fn after(limit: Duration) -> String {
    format!("no answer after {limit:?}")
}

/// The body of the answer, without its line end: the name of the server.
async fn ask(target: SocketAddr) -> Result<String, String> {
    let mut stream = TcpStream::connect(target).await.map_err(|error| says("connect", error))?;
    stream.write_all(QUESTION).await.map_err(|error| says("send", error))?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.map_err(|error| says("receive", error))?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| format!("not HTTP: {answer:?}"))?;
    if head.contains(" 200 ") {
        Ok(body.trim_end().to_owned())
    } else {
        Err(head.lines().next().unwrap_or_default().to_owned())
    }
}

fn says(step: &str, error: impl Display) -> String {
    format!("{step}: {error}")
}
