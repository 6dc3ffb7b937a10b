//! Is the file meant as it is written? Looks at a configuration that was accepted, as a whole.

mod marks;
mod routers;
mod services;

use std::ops::Range;

use crate::config::Config;
use crate::diagnostic::Diagnostic;
use crate::document::Document;
use crate::outline::Block;
use crate::token;
use crate::warning::{Warning, Warnings};

/// Adds to `warnings` what is accepted, but hardly meant.
pub(crate) fn check(config: &Config, outline: &Block, document: &Document, warnings: &mut Warnings) {
    let mut findings = Findings { document, warnings };
    routers::check(config, outline, &mut findings);
    services::check(config, outline, &mut findings);
    marks::check(config, outline, &mut findings);
    warnings.sort();
}

/// Where warnings go, with the lines that they point at.
struct Findings<'a> {
    document: &'a Document,
    warnings: &'a mut Warnings,
}

impl Findings<'_> {
    /// About a keyword's value, or, where the keyword is not given, about the block.
    fn value(&mut self, warning: Warning, block: &Block, keyword: &str, message: impl FnOnce() -> String) {
        let document = self.document;
        self.warnings.push(warning, || match block.in_force(keyword) {
            Some(statement) => on_line(warning, message(), document, statement.line, value_span),
            None if block.open > 0 => on_line(warning, message(), document, block.open, whole_span),
            None => Diagnostic::of_file(warning.severity(), warning.name(), message()),
        });
    }

    /// About a section as a whole.
    fn section(&mut self, warning: Warning, block: &Block, message: impl FnOnce() -> String) {
        let document = self.document;
        self.warnings.push(warning, || on_line(warning, message(), document, block.open, whole_span));
    }
}

fn on_line(
    warning: Warning,
    message: String,
    document: &Document,
    number: usize,
    span: fn(&[u8]) -> Range<usize>,
) -> Diagnostic {
    let text = document.line(number).map_or(&b""[..], |line| line.text);
    Diagnostic::of_line(warning.severity(), warning.name(), message, (number, text), span(text))
}

/// From the first to the last word of a line.
fn whole_span(line: &[u8]) -> Range<usize> {
    line.len() - line.trim_ascii_start().len()..line.trim_ascii_end().len()
}

/// The words behind the equals sign.
fn value_span(line: &[u8]) -> Range<usize> {
    let mut words = Vec::new();
    let whole = whole_span(line);
    let from = token::after_extension_mark(line).unwrap_or(whole.start);
    let _words_before_a_bad_quote_will_do = token::cut(line, from, &mut words);
    match (words.get(2), words.last()) {
        (Some(first), Some(last)) => first.span().start..last.span().end,
        _ => whole,
    }
}
