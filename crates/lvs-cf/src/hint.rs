//! What to do about an error (the table in specification lvs-cf.md section 7).

use std::net::Ipv6Addr;

use crate::config::{Config, RealServer, VirtualServer};
use crate::diagnostic::shown;
use crate::error::ErrorKind;
use crate::fault::{Cause, Fault};
use crate::frame::Words;
use crate::keyword::{Keyword, Level};
use crate::number;
use crate::outline::{Block, BlockKind};
use crate::time;
use crate::token;

/// The hint for a fault on a line, given the sections that are open there, outermost first.
pub(crate) fn for_fault(words: Words<'_>, fault: &Fault, open: &[&Block]) -> Option<String> {
    for_cause(words, fault, open).or_else(|| match fault.kind {
        ErrorKind::BadCommand => unknown_command(words, open),
        ErrorKind::EqualExpected => Some(equals_sign(words)),
        ErrorKind::MissingArgs | ErrorKind::ExtraArgs => Some(word_count(words, fault.kind)),
        ErrorKind::BadQuoting => Some(quoting(words, fault)),
        ErrorKind::IntExpected => Some(integer(at(fault, words))),
        ErrorKind::BoolExpected => Some("write 0 or 1".into()),
        ErrorKind::BadNetmask => Some("write the mask with four decimal parts, as in 255.255.255.0".into()),
        ErrorKind::BadHostname => Some("only a numeric IPv4 address can stand here, no name".into()),
        ErrorKind::ListExpected => {
            Some("a list stands in brackets, each a word of its own: `dirs = [ /a /b ]`".into())
        }
        ErrorKind::NulByte => Some("the file is damaged or not plain text: save it again as text".into()),
        ErrorKind::BadArgument | ErrorKind::Stat | ErrorKind::Read => None,
    })
}

/// What the reader knew when it refused the line.
fn for_cause(words: Words<'_>, fault: &Fault, open: &[&Block]) -> Option<String> {
    let word = shown(at(fault, words));
    let line = shown(words.line.trim_ascii());
    Some(match fault.cause {
        Cause::Plain => return None,
        Cause::NotOneOf(known) => format!("write one of: {}", known.join(", ")),
        Cause::Case(known) => format!("case matters: write `{known}`"),
        Cause::Unresolved if words.word(0).ends_with(b"port") => {
            format!("`{word}` is no TCP service in /etc/services: write the number")
        }
        Cause::Unresolved => {
            format!("`{word}` does not resolve to an IPv4 address: a numeric address always works")
        }
        Cause::Ipv6 => format!(
            "IPv6 is not supported in this file format: Piranha would refuse the file. Write it on an extension line: \
             `#% {line}`"
        ),
        Cause::ZeroAddress => "0.0.0.0 is no address of a router: give one, or remove the line".into(),
        Cause::ValueOfOurs | Cause::KeywordOfOurs => {
            format!("Piranha does not know this: write it on an extension line: `#% {line}`")
        }
        Cause::NotATime => "write a time such as 250ms, 1.5s or 10m; a plain number is seconds".into(),
        Cause::NotACount => "write a number from 1 to 100".into(),
        Cause::OrdinaryInExtension => format!(
            "{} is an extension and holds extension lines only: write `#% {line}`, or close the section with \
             `#% }}` first",
            open.last().map_or("the section".into(), |block| section(block))
        ),
        Cause::ExtensionClosesOrdinary => "what an ordinary line opened is closed by `}` without `#%`".into(),
    })
}

/// The word that a fault is about.
fn at<'a>(fault: &Fault, words: Words<'a>) -> &'a [u8] {
    words.line.get(fault.span.clone()).unwrap_or_default()
}

fn section(block: &Block) -> String {
    format!("the `{}` section of line {}", block.kind.word(), block.open)
}

/// Keywords of Piranha's web tool, manual page or drafts, which its daemons do not know.
const NEVER_KNOWN: &[(&str, &str)] = &[
    ("nmask", "only Piranha's web tool knows `nmask`: remove the line"),
    ("expect_program", "only Piranha's web tool knows `expect_program`: remove the line"),
    ("debug", "the keyword is `debug_level`, and has no effect"),
    ("mode", "an early draft's keyword, never understood: remove the line"),
    ("heartbeat_dev", "an early draft's keyword, never understood: remove the line"),
    ("log_file", "an early draft's keyword, never understood: remove the line"),
];

