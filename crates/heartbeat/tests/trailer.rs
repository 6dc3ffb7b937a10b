//! The trailer as `docs/heartbeat.md` has it, and whatever else may come in its place.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::time::Duration;

use heartbeat::authentication::{Keys, Path, Refusal};
use heartbeat::trailer::{
    Absent, Configuration, Departure, Fingerprint, HandOver, LONGEST, LONGEST_TEXT, RealServers, Session,
    Stamp, Standing, Timers,
};
use heartbeat::{Authentication, Exchange, Link, Message, Moment, Notice, Role, State, Trailer};
use proptest::prelude::*;

/// An example in the document.
struct Vector<'text> {
    facts: Vec<(&'text str, &'text str)>,
    datagram: Vec<u8>,
}

impl<'text> Vector<'text> {
    fn parse(text: &'text str) -> Self {
        let fact = |line: &'text str| line.split_once(": ").filter(|(name, _)| !name.contains(' '));
        let (facts, lines): (Vec<_>, Vec<_>) = text.trim().lines().partition(|line| fact(line).is_some());
        let facts = facts.into_iter().filter_map(fact).collect();
        let hexadecimal = lines.iter().flat_map(|line| line.split(';').next().unwrap().split_whitespace());
        let datagram = hexadecimal.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
        Self { facts, datagram }
    }

    fn fact(&self, name: &str) -> Option<&'text str> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, fact)| *fact)
    }

    fn path(&self) -> Option<Path> {
        let address = |name| self.fact(name)?.parse().ok();
        Some(Path { source: address("source")?, destination: address("destination")? })
    }
}

fn vectors() -> Vec<Vector<'static>> {
    let document = include_str!("../../../docs/heartbeat.md");
    let blocks = document.split("```vector\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks.map(Vector::parse).collect()
}

#[test]
fn the_vectors_of_the_document_say_what_stands_beside_them() {
    let vectors = vectors();
    assert!(vectors.len() > 9);
    for vector in &vectors {
        match Trailer::read(&vector.datagram) {
            Ok(read) => assert_eq!(Some(read.trailer.to_string().as_str()), vector.fact("says")),
            Err(absent) => {
                let absent = match absent {
                    Absent::None => "none".to_owned(),
                    Absent::Version(version) => format!("version {version}"),
                    Absent::Malformed => "malformed".to_owned(),
                };
                assert_eq!(Some(absent.as_str()), vector.fact("absent"), "{:02x?}", vector.datagram);
            }
        }
        assert!(Message::decode(&vector.datagram).is_ok());
    }
}

#[test]
fn the_seals_of_the_document_are_right_between_these_addresses_only() {
    let sealed: Vec<_> = vectors().into_iter().filter(|vector| vector.fact("key").is_some()).collect();
    assert!(sealed.len() > 1);
    for vector in sealed {
        let keys = Keys::parse(vector.fact("key").unwrap()).unwrap();
        let path = vector.path().unwrap();
        let judge = |path, datagram: &[u8]| {
            let mut exchange =
                Exchange::new(Session([0; 16]), Authentication::Require(keys.clone()), file("ours"));
            refusals(&exchange.receive(Link::Public, path, datagram, Moment::ZERO).notices)
        };
        // The seal is right; but a sender that has not heard us is not worth a line before its fifth heartbeat.
        assert_eq!(judge(path, &vector.datagram), []);
        let back = Path { source: path.destination, destination: path.source };
        assert!(matches!(judge(back, &vector.datagram)[..], [Refusal::Forged { .. }]));
        for place in 0..vector.datagram.len() {
            let mut changed = vector.datagram.clone();
            changed[place] ^= 1;
            assert_eq!(judge(path, &changed).len(), 1, "byte {place}");
        }
    }
}

#[test]
fn what_a_router_sends_is_what_the_document_says() {
    let vectors = vectors();
    let signed = &vectors[1];
    let keys = Keys::parse(signed.fact("key").unwrap()).unwrap();
    let read = Trailer::read(&signed.datagram).unwrap().trailer;
    let (own, partner) = (read.stamp.unwrap(), read.echo.unwrap());
    let configuration = read.configuration.unwrap();
    let mut exchange = Exchange::new(own.session, Authentication::Verify(keys.clone()), configuration);
    let mut other = Exchange::new(partner.session, Authentication::Verify(keys), configuration);
    let head = *signed.datagram.first_chunk().unwrap();
    let path = signed.path().unwrap();
    let back = Path { source: path.destination, destination: path.source };
    for _ in 1..partner.sequence {
        other.next(head, Trailer::default());
    }
    for _ in 1..own.sequence {
        exchange.next(head, Trailer::default());
    }
    let echoed = other.next(head, Trailer::default()).on(back);
    exchange.receive(Link::Public, back, &echoed, Moment::ZERO);
    let said = Trailer { standing: read.standing, timers: read.timers, ..Trailer::default() };
    assert_eq!(exchange.next(head, said).on(path), signed.datagram);
}

