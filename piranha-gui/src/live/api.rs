//! `/api/v1/status`: everything that is known of both routers, their virtual servers and the file, as JSON (`docs/api.md`).

use control::overview::Overview;
use control::pulse;
use control::status::UnixMillis;
use serde::{Deserialize, Serialize};

/// The version of the answer. A new field does not change it, another meaning does.
pub(crate) const VERSION: u32 = 1;

/// The whole answer.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Status<P, O> {
    /// [`VERSION`]
    pub(crate) version: u32,
    /// When it was written.
    pub(crate) at: UnixMillis,
    pub(crate) file: File,
    pub(crate) pulse: Pulse<P>,
    pub(crate) lvsd: Lvsd<O>,
}

/// As it is borrowed from what is known.
pub(crate) type Told<'a> = Status<&'a pulse::Status, &'a Overview>;

/// lvs.cf as it is saved.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) serial_no: Option<u64>,
    /// SHA-256 in hexadecimal digits.
    pub(crate) fingerprint: Option<String>,
    /// Why the daemons would refuse it, in words; or why it cannot be read.
    pub(crate) problem: Option<String>,
    /// Whether pulse has read these bytes.
    pub(crate) in_force: Option<bool>,
}

/// Both routers.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pulse<P> {
    pub(crate) running: bool,
    /// Why there is no `status`.
    pub(crate) problem: Option<String>,
    pub(crate) status: Option<P>,
}

/// The virtual servers.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lvsd<O> {
    /// When lvsd was asked last.
    pub(crate) at: UnixMillis,
    /// Why there is no `overview`.
    pub(crate) problem: Option<String>,
    pub(crate) overview: Option<O>,
}

/// What a daemon said, and why it did not.
pub(crate) fn apart<A>(heard: &super::Heard<A>) -> (Option<&A>, Option<String>) {
    match heard {
        Ok(answer) => (Some(answer), None),
        Err(reason) => (None, Some(reason.clone())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    const DOCUMENT: &str = include_str!("../../../docs/api.md");

    #[test]
    fn the_example_is_what_is_said_and_every_name_is_explained() {
        let example = DOCUMENT.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
        let example: Value = serde_json::from_str(example).unwrap();
        let status: Status<pulse::Status, Overview> = serde_json::from_value(example.clone()).unwrap();
        assert_eq!(serde_json::to_value(&status).unwrap(), example);
        for part in [&example, &example["file"], &example["pulse"], &example["lvsd"]] {
            for name in part.as_object().unwrap().keys() {
                assert!(DOCUMENT.contains(&format!("`{name}`")), "{name} is not explained");
            }
        }
    }
}
