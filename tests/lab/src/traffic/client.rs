//! The program that asks.

use std::fmt::Display;
use std::io::{Write, stdout};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{Moment, Question};
use crate::conversation;

/// What is asked, of whom and how often.
#[derive(Debug, Clone, Copy)]
struct Task {
    target: SocketAddr,
    question: Question,
    interval: Duration,
    limit: Duration,
}

/// Asks for ever; one line on standard output for each request, in the order in which they end.
pub(crate) fn main(arguments: &[String]) -> ! {
    let task = task(arguments).expect("an address and a port, `http` or `line`, two times in microseconds");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut ticks = interval(task.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            tokio::spawn(ask_and_note(task));
        }
    })
}

fn task(arguments: &[String]) -> Option<Task> {
    let [target, question, interval, limit] = arguments else { return None };
    let time = |microseconds: &str| microseconds.parse().ok().map(Duration::from_micros);
    Some(Task {
        target: target.parse().ok()?,
        question: Question::from_word(question)?,
        interval: time(interval)?,
        limit: time(limit)?,
    })
}

async fn ask_and_note(Task { target, question, limit, .. }: Task) {
    let asked = Moment::now();
    let answer = async {
        match question {
            Question::Http => ask(target).await,
            Question::Line => call(target).await,
        }
    };
    let answer = timeout(limit, answer).await.unwrap_or_else(|_| Err(after(limit)));
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
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").await.map_err(|error| says("send", error))?;
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

/// The name of the server.
async fn call(target: SocketAddr) -> Result<String, String> {
    let stream = TcpStream::connect(target).await.map_err(|error| says("connect", error))?;
    let mut stream = BufReader::new(stream);
    conversation::ask(&mut stream).await.map_err(|error| says("ask", error))
}

fn says(step: &str, error: impl Display) -> String {
    format!("{step}: {error}")
}
