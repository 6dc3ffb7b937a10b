//! A line cut into words (specification lvs-cf.md 2.2 to 2.4).

use std::ops::Range;

use nom::bytes::complete::{take_till, take_while};
use nom::error::ErrorKind;
use nom::{IResult, Parser};

/// A word on a line: where it stands and how it was quoted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    start: u32,
    end: u32,
    quote: Option<u8>,
}

impl Token {
    fn new(text: Range<usize>, quote: Option<u8>) -> Self {
        let small = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: small(text.start), end: small(text.end), quote }
    }

    /// The word without its outer quotes.
    pub(crate) fn text<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        line.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Where it stands on the line, its quotes included.
    pub(crate) fn span(&self) -> Range<usize> {
        let quote = usize::from(self.quote.is_some());
        (self.start as usize - quote)..(self.end as usize + quote)
    }

    /// The quote character, if it was quoted.
    pub(crate) fn quote(&self) -> Option<u8> {
        self.quote
    }
}

/// A word that starts with a quote and has no partner by the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadQuote {
    /// Where the quote stands on the line.
    pub(crate) at: usize,
}

/// Space and tab separate words, nothing else does.
pub(crate) fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Where the words of an extension line begin, if the line may be one: behind `#%` and a blank (specification
/// lvs-cf.md section 15).
pub(crate) fn after_extension_mark(line: &[u8]) -> Option<usize> {
    let start = line.iter().position(|&byte| !is_blank(byte))?;
    let behind = line.get(start..)?.strip_prefix(b"#%")?;
    behind.first().is_some_and(|&byte| is_blank(byte)).then_some(start + 2)
}

/// Cuts what stands from `from` on into words. On a bad quote, `tokens` holds the words before it.
pub(crate) fn cut(line: &[u8], from: usize, tokens: &mut Vec<Token>) -> Result<(), BadQuote> {
    tokens.clear();
    let mut rest = skip_blanks(line.get(from..).unwrap_or_default());
    while !rest.is_empty() {
        let at = line.len() - rest.len();
        let (after, (text, quote)) = word(rest).map_err(|_| BadQuote { at })?;
        let start = at + usize::from(quote.is_some());
        tokens.push(Token::new(start..start + text.len(), quote));
        rest = skip_blanks(after);
    }
    Ok(())
}

fn skip_blanks(input: &[u8]) -> &[u8] {
    let blanks: IResult<&[u8], &[u8]> = take_while(is_blank).parse(input);
    blanks.map_or(input, |(rest, _)| rest)
}

type Cut<'a> = (&'a [u8], Option<u8>);

fn word(input: &[u8]) -> IResult<&[u8], Cut<'_>> {
    match input.first() {
        Some(&quote @ (b'"' | b'\'')) => quoted(input, quote),
        _ => take_till(is_blank).map(|text| (text, None)).parse(input),
    }
}

/// A quote closes at the end of the line if no blank follows it, else at the first such quote from that
/// blank on; quotes before the blank are text.
fn quoted(input: &[u8], quote: u8) -> IResult<&[u8], Cut<'_>> {
    let unclosed = || nom::Err::Error(nom::error::Error::new(input, ErrorKind::Tag));
    let blank = input.iter().position(|&byte| is_blank(byte));
    let close = match blank {
        None => (input.len() > 1 && input.last() == Some(&quote)).then(|| input.len() - 1),
        Some(blank) => input.iter().skip(blank).position(|&byte| byte == quote).map(|behind| blank + behind),
    };
    let close = close.ok_or_else(unclosed)?;
    let (text, after) = (input.get(1..close), input.get(close + 1..));
    text.zip(after).map(|(text, after)| (after, (text, Some(quote)))).ok_or_else(unclosed)
}
