//! What a monitor that is not ours tells lvsd: its log lines, of which two carry a token (specification lvsd.md 6.1).

/// Longest line that is looked at, in bytes; of a longer one only the beginning counts.
pub const LONGEST_LINE: usize = 4096;

/// What a line says of the real server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// `[ active ]`: it is in service.
    Active,
    /// `[inactive]`: it is not.
    Inactive,
}

/// Collects received bytes and gives back the tokens of whole lines.
#[derive(Debug, Default)]
pub struct Tokens {
    line: Vec<u8>,
}

impl Tokens {
    /// Takes the next received bytes and returns the tokens of the lines that they complete, in order.
    pub fn feed(&mut self, received: &[u8]) -> Vec<Token> {
        let mut tokens = Vec::new();
        for part in received.split_inclusive(|&byte| byte == b'\n') {
            let room = LONGEST_LINE.saturating_sub(self.line.len());
            self.line.extend(part.iter().take(room));
            if part.ends_with(b"\n") {
                tokens.extend(token(&self.line));
                self.line.clear();
            }
        }
        tokens
    }
}

/// As Piranha looks: the first token wins over the second, wherever they stand.
fn token(line: &[u8]) -> Option<Token> {
    let holds = |word: &[u8]| line.windows(word.len()).any(|window| window == word);
    if holds(b"[ active ]") { Some(Token::Active) } else { holds(b"[inactive]").then_some(Token::Inactive) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LONGEST_LINE, Token, Tokens};

    const OUTPUT: &[u8] = b"nanny: starting LVS client monitor for 10.1.9.100:80 -> 10.1.1.2:80\n\
        nanny: [ active ] making 10.1.1.2:80 available\n\
        nanny: [inactive] shutting down 10.1.1.2:80 due to connection failure\n\
        nanny: [ active ] maki";

    proptest! {
        #[test]
        fn tokens_survive_any_cutting(length in 1usize..100) {
            let mut tokens = Tokens::default();
            let found: Vec<_> = OUTPUT.chunks(length).flat_map(|piece| tokens.feed(piece)).collect();
            prop_assert_eq!(found, [Token::Active, Token::Inactive]);
        }
    }

    #[test]
    fn an_endless_line_takes_no_memory_and_the_next_one_is_read() {
        let mut tokens = Tokens::default();
        for _ in 0..1000 {
            assert_eq!(tokens.feed(&[b'x'; 1000]), []);
        }
        assert!(tokens.line.capacity() <= 2 * LONGEST_LINE);
        assert_eq!(tokens.feed(b"[ active ]\n[inactive]\n"), [Token::Inactive]);
    }
}
