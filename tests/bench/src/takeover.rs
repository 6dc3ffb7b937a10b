//! How long a client waits when the active router dies or leaves: a pair of ours beside a pair of keepalived.
//!
//! Same routers, same virtual server, same interval. The client opens a connection every 20 ms and gives up after 250 ms.

use std::fmt::Write as _;
use std::thread;
use std::time::Duration;

use lab::lvs_cf::LvsCf;
use lab::pair::{FLOATING, destinations};
use lab::{Machine, Moment, Pair, Routing, Traffic, wait_until};
use nix::sys::signal::Signal;

/// Each event happens so often to each pair, in turn.
const ROUNDS: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(30);
/// Whatever is missed so long after the takeover belongs to the event, too.
const WATCHED: Duration = Duration::from_secs(2);
/// Priority of the router that serves first, of the other one, and of one that leaves the service to it (VRRP).
const PRIORITIES: [u8; 3] = [150, 100, 50];
const KEEPALIVED: &str = "/etc/sysconfig/keepalived.conf";

/// What happens to the active router.
#[derive(Debug, Clone, Copy)]
enum Event {
    CablePulled,
    Stopped,
    HandedOver,
}

/// Who runs on both routers.
#[derive(Debug, Clone, Copy)]
enum Suite {
    Ours,
    /// With `#% hot_standby = 1`: the standby's table is programmed, as keepalived's is.
    OursHot,
    Keepalived,
}

const SUITES: [Suite; 3] = [Suite::Ours, Suite::OursHot, Suite::Keepalived];

const EVENTS: [(&str, Event, Duration); 5] = [
    ("cable pulled, every 1 s", Event::CablePulled, Duration::from_secs(1)),
    ("cable pulled, every 100 ms", Event::CablePulled, Duration::from_millis(100)),
    ("cable pulled, every 10 ms", Event::CablePulled, Duration::from_millis(10)),
    ("planned stop, every 1 s", Event::Stopped, Duration::from_secs(1)),
    ("planned hand-over, every 1 s", Event::HandedOver, Duration::from_secs(1)),
];

/// What the client saw of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Gap {
    longest: Duration,
    failed: usize,
}

/// Every event, by turns.
pub(crate) fn measure() {
    let pair = Pair::boot(Routing::Direct);
    println!("longest time without an answer for a client that connects every 20 ms, in the lab");
    println!("{:28}   median of {ROUNDS}, shortest, longest; requests without an answer in all rounds", "");
    for (name, event, interval) in EVENTS {
        let mut gaps = SUITES.map(|_| Vec::new());
        for round in 0..ROUNDS {
            for (suite, gaps) in SUITES.iter().zip(&mut gaps) {
                // The moments are spread over the interval, the same for both.
                let phase = interval * round / ROUNDS;
                gaps.push(suite.suffer(&pair, event, interval, phase));
            }
        }
        for (suite, gaps) in SUITES.iter().zip(gaps) {
            println!("{name:28} {:10} {}", suite.name(), tell(gaps));
        }
    }
}

fn tell(mut gaps: Vec<Gap>) -> String {
    gaps.sort();
    let failed: usize = gaps.iter().map(|gap| gap.failed).sum();
    let at = |index: usize| format!("{:5} ms", gaps[index].longest.as_millis());
    format!("{} {} {}; {failed}", at(gaps.len() / 2), at(0), at(gaps.len() - 1))
}

