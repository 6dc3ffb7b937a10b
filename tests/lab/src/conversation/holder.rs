//! The client that holds connections.

use std::cell::RefCell;
use std::fmt::Display;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::ask;
use crate::traffic::{CALL_TIME_OUT as LIMIT, Moment};

/// From one question on a connection to the next.
const PAUSE: Duration = Duration::from_secs(2);
/// From one connection to the next, at the beginning.
const STEP: Duration = Duration::from_millis(4);
/// From one note on how the connections are to the next.
const NOTE: Duration = Duration::from_millis(200);

/// When each open connection was asked the last question that was answered.
type Answered = Rc<RefCell<Vec<Option<Moment>>>>;

/// Holds connections for ever: a target and their number.
pub(crate) fn main(arguments: &[String]) -> ! {
    let [target, count] = arguments else { panic!("a target and a number") };
    let (target, count) = (target.parse().expect("an address and a port"), count.parse().expect("a number"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        let answered = Answered::new(RefCell::new(vec![None; count]));
        for (number, wait) in (0..count).zip(0..) {
            let answered = Rc::clone(&answered);
            tokio::task::spawn_local(async move {
                sleep(STEP * wait).await;
                let reason = hold(target, number, &answered).await;
                answered.borrow_mut()[number] = None;
                println!("broken {number}: {reason}");
            });
        }
        let mut ticks = interval(NOTE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            note(&answered.borrow());
        }
    })
}

fn note(answered: &[Option<Moment>]) {
    let open = answered.iter().flatten();
    let all_answered = open.clone().min().map_or(0, |moment| moment.microseconds());
    println!("open {} {all_answered}", open.count());
}

/// Talks on one connection; comes back with the reason when it breaks.
async fn hold(target: SocketAddr, number: usize, answered: &Answered) -> String {
    let stream = match timeout(LIMIT, TcpStream::connect(target)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return format!("connect: {error}"),
        Err(late) => return format!("connect: {late}"),
    };
    let mut stream = BufReader::with_capacity(256, stream);
    let mut server = None;
    loop {
        let asked = Moment::now();
        let name = match timeout(LIMIT, ask(&mut stream)).await {
            Ok(Ok(name)) => name,
            Ok(Err(error)) => return of(server.as_ref(), error),
            Err(late) => return of(server.as_ref(), late),
        };
        let first = server.get_or_insert_with(|| name.clone());
        if *first != name {
            return format!("began with {first}, answered by {name}");
        }
        answered.borrow_mut()[number] = Some(asked);
        sleep(PAUSE).await;
    }
}

fn of(server: Option<&String>, error: impl Display) -> String {
    format!("{error}, from {}", server.map_or("nobody yet", |server| server))
}
