//! One router, event by event.

mod decisions;
mod lvsd;
mod router;
mod table;
