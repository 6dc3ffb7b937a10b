//! Values that are one of a few fixed words.

use std::fmt;
use std::str::FromStr;

/// A value written as one of a list of words, case and all.
pub(crate) trait Fixed: Copy + 'static {
    /// Every word, those that Piranha 0.8.6 knows first.
    const WORDS: &'static [(&'static str, Self)];
    /// The words alone, in the same order.
    const NAMES: &'static [&'static str];
    /// How many of them Piranha 0.8.6 knows; the others stand on extension lines.
    const PIRANHA: usize;

    /// The words that an ordinary or an extension line may hold.
    fn names(extended: bool) -> &'static [&'static str] {
        let piranha = Self::NAMES.get(..Self::PIRANHA).unwrap_or(Self::NAMES);
        if extended { Self::NAMES } else { piranha }
    }
}

/// The word is none of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of {0}")]
pub struct UnknownWord(&'static str);

macro_rules! fixed {
    ($(#[$doc:meta])* $name:ident, $list:literal,
     piranha { $($(#[$pdoc:meta])* $pvariant:ident = $pword:literal,)* }
     ours { $($(#[$odoc:meta])* $ovariant:ident = $oword:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$pdoc])* $pvariant,)*
            $($(#[$odoc])* $ovariant,)*
        }

        impl Fixed for $name {
            const WORDS: &'static [(&'static str, Self)] =
                &[$(($pword, Self::$pvariant),)* $(($oword, Self::$ovariant),)*];
            const NAMES: &'static [&'static str] = &[$($pword,)* $($oword,)*];
            const PIRANHA: usize = <[&str]>::len(&[$($pword,)*]);
        }

        impl $name {
            /// The word in the file.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$pvariant => $pword,)*
                    $(Self::$ovariant => $oword,)*
                }
            }

            /// Every value with its word, those that Piranha 0.8.6 knows first.
            pub fn all() -> &'static [(&'static str, Self)] {
                Self::WORDS
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                Self::WORDS
                    .iter()
                    .find(|(known, _)| *known == word)
                    .map(|&(_, value)| value)
                    .ok_or(UnknownWord($list))
            }
        }
    };
}

fixed! {
    /// `service`: which list of sections is in force.
    Service, "lvs, fos",
    piranha {
        /// Virtual servers: load balancing.
        Lvs = "lvs",
        /// Failover services.
        Fos = "fos",
    }
    ours {}
}

fixed! {
    /// `network`: how packets are forwarded to the real servers.
    ForwardingMethod, "nat, direct, tunnel",
    piranha {
        /// Network address translation (masquerading).
        Nat = "nat",
        /// Direct routing.
        Direct = "direct",
        /// IP-in-IP tunnelling.
        Tunnel = "tunnel",
    }
    ours {}
}

fixed! {
    /// `protocol` of a virtual server.
    Protocol, "tcp, udp, sctp",
    piranha {
        /// TCP.
        Tcp = "tcp",
        /// UDP.
        Udp = "udp",
    }
    ours {
        /// SCTP, on extension lines only.
        Sctp = "sctp",
    }
}

fixed! {
    /// `scheduler` of a virtual server, by the kernel's name.
    Scheduler, "rr, wrr, lc, wlc, lblc, lblcr, dh, sh, sed, nq, fo, ovf, mh, twos",
    piranha {
        /// Round robin.
        RoundRobin = "rr",
        /// Weighted round robin.
        WeightedRoundRobin = "wrr",
        /// Least connection.
        LeastConnection = "lc",
        /// Weighted least connection.
        WeightedLeastConnection = "wlc",
        /// Locality-based least connection.
        LocalityBased = "lblc",
        /// Locality-based least connection with replication.
        LocalityBasedReplicated = "lblcr",
        /// Destination hashing.
        DestinationHash = "dh",
        /// Source hashing.
        SourceHash = "sh",
    }
    ours {
        /// Shortest expected delay.
        ShortestExpectedDelay = "sed",
        /// Never queue.
        NeverQueue = "nq",
        /// Weighted failover.
        WeightedFailover = "fo",
        /// Weighted overflow.
        WeightedOverflow = "ovf",
        /// Maglev hashing.
        Maglev = "mh",
        /// Power of two choices.
        PowerOfTwo = "twos",
    }
}

fixed! {
    /// `reservation_conflict_action`: what fos does when the other router holds the SCSI reservation.
    ReservationConflict, "nothing, preempt",
    piranha {
        /// Leave it.
        Nothing = "nothing",
        /// Take the reservation.
        Preempt = "preempt",
    }
    ours {}
}

fixed! {
    /// `heartbeat_auth` (extension): what is done about heartbeats' authentication.
    HeartbeatAuth, "off, verify, require",
    piranha {}
    ours {
        /// Nothing is signed or checked, as Piranha.
        Off = "off",
        /// Signed; a wrong signature is refused, a missing one accepted.
        Verify = "verify",
        /// Signed; only signed heartbeats are accepted.
        Require = "require",
    }
}
