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
    lines: Vec<Extent>,
}

/// Where a line lies in the bytes. Its end is where the next one starts. Files are bounded to 16 MiB
/// ([`crate::MAX_BYTES`]), so 32 bits do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Extent {
    start: u32,
    text_end: u32,
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
    /// Cuts a file into lines. Bytes beyond [`crate::MAX_BYTES`] are not looked at; [`crate::read`] refuses
    /// such files.
    pub fn new(bytes: &[u8]) -> Self {
        let bytes = bytes.get(..crate::MAX_BYTES).unwrap_or(bytes).to_vec();
        let lines = extents(&bytes);
        Self { bytes, lines }
    }

    /// The file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many lines there are.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// A line by its number, from 1.
    pub fn line(&self, number: usize) -> Option<Line<'_>> {
        let index = number.checked_sub(1)?;
        let extent = self.lines.get(index)?;
        let next = self.lines.get(number).map_or(self.bytes.len(), |next| next.start as usize);
        Some(Line {
            text: self.bytes.get(extent.start as usize..extent.text_end as usize)?,
            end: self.bytes.get(extent.text_end as usize..next)?,
        })
    }

    /// All lines, in order.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        (1..=self.lines.len()).filter_map(|number| self.line(number))
    }
    /// The same lines, each ended by a line feed. Lines with a NUL byte and all else stay.
    pub(crate) fn with_line_feeds(&self) -> Self {
        let bytes: Vec<u8> = self.lines().flat_map(|line| [line.text, b"\n"]).flatten().copied().collect();
        Self::new(&bytes)
    }

    /// The document with `removed` lines from `number` on replaced by others.
    pub(crate) fn splice(&self, number: usize, removed: usize, inserted: &[Vec<u8>]) -> Self {
        let start = |number: usize| {
            let extent = number.checked_sub(1).and_then(|index| self.lines.get(index));
            extent.map_or(self.bytes.len(), |extent| extent.start as usize)
        };
        let before = self.bytes.get(..start(number)).unwrap_or_default();
        let behind = self.bytes.get(start(number + removed)..).unwrap_or_default();
        let mut bytes = before.to_vec();
        for line in inserted {
            bytes.extend_from_slice(line);
            bytes.push(b'\n');
        }
        bytes.extend_from_slice(behind);
        Self::new(&bytes)
    }
}

fn extents(bytes: &[u8]) -> Vec<Extent> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty()
        && let Ok((after, text)) = line(rest)
    {
        let start = bytes.len() - rest.len();
        lines.push(Extent { start: offset(start), text_end: offset(start + text.len()) });
        rest = after;
    }
    lines
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Takes one line with its end.
fn line(input: &[u8]) -> IResult<&[u8], &[u8]> {
    let end = opt(alt((tag("\r\n"), tag("\n"), tag("\r"))));
    terminated(take_till(|byte| byte == b'\r' || byte == b'\n'), end).parse(input)
}
