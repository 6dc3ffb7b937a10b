//! Messages of a real kernel, one a line in hexadecimal behind its generic netlink header on, in front of which may
//! stand, before a tab, what they say in the notation of `ipvsadm`.

use std::io::Cursor;

use neli::FromBytesWithInput;

/// What each line of a recording says, and its bytes.
pub(crate) fn lines(recording: &'static str) -> Vec<(&'static str, Vec<u8>)> {
    recording
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.rsplit_once('\t').unwrap_or(("", line)))
        .map(|(notation, hexadecimal)| (notation, bytes(hexadecimal)))
        .collect()
}

/// The only message of a recording.
pub(crate) fn only<A: FromBytesWithInput<Input = usize>>(recording: &'static str) -> A {
    let [(_, bytes)] = &lines(recording)[..] else { panic!("not one message") };
    answer(bytes)
}

/// A message as the socket hands it on.
pub(crate) fn answer<A: FromBytesWithInput<Input = usize>>(bytes: &[u8]) -> A {
    A::from_bytes_with_input(&mut Cursor::new(bytes), bytes.len()).unwrap()
}

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        hexadecimal.chars().map(|c| u8::try_from(c.to_digit(16).unwrap()).unwrap()).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
