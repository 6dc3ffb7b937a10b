//! `.htaccess` of `web` and `web/secure` (gui.md 9).

use crate::MAX_BYTES;
use crate::directive::{Form, directives};
use crate::rules::Rules;

/// What a file says. Never an error: where a line is not understood, everybody but loopback is refused, and
/// [`Rules::faults`] has the line.
///
/// `<Limit>` counts as absent: what stands in it is for every method.
pub fn parse(bytes: &[u8]) -> Rules {
    let mut rules = Rules::default();
    if bytes.len() > MAX_BYTES {
        rules.fault(1, "longer than any such file");
        return rules;
    }
    let mut limits: Vec<(usize, String)> = Vec::new();
    for directive in directives(bytes) {
        let (line, text) = (directive.line, directive.text.clone());
        match (&directive.form, directive.name.as_str()) {
            (Form::Begin, "limit") => limits.push((line, text)),
            (Form::End, "limit") if limits.pop().is_some() => {}
            (Form::Plain, _) => {
                if rules.take(directive).is_err() {
                    rules.fault(line, &text);
                }
            }
            _ => rules.fault(line, &text),
        }
    }
    // What follows the begin of a block in another file could be anything.
    for (line, text) in limits {
        rules.fault(line, &text);
    }
    rules
}
