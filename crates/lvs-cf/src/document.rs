//! The file as a sequence of lines with their exact bytes.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till};
use nom::combinator::opt;
use nom::sequence::terminated;
use nom::{IResult, Parser};

/// A file cut into lines, nothing lost: the lines one after the other are the file, byte for byte.
///
/// A line ends at a line feed, at a carriage return with a line feed, or at a carriage return alone
/// (specification lvs-cf.md 2.1). The last line may have no end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Document {
    bytes: Vec<u8>,
    /// Where each line starts; it ends where the next one starts.
    starts: Vec<usize>,
}

/// One line of a [`Document`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// What stands on the line, without its end.
    pub text: &'a [u8],
    /// The bytes that end it: LF, CR LF, CR, or nothing at the end of the file.
    pub end: &'a [u8],
}

impl Document {
    /// Cuts a file into lines.
    pub fn new(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }

    /// The file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many lines there are.
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// A line by its number, from 1.
    pub fn line(&self, number: usize) -> Option<Line<'_>> {
        let start = *self.starts.get(number.checked_sub(1)?)?;
        let whole = self.bytes.get(start..self.start(number + 1))?;
        let end = match whole {
            [.., b'\r', b'\n'] => 2,
            [.., b'\r' | b'\n'] => 1,
            _ => 0,
        };
        let (text, end) = whole.split_at_checked(whole.len() - end)?;
        Some(Line { text, end })
    }

    /// Where a line starts, counted from 1; behind the last one, the end of the file.
    fn start(&self, number: usize) -> usize {
        let start = number.checked_sub(1).and_then(|index| self.starts.get(index));
        start.copied().unwrap_or(self.bytes.len())
    }

    /// All lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        (1..=self.starts.len()).filter_map(|number| self.line(number))
    }

    /// The same lines, each ended by a line feed. Lines with a NUL byte and all else stay.
    pub(crate) fn with_line_feeds(&self) -> Self {
        let bytes: Vec<u8> = self.lines().flat_map(|line| [line.text, b"\n"]).flatten().copied().collect();
        Self::new(&bytes)
    }

    /// The document with `removed` lines from `number` on replaced by others.
    pub(crate) fn splice(&self, number: usize, removed: usize, inserted: &[Vec<u8>]) -> Self {
        let before = self.bytes.get(..self.start(number)).unwrap_or_default();
        let behind = self.bytes.get(self.start(number + removed)..).unwrap_or_default();
        let mut bytes = before.to_vec();
        for line in inserted {
            bytes.extend_from_slice(line);
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(behind);
        Self::new(&bytes)
    }

    /// The document without some of its lines, given in ascending order.
    pub(crate) fn without(&self, numbers: &[usize]) -> Self {
        let kept = (1..=self.line_count()).filter(|number| numbers.binary_search(number).is_err());
        let bytes = kept.filter_map(|number| self.bytes.get(self.start(number)..self.start(number + 1)));
        Self::new(&bytes.collect::<Vec<_>>().concat())
    }
}

impl From<Vec<u8>> for Document {
    fn from(bytes: Vec<u8>) -> Self {
        Self { starts: starts(&bytes), bytes }
    }
}

fn starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty()
        && let Ok((after, _)) = line(rest)
    {
        starts.push(bytes.len() - rest.len());
        rest = after;
    }
    starts
}

/// Takes one line with its end.
fn line(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let end = opt(alt((tag("\r\n"), tag("\n"), tag("\r"))));
    terminated(take_till(|byte| byte == b'\r' || byte == b'\n'), end).parse(input)
}
