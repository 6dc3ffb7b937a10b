//! What of the command line and the environment is meant for pulse alone, by way of `/etc/sysconfig/pulse`.

use std::ffi::OsString;
use std::process::Command;

use crate::delay;

/// Variables of that file (specification layout.md 7).
const VARIABLES: [&str; 2] = [delay::VARIABLE, "OPTIONS"];

/// Keeps it from the program that `command` starts.
pub(crate) fn keep_from(command: &mut Command) {
    service::systemd::keep_from(command);
    for variable in VARIABLES {
        command.env_remove(variable);
    }
}

/// The words before a comment. A shell drops what stands behind `OPTIONS="--forceactive"  # ...`, and systemd, which reads
/// the same file, does not.
pub(crate) fn without_comment(words: impl IntoIterator<Item = OsString>) -> impl Iterator<Item = OsString> {
    words.into_iter().take_while(|word| !word.as_encoded_bytes().starts_with(b"#"))
}

#[cfg(test)]
mod tests {
    use super::without_comment;

    #[test]
    fn a_comment_begins_with_a_word_as_in_a_shell() {
        for (line, meant) in [
            ("pulse --forceactive # for the test", "pulse --forceactive"),
            ("pulse -v #-n", "pulse -v"),
            ("pulse # all", "pulse"),
            ("pulse -c /etc/lvs#2.cf", "pulse -c /etc/lvs#2.cf"),
        ] {
            let words: Vec<_> = without_comment(line.split(' ').map(Into::into)).collect();
            assert_eq!(words, meant.split(' ').collect::<Vec<_>>(), "{line}");
        }
    }
}
