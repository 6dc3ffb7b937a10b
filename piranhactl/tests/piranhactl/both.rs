//! pulse beside lvsd: both routers before the table, and each without the other.

use control::command::Answer;
use control::pulse::State;
use serde_json::Value;

use crate::lvsd::{Lvsd, routers, status};

#[test]
fn both_routers_come_before_the_table() {
    let lvsd = Lvsd::saying(&[Answer::Status(Box::new(status()))]).beside(&routers());
    let told = lvsd.asked(&["status"]);
    let (routers, table) = told.split_once("\n\n").unwrap();
    assert!(routers.starts_with("This router: primary, active for "), "{told}");
    assert!(routers.contains("\nPartner: backup, failed for "), "{told}");
    assert!(table.starts_with("lvsd 1.2.3, process 812, ") && table.ends_with("[0]\n"), "{told}");
}

#[test]
fn a_standby_is_well_without_lvsd() {
    let mut standby = routers();
    standby.state = State::Ready;
    let told = Lvsd::absent().beside(&standby).asked(&["status"]);
    assert!(told.starts_with("This router: primary, ready for "), "{told}");
    let end = "\n\nlvsd does not run here: with service = lvs it runs on the active router.\n[0]\n";
    assert!(told.ends_with(end), "{told}");
}

#[test]
fn an_active_router_without_lvsd_is_not() {
    let told = Lvsd::absent().beside(&routers()).asked(&["status"]);
    assert!(told.starts_with("This router: primary, active for "), "{told}");
    assert!(told.contains("piranhactl: cannot reach lvsd at lvsd.sock: No such file"), "{told}");
    assert!(told.ends_with("[3]\n"), "{told}");
}

#[test]
fn lvsd_without_pulse_is_shown_with_a_word_on_pulse() {
    let told = Lvsd::saying(&[Answer::Status(Box::new(status()))]).asked(&["status"]);
    let (first, table) = told.split_once("\n\n").unwrap();
    assert_eq!(first, "cannot reach pulse at pulse.sock: No such file or directory (os error 2)");
    assert!(table.starts_with("lvsd 1.2.3, process 812, ") && table.ends_with("[0]\n"), "{told}");
}

#[test]
fn pulse_alone_can_be_asked() {
    let lvsd = Lvsd::saying(&[Answer::Status(Box::new(status()))]).beside(&routers());
    let told = lvsd.asked(&["status", "--pulse"]);
    assert!(told.starts_with("This router: ") && !told.contains("lvsd 1.2.3"), "{told}");
    let json = lvsd.asked(&["status", "--pulse", "--json"]);
    let (line, rest) = json.split_once('\n').unwrap();
    assert_eq!(
        (serde_json::from_str::<Value>(line).unwrap(), rest),
        (serde_json::to_value(routers()).unwrap(), "[0]\n")
    );
    assert!(lvsd.requests().is_empty());

    insta::assert_snapshot!(Lvsd::absent().asked(&["status", "--pulse"]), @"
    piranhactl: cannot reach pulse at pulse.sock: No such file or directory (os error 2)
    pulse does not run on this router: `service pulse start` starts it
    [3]
    ");
}

#[test]
fn history_is_a_line_for_each_change() {
    insta::assert_snapshot!(Lvsd::absent().beside(&routers()).asked(&["history"]), @"
    2026-02-26T07:58:20Z pulse started, process 790
    2026-03-01T11:55:00Z ready -> active: backup inactive
    [0]
    ");
}
