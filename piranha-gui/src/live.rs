//! What runs: whether pulse does, what lvsd and the kernel do, now and in the last hour.

pub(crate) mod history;
pub(crate) mod picture;
