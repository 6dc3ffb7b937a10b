//! One router, event by event.

mod decisions;
mod hand_over;
mod history;
mod hot_standby;
mod lvsd;
mod reload;
mod router;
mod table;