fn refusals(notices: &[Notice]) -> Vec<Refusal> {
    let refusal = |notice: &Notice| match notice {
        Notice::NotAuthentic { refusal, .. } => Some(*refusal),
        _ => None,
    };
    notices.iter().filter_map(refusal).collect()
}

fn file(text: &str) -> Configuration {
    Configuration { serial: 1, fingerprint: Fingerprint::of(text.as_bytes()) }
}

prop_compose! {
    fn any_stamp()(session: [u8; 16], sequence: u64) -> Stamp {
        Stamp { session: Session(session), sequence }
    }
}

fn any_standing() -> impl Strategy<Value = Standing> {
    let states = [State::Ready, State::Active, State::LinkDown, State::Failed, State::Leaving, State::Ending];
    (proptest::sample::select(vec![Role::Primary, Role::Backup]), proptest::sample::select(states.to_vec()))
        .prop_map(|(role, state)| Standing { role, state })
}

fn any_hand_over() -> impl Strategy<Value = HandOver> {
    proptest::sample::select(vec![HandOver::Able, HandOver::Wanted, HandOver::Offered, HandOver::Prepared])
}

prop_compose! {
    fn any_trailer()(
        stamp in proptest::option::of(any_stamp()),
        echo in proptest::option::of(any_stamp()),
        standing in proptest::option::of(any_standing()),
        times: Option<[u32; 2]>,
        configuration: Option<(i32, [u8; 16])>,
        servers: Option<[u32; 2]>,
        departure in proptest::option::of((any::<u8>(), "\\PC{0,100}")),
        hand_over in proptest::option::of(any_hand_over()),
    ) -> Trailer {
        let milliseconds = |time: u32| Duration::from_millis(time.into());
        Trailer {
            stamp,
            echo,
            standing,
            timers: times.map(|[one, two]| Timers { keepalive: milliseconds(one), deadtime: milliseconds(two) }),
            configuration: configuration
                .map(|(serial, bytes)| Configuration { serial, fingerprint: Fingerprint(bytes) }),
            real_servers: servers.map(|[up, configured]| RealServers { up, configured }),
            departure: departure.map(|(code, text)| Departure { code, text }),
            hand_over,
        }
    }
}

/// As it arrives: with as much of the text as there is room for.
fn shortened(mut trailer: Trailer) -> Trailer {
    if let Some(Departure { text, .. }) = &mut trailer.departure {
        while text.len() > LONGEST_TEXT {
            text.pop();
        }
    }
    trailer
}

const HEAD: [u8; 4] = [0xda, 0xdb, 0xad, 0xbd];

proptest! {
    #[test]
    fn what_is_said_is_heard(trailer in any_trailer(), rest in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut datagram = trailer.append_to(HEAD);
        prop_assert_eq!(&datagram[..4], &HEAD);
        prop_assert!(datagram.len() <= LONGEST);
        datagram.extend(rest);
        prop_assert_eq!(Trailer::read(&datagram).map(|read| read.trailer), Ok(shortened(trailer)));
    }

    #[test]
    fn a_trailer_that_is_cut_off_is_none(trailer in any_trailer(), cut: proptest::sample::Index) {
        let datagram = trailer.append_to(HEAD);
        let kept = &datagram[..cut.index(datagram.len())];
        prop_assert!(Trailer::read(kept).is_err());
    }

    #[test]
    fn garbage_is_safe(
        trailer in any_trailer(),
        bytes in proptest::collection::vec(any::<(proptest::sample::Index, u8)>(), 1..20),
        garbage in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let _ = Trailer::read(&garbage);
        let mut datagram = trailer.append_to(HEAD);
        for (place, byte) in bytes {
            let place = place.index(datagram.len());
            datagram[place] = byte;
        }
        if let Ok(read) = Trailer::read(&datagram) {
            let shown = read.trailer.to_string();
            prop_assert!(!shown.contains(char::is_control), "{}", shown);
        }
    }
}
