//! REDUNDANCY (specification gui.md 6.9).

/// Whether an extension keyword is shown here, and not on GLOBAL SETTINGS.
pub(crate) fn is_its(keyword: &str) -> bool {
    keyword.starts_with("heartbeat") || keyword == "hot_standby"
}
