//! The words of a line, as popt splits them.

/// A text with its lines joined that end in a backslash.
pub(super) fn without_continuations(text: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            joined.push(byte);
            continue;
        }
        match bytes.next() {
            Some(b'\n') => {}
            // A backslash protects another, too: that one joins no lines.
            next => joined.extend([Some(byte), next].into_iter().flatten()),
        }
    }
    joined
}

/// Words between blanks. Quotes and backslashes protect blanks; a backslash within quotes only the quote. None if a
/// quote is not closed.
pub(super) fn split(line: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    let mut bytes = line.iter().copied();
    while let Some(byte) = bytes.next() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (None, b'\'' | b'"') => {
                quote = Some(byte);
                // Quotes around nothing make an empty word.
                word.get_or_insert_default();
            }
            (None, _) if byte.is_ascii_whitespace() => words.extend(word.take()),
            (_, b'\\') => {
                let protected = bytes.next();
                let word = word.get_or_insert_default();
                if quote.is_some() && protected != quote {
                    word.push(byte);
                }
                word.extend(protected);
            }
            _ => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}