fn unknown_command(words: Words<'_>, open: &[&Block]) -> Option<String> {
    let first = words.word(0);
    if words.number == 1 && first.starts_with(b"\xef\xbb\xbf") {
        return Some("the file starts with a byte order mark: save it without one".into());
    }
    let first = std::str::from_utf8(first).ok()?;
    let never = NEVER_KNOWN.iter().find(|(name, _)| *name == first).map(|(_, hint)| (*hint).to_owned());
    out_of_place(first, open)
        .or(never)
        .or_else(|| elsewhere(first, open))
        .or_else(|| glued(words))
        .or_else(|| misspelt(first, words.extended, open))
}

/// An equals sign in the first or second word.
fn glued(words: Words<'_>) -> Option<String> {
    if words.word(1) == b"=" && !words.word(0).contains(&b'=') {
        return None;
    }
    let text = shown(&[words.word(0), words.word(1)].join(&b' '));
    let (key, value) = text.split_once('=')?;
    let (key, value) = (key.trim(), if value.trim().is_empty() { "VALUE" } else { value.trim() });
    Some(format!("blanks are needed around the equals sign: `{key} = {value}`"))
}

/// A section line or brace at a level where it cannot stand.
fn out_of_place(first: &str, open: &[&Block]) -> Option<String> {
    let innermost = open.last();
    match (first, innermost) {
        ("}", None) => Some("no section is open here: there is one closing brace too many".into()),
        ("{", _) => Some("the opening brace belongs on the section line: `virtual NAME {`".into()),
        ("server", None) => {
            Some("`server` stands in a virtual section: the section seems to be closed too early".into())
        }
        ("virtual" | "failover" | "server", Some(block)) => {
            Some(format!("a closing brace seems to be missing: {} is still open", section(block)))
        }
        _ => None,
    }
}

/// A keyword of another level.
fn elsewhere(first: &str, open: &[&Block]) -> Option<String> {
    if first == "heartbeat" && open.last().is_some_and(|block| block.kind == BlockKind::Failover) {
        return Some(
            "only Piranha's web tool writes `heartbeat` into failover sections: remove the line".into(),
        );
    }
    let levels = [
        (knows::<Config>(first), "at the top of the file, outside of all sections"),
        (knows::<VirtualServer>(first), "in `virtual` and `failover` sections"),
        (knows::<RealServer>(first), "in `server` sections"),
    ];
    let known: Vec<&str> = levels.iter().filter(|(knows, _)| *knows).map(|&(_, level)| level).collect();
    let open = open.last().map(|block| format!(" ({} is still open)", section(block))).unwrap_or_default();
    (!known.is_empty()).then(|| format!("`{first}` stands {}{open}", known.join(" and ")))
}

fn knows<T: Level>(name: &str) -> bool {
    T::KEYWORDS.iter().any(|keyword| keyword.name == name)
}

/// Another spelling that this level knows; on an extension line, else all that it may hold beyond Piranha's keywords.
fn misspelt(first: &str, extended: bool, open: &[&Block]) -> Option<String> {
    let (piranhas, ours, sections): (_, _, &[&str]) = match open.last().map(|block| block.kind) {
        None | Some(BlockKind::File) => {
            (names::<Config>(false), names::<Config>(true), &["virtual", "failover"])
        }
        Some(BlockKind::Virtual | BlockKind::Failover) => {
            (names::<VirtualServer>(false), names::<VirtualServer>(true), &["server"])
        }
        Some(BlockKind::Server) => (names::<RealServer>(false), names::<RealServer>(true), &[]),
    };
    let ours = if extended { ours } else { Vec::new() };
    let mut known = piranhas.iter().chain(sections).chain(&ours);
    match known.find(|known| near(first.as_bytes(), known.as_bytes())) {
        Some(meant) => Some(format!("did you mean `{meant}`?")),
        None if ours.is_empty() => None,
        None => Some(format!("besides Piranha's keywords, these are known here: {}", ours.join(", "))),
    }
}

/// The keywords of a level that are ours, or those that are not.
fn names<T: Level>(ours: bool) -> Vec<&'static str> {
    let wanted = T::KEYWORDS.iter().filter(|keyword| keyword.ours == ours);
    wanted.map(|Keyword { name, .. }| *name).collect()
}

