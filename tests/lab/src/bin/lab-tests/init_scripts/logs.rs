//! Log rotation.

use lab::page::PORT;
use lab::{Machine, wait_until};

use super::{GUI, router};

const ACCESS: &str = "/var/log/piranha/piranha-gui-access";
const ERRORS: &str = "/var/log/piranha/piranha-gui";

pub(crate) fn log_files_are_opened_again_after_rotation() {
    let (_lab, router) = router();
    // Where 0.5 and some builds of 0.8 have the pid, which a logrotate file of theirs overlooked.
    let settings = "PidFile /var/log/piranha/piranha-httpd.pid\n";
    router.write("/etc/sysconfig/ha/conf/httpd.conf", settings);
    router.run(GUI, &["start"]).expect_success();
    ask(&router, "before");
    router.write("/etc/logrotate.conf", "create\nrotate 4\ninclude /etc/logrotate.d/piranha\n");
    for round in 1..=2 {
        let rotated = router.run("logrotate", &["--force", "/etc/logrotate.conf"]);
        assert_eq!((rotated.code(), rotated.stderr.as_str()), (0, ""), "{rotated:?}");
        let renamed = [ACCESS, ERRORS].map(|file| router.read(&format!("{file}.1")));
        ask(&router, &format!("after{round}"));
        let still = [ACCESS, ERRORS].map(|file| router.read(&format!("{file}.1")));
        assert_eq!(renamed, still, "written to the renamed file");
        assert!(renamed[0].is_some());
    }
    let rotated = router.read(&format!("{ACCESS}.2")).expect("the first of two");
    assert!(rotated.contains("/before "), "{rotated}");
    let listed = router.run("stat", &["-c", "%a %U:%G", ACCESS]).expect_success();
    assert_eq!(listed, "640 piranha:piranha\n");
    // Nothing that was rotated is rotated again.
    let listed = router.run("ls", &["/var/log/piranha"]).expect_success();
    assert!(!listed.contains(".1."), "{listed}");
}

/// Asks for a page, and waits until that is in the log.
fn ask(router: &Machine, page: &str) {
    wait_until("the web page", std::time::Duration::from_secs(10), || router.listens(PORT));
    // Nobody has logged in: refused, which is logged as well.
    router.run("wget", &["-q", "-O", "-", &format!("http://127.0.0.1:{PORT}/{page}")]);
    wait_until("a line in the log", std::time::Duration::from_secs(10), || {
        router.read(ACCESS).is_some_and(|log| log.contains(&format!("/{page} ")))
    });
}
