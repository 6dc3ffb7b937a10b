//! Any datagrams, at any times, between any other events: nothing panics, the router never says STOPPED with an address
//! up, and it never wants to wake without end. Whatever stands in for a trailer, it is read or not, and a router that
//! requires signatures believes nobody without the key.
#![no_main]

use std::collections::VecDeque;
use std::time::Duration;

use heartbeat::authentication::{Keys, Path};
use heartbeat::trailer::{Configuration, Fingerprint, HandOver, Session};
use heartbeat::{
    Action, Authentication, Datagram, Ending, Event, Exchange, Link, Machine, Message, Partner, Role, Settings,
    Trailer,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok((message, order)) = Message::decode(bytes) {
        assert_eq!(message.encode(order)[..], bytes[..4]);
    }
    read_trailer(bytes);
    let Some((first, rest)) = bytes.split_first() else { return };
    let mut router = Router {
        machine: Machine::new(settings(*first), Duration::ZERO),
        addresses_up: false,
        now: Duration::ZERO,
    };
    router.tell(Event::Start { force_active: first & 4 != 0 });
    for piece in rest.chunks(8) {
        let [kind, pause, what @ ..] = piece else { return };
        router.now += Duration::from_millis(u64::from(*pause) * 20);
        router.tell(event(*kind, what));
        router.tell(Event::Wake);
        assert!(router.machine.next_wake().is_none_or(|wake| wake > router.now));
    }
});

fn read_trailer(bytes: &[u8]) {
    if let Ok(read) = Trailer::read(bytes) {
        let head = *bytes.first_chunk().unwrap();
        let again = read.trailer.append_to(head);
        assert_eq!(Trailer::read(&again).unwrap().trailer, read.trailer);
    }
    let configuration = Configuration { serial: 1, fingerprint: Fingerprint::of(b"") };
    let keys = Keys::parse("1 000102030405060708090a0b0c0d0e0f").unwrap();
    let mut exchange = Exchange::new(Session([1; 16]), Authentication::Require(keys), configuration);
    let path = Path { source: [192, 0, 2, 1].into(), destination: [192, 0, 2, 2].into() };
    assert!(!exchange.receive(Link::Public, path, bytes, Duration::ZERO).counts);
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Keys::parse(text);
    }
}

fn settings(choice: u8) -> Settings {
    let private = (choice & 2 != 0).then(|| [10, 0, 0, 2].into());
    Settings {
        role: if choice & 1 == 0 { Role::Primary } else { Role::Backup },
        partner: Some(Partner { public: [192, 0, 2, 2].into(), private }),
        backup_active: choice & 8 == 0,
        keepalive: Duration::from_millis(500),
        deadtime: Duration::from_millis(1500),
        monitor_links: choice & 16 != 0,
        hot_standby: choice & 32 != 0,
        services_stop_within: Duration::ZERO,
    }
}

fn event(kind: u8, what: &[u8]) -> Event {
    let link = if kind & 0x40 == 0 { Link::Public } else { Link::Private };
    let chosen = kind & 0x80 != 0;
    match kind % 10 {
        0 => Event::Received(vec![Datagram::new(link, [192, 0, 2, kind & 3].into(), what)]),
        1 => heard(link, Message::Running, what),
        2 => heard(link, Message::Stopped, what),
        3 => Event::LvsdReady,
        4 if chosen => Event::LvsdEnded(Ending::Exited { pid: 2, status: 1 }),
        4 => Event::LvsdEnded(Ending::Signalled { pid: 2, signal: 9 }),
        5 => Event::LinkState { link, up: chosen },
        6 => Event::Reconfigured(settings(what.first().copied().unwrap_or_default())),
        7 if chosen => Event::Terminate { signal: 15 },
        7 => Event::HandOver,
        8 => Event::Introduced,
        _ => Event::Wake,
    }
}

fn heard(link: Link, message: Message, what: &[u8]) -> Event {
    let bytes = message.encode(heartbeat::ByteOrder::HOST);
    let parts = [HandOver::Able, HandOver::Wanted, HandOver::Offered, HandOver::Prepared];
    let part = what.first().and_then(|choice| parts.get(usize::from(*choice)));
    Event::Received(vec![Datagram::new(link, [192, 0, 2, 2].into(), &bytes).saying(part.copied())])
}

struct Router {
    machine: Machine,
    addresses_up: bool,
    now: Duration,
}

impl Router {
    /// Addresses come and go as they are asked to.
    fn tell(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in self.machine.on(event, self.now) {
                match action {
                    Action::Send { message: Message::Stopped, .. } => assert!(!self.addresses_up),
                    Action::RaiseAddresses => {
                        self.addresses_up = true;
                        events.push_back(Event::AddressesRaised { missing: 0 });
                    }
                    Action::TellConnections => events.push_back(Event::ConnectionsTold),
                    Action::DropAddresses => {
                        self.addresses_up = false;
                        events.push_back(Event::AddressesDropped { remaining: 0 });
                    }
                    Action::Log(line) => assert!(!line.to_string().is_empty()),
                    _ => {}
                }
            }
        }
    }
}