impl Suite {
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::OursHot => "ours, hot",
            Self::Keepalived => "keepalived",
        }
    }

    /// One event, between a fresh start and the end of both routers.
    fn suffer(self, pair: &Pair, event: Event, interval: Duration, phase: Duration) -> Gap {
        self.serve(pair, interval);
        let traffic = pair.client.request(pair.floating());
        traffic.wait_for_answers(50);
        thread::sleep(phase);
        let began = Moment::now();
        self.strike(pair, event, interval);
        // Nothing is looked at meanwhile: that would take the routers' time.
        thread::sleep(4 * interval + WATCHED);
        traffic.wait_for_answers(25);
        let gap = gap(&traffic, began);
        drop(traffic);
        self.end(pair);
        gap
    }

    fn serve(self, pair: &Pair, interval: Duration) {
        match self {
            Self::Ours => pair.start_with(&ours(pair, interval)),
            Self::OursHot => {
                pair.start_with(&ours(pair, interval).with("#% hot_standby", "1"));
                wait_until("every real server", PATIENCE, || destinations(&pair.backup) == 3);
            }
            Self::Keepalived => {
                for (router, priority) in pair.routers().into_iter().zip(PRIORITIES) {
                    configure_keepalived(pair, router, priority, interval);
                    router.run("keepalived", &["--use-file", KEEPALIVED]).expect_success();
                    wait_until("every real server", PATIENCE, || destinations(router) == 3);
                }
                pair.wait_until_active(&pair.primary);
            }
        }
    }

    fn strike(self, pair: &Pair, event: Event, interval: Duration) {
        let primary = &pair.primary;
        match (event, self) {
            (Event::CablePulled, _) => pair.lab.cut(primary, "eth0"),
            (Event::Stopped, _) => self.signal(primary, Signal::SIGTERM),
            (Event::HandedOver, Self::Ours | Self::OursHot) => {
                primary.run("/usr/sbin/piranhactl", &["failover"]).expect_success();
            }
            // It knows no such command; this is how its users do it.
            (Event::HandedOver, Self::Keepalived) => {
                let [_, _, low] = PRIORITIES;
                configure_keepalived(pair, primary, low, interval);
                self.signal(primary, Signal::SIGHUP);
            }
        }
    }

    fn end(self, pair: &Pair) {
        pair.lab.mend(&pair.primary, "eth0");
        for router in pair.routers().into_iter().filter(|router| self.runs(router)) {
            self.signal(router, Signal::SIGTERM);
        }
        for router in pair.routers() {
            wait_until("the end of both", PATIENCE, || !self.runs(router) && !router.has_address(FLOATING));
        }
    }

    fn process(self) -> &'static str {
        match self {
            Self::Ours | Self::OursHot => "pulse",
            Self::Keepalived => "keepalived",
        }
    }

    fn runs(self, router: &Machine) -> bool {
        !router.processes_named(self.process()).is_empty()
    }

    /// The first process is the one that administrators signal.
    fn signal(self, router: &Machine, signal: Signal) {
        let processes = router.processes_named(self.process());
        processes.first().expect("a running router").signal(signal);
    }
}

fn gap(traffic: &Traffic, began: Moment) -> Gap {
    Gap { longest: traffic.longest_silence_since(began), failed: traffic.failures_since(began).len() }
}

/// Dead after three intervals, as a router of VRRP; only there a part of one more is added (RFC 5798 section 6.1).
fn ours(pair: &Pair, interval: Duration) -> LvsCf {
    let mut file = pair.configuration();
    file.set("#% keepalive", &format!("{}ms", interval.as_millis()));
    file.set("#% deadtime", &format!("{}ms", 3 * interval.as_millis()));
    file
}

/// In the words of keepalived.conf(5).
fn configure_keepalived(pair: &Pair, router: &Machine, priority: u8, interval: Duration) {
    let mut text = format!(
        "global_defs {{\n  vrrp_version 3\n}}\n\
         vrrp_instance web {{\n  state BACKUP\n  interface eth0\n  virtual_router_id 26\n  priority {priority}\n  \
         advert_int {}\n  virtual_ipaddress {{\n    {FLOATING}/24 dev eth0\n  }}\n}}\n\
         virtual_server {FLOATING} 80 {{\n  delay_loop 1\n  lb_algo rr\n  lb_kind DR\n  protocol TCP\n",
        interval.as_secs_f64()
    );
    for number in 1..=pair.real_servers.len() {
        let address = pair.real_address(number);
        let _ = writeln!(
            text,
            "  real_server {address} 80 {{\n    weight 1\n    TCP_CHECK {{\n      connect_timeout 1\n    }}\n  }}"
        );
    }
    text.push_str("}\n");
    router.write(KEEPALIVED, text);
}
