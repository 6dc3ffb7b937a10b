//! Whatever happens, in any order: what must never happen does not, and every end comes.

use heartbeat::{Action, Ending, Event, FosMachine, FosMode, Link, Message, Moment, Role, State};
use proptest::prelude::*;

use crate::router::{heartbeat, settings};

#[derive(Debug, Clone)]
enum Happening {
    Hears(Message),
    Passes(u64),
    FosEnds(i32),
    Gateway(bool),
    LinkState(bool),
}

fn happening() -> impl Strategy<Value = Happening> {
    let messages = prop_oneof![Just(Message::FosRunning), Just(Message::FosStopped), Just(Message::StopMe)];
    prop_oneof![
        3 => messages.prop_map(Happening::Hears),
        4 => (0..3000u64).prop_map(Happening::Passes),
        3 => prop_oneof![Just(0), Just(1), Just(10), Just(11)].prop_map(Happening::FosEnds),
        1 => any::<bool>().prop_map(Happening::Gateway),
        1 => any::<bool>().prop_map(Happening::LinkState),
    ]
}

/// The router's world: what is really there.
struct World {
    machine: FosMachine,
    now: Moment,
    addresses_up: bool,
    fos: Option<FosMode>,
    exited: bool,
}

impl World {
    fn on(&mut self, event: Event) {
        for action in self.machine.on(event, self.now) {
            assert!(!self.exited, "{action:?} after the end");
            match action {
                Action::Send { message: Message::FosStopped, .. } => {
                    assert!(!self.addresses_up, "STOPPED with an address up");
                    assert_ne!(self.fos, Some(FosMode::Active), "STOPPED while services run");
                }
                Action::RaiseAddresses => {
                    self.addresses_up = true;
                    self.on(Event::AddressesRaised { missing: 0 });
                }
                Action::DropAddresses => {
                    self.addresses_up = false;
                    self.on(Event::AddressesDropped { remaining: 0 });
                }
                Action::StartFos(mode) => {
                    assert_eq!(self.fos, None, "a second fos");
                    assert_eq!(mode == FosMode::Active, self.addresses_up, "{mode:?}");
                    self.fos = Some(mode);
                }
                Action::StopFos => assert!(self.fos.is_some(), "nothing to stop"),
                Action::KillFos => {
                    self.fos = None;
                    self.on(Event::FosEnded(Ending::Signalled { pid: 2, signal: 9 }));
                }
                Action::Exit(_) => {
                    assert!(!self.addresses_up && self.fos.is_none());
                    self.exited = true;
                }
                _ => {}
            }
        }
    }

    /// Nothing changes without being remembered.
    fn remembers(&self) {
        let insight = self.machine.insight(self.now);
        assert_eq!(insight.state, self.machine.state());
        let [before, after] = [0, 1].map(|skipped| insight.transitions.iter().skip(skipped));
        assert!(before.zip(after).all(|(before, after)| before.to == after.from && before.at <= after.at));
        let last = insight.transitions.last().map_or(State::Ready, |last| last.to);
        assert_eq!(last, insight.state);
    }

    fn passes(&mut self, milliseconds: u64) {
        let end = self.now + Moment::from_millis(milliseconds);
        while let Some(next) = self.machine.next_wake().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.on(Event::Wake);
        }
        self.now = end;
    }

    fn happens(&mut self, happening: &Happening) {
        match *happening {
            Happening::Hears(message) => self.on(heartbeat(message)),
            Happening::Passes(milliseconds) => self.passes(milliseconds),
            Happening::FosEnds(status) if self.fos.take().is_some() => {
                self.on(Event::FosEnded(Ending::Exited { pid: 2, status }));
            }
            Happening::FosEnds(_) => {}
            Happening::Gateway(answers) => self.on(Event::Gateway { answers }),
            Happening::LinkState(up) => self.on(Event::LinkState { link: Link::Public, up }),
        }
    }
}

proptest! {
    #[test]
    fn stopped_is_never_said_too_early_and_every_end_comes(
        primary in any::<bool>(),
        force_active in any::<bool>(),
        happenings in proptest::collection::vec(happening(), 0..200),
    ) {
        let role = if primary { Role::Primary } else { Role::Backup };
        let machine = FosMachine::new(settings(role), Moment::ZERO);
        let mut world = World { machine, now: Moment::ZERO, addresses_up: false, fos: None, exited: false };
        world.on(Event::Start { force_active });
        for happening in &happenings {
            world.happens(happening);
            world.remembers();
        }
        // Left alone with a gateway, a good link and a fos that works, it serves: there is nobody else.
        world.on(Event::LinkState { link: Link::Public, up: true });
        for _ in 0..50 {
            world.on(Event::Gateway { answers: true });
            world.passes(3000);
        }
        prop_assert_eq!(world.machine.state(), State::Active);
        prop_assert_eq!((world.addresses_up, world.fos), (true, Some(FosMode::Active)));

        world.on(Event::Terminate { signal: 15 });
        world.passes(100_000);
        prop_assert!(world.exited);
    }
}