/// The same but for case, or for one letter too many, too few or wrong, or two letters swapped.
fn near(word: &[u8], known: &[u8]) -> bool {
    let (word, known) = (word.to_ascii_lowercase(), known.to_ascii_lowercase());
    let same = |(a, b): &(&u8, &u8)| a == b;
    let front = word.iter().zip(&known).take_while(same).count();
    let rest = (word.get(front..).unwrap_or_default(), known.get(front..).unwrap_or_default());
    match rest {
        ([], []) => true,
        ([a, b, one @ ..], [c, d, other @ ..]) if a == d && b == c && one == other => true,
        ([_, one @ ..], [_, other @ ..]) if one == other => true,
        ([_, one @ ..], other) if one == other => true,
        (one, [_, other @ ..]) => one == other,
        _ => false,
    }
}

fn equals_sign(words: Words<'_>) -> String {
    let (key, second) = (shown(words.word(0)), shown(words.word(1)));
    let second = if second.is_empty() { "VALUE".into() } else { second };
    glued(words).unwrap_or_else(|| format!("write `{key} = {second}`"))
}

/// Too many or too few words.
fn word_count(words: Words<'_>, kind: ErrorKind) -> String {
    let words_behind = || words.tokens.iter().skip(3).map(|token| token.text(words.line));
    if kind == ErrorKind::ExtraArgs && words_behind().any(|word| word.starts_with(b"#")) {
        return "comments need a line of their own".into();
    }
    match words.word(0) {
        b"virtual" | b"failover" | b"server" => section_line(words, kind),
        b"address" | b"nat_router" if kind == ErrorKind::MissingArgs => address_and_device(words),
        _ if kind == ErrorKind::MissingArgs => "give a value, or remove the line".into(),
        _ if words.tokens.get(2).is_some_and(|value| value.quote().is_some()) => {
            "a quoted value ends at the first such quote behind its first blank: there is no escape for quotes".into()
        }
        _ => "a value of several words stands in double quotes".into(),
    }
}

fn section_line(words: Words<'_>, kind: ErrorKind) -> String {
    let keyword = shown(words.word(0));
    let named = !words.word(1).is_empty() && words.word(1) != b"{";
    if words.word(1) == b"=" {
        return format!("a section line has no equals sign: `{keyword} NAME {{`");
    }
    if kind == ErrorKind::ExtraArgs {
        return format!("a section line is `{keyword} NAME {{`, and nothing may follow the brace");
    }
    let name = if named { shown(words.word(1)) } else { "NAME".into() };
    let name = name.trim_end_matches('{');
    let why = if named {
        "the opening brace belongs on the section line, as a word of its own"
    } else {
        "the name is missing"
    };
    format!("{why}: `{keyword} {name} {{`")
}

fn address_and_device(words: Words<'_>) -> String {
    let value = words.word(2);
    let ipv6 = std::str::from_utf8(value).is_ok_and(|value| value.parse::<Ipv6Addr>().is_ok());
    let missing = if value.is_empty() {
        "both are missing"
    } else if number::address(value).is_some() || ipv6 {
        "the device seems to be missing"
    } else {
        "the IP address seems to be missing"
    };
    let key = shown(words.word(0));
    format!("an IP address and a device are both needed, {missing}: `{key} = 192.0.2.1 eth0:1`")
}

fn quoting(words: Words<'_>, fault: &Fault) -> String {
    let quoted = at(fault, words);
    let quote = quoted.first().copied().map_or('"', char::from);
    let trimmed = quoted.trim_ascii_end();
    let blank_behind = quoted.last().is_some_and(|&byte| token::is_blank(byte));
    let closed = trimmed.len() > 1 && trimmed.first() == trimmed.last();
    let one_word = !trimmed.iter().any(|&byte| token::is_blank(byte));
    if blank_behind && closed && one_word {
        "remove the blank behind the closing quote: it keeps the quote from closing".into()
    } else if quoted.len() == 1 {
        format!("a {quote} alone is no value: close the quote, or remove it")
    } else if !one_word && quoted.iter().filter(|&&byte| char::from(byte) == quote).count() > 1 {
        "a value of one word needs no quotes; in quotes, nothing may follow it".into()
    } else {
        format!("the closing {quote} is missing")
    }
}

fn integer(word: &[u8]) -> String {
    match word {
        b"yes" | b"on" | b"true" => "write 1".into(),
        b"no" | b"off" | b"false" => "write 0".into(),
        _ if word.starts_with(b"0") && word.iter().all(u8::is_ascii_digit) => {
            "a number with a leading 0 is octal: write it without".into()
        }
        _ if time::with_unit(word).is_some() => "write whole seconds, without a unit".into(),
        _ => "write a whole number".into(),
    }
}
