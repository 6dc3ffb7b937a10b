//! The pictures that have an address. The original's are Red Hat's; these are our own under the same names (gui.md 2).

/// A red field and a fish.
const LOGO: &str = include_str!("../../assets/logo.svg");

/// The picture at a path, whose type browsers take from the header, not from the name.
pub(crate) fn at(path: &str) -> Option<(&'static str, &'static str)> {
    matches!(path, "/favicon.ico" | "/cluster_logo.gif").then_some(("image/svg+xml", LOGO))
}
