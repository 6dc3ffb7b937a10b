//! Who is let in, and who may change something (specification gui.md 9, 10 and 13).

#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

mod web;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use web::{PASSWORD, Setup, Web, login, wait_until};

const FILE: &str = "serial_no = 7\nprimary = 192.168.26.9\nnetwork = direct\n";
const SETTINGS: &str = "/secure/global_settings.php";

#[test]
fn nothing_behind_the_login_answers_without_it_whatever_the_method() {
    let web = Web::start(FILE);
    let wrong = [
        None,
        Some(login("piranha", "wrong")),
        Some(login("root", PASSWORD)),
        Some(login("piranha", "")),
        Some("Authorization: Bearer piranha".to_owned()),
    ];
    let paths = [
        SETTINGS,
        "/secure/nothing_here.php",
        "/secure/",
        "/piranha/secure/control.php3",
        "/metrics",
        "/api/v1/status",
    ];
    for path in paths {
        for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE"] {
            let reply = web.ask(method, path, &[], "");
            assert_eq!(reply.status, 401, "{method} {path}: {reply:?}");
        }
    }
    for login in wrong.iter().flatten() {
        let reply = web.ask("POST", SETTINGS, &[login], "global_action=ACCEPT&PriLVSIP=10.0.0.1");
        assert_eq!(reply.status, 401, "{login}");
    }
    let reply = web.ask("GET", SETTINGS, &[], "");
    let asked = "Basic realm=\"access to the piranha web GUI\", charset=\"UTF-8\"";
    assert_eq!(reply.header("www-authenticate"), Some(asked));
    assert!(reply.body.contains("/about_login.php"));
    assert_eq!(web.lvs_cf(), FILE);
}

