//! Two links between two routers. Each direction of each link has its own troubles.

use crate::dice::Dice;
use heartbeat::{Link, Moment};

pub(crate) const LINKS: [Link; 2] = [Link::Public, Link::Private];

/// One direction of one link.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Path {
    pub(crate) cut: bool,
    /// Percent of datagrams that are lost.
    pub(crate) loss: u64,
}

#[derive(Debug)]
pub(crate) struct Network {
    /// By sender, then by link.
    pub(crate) paths: [[Path; 2]; 2],
    pub(crate) private_link: bool,
    /// No datagram takes longer.
    pub(crate) longest_delay: Moment,
    /// Each takes another time, so that later ones overtake earlier ones.
    pub(crate) disorder: bool,
    /// Percent of datagrams that arrive twice.
    pub(crate) doubled: u64,
}

impl Network {
    pub(crate) fn links(&self) -> &'static [Link] {
        if self.private_link { &LINKS } else { &LINKS[..1] }
    }

    pub(crate) fn path(&mut self, sender: usize, link: Link) -> &mut Path {
        &mut self.paths[sender][usize::from(link == Link::Private)]
    }

    /// After which times a datagram arrives, as often as it does.
    pub(crate) fn carry(&mut self, sender: usize, link: Link, dice: &mut Dice) -> Vec<Moment> {
        let path = *self.path(sender, link);
        if path.cut || dice.chance(path.loss) {
            return Vec::new();
        }
        let copies = if dice.chance(self.doubled) { 2 } else { 1 };
        let delay = |_| if self.disorder { dice.time_up_to(self.longest_delay) } else { self.longest_delay };
        (0..copies).map(delay).collect()
    }

    pub(crate) fn heal(&mut self) {
        self.paths = [[Path::default(); 2]; 2];
    }

    /// Whether every datagram arrives.
    pub(crate) fn is_whole(&self) -> bool {
        self.paths.iter().flatten().all(|path| !path.cut && path.loss == 0)
    }
}
