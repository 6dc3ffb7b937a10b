//! What of the command line and the environment is meant for pulse alone, by way of `/etc/sysconfig/pulse`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
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

/// What stands before a comment. A shell drops what is behind `OPTIONS="--forceactive"  # ...`. systemd, which reads the same
/// file, does not, and even drops the blanks before it.
pub(crate) fn without_comment(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut kept = Vec::new();
    for word in words {
        let Some(end) = word.as_bytes().iter().position(|byte| *byte == b'#') else {
            kept.push(word);
            continue;
        };
        kept.extend(
            word.as_bytes()
                .get(..end)
                .filter(|before| !before.is_empty())
                .map(|it| OsStr::from_bytes(it).into()),
        );
        break;
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::without_comment;

    #[test]
    fn a_comment_ends_the_words_also_where_systemd_has_joined_it_to_one() {
        for (line, meant) in [
            ("pulse --forceactive # for the test", "pulse --forceactive"),
            ("pulse -v #-n", "pulse -v"),
            ("pulse # all", "pulse"),
            ("pulse -v --forceactive# for the test", "pulse -v --forceactive"),
            ("pulse -n -v", "pulse -n -v"),
        ] {
            let words = without_comment(line.split(' ').map(Into::into));
            assert_eq!(words, meant.split(' ').collect::<Vec<_>>(), "{line}");
        }
    }
}
