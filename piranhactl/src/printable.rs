//! What lvsd and pulse say, made harmless for a terminal.
//!
//! Names come from lvs.cf, reasons from real servers and from the other router, so all may hold anything, also sequences
//! that steer a terminal.
//! An answer is cleaned when it arrives; whatever is written later need not think of it.

use control::command::Answer;
use control::pulse;
use control::status::{RealServer, Status, VirtualServer};

/// An answer without a character that is not printed as itself.
pub(crate) fn answer(mut answer: Answer) -> Answer {
    match &mut answer {
        Answer::Status(status) => clean_status(status),
        Answer::VirtualServer(server) => clean_virtual_server(server),
        // piranhactl never asks for it.
        Answer::Overview(_) => {}
        Answer::Done { message } => clean(message),
        Answer::Operations { operations, remarks } => {
            operations.iter_mut().for_each(clean);
            remarks.iter_mut().for_each(clean_lines);
        }
        Answer::Refused { reason } => clean_lines(reason),
    }
    answer
}

/// The same for pulse.
pub(crate) fn answer_of_pulse(mut answer: pulse::Answer) -> pulse::Answer {
    match &mut answer {
        pulse::Answer::Status(status) => clean_routers(status),
        pulse::Answer::Done { message } => *message = line(message),
        pulse::Answer::Refused { reason } => clean_lines(reason),
    }
    answer
}

/// One word or line: what would not be printed as itself stands in Rust's notation, `\u{1b}`.
pub(crate) fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for one in text.chars() {
        if is_printable(one) {
            line.push(one);
        } else {
            line.extend(one.escape_debug());
        }
    }
    line
}

/// Several lines, which stay several; a tab becomes a blank.
pub(crate) fn lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|one| line(&one.replace('\t', " "))).collect();
    lines.join("\n")
}

/// JSON text on one line, its meaning kept. JSON itself escapes what lies before the blank.
pub(crate) fn json(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            ..' ' => line.push(' '),
            '\u{7f}'..'\u{a0}' => line.push_str(&escaped(one)),
            _ => line.push(one),
        }
    }
    line
}

/// A character in JSON's notation.
fn escaped(one: char) -> String {
    format!("\\u{:04x}", u32::from(one))
}

fn clean_status(status: &mut Status) {
    clean(&mut status.release);
    clean(&mut status.file);
    status.refused.iter_mut().for_each(clean_lines);
    status.strangers.iter_mut().for_each(clean);
    status.absent = std::mem::take(&mut status.absent)
        .into_iter()
        .map(|(name, operator)| (line(&name), operator))
        .collect();
    status.virtual_servers.iter_mut().for_each(clean_virtual_server);
}

fn clean_routers(status: &mut pulse::Status) {
    let pulse::Status {
        release,
        file,
        fingerprint,
        refused,
        why,
        addresses,
        links,
        partner,
        transitions,
        ..
    } = status;
    refused.iter_mut().for_each(clean_lines);
    [release, file, fingerprint, why].into_iter().for_each(clean);
    addresses.iter_mut().flat_map(|it| [&mut it.address, &mut it.device]).for_each(clean);
    links.iter_mut().flat_map(|link| [Some(&mut link.own), link.partner.as_mut()]).flatten().for_each(clean);
    transitions.iter_mut().map(|transition| &mut transition.why).for_each(clean);
    let report = partner.as_mut().and_then(|partner| partner.report.as_mut());
    report
        .into_iter()
        .flat_map(|it| [it.fingerprint.as_mut(), it.departure.as_mut().map(|it| &mut it.text)])
        .flatten()
        .for_each(clean);
}

fn clean_virtual_server(server: &mut VirtualServer) {
    clean(&mut server.name);
    server.address.iter_mut().for_each(clean);
    clean(&mut server.service);
    clean(&mut server.scheduler);
    server.trouble.iter_mut().for_each(clean);
    server.sorry_server.iter_mut().for_each(clean);
    server.real_servers.iter_mut().for_each(clean_real_server);
}

fn clean_real_server(server: &mut RealServer) {
    clean(&mut server.name);
    clean(&mut server.address);
    server.last_failure.iter_mut().for_each(|failure| clean(&mut failure.reason));
    let last = server.last_check.as_mut();
    last.and_then(|last| last.failure.as_mut()).into_iter().for_each(clean);
}

fn clean(text: &mut String) {
    if !text.chars().all(is_printable) {
        *text = line(text);
    }
}

fn clean_lines(text: &mut String) {
    *text = lines(text);
}

fn is_printable(one: char) -> bool {
    matches!(one, '\'' | '"' | '\\') || one.escape_debug().len() == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{json, line, lines};

    #[test]
    fn what_is_printed_as_itself_stays() {
        let text = r#"naïve "名前" of C:\it's"#;
        assert_eq!(line(text), text);
    }

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        insta::assert_snapshot!(line("\x1b[2J\r\n\u{9b}31m\u{202e}"), @r"\u{1b}[2J\r\n\u{9b}31m\u{202e}");
        insta::assert_snapshot!(lines("two\tblanks\nand \x07 a bell\n"), @r"
        two blanks
        and \u{7} a bell
        ");
        insta::assert_snapshot!(json("{\n\t\"a\": \"\u{9b}31m\x7f\u{a0}\"}"), @r#"{  "a": "\u009b31m\u007f "}"#);
    }

    proptest! {
        #[test]
        fn json_keeps_its_meaning_on_one_harmless_line(text: String) {
            let written = serde_json::to_string_pretty(&[text.as_str()]).unwrap();
            let line = json(&written);
            prop_assert!(!line.contains(char::is_control));
            prop_assert_eq!(serde_json::from_str::<[String; 1]>(&line).unwrap(), [text]);
        }
    }
}
