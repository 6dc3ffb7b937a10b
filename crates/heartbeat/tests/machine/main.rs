//! One router, event by event.

mod decisions;
mod history;
mod lvsd;
mod router;
mod table;
