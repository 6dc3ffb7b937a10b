//! What installations are compared with: the layout as the specification has it, machines as folders, and machines that
//! have an original Piranha.

#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "a broken assumption of a test ends the test"
)]

pub mod checkout;
pub mod double;
pub mod layout;
pub mod machine;
pub mod original;
