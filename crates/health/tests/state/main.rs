//! When a real server is in service, on virtual time.

#![expect(clippy::expect_used, reason = "a broken assumption of a test ends the test")]

mod cadence;
mod model;
mod rise_and_fall;
mod specification;
mod watched;
