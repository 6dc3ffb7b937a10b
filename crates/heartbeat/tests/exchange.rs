//! Two routers that tell each other of themselves, and who is believed.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::time::Duration;

use heartbeat::authentication::{Keys, Path, Refusal};
use heartbeat::trailer::{Configuration, Departure, Fingerprint, Session, Timers};
use heartbeat::{
    Action, Authentication, ByteOrder, Event, Exchange, Link, Machine, Message, Moment, Notice, Partner,
    Role, Settings, State, Trailer,
};

const OLD: &str = "1 000102030405060708090a0b0c0d0e0f";
const NEW: &str = "2 101112131415161718191a1b1c1d1e1f";

fn require(keys: &[&str]) -> Authentication {
    Authentication::Require(Keys::parse(&keys.join("\n")).unwrap())
}

fn verify(keys: &[&str]) -> Authentication {
    Authentication::Verify(Keys::parse(&keys.join("\n")).unwrap())
}

fn file(text: &str) -> Configuration {
    Configuration { serial: 1, fingerprint: Fingerprint::of(text.as_bytes()) }
}

/// One of two routers with consecutive addresses.
struct Router {
    exchange: Exchange,
    number: u8,
}

/// A datagram on its way.
#[derive(Clone)]
struct Sent {
    bytes: Vec<u8>,
    path: Path,
}

impl Router {
    /// Each start has a session of its own.
    fn start(number: u8, session: u8, authentication: Authentication) -> Self {
        Self { exchange: Exchange::new(Session([session; 16]), authentication, file("the file")), number }
    }

    fn says(&mut self, said: Trailer) -> Sent {
        let address = |number| [192, 0, 2, number].into();
        let path = Path { source: address(self.number), destination: address(3 - self.number) };
        let heartbeat = self.exchange.next(Message::Stopped.encode(ByteOrder::Little), said);
        Sent { bytes: heartbeat.on(path), path }
    }

    fn speaks(&mut self) -> Sent {
        self.says(Trailer::default())
    }

    /// Whether it counts, and what is logged.
    fn hears(&mut self, sent: &Sent) -> (bool, Vec<Notice>) {
        let received = self.exchange.receive(Link::Public, sent.path, &sent.bytes, Moment::from_secs(1));
        (received.counts, received.notices)
    }

    fn believes(&mut self, sent: &Sent) -> bool {
        self.hears(sent).0
    }
}

/// Rounds in which both routers speak, until each believes the other.
fn rounds_until_acquainted(one: &mut Router, other: &mut Router) -> usize {
    (1..10)
        .find(|_| {
            let heard = other.believes(&one.speaks());
            one.believes(&other.speaks()) && heard
        })
        .unwrap()
}

fn acquainted() -> [Router; 2] {
    let mut pair = [Router::start(1, 1, require(&[OLD])), Router::start(2, 2, require(&[OLD]))];
    let [one, other] = &mut pair;
    assert_eq!(rounds_until_acquainted(one, other), 2);
    pair
}

#[test]
fn a_restarted_partner_is_believed_in_its_second_round_and_its_earlier_life_never_again() {
    let [mut one, mut other] = acquainted();
    let recorded: Vec<_> = (0..5).map(|_| other.speaks()).collect();
    assert!(one.believes(&recorded[0]) && !one.believes(&recorded[0]));
    assert!(one.believes(&recorded[1]));
    let mut again = Router::start(2, 3, require(&[OLD]));
    assert!(rounds_until_acquainted(&mut one, &mut again) <= 2);
    for sent in &recorded {
        assert!(!one.believes(sent));
    }
    assert!(one.believes(&again.speaks()));
    let mut one = Router::start(1, 4, require(&[OLD]));
    assert!(!recorded.iter().any(|sent| one.believes(sent)), "after its own restart neither");
    assert!(rounds_until_acquainted(&mut one, &mut again) <= 2);
}

