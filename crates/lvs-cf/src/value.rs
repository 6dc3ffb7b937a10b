//! The value of a statement, read as one of the types of specification lvs-cf.md section 4.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;
use std::time::Duration;

use crate::config::{Node, prefix_length};
use crate::error::ErrorKind;
use crate::fault::{Cause, Fault, Remark};
use crate::fixed::Fixed;
use crate::names::Names;
use crate::number;
use crate::time::{self, Time};
use crate::token::Token;
use crate::warning::Warning;
use crate::word::{Quote, Text, Word};

/// The words behind an equals sign.
pub(crate) struct Value<'a> {
    line: &'a [u8],
    tokens: &'a [Token],
    names: &'a dyn Names,
    /// Whether the words of an extension line are understood.
    extended: bool,
    /// Whether the value turned out to be one that Piranha cannot read.
    pub(crate) beyond_piranha: bool,
    /// What was odd about it.
    pub(crate) remarks: Vec<Remark>,
}

type Read<T> = Result<T, Fault>;

impl<'a> Value<'a> {
    pub(crate) fn new(line: &'a [u8], tokens: &'a [Token], names: &'a dyn Names, extended: bool) -> Self {
        Self { line, tokens, names, extended, beyond_piranha: false, remarks: Vec::new() }
    }

    pub(crate) fn is_extended(&self) -> bool {
        self.extended
    }

