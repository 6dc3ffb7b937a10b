//! Whether a genuine heartbeat is new, without clocks that agree and without a memory that survives a restart.

use super::refusal::Refusal;
use crate::event::Link;
use crate::trailer::{Session, Stamp};

/// What is remembered of the partner's heartbeats, all of them genuine.
#[derive(Debug, Default)]
pub(crate) struct Freshness {
    trusted: Option<Trusted>,
    /// The newest of a session that is not trusted.
    candidate: Option<Stamp>,
}

#[derive(Debug)]
struct Trusted {
    session: Session,
    public: u64,
    private: u64,
    /// This router's own newest sequence when it last believed a heartbeat of the session. Whoever comes later has heard
    /// a newer one.
    believed_at: u64,
}

/// Whose heartbeat is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acquaintance {
    /// One of the session that was believed before.
    Old,
    /// The first of a session.
    New,
}

impl Freshness {
    /// Judges a genuine heartbeat that arrived when `own` was the newest of this router's own.
    ///
    /// # Errors
    /// It may be a recording.
    pub(crate) fn judge(
        &mut self,
        stamp: Stamp,
        echo: Option<Stamp>,
        link: Link,
        own: Stamp,
    ) -> Result<Acquaintance, Refusal> {
        if let Some(trusted) = self.trusted.as_mut().filter(|trusted| trusted.session == stamp.session) {
            return trusted.judge(stamp.sequence, link, own.sequence);
        }
        let oldest = self.trusted.as_ref().map_or(0, |trusted| trusted.believed_at);
        if echo.is_none_or(|echo| echo.session != own.session || echo.sequence <= oldest) {
            self.candidate = Some(stamp);
            return Err(Refusal::Unproven);
        }
        let mut trusted =
            Trusted { session: stamp.session, public: 0, private: 0, believed_at: own.sequence };
        *trusted.newest_on(link) = stamp.sequence;
        self.trusted = Some(trusted);
        self.candidate = None;
        Ok(Acquaintance::New)
    }

    /// What this router says that it has heard, which proves to the partner that it speaks now.
    pub(crate) fn echo(&self) -> Option<Stamp> {
        let trusted = self.trusted.as_ref().map(Trusted::newest);
        trusted.or(self.candidate)
    }
}

impl Trusted {
    fn judge(&mut self, sequence: u64, link: Link, own: u64) -> Result<Acquaintance, Refusal> {
        let newest = self.newest_on(link);
        if sequence <= *newest {
            return Err(Refusal::Replayed);
        }
        *newest = sequence;
        self.believed_at = own;
        Ok(Acquaintance::Old)
    }

    /// A heartbeat comes on both links, and one of them may be slower.
    fn newest_on(&mut self, link: Link) -> &mut u64 {
        match link {
            Link::Public => &mut self.public,
            Link::Private => &mut self.private,
        }
    }