#[test]
fn other_methods_are_none_of_this_sites() {
    let web = Web::start(FILE);
    let login = login("piranha", PASSWORD);
    for method in ["PUT", "OPTIONS", "DELETE", "TRACE", "BREW"] {
        let reply = web.ask(method, SETTINGS, &[&login], "");
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD, POST")), "{method}");
        let reply = web.ask(method, "/", &[], "");
        assert_eq!((reply.status, reply.header("allow")), (405, Some("GET, HEAD")), "{method}");
    }
    assert_eq!(web.ask("POST", "/", &[], "").status, 405);
    let head = web.ask("HEAD", SETTINGS, &[&login], "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn only_a_form_of_ours_changes_the_file() {
    let web = Web::start(FILE);
    let page = web.get(SETTINGS);
    let form = page.forms().into_iter().find(|form| form.button("ACCEPT").is_some()).unwrap();
    let form = form.filled("ACCEPT", &[("PriLVSIP", "192.168.26.10")]);
    let send = |form: &web::form::Form, lines: &[&str]| {
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        let login = login("piranha", PASSWORD);
        let kind = "Content-Type: application/x-www-form-urlencoded";
        web.ask("POST", SETTINGS, &[&[login.as_str(), kind], lines].concat(), &web::form::encode(&fields))
    };
    let mut without = form.clone();
    without.fields.retain(|(name, _)| name != "token");
    let forged = form.clone().filled("", &[("token", "00")]);
    let elsewhere = web.get("/secure/redundancy.php").value("token").unwrap();
    let of_another_page = form.clone().filled("", &[("token", &elsewhere)]);
    for wrong in [&without, &forged, &of_another_page] {
        let reply = send(wrong, &[]);
        assert_eq!(reply.status, 403);
        assert!(reply.text().contains("Nothing was done"), "{}", reply.text());
    }
    for line in ["Origin: http://elsewhere", "Sec-Fetch-Site: cross-site", "Referer: http://elsewhere/"] {
        assert_eq!(send(&form, &[line]).status, 403, "{line}");
    }
    assert_eq!(send(&form, &["Content-Type: text/plain"]).status, 303, "the first type counts");
    let changed = web.lvs_cf();
    assert!(changed.contains("primary = 192.168.26.10\n"), "{changed}");

    let own = format!("Origin: http://{}", web.address);
    for (lines, address) in
        [(&[&*own, "Sec-Fetch-Site: same-origin"][..], "192.168.26.11"), (&["Origin: null"], "192.168.26.12")]
    {
        let page = web.get(SETTINGS);
        let form = page.forms().into_iter().find(|form| form.button("ACCEPT").is_some()).unwrap();
        assert_eq!(send(&form.filled("ACCEPT", &[("PriLVSIP", address)]), lines).status, 303);
        assert!(web.lvs_cf().contains(&format!("primary = {address}\n")));
    }
}

#[test]
fn scripts_send_forms_without_a_token_only_where_that_is_allowed() {
    let send = |web: &Web| {
        let page = web.get(SETTINGS);
        let form = page.forms().into_iter().find(|form| form.button("ACCEPT").is_some()).unwrap();
        let mut form = form.filled("ACCEPT", &[("PriLVSIP", "192.168.26.10")]);
        form.fields.retain(|(name, _)| name != "token");
        web.send(SETTINGS, &form).status
    };
    let web = Setup::new(FILE).gui_conf("allow_scripted_post = 1\n").start();
    assert_eq!(send(&web), 303);
    web.write("conf/gui.conf", "allow_scripted_post = 0\n");
    assert_eq!(send(&web), 403);
}

#[test]
fn every_form_of_hash_lets_in_and_a_new_password_counts_at_once() {
    let web = Web::start(FILE);
    for hash in [
        "rqXexS6ZhobKA",
        "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/",
        "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=",
        "$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC",
        "$1$saltsalt$2vnaRpHa6Jxjz5n83ok8Z0",
        "$5$saltsalt$OJSxPe6LHaPuWqFjBl/xMCCyk7DWOlte4cPNgCdIbwD",
        "$6$saltsalt$REpTllT9/S/gg33eAxbXKSVehttBRbY4OJ0jTp669YREedbYCJp8tD90LctevwvdnnuZN0qTJQVuUqDzHImPf1",
    ] {
        web.write("conf/piranha.passwd", format!("other:x\npiranha:{hash}\n"));
        for _ in 0..2 {
            assert_eq!(web.get(SETTINGS).status, 200, "{hash}");
        }
        assert_eq!(web.ask("GET", SETTINGS, &[&login("piranha", "myPassw")], "").status, 401, "{hash}");
        assert_eq!(web.get(SETTINGS).status, 200, "{hash}");
    }
    for nobodys in ["piranha:myPassword\n", "Piranha:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=\n", ""] {
        web.write("conf/piranha.passwd", nobodys);
        assert_eq!(web.get(SETTINGS).status, 401, "{nobodys}");
    }
    fs::remove_file(web.path("conf/piranha.passwd")).unwrap();
    let reply = web.get(SETTINGS);
    assert_eq!(reply.status, 401);
    assert!(reply.text().contains("no password was set") && reply.body.contains("/about_login.php"));
}

#[test]
fn addresses_are_refused_and_let_in_while_it_runs() {
    let web = Web::start(FILE);
    let (open, secure) = ("web/.htaccess", "web/secure/.htaccess");
    let statuses = || {
        let without = web.ask("GET", SETTINGS, &[], "");
        if without.status == 403 {
            assert_eq!(without.header("www-authenticate"), None);
            assert!(without.text().contains("127.0.0.1"));
        }
        (web.get("/").status, web.get(SETTINGS).status)
    };
    let usual = statuses();
    assert_eq!(usual.1, 200);
    for (text, allowed) in [
        ("Order deny,allow\nDeny from all\nAllow from 127.0.0.1\nAllow from 172.16.57\n", true),
        ("Order deny,allow\nDeny from all\nAllow from 172.16.57\n", false),
        ("Order allow,deny\nAllow from 127.\nDeny from none.example\n", true),
        ("order ALLOW,deny\nallow from 127.0.0.0/255.0.0.0\ndeny from 127.0.0.1\n", false),
        ("<Limit GET>\nOrder deny,allow\nDeny from all\n</Limit>\n", false),
        ("Require ip 127.0.0.0/8\n", true),
        ("Require local\n", true),
        ("Require all denied\n", false),
        ("AuthType Basic\nAuthName x\nRequire valid-user\n", true),
        ("Deny from 10.0.0.0/33\n", true),
    ] {
        web.write(secure, text);
        assert_eq!(statuses(), (usual.0, if allowed { 200 } else { 403 }), "{text}");
    }
    web.write(open, "Order deny,allow\nDeny from all\n");
    assert_eq!(statuses(), (403, 200), "the nearest counts");
    fs::remove_file(web.path(secure)).unwrap();
    assert_eq!(statuses(), (403, 403));
    fs::remove_file(web.path(open)).unwrap();
    assert_eq!(statuses(), usual);
    wait_until("the line that is not understood is in the log", || {
        fs::read_to_string(web.path("own/errors"))
            .unwrap()
            .contains("`Deny from 10.0.0.0/33` is not understood")
    });
}

#[test]
fn httpd_conf_says_who_may_come_too() {
    let block =
        "<Directory FOLDER/web/secure>\nOrder deny,allow\nDeny from all\nAllow from 10.1\n</Directory>\n";
    let web = Setup::new(FILE).httpd_conf(block).start();
    assert_eq!(web.get(SETTINGS).status, 403);
    assert_ne!(web.get("/").status, 403);
    web.write("web/secure/.htaccess", "Allow from all\n");
    assert_eq!(web.get(SETTINGS).status, 200);
}

#[test]
fn a_host_is_let_in_by_its_name() {
    let web = Web::start(FILE);
    web.write("web/secure/.htaccess", "Order deny,allow\nDeny from all\nAllow from elsewhere.example\n");
    let begin = Instant::now();
    assert_eq!(web.get(SETTINGS).status, 403);
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
    // What this computer calls itself, if it does.
    let name = dns_lookup::lookup_addr(&Ipv4Addr::LOCALHOST.into()).unwrap_or_default();
    if (name.as_str(), 0).to_socket_addrs().is_ok() && name.parse::<IpAddr>().is_err() {
        web.write("web/secure/.htaccess", format!("Order deny,allow\nDeny from all\nAllow from {name}\n"));
        assert_eq!(web.get(SETTINGS).status, 200, "{name}");
    }
}

#[test]
fn whoever_guesses_waits_and_is_in_the_log_without_what_he_typed() {
    let web = Web::start(FILE);
    let guess = || web.ask("GET", SETTINGS, &[&login("piranha", "guessed-secret")], "").status;
    let begin = Instant::now();
    let mut took = Vec::new();
    for _ in 0..4 {
        assert_eq!(guess(), 401);
        took.push(begin.elapsed());
    }
    // Pauses of 250, 500 and 1000 milliseconds.
    assert!(took[0] < took[3] && took[3] >= Duration::from_millis(1600), "{took:?}");
    wait_until("the failures are in the log", || {
        let log = fs::read_to_string(web.path("own/errors")).unwrap();
        assert!(!log.contains("guessed-secret"), "{log}");
        log.contains("login failed, client=127.0.0.1 failures=4")
    });
    // Who knows it comes in, after the same pause, and from then on at once.
    assert_eq!(web.get(SETTINGS).status, 200);
    let begin = Instant::now();
    assert_eq!(web.get(SETTINGS).status, 200);
    assert!(begin.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_reader_reads_numbers_and_nothing_else() {
    let web = Setup::new(FILE)
        .passwords(Some("piranha:rqXexS6ZhobKA\nwatch:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=\n"))
        .gui_conf("reader = watch\n")
        .start();
    let as_watch = |path: &str| web.ask("GET", path, &[&login("watch", PASSWORD)], "").status;
    for path in ["/metrics", "/api/v1/status"] {
        assert!(!matches!(as_watch(path), 401 | 403), "{path}");
        assert!(!matches!(web.get(path).status, 401 | 403), "{path}");
        assert_eq!(web.ask("POST", path, &[&login("piranha", PASSWORD)], "").status, 405);
    }
    assert_eq!(as_watch(SETTINGS), 401);
    web.write("conf/gui.conf", "");
    assert_eq!(as_watch("/metrics"), 401);
}

#[test]
fn every_answer_has_the_headers_that_keep_others_out() {
    let web = Web::start(FILE);
    let style =
        web.get(SETTINGS).body.split("href=\"/style-").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let style = format!("/style-{style}");
    for (path, kept) in [
        (SETTINGS, "no-store"),
        ("/secure/", "no-store"),
        ("/nothing", "no-store"),
        ("/favicon.ico", "public, max-age=86400"),
        (&style, "public, max-age=31536000, immutable"),
    ] {
        let reply = web.get(path);
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'self';") && !policy.contains("unsafe"));
        assert_eq!(reply.header("x-frame-options"), Some("DENY"));
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(reply.header("cache-control"), Some(kept), "{path}");
    }
    assert_eq!(web.get("/nothing").status, 404);
    assert_eq!(web.get("/secure/parse.php").status, 404);
    assert_eq!(web.get("/server-info").status, 404);
    assert_eq!(web.get("/secure/").header("location"), Some("/secure/control.php"));
    assert_eq!(web.get("/piranha").header("location"), Some("/"));
}
