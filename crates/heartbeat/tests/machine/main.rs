//! One router, event by event.

mod decisions;
mod hand_over;
mod history;
mod lvsd;
mod router;
mod table;
