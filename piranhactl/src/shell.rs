//! A word for the shell that sshd starts on the other router, whichever that is.

/// The word so that every login shell (sh, csh, fish and their kin) takes it as one word and as it is. Nothing is
/// escaped, because they do not agree on how: what any of them sees a meaning in between single quotes is refused.
///
/// # Errors
/// Why it is refused, for people.
pub(crate) fn quoted(word: &str) -> Result<String, String> {
    match word.chars().find(|one| one.is_control() || matches!(one, '\'' | '\\' | '!')) {
        Some(one) => Err(format!("a login shell may misunderstand {one:?} in {word:?}: use another name")),
        None => Ok(format!("'{word}'")),
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::quoted;

    /// What a shell hands to a program for these words.
    fn heard(shell: &str, words: &[String]) -> Vec<String> {
        let command = format!("printf '%s\\n' {}", words.join(" "));
        let output = Command::new(shell).args(["-c", &command]).output().unwrap();
        assert!(output.status.success(), "{command}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_a_shell_may_misunderstand_is_refused() {
        for word in ["it's", "a\\b", "wow!", "two\nlines", "\0", "\u{9b}"] {
            assert!(quoted(word).is_err(), "{word:?}");
        }
        assert_eq!(
            quoted("it's").unwrap_err(),
            r#"a login shell may misunderstand '\'' in "it's": use another name"#
        );
    }

    #[test]
    fn an_empty_word_stays_a_word() {
        assert_eq!(heard("sh", &[quoted("").unwrap(), quoted("x").unwrap()]), ["", "x"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Words of what shells find meaning in.
        #[test]
        fn no_word_breaks_out(words in proptest::collection::vec("([ -~]|[$`\"';&|<>(){}#~*?=%^\n\t\\[\\]]|\\PC){0,20}", 1..5)) {
            let accepted: Vec<_> = words.iter().filter_map(|word| Some((word, quoted(word).ok()?))).collect();
            prop_assume!(!accepted.is_empty());
            let (words, quoted): (Vec<_>, Vec<_>) = accepted.into_iter().unzip();
            for shell in ["sh", "bash"] {
                let heard = heard(shell, &quoted);
                prop_assert_eq!(heard.iter().collect::<Vec<_>>(), words.clone());
            }
        }

        #[test]
        fn quotes_stand_only_around_it(word: String) {
            if let Ok(quoted) = quoted(&word) {
                prop_assert_eq!(quoted.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')), Some(&*word));
                prop_assert_eq!(quoted.matches(['\'', '\\', '!', '\n']).count(), 2);
            }
        }
    }
}
