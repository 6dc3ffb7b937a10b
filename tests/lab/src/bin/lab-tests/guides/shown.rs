//! Whether output is what a guide shows.

/// `...` alone on a line stands for any lines, among words for any words, at the end of a word for its rest.
/// Numbers that are words, or parts of words that are no addresses, may be others: `3s`, `(pid 812)`, `web1`.
pub(super) fn agrees(shown: &str, output: &str) -> bool {
    let shown: Vec<&str> = shown.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let output: Vec<&str> = output.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines_agree(&shown, &output)
}

fn lines_agree(shown: &[&str], output: &[&str]) -> bool {
    match shown.split_first() {
        None => output.is_empty(),
        Some((&"...", rest)) => (0..=output.len()).any(|skipped| lines_agree(rest, &output[skipped..])),
        Some((line, rest)) => output
            .split_first()
            .is_some_and(|(first, others)| line_agrees(line, first) && lines_agree(rest, others)),
    }
}

fn line_agrees(shown: &str, output: &str) -> bool {
    let (shown, output): (Vec<_>, Vec<_>) =
        (shown.split_whitespace().collect(), output.split_whitespace().collect());
    words_agree(&shown, &output)
}

fn words_agree(shown: &[&str], output: &[&str]) -> bool {
    match shown.split_first() {
        None => output.is_empty(),
        Some((&"...", rest)) => (0..=output.len()).any(|skipped| words_agree(rest, &output[skipped..])),
        Some((word, rest)) => output
            .split_first()
            .is_some_and(|(first, others)| word_agrees(word, first) && words_agree(rest, others)),
    }
}

fn word_agrees(shown: &str, output: &str) -> bool {
    if shown == output {
        return true;
    }
    match shown.strip_suffix("...") {
        Some(beginning) => output.starts_with(beginning),
        None => match (without_number(shown), without_number(output)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        },
    }
}

/// What surrounds the only number of a word; none without a number, or with several, as in addresses.
fn without_number(word: &str) -> Option<(&str, &str)> {
    let digit = |c: char| c.is_ascii_digit();
    let start = word.find(digit)?;
    let rest = word[start..].trim_start_matches(|c| digit(c) || c == '.');
    (!rest.contains(digit) && word[start..].matches('.').count() < 2).then(|| (&word[..start], rest))
}

#[cfg(test)]
mod tests {
    use super::agrees;

    #[test]
    fn numbers_may_be_others_and_addresses_may_not() {
        assert!(agrees("ready for 2s: web1", "  ready   for 11.5s: web3"));
        assert!(agrees("one\n...\n  two ...\n", "one\nx\ny\ntwo and three\n"));
        assert!(agrees("... two three ...", "one two three"));
        assert!(agrees("eth0... 1", "eth0@if7 1"));
        assert!(!agrees("-> 10.0.0.1:80", "-> 10.0.0.2:80"));
        assert!(!agrees("3 of 3", "3 of 3 up"));
        assert!(!agrees("one\n...\ntwo", "one\nx"));
        assert!(!agrees("3", "up"));
    }
}
