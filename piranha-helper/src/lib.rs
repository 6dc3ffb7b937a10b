//! The part of piranha-helper that touches nothing: what a save may change.

pub mod programs;