#[test]
fn the_first_believed_heartbeat_of_a_session_is_an_introduction() {
    let [mut one, mut other] = acquainted();
    let introduced = |one: &mut Router, sent: &Sent| {
        one.exchange.receive(Link::Public, sent.path, &sent.bytes, Moment::ZERO).introduced
    };
    assert!(!introduced(&mut one, &other.speaks()));
    let mut again = Router::start(2, 3, require(&[OLD]));
    assert!(!introduced(&mut one, &again.speaks()));
    again.believes(&one.speaks());
    assert!(introduced(&mut one, &again.speaks()));
    assert!(!introduced(&mut one, &again.speaks()));
}

#[test]
fn nobody_without_the_key_is_believed() {
    let [mut one, mut other] = acquainted();
    let bare = Sent { bytes: Message::Stopped.encode(ByteOrder::Little).to_vec(), ..other.speaks() };
    let refused = |refusal| {
        let (link, count, counts) = (Link::Public, 1, false);
        (false, vec![Notice::NotAuthentic { refusal, link, count, counts }])
    };
    assert_eq!(one.hears(&bare), refused(Refusal::Unsigned));
    let mut stranger = Router::start(2, 9, require(&["1 ffffffffffffffffffffffffffffffff"]));
    assert_eq!(one.hears(&stranger.speaks()), refused(Refusal::Forged { id: 1 }));
    let mut stranger = Router::start(2, 9, require(&["7 ffffffffffffffffffffffffffffffff"]));
    assert_eq!(one.hears(&stranger.speaks()), refused(Refusal::UnknownKey { id: 7 }));
    let sent = other.speaks();
    assert!(one.believes(&sent));
    assert_eq!(one.hears(&sent), refused(Refusal::Replayed));
    assert_eq!(one.hears(&sent), (false, vec![]), "one line a minute");
}

#[test]
fn keys_change_without_a_gap() {
    let [mut one, mut other] = acquainted();
    let steps: [&[&str]; 3] = [&[OLD, NEW], &[NEW, OLD], &[NEW]];
    let mut lines = Vec::new();
    for keys in steps {
        for first in [true, false] {
            let reloaded = if first { &mut one } else { &mut other };
            reloaded.exchange.follow(require(keys), file("the file"));
            let (counts, _) = other.hears(&one.speaks());
            let (counts_back, notices) = one.hears(&other.speaks());
            assert!(counts && counts_back);
            lines.extend(notices);
        }
    }
    assert_eq!(lines, [Notice::Authentic { key: 2 }]);
}

#[test]
fn a_pair_climbs_to_require_one_router_at_a_time_and_never_stops_believing() {
    let mut one = Router::start(1, 1, Authentication::Off);
    let mut other = Router::start(2, 2, Authentication::Off);
    for (authentication, first) in
        [(verify(&[OLD]), true), (verify(&[OLD]), false), (require(&[OLD]), true), (require(&[OLD]), false)]
    {
        let reloaded = if first { &mut one } else { &mut other };
        reloaded.exchange.follow(authentication, file("the file"));
        for _ in 0..3 {
            let sent = one.speaks();
            assert!(other.believes(&sent));
            assert!(one.believes(&other.speaks()));
        }
    }
    assert_eq!(one.exchange.partner().unwrap().key, Some(1));
}

#[test]
fn verify_believes_and_tells_and_require_is_deaf_to_a_partner_that_does_not_sign() {
    let mut original = Router::start(2, 2, Authentication::Off);
    let mut one = Router::start(1, 1, verify(&[OLD]));
    let (counts, notices) = one.hears(&original.speaks());
    assert!(counts);
    assert_eq!(
        notices.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["heartbeat not authentic, believed all the same: not signed link=public count=1"]
    );
    one.exchange.follow(require(&[OLD]), file("the file"));
    assert!(!one.believes(&original.speaks()));
}