    fn word(&self, index: usize) -> &'a [u8] {
        self.tokens.get(index).map_or(&[], |token| token.text(self.line))
    }

    fn span(&self, index: usize) -> Range<usize> {
        self.tokens.get(index).map_or(self.line.len()..self.line.len(), Token::span)
    }

    fn fault(&self, kind: ErrorKind) -> Fault {
        Fault::new(kind, self.span(0))
    }

    fn remark(&mut self, warning: Warning, message: String) {
        self.remarks.push(Remark { warning, span: self.span(0), message });
    }

    /// Kept as a signed number of 32 bits, whatever its size.
    pub(crate) fn integer(&mut self) -> Read<i32> {
        let number = number::integer(self.word(0)).ok_or_else(|| self.fault(ErrorKind::IntExpected))?;
        Ok(self.kept(number))
    }

    fn kept(&mut self, number: i64) -> i32 {
        let kept = number::low_32_bits(number);
        if i64::from(kept) != number {
            self.remark(Warning::NumberRange, format!("the number does not fit: it is read as {kept}"));
        }
        kept
    }

    /// A firewall mark: an integer seen as unsigned.
    pub(crate) fn mark(&mut self) -> Read<u32> {
        let number = number::integer(self.word(0)).ok_or_else(|| self.fault(ErrorKind::IntExpected))?;
        let kept = number::low_32_bits(number).cast_unsigned();
        if i64::from(kept) != number {
            self.remark(Warning::NumberRange, format!("the number does not fit: it is read as {kept}"));
        }
        Ok(kept)
    }

    pub(crate) fn boolean(&mut self) -> Read<bool> {
        match self.integer()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.fault(ErrorKind::BoolExpected)),
        }
    }

    /// An integer, else the name of a TCP service.
    pub(crate) fn port(&mut self) -> Read<i32> {
        if let Some(number) = number::integer(self.word(0)) {
            return Ok(self.kept(number));
        }
        let name = std::str::from_utf8(self.word(0)).ok();
        let port = name.and_then(|name| self.names.service(name)).map(i32::from);
        port.ok_or_else(|| self.fault(ErrorKind::BadArgument).because(Cause::Unresolved))
    }

    /// An address or a name; `None` for 0.0.0.0.
    pub(crate) fn host(&mut self) -> Read<Option<IpAddr>> {
        if let Some(address) = self.address() {
            return Ok(given(address));
        }
        let ipv6 = self.ipv6_text();
        let name = std::str::from_utf8(self.word(0)).ok().filter(|_| ipv6.is_none());
        let cause = if ipv6.is_some() { Cause::Ipv6 } else { Cause::Unresolved };
        let address = name.and_then(|name| self.names.host(name));
        let address = address.ok_or_else(|| self.fault(ErrorKind::BadArgument).because(cause))?;
        Ok(given(address.into()))
    }

    /// A router's address with its name.
    pub(crate) fn node(&mut self) -> Read<Node> {
        Ok(Node { address: self.host()?, name: Some(self.word(0).into()) })
    }

    /// A router's address that must not be 0.0.0.0.
    pub(crate) fn present_node(&mut self) -> Read<Node> {
        let node = self.node()?;
        let missing = self.fault(ErrorKind::BadHostname).because(Cause::ZeroAddress);
        if node.address.is_some() { Ok(node) } else { Err(missing) }
    }

    /// An address without names.
    pub(crate) fn address_only(&mut self) -> Read<Option<IpAddr>> {
        let cause = if self.ipv6_text().is_some() { Cause::Ipv6 } else { Cause::Plain };
        self.address().map(given).ok_or_else(|| self.fault(ErrorKind::BadHostname).because(cause))
    }

    pub(crate) fn mask(&mut self) -> Read<Option<IpAddr>> {
        let cause = if self.ipv6_text().is_some() { Cause::Ipv6 } else { Cause::Plain };
        let mask = self.address().ok_or_else(|| self.fault(ErrorKind::BadNetmask).because(cause))?;
        self.look_at_mask(mask);
        Ok(given(mask))
    }

    /// `pmask`: all ones is stored as unset, and what is no address leaves the mask as it `was`.
    pub(crate) fn persistence_mask(&mut self, was: Option<IpAddr>) -> Option<IpAddr> {
        if self.word(0) == b"255.255.255.255" {
            return None;
        }
        let Some(mask) = self.address() else {
            self.remark(Warning::PmaskIgnored, "not an address: the line has no effect".into());
            return was;
        };
        self.look_at_mask(mask);
        given(mask)
    }

    fn look_at_mask(&mut self, mask: IpAddr) {
        if prefix_length(mask).is_none() {
            self.remark(Warning::OddMask, "not a netmask: its ones are not all in front".into());
        }
    }

    /// An address in any form of this line's vocabulary.
    fn address(&mut self) -> Option<IpAddr> {
        if let Some(address) = number::address(self.word(0)) {
            if !number::is_plain_address(self.word(0), address) {
                self.remark(Warning::OddAddress, format!("this is read as {address}"));
            }
            return Some(address.into());
        }
        let address = self.ipv6_text().filter(|_| self.extended)?;
        self.beyond_piranha = true;
        Some(address.into())
    }

    fn ipv6_text(&self) -> Option<Ipv6Addr> {
        std::str::from_utf8(self.word(0)).ok()?.parse().ok()
    }

    /// The second word of `address` and `nat_router`.
    pub(crate) fn device(&self) -> Word {
        self.word(1).into()
    }

    pub(crate) fn fixed<T: Fixed>(&mut self) -> Read<T> {
        let word = self.word(0);
        let known = T::WORDS.iter().position(|(known, _)| known.as_bytes() == word);
        let ours = known.is_some_and(|index| index >= T::PIRANHA);
        self.beyond_piranha |= ours;
        match known.and_then(|index| T::WORDS.get(index)) {
            Some(&(_, value)) if self.extended || !ours => Ok(value),
            Some(_) => Err(self.fault(ErrorKind::BadArgument).because(Cause::ValueOfOurs)),
            None => Err(self.fault(ErrorKind::BadArgument).because(self.nearest::<T>())),
        }
    }

    fn nearest<T: Fixed>(&self) -> Cause {
        let meant = T::WORDS.iter().find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(self.word(0)));
        meant.map_or(Cause::NotOneOf(T::names(self.extended)), |&(known, _)| Cause::Case(known))
    }

    pub(crate) fn string(&self) -> Word {
        self.word(0).into()
    }

    pub(crate) fn text(&mut self) -> Text {
        let quote = match self.tokens.first().and_then(Token::quote) {
            Some(b'"') => Some(Quote::Double),
            Some(_) => Some(Quote::Single),
            None => None,
        };
        if quote == Some(Quote::Single) {
            self.remark(
                Warning::SingleQuotes,
                "single quotes are part of the value: they are sent too".into(),
            );
        }
        Text { text: self.word(0).into(), quote }
    }

    /// Words between brackets; what stands behind the closing one is ignored.
    pub(crate) fn list(&mut self) -> Read<Vec<Word>> {
        let open = self.word(0) == b"[";
        let close = self.tokens.iter().position(|token| token.text(self.line) == b"]");
        let words = close.filter(|_| open).and_then(|close| self.tokens.get(1..close));
        let words = words.ok_or_else(|| self.fault(ErrorKind::ListExpected))?;
        Ok(words.iter().map(|token| token.text(self.line).into()).collect())
    }

    /// Seconds, or on an extension line a time with a unit.
    pub(crate) fn time(&mut self) -> Read<Time> {
        if let Some(number) = number::integer(self.word(0)) {
            return Ok(Time::Seconds(self.kept(number)));
        }
        match time::with_unit(self.word(0)) {
            Some(time) if self.extended => {
                self.beyond_piranha = true;
                Ok(Time::Exact(time))
            }
            Some(_) if !self.word(0).iter().all(u8::is_ascii_digit) => {
                Err(self.fault(ErrorKind::IntExpected).because(Cause::ValueOfOurs))
            }
            None if self.extended => Err(self.fault(ErrorKind::BadArgument).because(Cause::NotATime)),
            _ => Err(self.fault(ErrorKind::IntExpected)),
        }
    }

    /// A time above zero of our own keywords.
    pub(crate) fn period(&mut self) -> Read<Duration> {
        let period = time::with_unit(self.word(0)).filter(|period| !period.is_zero());
        period.ok_or_else(|| self.fault(ErrorKind::BadArgument).because(Cause::NotATime))
    }

    /// The same, or 0 for never. What is cut off to 0 is a slip.
    pub(crate) fn period_or_never(&mut self) -> Read<Duration> {
        let zero = self.word(0).iter().all(|byte| !(b'1'..=b'9').contains(byte));
        match time::with_unit(self.word(0)) {
            Some(never) if zero => Ok(never),
            _ => self.period(),
        }
    }

    /// A number of checks of our own keywords: 1 to 100.
    pub(crate) fn count(&mut self) -> Read<u32> {
        let count = std::str::from_utf8(self.word(0)).ok().and_then(|word| word.parse().ok());
        let count = count.filter(|count| (1..=100).contains(count));
        count.ok_or_else(|| self.fault(ErrorKind::BadArgument).because(Cause::NotACount))
    }
}

/// 0.0.0.0 is the same as no address.
fn given(address: IpAddr) -> Option<IpAddr> {
    (!address.is_unspecified()).then_some(address)
}
