//! A client that asks a web server every 20 ms over a new connection, and what came of it.

pub(crate) mod client;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::net::SocketAddr;
use std::ops::Add;
use std::sync::Mutex;
use std::thread::sleep;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use crate::machine::{Machine, Running};
use crate::role;
use crate::wait::wait_until;

/// From the beginning of one request to the beginning of the next.
pub const INTERVAL: Duration = Duration::from_millis(20);

/// After this time a request has failed.
pub const TIME_OUT: Duration = Duration::from_millis(250);

/// The same for a call. Longer, because many are made at a time; below the second after which a lost first packet is sent
/// again (RFC 6298), so that none is lost unseen.
pub const CALL_TIME_OUT: Duration = Duration::from_millis(900);

/// A point in time, the same for all processes of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

impl Moment {
    /// Now.
    pub fn now() -> Self {
        let time = clock_gettime(ClockId::CLOCK_MONOTONIC).expect("every kernel has this clock");
        Self(u64::try_from(Duration::from(time).as_micros()).unwrap_or(u64::MAX))
    }

    /// Time since `earlier`; zero if it is not earlier.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }

    pub(crate) fn from_microseconds(microseconds: u64) -> Self {
        Self(microseconds)
    }

    pub(crate) fn microseconds(self) -> u64 {
        self.0
    }
}

impl Add<Duration> for Moment {
    type Output = Self;

    fn add(self, time: Duration) -> Self {
        Self(self.0 + u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{:03}", self.0 / 1_000_000, self.0 / 1000 % 1000)
    }
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// When it began.
    pub asked: Moment,
    /// When the answer was complete, or the request had failed.
    pub done: Moment,
    /// Name of the real server that answered, or why there was no answer.
    pub answer: Result<String, String>,
}

/// Requests that go on until this value is dropped.
#[derive(Debug)]
pub struct Traffic {
    process: Running,
    seen: Mutex<Seen>,
}

/// What has been read of the client's notes.
#[derive(Debug, Default)]
struct Seen {
    requests: Vec<Request>,
    offset: u64,
    torn: String,
}

impl Machine {
    /// Begins to ask the web server at `target`, every [`INTERVAL`], each time over a new connection.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn request(&self, target: SocketAddr) -> Traffic {
        self.ask(target, Question::Http, INTERVAL, TIME_OUT)
    }

    /// Begins to call the [answerer](Machine::answer) at `target`, at this distance, each time over a new connection.
    ///
    /// # Panics
    ///
    /// If the machine is off.
    pub fn call(&self, target: SocketAddr, interval: Duration) -> Traffic {
        self.ask(target, Question::Line, interval, CALL_TIME_OUT)
    }

    fn ask(&self, target: SocketAddr, question: Question, interval: Duration, limit: Duration) -> Traffic {
        let mut role = role::cast(role::CLIENT);
        let times = [interval, limit].map(|time| time.as_micros().to_string());
        role.arg(target.to_string()).arg(question.word()).args(times);
        Traffic { process: self.cast(&role, "requests"), seen: Mutex::default() }
    }
}

/// What a client says to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// `GET /`; the answer ends with the connection.
    Http,
    /// An empty line; the answer is a line.
    Line,
}

impl Question {
    const ALL: [Self; 2] = [Self::Http, Self::Line];

    fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Line => "line",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.word() == word)
    }
}

impl Traffic {
    /// A mark in time, to be asked about later.
    pub fn moment(&self) -> Moment {
        Moment::now()
    }

    /// Every request that is over and began at `since` or later.
    pub fn requests_since(&self, since: Moment) -> Vec<Request> {
        self.all().into_iter().filter(|request| request.asked >= since).collect()
    }

