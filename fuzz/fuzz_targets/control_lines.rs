//! Any bytes, in any pieces, as what one daemon tells another: nothing panics, every message that is understood survives
//! being sent on, and the tokens of foreign monitors do not depend on the pieces.
#![no_main]

use std::fmt::Debug;

use control::command::{Answer, Command};
use control::lines::{Decoder, encode};
use control::pool::{FromPool, ToPool};
use control::readiness::FromLvsd;
use control::report::{FromNanny, ToNanny};
use control::request::Request;
use control::tokens::Tokens;
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};

fuzz_target!(|pieces: Vec<Vec<u8>>| {
    hear::<FromNanny>(&pieces);
    hear::<ToNanny>(&pieces);
    hear::<FromPool>(&pieces);
    hear::<ToPool>(&pieces);
    hear::<FromLvsd>(&pieces);
    hear::<Request<Command>>(&pieces);
    hear::<Answer>(&pieces);
    understand(&pieces);
    let mut tokens = Tokens::default();
    let found: Vec<_> = pieces.iter().flat_map(|piece| tokens.feed(piece)).collect();
    assert_eq!(Tokens::default().feed(&pieces.concat()), found);
});

/// What lvsd does with a line on its control socket.
fn understand(pieces: &[Vec<u8>]) {
    let mut decoder = Decoder::default();
    for line in pieces.iter().map_while(|piece| decoder.feed(piece).ok()).flatten() {
        if let Ok(command) = Request::<Command>::understand(line) {
            assert!(!command.to_string().is_empty());
        }
    }
}

fn hear<M: Serialize + DeserializeOwned + PartialEq + Debug>(pieces: &[Vec<u8>]) {
    let mut decoder = Decoder::default();
    for message in pieces.iter().map_while(|piece| decoder.feed::<M>(piece).ok()).flatten() {
        let line = encode(&message).expect("what was a line can be one again");
        assert_eq!(Decoder::default().feed::<M>(&line).expect("an own line is understood"), [message]);
    }
}
