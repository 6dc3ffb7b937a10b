use crate::web::Web;
use crate::{HOUSE, difference};

const PAGE: &str = "/secure/virtual_main.php";

/// Presses a button with a row ticked, and gives what is told on the next page.
fn press(web: &Web, button: &str, row: &str) -> String {
    let reply = web.press(PAGE, button, &[("selected_host", row)]);
    assert_eq!(reply.status, 303, "{}", reply.body);
    web.follow(&reply).text()
}

#[test]
fn the_list_shows_what_is_configured() {
    let web = Web::start(HOUSE);
    let page = web.get(PAGE);
    assert_eq!(page.status, 200);
    let text = page.text();
    assert!(
        text.contains("STATUS NAME VIP NETMASK PORT PROTOCOL INTERFACE RUNNING up web 192.0.2.80 Unused 80 tcp eth0:1 unknown"),
        "{text}"
    );
    assert!(text.contains("down mail 0.0.0.0 Unused 25 tcp eth0:2"), "{text}");
    assert_eq!(page.value("selected_host").as_deref(), Some("1"));
    assert_eq!(
        web.get("/secure/virtual_main.php3?selected_host=3").value("selected_host").as_deref(),
        Some("3")
    );
    assert_eq!(web.lvs_cf(), HOUSE);
}

#[test]
fn from_nothing_a_virtual_server_is_added_as_the_original_wrote_it() {
    let web = Web::start("");
    let reply = web.press(PAGE, "ADD", &[]);
    assert_eq!(reply.header("location"), Some("/secure/virtual_main.php?selected_host=1"));
    assert!(web.follow(&reply).text().contains("Done"));
    insta::assert_snapshot!(web.lvs_cf(), @r#"
    serial_no = 1
    virtual [server_name] {
         active = 0
         address = 0.0.0.0 eth0:1
         port = 80
         send = "GET / HTTP/1.0\r\n\r\n"
         expect = "HTTP"
         use_regex = 0
         load_monitor = none
         scheduler = wlc
         protocol = tcp
         timeout = 6
         reentry = 15
         quiesce_server = 0
    }
    "#);
    let reply = web.press(PAGE, "ADD", &[]);
    assert_eq!(web.follow(&reply).value("selected_host").as_deref(), Some("2"));
    assert!(web.lvs_cf().contains("\nvirtual [server_name2] {\n"));
}

#[test]
fn a_virtual_server_is_switched_and_nothing_else() {
    let web = Web::start(HOUSE);
    let told = press(&web, "(DE)ACTIVATE", "1");
    assert!(told.contains("web: up -> down") && told.contains("no virtual server is up"), "{told}");
    insta::assert_snapshot!(difference(HOUSE, &web.lvs_cf()), @"
    -serial_no = 7
    +serial_no = 8
    -	active	= 1
    +	active	= 0
    ");
    press(&web, "(DE)ACTIVATE", "1");
    assert_eq!(web.lvs_cf(), HOUSE.replace("serial_no = 7", "serial_no = 9"));
}

#[test]
fn what_cannot_work_is_not_activated() {
    let web = Web::start(HOUSE);
    assert!(press(&web, "(DE)ACTIVATE", "3").contains("its address is 0.0.0.0"));
    assert!(press(&web, "(DE)ACTIVATE", "2").contains("it has no address"));
    assert_eq!(web.lvs_cf(), HOUSE);
}

#[test]
fn deleting_asks_first() {
    let web = Web::start(HOUSE);
    let question = web.press(PAGE, "DELETE", &[("selected_host", "1")]);
    assert_eq!(question.status, 200);
    let text = question.text();
    assert!(text.contains("Delete the virtual server web") && text.contains("Real servers: 2."), "{text}");
    let form = question.forms().remove(0);
    assert_eq!(web.lvs_cf(), HOUSE);
    let deleted = web.send(PAGE, &form.filled("DELETE", &[]));
    assert!(web.follow(&deleted).text().contains("virtual server web deleted"));
    let text = web.lvs_cf();
    assert!(
        !text.contains("web") && text.contains("#% virtual six {") && text.contains("serial_no = 8"),
        "{text}"
    );
}

#[test]
fn an_old_number_does_not_hit_another_server() {
    let web = Web::start(HOUSE);
    let list = web.get(PAGE).forms().remove(0);
    let question = web.press(PAGE, "DELETE", &[("selected_host", "3")]).forms().remove(0);
    let shorter = HOUSE.replace("#% virtual six {\n#%     active = 0\n#% }\n\n", "");
    web.write("lvs.cf", &shorter);
    // Number 3 is number 2 now, and was meant.
    let told = web.send(PAGE, &list.clone().filled("(DE)ACTIVATE", &[("selected_host", "3")]));
    assert!(web.follow(&told).text().contains("mail stays down"));
    // Number 2 is gone, and another one has its number.
    let told = web.send(PAGE, &list.filled("(DE)ACTIVATE", &[("selected_host", "2")]));
    assert!(web.follow(&told).text().contains("nothing was done"));
    assert_eq!(web.lvs_cf(), shorter);
    let changed = shorter.replace("port = 25", "port = 26");
    web.write("lvs.cf", &changed);
    let asked_again = web.send(PAGE, &question.filled("DELETE", &[]));
    assert_eq!((asked_again.status, web.lvs_cf()), (200, changed));
    assert!(asked_again.text().contains("somebody else has changed"), "{}", asked_again.text());
    let deleted = web.send(PAGE, &asked_again.forms().remove(0).filled("DELETE", &[]));
    assert!(web.follow(&deleted).text().contains("virtual server mail deleted"));
}

#[test]
fn opening_an_address_changes_nothing() {
    let web = Web::start(HOUSE);
    let edit = web.get("/secure/virtual_main.php?selected_host=3&virtual_service=EDIT");
    assert_eq!(edit.header("location"), Some("/secure/virtual_edit_virt.php?selected_host=3"));
    for button in ["ADD", "DELETE", "(DE)ACTIVATE", "nonsense"] {
        let page = web.get(&format!("{PAGE}?virtual_service={button}&selected_host=3"));
        assert_eq!((page.status, page.value("selected_host").as_deref()), (200, Some("3")), "{button}");
    }
    assert_eq!(web.lvs_cf(), HOUSE);
}

#[test]
fn a_button_without_a_row_explains() {
    let web = Web::start("serial_no = 1\n");
    for button in ["DELETE", "EDIT", "(DE)ACTIVATE"] {
        let told = web.follow(&web.press(PAGE, button, &[])).text();
        assert!(told.contains("tick a virtual server first"), "{button}: {told}");
    }
    assert_eq!(web.lvs_cf(), "serial_no = 1\n");
}

#[test]
fn long_lists_come_in_parts() {
    let sections = (1..=120).map(|number| format!("virtual v{number} {{\n     active = 0\n}}\n"));
    let many = sections.collect::<Vec<_>>().concat();
    let web = Web::start(&many);
    assert!(web.get(PAGE).text().contains("Rows 1 to 50 of 120"));
    let page = web.get(&format!("{PAGE}?selected_host=101"));
    assert!(page.text().contains("Rows 101 to 120 of 120") && page.text().contains("v120"));
    assert_eq!(page.value("selected_host").as_deref(), Some("101"));
    let reply = web.press(&format!("{PAGE}?page=2"), "ADD", &[]);
    assert_eq!(reply.header("location"), Some("/secure/virtual_main.php?selected_host=121"));
}
