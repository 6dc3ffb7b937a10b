//! What `piranhactl status` tells of a partner that may be an original.

use lab::wait_until;

use super::router::{Couple, Pairing, Pulse, Router};
use super::{PATIENCE, SILENCE};
use crate::status::routers;

/// Of an original there is nothing but its four bytes.
pub(super) fn the_status_tells_what_the_partner_says(pairing: Pairing) {
    let couple = Couple::boot(pairing);
    couple.start();
    let [primary, backup] = couple.routers();
    for (router, partner, active) in [(primary, backup, false), (backup, primary, true)] {
        if router.pulse == Pulse::Ours {
            wait_until("the partner's word", PATIENCE, || tells(router, partner, active));
        }
    }

    couple.pair.lab.power_off(&primary.machine);
    couple.hands_over_to(backup);
    if backup.pulse == Pulse::Ours {
        let told = routers(&backup.machine);
        assert_eq!(
            (&told["partner"]["alive"], &told["why"]),
            (&false.into(), &"partner dead".into()),
            "{told}"
        );
        let silence = told["partner"]["heard_age_ms"].as_u64().unwrap_or_default();
        assert!(u128::from(silence) + 1000 >= SILENCE.as_millis(), "{told}");
    }
}

fn tells(router: &Router, partner: &Router, active: bool) -> bool {
    let told = routers(&router.machine);
    let said = &told["partner"];
    let state = if active { "active" } else { "ready" };
    let reported = match partner.pulse {
        Pulse::Ours => said["report"]["state"] == state && said["report"]["same_file"] == true,
        Pulse::Original => said["report"].is_null(),
    };
    said["alive"] == true && said["active"] == active && reported
}
