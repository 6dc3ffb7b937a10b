//! Lines of the log files (specification layout.md 9): the common log format, and the one of httpd's error log.

use std::fmt::Write as _;
use std::net::IpAddr;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::Level;

/// Longer paths are cut.
const LONGEST_PATH: usize = 1000;

const COMMON: &[BorrowedFormatItem] =
    format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
const HTTPD: &[BorrowedFormatItem] =
    format_description!("[weekday repr:short] [month repr:short] [day] [hour]:[minute]:[second] [year]");

/// What is logged of a request: never its query (gui.md 10, F25).
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) client: IpAddr,
    /// Who has logged in.
    pub(crate) user: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    /// Of the answer's body.
    pub(crate) bytes: Option<u64>,
}

impl Request {
    /// `192.0.2.7 - piranha [21/Nov/2026:21:30:00 +0000] "GET /secure/control.php HTTP/1.1" 200 5120`
    pub(crate) fn line(&self, now: OffsetDateTime) -> String {
        let user = if self.user.is_empty() { "-".to_owned() } else { escaped(&self.user) };
        let bytes = self.bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        format!(
            "{} - {user} [{}] \"{} {} HTTP/1.1\" {} {bytes}",
            self.client,
            shown(now, COMMON),
            escaped(&self.method),
            escaped(&self.path),
            self.status
        )
    }
}

/// `[Sat Nov 21 21:30:00 2026] [warn] text`
pub(crate) fn event(level: Level, text: &str) -> String {
    let word = match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG | Level::TRACE => "debug",
    };
    format!("[{}] [{word}] {text}", shown(OffsetDateTime::now_utc(), HTTPD))
}

fn shown(now: OffsetDateTime, format: &[BorrowedFormatItem]) -> String {
    // Only a year of five digits cannot be written.
    now.format(format).unwrap_or_default()
}

/// No quote, blank or control character of a client's makes a line look like another.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars().take(LONGEST_PATH) {
        if character.is_ascii_graphic() && !matches!(character, '"' | '\\') {
            escaped.push(character);
        } else {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\x{byte:02x}");
            }
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_one_line_of_the_common_format() {
        let mut request = Request {
            client: "192.0.2.7".parse().unwrap(),
            user: "piranha".to_owned(),
            method: "GET".to_owned(),
            path: "/secure/control.php".to_owned(),
            status: 200,
            bytes: Some(5120),
        };
        let now = OffsetDateTime::from_unix_timestamp(1_795_296_600).unwrap();
        insta::assert_snapshot!(request.line(now), @r#"192.0.2.7 - piranha [21/Nov/2026:21:30:00 +0000] "GET /secure/control.php HTTP/1.1" 200 5120"#);
        (request.user, request.bytes) = (String::new(), None);
        request.path = "/\" 200\n\u{e9}".to_owned();
        insta::assert_snapshot!(request.line(now), @r#"192.0.2.7 - - [21/Nov/2026:21:30:00 +0000] "GET /\x22\x20200\x0a\xc3\xa9 HTTP/1.1" 200 -"#);
    }
}
