//! The type that an entry names.

use std::collections::BTreeSet;

use lvs_cf::Kind;

use crate::complain;
use crate::level::{known, level, read, statement};
use crate::page::Page;

/// The name of a type in the page.
fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer | Kind::Byte | Kind::PortNumber | Kind::Mark => "integer",
        Kind::Boolean => "boolean",
        Kind::Port => "port",
        Kind::Host => "host",
        Kind::HostAndDevice => "host and device",
        Kind::Address => "address",
        Kind::Mask => "mask",
        Kind::Fixed(_) => "one of",
        Kind::String => "string",
        Kind::Text => "text",
        Kind::List => "list",
        Kind::Time => "time",
        Kind::Period => "period",
        Kind::Count => "count",
    }
}

#[test]
fn the_type_is_that_of_the_reader_and_explained() {
    let page = Page::read();
    let explained: BTreeSet<&str> = page
        .terms
        .iter()
        .filter(|it| it.subsection == "Types of values")
        .map(|it| it.name.as_str())
        .collect();
    let mut wrong = Vec::new();
    for (entry, it) in known(&page) {
        let (said, name) = (entry.field("Type").unwrap_or_default(), type_name(it.kind));
        let fits = match it.kind {
            Kind::Fixed(words) => {
                let ordinary =
                    |word: &&&str| it.extension || read(level(entry), &statement(entry, word)).is_ok();
                let words: Vec<&str> = words.iter().filter(ordinary).copied().collect();
                said == format!("{name} {}", words.join(", "))
            }
            _ => said.split(',').next() == Some(name),
        };
        if !fits {
            wrong
                .push(format!("{}: `{}` is of type {:?}, not {said}", entry.section, entry.keyword, it.kind));
        }
        if !explained.contains(name) {
            wrong.push(format!("the type {name} is not explained"));
        }
    }
    complain(&wrong);
}
