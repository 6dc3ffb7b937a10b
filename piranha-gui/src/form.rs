//! What a browser sends of a form or behind the question mark (specification gui.md 5).

use std::collections::BTreeMap;

/// More parameters than any form of ours has are not looked at.
const MOST: usize = 512;

/// Parameters by name; one that is repeated counts with its last value (R4).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Of a query or of a body as `application/x-www-form-urlencoded`.
    pub(crate) fn parse(encoded: &[u8]) -> Self {
        let pairs = form_urlencoded::parse(encoded).take(MOST);
        Self(pairs.map(|(name, value)| (name.into_owned(), value.into_owned())).collect())
    }

    /// A value as it was typed.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A value without the blanks around it; empty if there is none.
    pub(crate) fn trimmed(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default().trim()
    }

    /// Whether it was sent at all: a ticked box, a pressed button.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// A number from 1, as servers are counted in addresses.
    pub(crate) fn index(&self, name: &str) -> Option<usize> {
        self.trimmed(name).parse().ok().filter(|&number| number > 0)
    }

    /// The same without one of them.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut others = self.clone();
        others.0.remove(name);
        others
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_one_counts() {
        let parameters = Parameters::parse(b"a=1&b=+x%20&a=2&c");
        assert_eq!(parameters.get("a"), Some("2"));
        assert_eq!((parameters.get("b"), parameters.trimmed("b")), (Some(" x "), "x"));
        assert!(parameters.has("c") && !parameters.has("d"));
        assert_eq!((parameters.index("a"), parameters.index("c")), (Some(2), None));
    }

    proptest! {
        #[test]
        fn any_bytes_are_parameters(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert!(Parameters::parse(&bytes).0.len() <= MOST);
        }
    }
}
