//! A real server that answers its checks as it was told, one after the other, and notes when each began.

use std::io::{self, Read, Write};
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use crate::machine::{Machine, Running};
use crate::role;
use crate::traffic::Moment;
use crate::wait::wait_until;

const PATIENCE: Duration = Duration::from_secs(30);
/// For the check to end the connection.
const LIMIT: Duration = Duration::from_secs(10);

/// The real server, until this value is dropped: from then on it refuses connections.
#[derive(Debug)]
pub struct Checked(Running);

impl Machine {
    /// Starts a server on this TCP port that answers each question `delay` after the connection: as `answers` says, `+`
    /// with the machine's name, `-` with something else, `.` never; and then as `for_ever` says, again and again. It
    /// listens when this returns.
    ///
    /// # Panics
    ///
    /// If it cannot have the port.
    pub fn answer_checks(&self, port: u16, answers: &str, for_ever: &str, delay: Duration) -> Checked {
        let mut role = role::cast(role::CHECKED);
        role.arg(self.name()).arg(port.to_string()).args([answers, for_ever]);
        role.arg(delay.as_millis().to_string());
        let process = self.cast(&role, "checked");
        wait_until("the port is taken", PATIENCE, || process.output().contains("listening"));
        Checked(process)
    }
}

impl Checked {
    /// When each check so far began.
    pub fn checks(&self) -> Vec<Moment> {
        let output = self.0.output();
        // The last line may be in the making.
        let whole = output.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().filter_map(|line| line.parse().ok()).map(Moment::from_microseconds).collect()
    }

    /// Waits until it has seen this many checks.
    ///
    /// # Panics
    ///
    /// If they do not come.
    pub fn wait_for_checks(&self, count: usize) {
        wait_until(&format!("{count} checks"), PATIENCE, || self.checks().len() >= count);
    }
}

impl Drop for Checked {
    fn drop(&mut self) {
        self.0.kill();
    }
}

/// Serves for ever: a name, a port, answers, answers again and again, and milliseconds before each.
pub(crate) fn main(arguments: &[String]) -> ! {
    let [name, port, answers, for_ever, delay] = arguments else { panic!("five words") };
    let delay = Duration::from_millis(delay.parse().expect("milliseconds"));
    // Takes IPv4 connections as well.
    let listener =
        TcpListener::bind((Ipv6Addr::UNSPECIFIED, port.parse().expect("a port"))).expect("the port");
    println!("listening");
    let mut unanswered = Vec::new();
    for answer in answers.chars().chain(for_ever.chars().cycle()) {
        let (stream, _) = listener.accept().expect("a connection");
        println!("{}", Moment::now().microseconds());
        // A check that went away meanwhile was counted, which is all that matters.
        let _ = match answer {
            '+' => reply(stream, name, delay),
            '-' => reply(stream, "nobody", delay),
            _ => {
                unanswered.push(stream);
                Ok(())
            }
        };
    }
    panic!("nothing to answer again and again")
}

/// Answers, and waits until the other end has closed the connection: checks come one at a time.
fn reply(mut stream: TcpStream, answer: &str, delay: Duration) -> io::Result<()> {
    sleep(delay);
    stream.write_all(format!("{answer}\n").as_bytes())?;
    stream.set_read_timeout(Some(LIMIT))?;
    while stream.read(&mut [0; 64])? > 0 {}
    Ok(())
}
