//! Every line that gives a keyword a value, also where another line is in force: what a reader of another release, or the
//! same one after the next change, may act on.

use crate::document::Document;
use crate::draft::Draft;
use crate::keyword::{self, Kind};
use crate::outline::Block;
use crate::token;
use crate::word::{Quote, Text};

/// A value on its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// The keyword.
    pub keyword: &'static str,
    /// The line, from 1.
    pub line: usize,
    /// The first word of the value as the daemons use it.
    pub value: Vec<u8>,
}

impl Document {
    /// Where these keywords are given values, on whichever level, in the file's order but for what stands outside of sections,
    /// which comes first. A document with errors may hold more.
    pub fn given(&self, keywords: &[&str]) -> Vec<Given> {
        let mut found = Vec::new();
        collect(self, Draft::untouched(self).outline(), keywords, &mut found);
        found
    }
}

fn collect(document: &Document, block: &Block, keywords: &[&str], found: &mut Vec<Given>) {
    for statement in block.statements.iter().filter(|statement| keywords.contains(&statement.keyword)) {
        let kind = keyword::kind(block.kind, statement.keyword);
        let line = document.line(statement.line).map_or(&b""[..], |line| line.text);
        found.push(Given { keyword: statement.keyword, line: statement.line, value: value(kind, line) });
    }
    block.blocks.iter().for_each(|block| collect(document, block, keywords, found));
}

fn value(kind: Option<Kind>, line: &[u8]) -> Vec<u8> {
    let mut tokens = Vec::new();
    let _words_up_to_a_bad_quote =
        token::cut(line, token::after_extension_mark(line).unwrap_or(0), &mut tokens);
    let Some(token) = tokens.get(2) else { return Vec::new() };
    let text = token.text(line);
    if kind != Some(Kind::Text) {
        return text.to_vec();
    }
    let quote = match token.quote() {
        Some(b'"') => Some(Quote::Double),
        Some(_) => Some(Quote::Single),
        None => None,
    };
    Text { text: text.into(), quote }.effective()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_line_hides_is_found_too() {
        let text = b"active_cmd = \"/bin/a  b\"\n#% active_cmd = /bin/c\nvirtual web {\n\
                     \tsend_program = '/bin/d'\n send_program = /bin/e\"\n# send_program = /bin/f\n\
                     active = 0\n}\nfailover mail {\n#% start_cmd = \"/bin/g %h\"\n}\n#% virtual x {\n\
                     #% send_program = /bin/h\n#% server y {\n#% weight = 1\n#% }\n#% }\n";
        let given = Document::new(text).given(&["active_cmd", "send_program", "start_cmd"]);
        let shown: Vec<_> = given
            .iter()
            .map(|given| {
                format!("{} {} {}", given.line, given.keyword, String::from_utf8_lossy(&given.value))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "1 active_cmd /bin/a  b",
                "2 active_cmd /bin/c",
                "4 send_program '/bin/d'",
                "5 send_program /bin/e",
                "10 start_cmd /bin/g %h",
                "13 send_program /bin/h",
            ]
        );
    }
}
