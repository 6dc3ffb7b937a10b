//! What makes an answer good: specification nanny.md 3, step 8.

use regex::bytes::Regex;

use crate::expression::compile;
use crate::failure::Cause;

/// Most bytes of an answer that are searched for a regular expression.
const LONGEST_SEARCH: usize = 64 * 1024;

/// What makes an answer good.
#[derive(Debug, Clone)]
pub enum Expect {
    /// No answer is awaited. With UDP and a send string, any reply.
    Nothing,
    /// At least one byte: the expect string `*`.
    Anything,
    /// An answer that begins with these bytes. With none, a sign of life: any answer or its end.
    Prefix(Vec<u8>),
    /// An answer with a match anywhere in its first 64 KiB.
    Match(Regex),
    /// Never: the text is no regular expression, for this reason.
    Impossible(String),
}

impl Expect {
    /// The meaning of an expect string, after its backslash sequences were translated.
    pub fn text(text: Vec<u8>) -> Self {
        if text == b"*" { Self::Anything } else { Self::Prefix(text) }
    }

    /// The meaning of an expect string that is a POSIX extended regular expression, as it was written.
    pub fn expression(text: &[u8]) -> Self {
        compile(text).map_or_else(Self::Impossible, Self::Match)
    }

    /// What is expected, in the form that it is compared in.
    pub(crate) fn written(&self) -> &[u8] {
        match self {
            Self::Nothing | Self::Impossible(_) => b"",
            Self::Anything => b"*",
            Self::Prefix(text) => text,
            Self::Match(expression) => expression.as_str().as_bytes(),
        }
    }

    /// Bytes of an answer that are needed to judge it.
    pub(crate) fn wanted(&self) -> usize {
        match self {
            Self::Nothing | Self::Impossible(_) => 0,
            Self::Anything | Self::Match(_) => 1,
            Self::Prefix(text) => text.len(),
        }
    }

    /// Judges what was received so far: none if more is needed.
    pub(crate) fn judge(&self, received: &[u8]) -> Option<Result<(), Cause>> {
        match self {
            Self::Nothing => Some(Ok(())),
            Self::Anything => (!received.is_empty()).then_some(Ok(())),
            Self::Prefix(text) => {
                if received.iter().zip(text).any(|(got, wanted)| got != wanted) {
                    return Some(Err(Cause::Different { got: received.to_vec(), wanted: text.clone() }));
                }
                (received.len() >= text.len()).then_some(Ok(()))
            }
            Self::Match(expression) if expression.is_match(received) => Some(Ok(())),
            Self::Match(_) => {
                let got = received.to_vec();
                (received.len() >= LONGEST_SEARCH).then_some(Err(Cause::Unmatched { got }))
            }
            Self::Impossible(reason) => Some(Err(Cause::Expression(reason.clone()))),
        }
    }

    /// Judges an answer that ended here.
    pub(crate) fn judge_whole(&self, received: &[u8]) -> Result<(), Cause> {
        self.judge(received).unwrap_or_else(|| {
            Err(match self {
                Self::Match(_) => Cause::Unmatched { got: received.to_vec() },
                _ => Cause::TooShort { got: received.len(), wanted: self.wanted() },
            })
        })
    }
}
