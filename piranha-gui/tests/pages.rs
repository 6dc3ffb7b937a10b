//! The pages as browsers ask for them.

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod web;

use web::Web;

#[test]
fn a_setting_is_changed_in_its_form_and_nothing_else() {
    let web = Web::start(
        "serial_no = 7\n# routers\nprimary = 192.168.26.9\nprimary_private = 10.0.0.9\nnetwork = direct\n",
    );
    let page = web.get("/secure/global_settings.php");
    assert_eq!(page.status, 200);
    assert_eq!(page.value("primary_private").as_deref(), Some("10.0.0.9"));

    let reply = web.press("/secure/global_settings.php", "ACCEPT", &[("primary_private", "10.0.0.7")]);
    assert_eq!(reply.status, 303, "{}", reply.body);
    assert!(web.follow(&reply).text().contains("Done"));
    let now = web.lvs_cf();
    assert!(
        now.contains("# routers\n")
            && now.contains("primary_private = 10.0.0.7\n")
            && now.contains("serial_no = 8\n"),
        "{now}"
    );
}
