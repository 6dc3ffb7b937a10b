//! `service = fos`: one router whose partner, fos and gateway are played by the test.

mod any_order;
mod history;
mod router;
mod table;
