//! The wall clock is set while a pair is at work (specification pulse.md section 25, row 11).

use std::time::Duration;

use lab::kernel;
use lab::suite::skip;
use lab::wait::holds_for;
use lab::wait_until;

use super::router::{Couple, Pairing, Pulse};
use super::{ANNOUNCING, DEADTIME, PATIENCE};

const AN_HOUR: Duration = Duration::from_secs(3600);
const WATCHED: Duration = DEADTIME.saturating_add(Duration::from_secs(1));

/// Ours do not care. An original takes its partner for dead when the clock is set forward, and is mute for an hour when
/// it is set back (F15): the standby yields again, the active one is lost.
pub(super) fn a_clock_that_is_set_moves_no_address_of_ours(pairing: Pairing) {
    let Some(mut clock) = kernel::wall_clock() else {
        skip("the clock of the computer's own kernel is not touched")
    };
    let couple = Couple::boot(pairing);
    couple.start();
    let Couple { primary, backup, .. } = &couple;
    clock.put_forward(AN_HOUR);
    if backup.pulse == Pulse::Original {
        backup.machine.wait_for_log("partner dead: activating lvs", PATIENCE);
        primary.machine.wait_for_log(ANNOUNCING, PATIENCE);
        wait_until("the original stands by", PATIENCE, || backup.stands_by());
    }
    holds_for("the primary serves", WATCHED, || primary.owns() && backup.stands_by());
    if primary.pulse == Pulse::Ours {
        clock.put_back();
        holds_for("the primary serves", WATCHED, || primary.owns() && backup.stands_by());
    }
    assert!(primary.pulse == Pulse::Original || primary.count("partner dead: activating lvs") == 1);
    assert!(backup.pulse == Pulse::Original || backup.count("partner dead: activating lvs") == 0);
}