    fn newest(&self) -> Stamp {
        Stamp { session: self.session, sequence: self.public.max(self.private) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OWN: Session = Session([1; 16]);
    const OLD: Session = Session([2; 16]);
    const NEW: Session = Session([3; 16]);

    fn stamp(session: Session, sequence: u64) -> Stamp {
        Stamp { session, sequence }
    }

    /// Has heard heartbeat 5 of the session OLD on the public link, when its own newest was 20.
    fn acquainted() -> Freshness {
        let mut freshness = Freshness::default();
        let echo = Some(stamp(OWN, 19));
        assert_eq!(freshness.judge(stamp(OLD, 5), echo, Link::Public, stamp(OWN, 20)), Ok(Acquaintance::New));
        freshness
    }

    #[test]
    fn each_heartbeat_counts_once_on_each_link_and_none_that_is_older() {
        let mut freshness = acquainted();
        let own = stamp(OWN, 21);
        let mut judge = |sequence, link| freshness.judge(stamp(OLD, sequence), None, link, own);
        assert_eq!(judge(5, Link::Public), Err(Refusal::Replayed));
        assert_eq!(judge(6, Link::Public), Ok(Acquaintance::Old));
        assert_eq!(judge(6, Link::Private), Ok(Acquaintance::Old));
        assert_eq!(judge(6, Link::Private), Err(Refusal::Replayed));
        assert_eq!(judge(4, Link::Public), Err(Refusal::Replayed));
        assert_eq!(judge(9, Link::Private), Ok(Acquaintance::Old));
        assert_eq!(judge(8, Link::Public), Ok(Acquaintance::Old));
        assert_eq!(freshness.echo(), Some(stamp(OLD, 9)));
    }

    #[test]
    fn a_session_proves_itself_by_what_it_has_heard_since() {
        let mut freshness = acquainted();
        let own = stamp(OWN, 25);
        for unproven in [None, Some(stamp(OLD, 24)), Some(stamp(OWN, 20)), Some(stamp(OWN, 3))] {
            assert_eq!(freshness.judge(stamp(NEW, 1), unproven, Link::Public, own), Err(Refusal::Unproven));
            assert_eq!(freshness.echo(), Some(stamp(OLD, 5)), "the session that is trusted comes first");
        }
        assert_eq!(
            freshness.judge(stamp(NEW, 2), Some(stamp(OWN, 21)), Link::Public, own),
            Ok(Acquaintance::New)
        );
        assert_eq!(freshness.echo(), Some(stamp(NEW, 2)));
        assert_eq!(
            freshness.judge(stamp(OLD, 6), Some(stamp(OWN, 20)), Link::Private, own),
            Err(Refusal::Unproven)
        );
    }

    #[test]
    fn after_a_restart_nothing_that_was_recorded_before_is_believed() {
        let mut freshness = Freshness::default();
        let (before, own) = (stamp(NEW, 70), stamp(OWN, 1));
        assert_eq!(freshness.judge(stamp(OLD, 9), Some(before), Link::Public, own), Err(Refusal::Unproven));
        assert_eq!(freshness.echo(), Some(stamp(OLD, 9)), "what proves the partner that this router is new");
    }

    /// One router's side of a pair whose every datagram is on record.
    struct Router {
        session: Session,
        sequence: u64,
        freshness: Freshness,
    }

    impl Router {
        fn start(number: u8) -> Self {
            Self { session: Session([number; 16]), sequence: 0, freshness: Freshness::default() }
        }

        fn speak(&mut self) -> (Stamp, Option<Stamp>) {
            self.sequence += 1;
            (stamp(self.session, self.sequence), self.freshness.echo())
        }

        fn hear(&mut self, (said, echo): (Stamp, Option<Stamp>)) -> bool {
            self.freshness.judge(said, echo, Link::Public, stamp(self.session, self.sequence)).is_ok()
        }
    }

    proptest! {
        /// Whatever is restarted and lost: nothing is believed twice or after something that was said later, and a pair
        /// that hears each other for three rounds believes each other.
        #[test]
        fn no_recording_is_ever_believed(steps in proptest::collection::vec((0..6_u8, any::<u16>()), 0..200)) {
            let mut number = 2;
            let mut routers = [Router::start(1), Router::start(2)];
            let mut said: [Vec<(Stamp, Option<Stamp>)>; 2] = Default::default();
            // Of each listener: what is on record up to here cannot be news.
            let mut newest = [0, 0];
            for (step, choice) in steps {
                let speaker = usize::from(choice % 2);
                let listener = 1 - speaker;
                match step {
                    0 => {
                        number += 1;
                        routers[speaker] = Router::start(number);
                        // It does not remember, but all that was said before is older than itself.
                        newest[speaker] = said[listener].len();
                    }
                    1 | 2 => {
                        let heartbeat = routers[speaker].speak();
                        said[speaker].push(heartbeat);
                        if step == 1 && routers[listener].hear(heartbeat) {
                            newest[listener] = said[speaker].len();
                        }
                    }
                    _ => {
                        let recorded = said[speaker].len();
                        if recorded > 0 {
                            let place = usize::from(choice / 2) % recorded;
                            let believed = routers[listener].hear(said[speaker][place]);
                            prop_assert!(!believed || place >= newest[listener]);
                            if believed {
                                newest[listener] = place + 1;
                            }
                        }
                    }
                }
            }
            let mut believed = [false; 2];
            for _ in 0..3 {
                for speaker in [0, 1] {
                    let heartbeat = routers[speaker].speak();
                    believed[1 - speaker] = routers[1 - speaker].hear(heartbeat);
                }
            }
            prop_assert_eq!(believed, [true, true]);
        }
    }
}
