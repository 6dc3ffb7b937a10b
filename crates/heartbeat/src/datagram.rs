//! The heartbeat on the wire: one 32-bit number in the sender's own byte order (specification pulse.md section 10).

use std::fmt;

/// What one router says to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Message {
    /// `service = lvs`, and the sender owns the floating addresses.
    Running,
    /// `service = lvs`, and the sender does not own the floating addresses.
    Stopped,
    /// `service = fos`, active.
    FosRunning,
    /// `service = fos`, inactive.
    FosStopped,
    /// `service = fos`: the sender wants the partner to become inactive.
    StopMe,
    /// Of an unfinished feature; no router has ever sent it.
    Hold,
    /// Of an unfinished feature; no router has ever sent it.
    Held,
}

/// The order of the four bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ByteOrder {
    /// Least significant byte first, as on x86.
    Little,
    /// Most significant byte first.
    Big,
}

/// Why bytes are not a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAHeartbeat {
    /// Fewer than four bytes.
    TooShort,
    /// Four bytes that mean nothing in either byte order.
    Unknown,
}

/// Bytes of a heartbeat that are looked at. Longer datagrams are accepted, the rest is ignored.
pub const LENGTH: usize = 4;

impl ByteOrder {
    /// This machine's own.
    pub const HOST: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };
}

impl Message {
    /// Every message there is.
    pub const ALL: [Self; 7] = [
        Self::Running,
        Self::Stopped,
        Self::FosRunning,
        Self::FosStopped,
        Self::StopMe,
        Self::Hold,
        Self::Held,
    ];

    /// The number that stands for the message (pulse.md 10.2).
    pub const fn number(self) -> u32 {
        match self {
            Self::Running => 0xbdad_dbda,
            Self::Stopped => 0xadbd_dabd,
            Self::FosRunning => 0xbeef_babe,
            Self::FosStopped => 0xdead_beef,
            Self::StopMe => 0xdead_dada,
            Self::Hold => 0xdeaf_babe,
            Self::Held => 0xdeaf_dada,
        }
    }

    /// The message as it goes on the wire.
    pub const fn encode(self, order: ByteOrder) -> [u8; LENGTH] {
        match order {
            ByteOrder::Little => self.number().to_le_bytes(),
            ByteOrder::Big => self.number().to_be_bytes(),
        }
    }

    /// The message in a datagram, and the sender's byte order: no number is another's byte-swapped form.
    ///
    /// # Errors
    /// The datagram is too short, or its first four bytes are no message.
    pub fn decode(datagram: &[u8]) -> Result<(Self, ByteOrder), NotAHeartbeat> {
        let head = *datagram.first_chunk::<LENGTH>().ok_or(NotAHeartbeat::TooShort)?;
        [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .find_map(|order| {
                Self::ALL
                    .into_iter()
                    .find(|message| message.encode(order) == head)
                    .map(|message| (message, order))
            })
            .ok_or(NotAHeartbeat::Unknown)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "RUNNING",
            Self::Stopped => "STOPPED",
            Self::FosRunning => "RUNNING (fos)",
            Self::FosStopped => "STOPPED (fos)",
            Self::StopMe => "STOPME",
            Self::Hold => "HOLD",
            Self::Held => "HELD",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The table of pulse.md 10.2, little-endian column.
    const LITTLE: [(Message, [u8; 4]); 7] = [
        (Message::Running, [0xda, 0xdb, 0xad, 0xbd]),
        (Message::Stopped, [0xbd, 0xda, 0xbd, 0xad]),
        (Message::FosRunning, [0xbe, 0xba, 0xef, 0xbe]),
        (Message::FosStopped, [0xef, 0xbe, 0xad, 0xde]),
        (Message::StopMe, [0xda, 0xda, 0xad, 0xde]),
        (Message::Hold, [0xbe, 0xba, 0xaf, 0xde]),
        (Message::Held, [0xda, 0xda, 0xaf, 0xde]),
    ];

    #[test]
    fn the_bytes_are_those_of_the_table_in_both_orders() {
        for (message, little) in LITTLE {
            let mut big = little;
            big.reverse();
            assert_eq!(message.encode(ByteOrder::Little), little);
            assert_eq!(message.encode(ByteOrder::Big), big);
            assert_eq!(Message::decode(&little), Ok((message, ByteOrder::Little)));
            assert_eq!(Message::decode(&big), Ok((message, ByteOrder::Big)));
        }
    }

    #[test]
    fn fewer_than_four_bytes_are_too_short() {
        for length in 0..LENGTH {
            assert_eq!(Message::decode(&[0xda, 0xdb, 0xad, 0xbd][..length]), Err(NotAHeartbeat::TooShort));
        }
    }

    proptest! {
        #[test]
        fn whatever_follows_the_four_bytes_is_ignored(rest in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let mut datagram = Message::Stopped.encode(ByteOrder::Big).to_vec();
            datagram.extend(rest);
            prop_assert_eq!(Message::decode(&datagram), Ok((Message::Stopped, ByteOrder::Big)));
        }

        #[test]
        fn what_is_decoded_was_encoded(datagram in proptest::collection::vec(any::<u8>(), 0..16)) {
            if let Ok((message, order)) = Message::decode(&datagram) {
                prop_assert_eq!(&message.encode(order)[..], &datagram[..LENGTH]);
            }
        }
    }
}
