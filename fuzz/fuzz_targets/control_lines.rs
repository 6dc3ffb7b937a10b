//! Any bytes, in any pieces, as what one daemon tells another: nothing panics, every message that is understood survives
//! being sent on, and the tokens of foreign monitors do not depend on the pieces.
#![no_main]

use std::fmt::Debug;

use control::command::{Answer, Command};
use control::helper;
use control::lines::{Decoder, encode};
use control::pool::{FromPool, ToPool};
use control::pulse;
use control::readiness::{FromLvsd, Heard};
use control::report::{FromNanny, ToNanny};
use control::request::{Line, Request};
use control::tokens::Tokens;
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};

fuzz_target!(|pieces: Vec<Vec<u8>>| {
    hear::<FromNanny>(&pieces);
    hear::<ToNanny>(&pieces);
    hear::<FromPool>(&pieces);
    hear::<ToPool>(&pieces);
    hear::<FromLvsd>(&pieces);
    skip(&pieces);
    hear::<Request<Command>>(&pieces);
    hear::<Answer>(&pieces);
    hear::<Request<pulse::Command>>(&pieces);
    hear::<pulse::Answer>(&pieces);
    hear::<Request<helper::Command>>(&pieces);
    hear::<helper::Answer>(&pieces);
    understand(&pieces);
    let mut tokens = Tokens::default();
    let found: Vec<_> = pieces.iter().flat_map(|piece| tokens.feed(piece)).collect();
    assert_eq!(Tokens::default().feed(&pieces.concat()), found);
});

/// What lvsd does with a line on its control socket.
fn understand(pieces: &[Vec<u8>]) {
    let mut decoder = Decoder::default();
    for line in pieces.iter().map_while(|piece| decoder.feed::<Line>(piece).ok()).flatten() {
        if let Ok(command) = Request::<Command>::understand(&line) {
            assert!(!command.to_string().is_empty());
        }
    }
}

/// What pulse does with a line of lvsd: of another release it may be anything.
fn skip(pieces: &[Vec<u8>]) {
    let mut decoder = Decoder::default();
    let lines = pieces.iter().map_while(|piece| decoder.feed::<Heard>(piece).ok()).flatten();
    let _known: Vec<FromLvsd> = lines.filter_map(Heard::known).collect();
}

fn hear<M: Serialize + DeserializeOwned + PartialEq + Debug>(pieces: &[Vec<u8>]) {
    let mut decoder = Decoder::default();
    for message in pieces.iter().map_while(|piece| decoder.feed::<M>(piece).ok()).flatten() {
        let line = encode(&message).expect("what was a line can be one again");
        assert_eq!(Decoder::default().feed::<M>(&line).expect("an own line is understood"), [message]);
    }
}