#[test]
fn files_that_differ_are_told_of_once_and_so_is_their_agreement() {
    let [mut one, mut other] = acquainted();
    let mut heard = |other: &mut Router| one.hears(&other.speaks()).1;
    other.exchange.follow(require(&[OLD]), Configuration { serial: 2, ..file("another") });
    let lines: Vec<_> = heard(&mut other).iter().map(ToString::to_string).collect();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("lvs.cf differs from the partner's: "), "{lines:?}");
    assert!(lines[0].contains(" serial_no=1 ") && lines[0].contains(" partner_serial_no=2 "), "{lines:?}");
    assert_eq!(heard(&mut other), []);
    other.exchange.follow(require(&[OLD]), file("the file"));
    assert_eq!(heard(&mut other), [Notice::FilesAgree]);
}

#[test]
fn a_departure_is_told_of_once() {
    let [mut one, mut other] = acquainted();
    let departure = Departure { code: 4, text: "pulse was told to end".into() };
    let said = || Trailer { departure: Some(departure.clone()), ..Trailer::default() };
    assert_eq!(one.hears(&other.says(said())).1, [Notice::PartnerLeaves(departure.clone())]);
    assert_eq!(one.hears(&other.says(said())).1, []);
    assert_eq!(one.exchange.partner().unwrap().trailer.departure, Some(departure.clone()));
}

#[test]
fn whoever_cannot_sign_cannot_speak_for_a_partner_that_does() {
    let mut one = Router::start(1, 1, verify(&[OLD]));
    let mut other = Router::start(2, 2, verify(&[OLD]));
    for _ in 0..3 {
        let sent = one.speaks();
        other.believes(&sent);
        one.believes(&other.speaks());
    }
    let mut liar = Router::start(2, 3, Authentication::Off);
    liar.exchange.follow(Authentication::Off, file("a lie"));
    assert!(one.believes(&liar.speaks()), "verify protects nobody");
    let report = one.exchange.partner().unwrap();
    assert_eq!(report.trailer.configuration, Some(file("the file")));
    assert_eq!(report.age(Moment::from_secs(3)), Duration::from_secs(2));
}

#[test]
fn where_nothing_is_signed_a_liar_cannot_fill_the_log() {
    let mut one = Router::start(1, 1, Authentication::Off);
    let mut liar = Router::start(2, 2, Authentication::Off);
    let lies = (0..100).map(|number| {
        liar.exchange.follow(Authentication::Off, file(&number.to_string()));
        one.hears(&liar.speaks()).1.len()
    });
    assert_eq!(lies.sum::<usize>(), 10);
}

/// On this link, at this second, in a router that compares nothing but sequences.
fn is_outdated(router: &mut Router, link: Link, sent: &Sent, second: f64) -> bool {
    let received = router.exchange.receive(link, sent.path, &sent.bytes, Moment::from_secs_f64(second));
    assert!(received.counts);
    received.outdated
}

/// What a router with a `deadtime` of three seconds says.
fn with_times() -> Trailer {
    let timers = Timers { keepalive: Duration::from_secs(1), deadtime: Duration::from_secs(3) };
    Trailer { timers: Some(timers), ..Trailer::default() }
}

#[test]
fn an_older_heartbeat_is_known_on_either_link_signed_or_not() {
    let strangers = || [Router::start(1, 1, Authentication::Off), Router::start(2, 2, Authentication::Off)];
    for [mut one, mut other] in [strangers(), acquainted()] {
        let sent: Vec<_> = (0..4).map(|_| other.says(with_times())).collect();
        for (link, number, outdated) in [
            (Link::Public, 1, false),
            (Link::Private, 0, true),
            (Link::Private, 1, false),
            (Link::Private, 3, false),
            (Link::Public, 2, true),
            (Link::Public, 3, false),
        ] {
            assert_eq!(
                is_outdated(&mut one, link, &sent[number], 1.0),
                outdated,
                "{number} on the {link} link"
            );
        }
    }
}