    /// Answers since then, by the name of the real server.
    pub fn answers_since(&self, since: Moment) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for name in self.requests_since(since).into_iter().filter_map(|request| request.answer.ok()) {
            *counts.entry(name).or_default() += 1;
        }
        counts
    }

    /// Requests without an answer since then.
    pub fn failures_since(&self, since: Moment) -> Vec<Request> {
        self.requests_since(since).into_iter().filter(|request| request.answer.is_err()).collect()
    }

    /// The longest time without an answer since then: from the last answer before it to now.
    pub fn longest_silence_since(&self, since: Moment) -> Duration {
        let mut times: Vec<Moment> = self.all().iter().filter(|r| r.answer.is_ok()).map(|r| r.done).collect();
        times.sort_unstable();
        longest_silence(&times, since, Moment::now())
    }

    /// Waits for `count` more answers and returns how long that took.
    ///
    /// # Panics
    ///
    /// If they have not come after 30 s.
    pub fn wait_for_answers(&self, count: usize) -> Duration {
        let start = Moment::now();
        let answered = || self.answers_since(start).values().sum::<usize>() >= count;
        wait_until(&format!("{count} answers"), Duration::from_secs(30), answered)
    }

    /// Waits until the real server `name` answers again.
    ///
    /// # Panics
    ///
    /// If it does not within `limit`.
    pub fn wait_for_answer_of(&self, name: &str, limit: Duration) -> Duration {
        let start = Moment::now();
        wait_until(&format!("an answer of {name}"), limit, || self.answers_since(start).contains_key(name))
    }

    /// Watches long enough to know whether a silence longer than `limit` began with the event at `since`; returns the longest
    /// one. Meanwhile nothing else is looked at: that would cost the machines time that is being measured.
    pub fn watch(&self, limit: Duration, since: Moment) -> Duration {
        let enough = limit + Duration::from_millis(500);
        sleep(enough.saturating_sub(Moment::now().since(since)));
        self.longest_silence_since(since)
    }

    /// The same, for a silence that must not be longer than `limit`.
    ///
    /// # Panics
    ///
    /// If it was.
    pub fn expect_answers_within(&self, limit: Duration, since: Moment) -> Duration {
        let silence = self.watch(limit, since);
        assert!(silence <= limit, "no answer for {silence:?}, allowed are {limit:?}");
        silence
    }

    /// Looks back at an event: no request that began since then has failed.
    ///
    /// # Panics
    ///
    /// If one did, or none was made.
    pub fn expect_no_failure_since(&self, since: Moment) {
        assert!(!self.requests_since(since).is_empty(), "no request was made");
        let failures = self.failures_since(since);
        let first = failures.first().map(|request| format!("{} {:?}", request.asked, request.answer));
        assert!(
            failures.is_empty(),
            "{} requests failed, first: {}",
            failures.len(),
            first.unwrap_or_default()
        );
    }

    fn all(&self) -> Vec<Request> {
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.read_on(self.process.output_file());
        seen.requests.clone()
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.process.kill();
    }
}

impl Seen {
    fn read_on(&mut self, path: &std::path::Path) {
        let mut text = std::mem::take(&mut self.torn);
        let mut file = File::open(path).expect("the client's notes");
        file.seek(SeekFrom::Start(self.offset)).expect("the client's notes");
        self.offset += file.read_to_string(&mut text).expect("the client's notes") as u64;
        let (whole, torn) = text.rsplit_once('\n').map_or(("", text.as_str()), |(whole, torn)| (whole, torn));
        self.requests.extend(
            whole.lines().map(|line| parse(line).unwrap_or_else(|| panic!("the client says: {line}"))),
        );
        torn.clone_into(&mut self.torn);
    }
}

/// `ASKED DONE ok NAME` or `ASKED DONE failed REASON`, times in microseconds.
fn parse(line: &str) -> Option<Request> {
    let mut words = line.splitn(4, ' ');
    let asked = Moment(words.next()?.parse().ok()?);
    let done = Moment(words.next()?.parse().ok()?);
    let (verdict, text) = (words.next()?, words.next()?.to_owned());
    Some(Request { asked, done, answer: if verdict == "ok" { Ok(text) } else { Err(text) } })
}

fn longest_silence(answers: &[Moment], since: Moment, now: Moment) -> Duration {
    let first = answers.partition_point(|&answer| answer < since);
    let mut last = first.checked_sub(1).map_or(since, |before| answers[before]);
    let mut longest = Duration::ZERO;
    for &answer in answers[first..].iter().chain([&now]) {
        longest = longest.max(answer.since(last));
        last = answer;
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Moment, longest_silence};

    fn silence(answers: &[u64], since: u64, now: u64) -> Duration {
        let answers: Vec<Moment> = answers.iter().map(|&at| Moment(at)).collect();
        longest_silence(&answers, Moment(since), Moment(now))
    }

    #[test]
    fn silence_begins_with_the_last_answer_before_the_event() {
        assert_eq!(silence(&[1, 10, 50, 55], 12, 60), Duration::from_micros(40));
    }

    #[test]
    fn silence_lasts_until_now() {
        assert_eq!(silence(&[1, 10], 12, 90), Duration::from_micros(80));
    }

    #[test]
    fn what_was_before_the_event_does_not_count() {
        assert_eq!(silence(&[1, 100, 101, 102], 101, 103), Duration::from_micros(1));
    }
}
