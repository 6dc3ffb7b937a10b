use crate::web::Web;
use crate::{HOUSE, difference};

const PAGE: &str = "/secure/virtual_edit_services.php?selected_host=1";

#[test]
fn texts_are_replaced_and_what_is_sent_back_unchanged_stays() {
    let web = Web::start(HOUSE);
    let page = web.get(PAGE);
    let text = page.text();
    assert!(text.contains("Current text Replacement text Sending Program:"), "{text}");
    assert_eq!(page.value("send").as_deref(), Some(r"GET / HTTP/1.0\r\n\r\n"));
    let same = web.press(PAGE, "ACCEPT", &[]);
    assert!(web.follow(&same).text().contains("nothing was changed"));
    assert_eq!(web.lvs_cf(), HOUSE);
    // Enter in a field is ACCEPT, not NO SEND PROGRAM.
    let form = page.forms().remove(0);
    let typed = [("send", r"HEAD / HTTP/1.0\r\n\r\n"), ("expect", "^HTTP/1.[01]"), ("use_regex", "1")];
    let reply = web.send(PAGE, &form.filled("", &typed));
    assert_eq!(reply.header("location"), Some(PAGE));
    insta::assert_snapshot!(difference(HOUSE, &web.lvs_cf()), @r#"
    -serial_no = 7
    +serial_no = 8
    -	send = "GET / HTTP/1.0\r\n\r\n"
    +	send = "HEAD / HTTP/1.0\r\n\r\n"
    +     expect = "^HTTP/1.[01]"
    +     use_regex = 1
    "#);
    let before = web.lvs_cf();
    let foreign = [("send_program", "/bin/sh -c %h")];
    let refused = web.press(PAGE, "ACCEPT", &foreign);
    assert!(refused.text().contains("In a browser only programs in"), "{}", refused.text());
    assert_eq!(web.lvs_cf(), before);
    let check = format!("{} %h", web.script("check"));
    let typed = [("send", ""), ("send_program", &*check), ("use_regex", "(off)")];
    let told = web.follow(&web.press(PAGE, "ACCEPT", &typed)).text();
    assert!(told.contains("since the field was emptied"), "{told}");
    let after = web.lvs_cf().replace(&check, "CHECK %h");
    insta::assert_snapshot!(difference(&before, &after), @r#"
    -serial_no = 8
    +serial_no = 9
    -	send = "HEAD / HTTP/1.0\r\n\r\n"
    -     use_regex = 1
    +     use_regex = 0
    +     send_program = "CHECK %h"
    "#);
}

#[test]
fn what_the_file_cannot_hold_is_told_beside_its_field() {
    let web = Web::start(HOUSE);
    for (name, wrong) in [
        ("send", "a b\"c"),
        ("send", "ends in \""),
        ("expect", "caf\u{e9}"),
        ("expect", &"x".repeat(256)),
        ("send_program", "/bin/x\u{7}"),
    ] {
        let page = web.press(PAGE, "ACCEPT", &[(name, wrong), ("use_regex", "1")]);
        assert_eq!((page.status, page.value(name).as_deref()), (200, Some(wrong)));
        assert!(page.body.contains(&format!("id=\"{name}-problem\"")), "{wrong}");
        assert_eq!(page.value("use_regex").as_deref(), Some("1"));
    }
    let regex = web.press(PAGE, "ACCEPT", &[("expect", "(HTTP"), ("use_regex", "1")]);
    assert!(regex.text().contains("no POSIX extended regular expression"));
    assert_eq!(web.lvs_cf(), HOUSE);
}

#[test]
fn blank_takes_one_text_out_and_keeps_what_was_typed_elsewhere() {
    let web = Web::start(HOUSE);
    let page = web.press(PAGE, "BLANK SEND", &[("expect", "220")]);
    assert_eq!(page.status, 200);
    assert!(page.text().contains("what else was typed is still here and not saved"), "{}", page.text());
    assert_eq!((page.value("send").as_deref(), page.value("expect").as_deref()), (Some(""), Some("220")));
    insta::assert_snapshot!(difference(HOUSE, &web.lvs_cf()), @r#"
    -serial_no = 7
    +serial_no = 8
    -	send = "GET / HTTP/1.0\r\n\r\n"
    "#);
    let saved = web.send(PAGE, &page.forms().remove(0).filled("ACCEPT", &[]));
    assert_eq!(saved.status, 303);
    assert!(web.lvs_cf().contains("expect = \"220\""));
    let blanked = web.press(PAGE, "BLANK EXPECT", &[]);
    assert!(web.follow(&blanked).text().contains("expect: 220 -> (none)"));
    let nothing = web.press(PAGE, "NO SEND PROGRAM", &[]);
    assert!(web.follow(&nothing).text().contains("nothing was changed"));
}

#[test]
fn addresses_lead_on_or_show_what_is_not_saved() {
    let web = Web::start(HOUSE);
    let cancelled = web.press(PAGE, "CANCEL", &[]);
    assert_eq!(cancelled.header("location"), Some("/secure/virtual_edit_virt.php?selected_host=1"));
    assert_eq!(
        web.get("/secure/virtual_edit_services.php").header("location"),
        Some("/secure/virtual_main.php")
    );
    let page = web.get(&format!("{PAGE}&gen_service=BLANK+SEND&send=x"));
    assert!(page.text().contains("nothing was saved") && page.value("send").as_deref() == Some("x"));
    let unknown = web.post(PAGE, &[("gen_service", "NO EXPECT PROGRAM")]);
    assert!(unknown.status == 403 || unknown.status == 303, "{unknown:?}");
    assert_eq!(web.lvs_cf(), HOUSE);
}