#[test]
fn a_repeated_heartbeat_that_counts_all_the_same_is_no_news() {
    let mut one = Router::start(1, 1, verify(&[OLD]));
    let mut other = Router::start(2, 2, verify(&[OLD]));
    rounds_until_acquainted(&mut one, &mut other);
    one.believes(&other.speaks());
    other.believes(&one.speaks());
    let [first, second] = [other.says(with_times()), other.says(with_times())];
    assert!(!is_outdated(&mut one, Link::Public, &first, 1.0));
    assert!(!is_outdated(&mut one, Link::Public, &second, 1.0));
    assert!(is_outdated(&mut one, Link::Public, &first, 1.1));
}

#[test]
fn what_an_earlier_run_of_the_partner_said_is_older_than_what_this_one_says() {
    let mut one = Router::start(1, 1, Authentication::Off);
    let mut other = Router::start(2, 2, Authentication::Off);
    let [first, late] = [other.says(with_times()), other.says(with_times())];
    let mut again = Router::start(2, 3, Authentication::Off);
    assert!(!is_outdated(&mut one, Link::Public, &first, 1.0));
    assert!(!is_outdated(&mut one, Link::Public, &again.says(with_times()), 1.0));
    assert!(is_outdated(&mut one, Link::Public, &late, 1.0));
}

#[test]
fn a_partner_whose_machine_was_set_back_is_heard_again_before_it_counts_as_dead() {
    let mut one = Router::start(1, 1, Authentication::Off);
    let mut other = Router::start(2, 2, Authentication::Off);
    let sent: Vec<_> = (0..5).map(|_| other.says(with_times())).collect();
    assert!(!is_outdated(&mut one, Link::Public, &sent[4], 1.0));
    assert!(is_outdated(&mut one, Link::Public, &sent[0], 2.4));
    assert!(!is_outdated(&mut one, Link::Public, &sent[1], 2.5));
    assert!(!is_outdated(&mut one, Link::Public, &sent[2], 2.6));
}

#[test]
fn an_older_heartbeat_shows_that_its_link_works_and_nothing_else() {
    let mut one = Router::start(1, 1, Authentication::Off);
    let mut other = Router::start(2, 2, Authentication::Off);
    let mut says = |message: Message| {
        let heartbeat = other.exchange.next(message.encode(ByteOrder::Little), with_times());
        let path = Path { source: [192, 0, 2, 2].into(), destination: [192, 0, 2, 1].into() };
        Sent { bytes: heartbeat.on(path), path }
    };
    let [stopped, running] = [says(Message::Stopped), says(Message::Running)];
    let partner = Partner { public: [192, 0, 2, 2].into(), private: Some([10, 0, 0, 2].into()) };
    let settings = Settings {
        role: Role::Primary,
        partner: Some(partner),
        backup_active: true,
        keepalive: Duration::from_secs(1),
        deadtime: Duration::from_secs(3),
        hot_standby: false,
        monitor_links: false,
        services_stop_within: Duration::ZERO,
    };
    let mut machine = Machine::new(settings, Moment::ZERO);
    let mut hears = |link, sent: &Sent, second| {
        let now = Moment::from_secs(second);
        let received = one.exchange.receive(link, sent.path, &sent.bytes, now);
        let datagrams = received.datagram(link, sent.path.source, &sent.bytes).into_iter().collect();
        machine.on(Event::Received(datagrams), now);
        machine.on(Event::Wake, now)
    };
    hears(Link::Public, &running, 2);
    assert_eq!(hears(Link::Public, &running, 4).len(), 3, "the private link is silent, a heartbeat is due");
    let said = hears(Link::Private, &stopped, 5);
    assert!(said.iter().all(|action| !matches!(action, Action::StartLvsd)), "{said:?}");
    assert_eq!(machine.state(), State::Ready);
    let said = machine.on(Event::Wake, Moment::from_secs(7));
    assert!(said.contains(&Action::StartLvsd), "it is no life that re-arms the dead timer: {said:?}");
}
