//! Options and refusals (specification fos.md 2).

use std::fs;

use crate::process::{Folder, ordinary};

/// Runs fos and tells standard output, standard error and the exit status.
fn fos(words: &[&str]) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_fos")).args(words).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let status = output.status.code().map_or("killed".to_owned(), |code| code.to_string());
    format!("{}{}[{status}]\n", text(&output.stdout), text(&output.stderr))
}

#[test]
fn help() {
    insta::assert_snapshot!(fos(&["--help"]), @"
    Starts failover services on the active router, and watches them from the other

    Usage: fos [OPTIONS]

    Options:
      -c, --configfile <FILE>  Configuration file, read again on SIGHUP [default: /etc/sysconfig/ha/lvs.cf]
      -n, --nodaemon           Stay in the foreground and log to standard output; every nanny, too
          --nofork             Leave the terminal without forking
      -f, --monitor            Watch the services of the active router
      -F, --active             Start the services here
      -v, --verbose            Hand -v on to every nanny
      -t, --test-start         Execute no command and start no nanny
          --nanny <PATH>       Program to start as nanny (not in Piranha) [default: /usr/sbin/nanny]
          --version            Print the version
      -?, --help               Print this help
          --usage              Print the options in brief
    [0]
    ");
}

#[test]
fn the_version_is_told_in_three_lines() {
    let said = fos(&["--version"]);
    assert!(said.starts_with("Program Version:\tfos ") && said.ends_with("[0]\n"), "{said}");
    assert_eq!(said.lines().count(), 4);
}

#[test]
fn mistakes_are_named_in_the_order_of_the_specification() {
    let folder = Folder::new("mistakes_are_named_in_the_order_of_the_specification");
    let said = |words: &[&str], content: Option<&str>| {
        let file = folder.path("lvs.cf");
        let _ = fs::remove_file(&file);
        if let Some(content) = content {
            fs::write(&file, content).unwrap();
        }
        let words: Vec<_> = words.iter().copied().chain(["-c", file.to_str().unwrap()]).collect();
        fos(&words).replace(&format!("{}/", file.parent().unwrap().display()), "")
    };
    insta::assert_snapshot!(said(&["--wrong", "left", "-fF"], None), @"
    fos: bad argument --wrong: unknown option
    [1]
    ");
    insta::assert_snapshot!(said(&["left", "-fF"], None), @"
    fos: unexpected arguments
    [1]
    ");
    insta::assert_snapshot!(said(&["-f", "-F"], None), @"
    fos: Cannot specifiy both -f and -F!
    [1]
    ");
    insta::assert_snapshot!(said(&[], None), @"
    fos: Either --monitor (-f) or --active (-F) required!
    [1]
    ");
    insta::assert_snapshot!(said(&["-f"], None), @"
    fos: failed to open lvs.cf
    No such file or directory (os error 2); name the file with -c, or make it readable
    [1]
    ");
    insta::assert_snapshot!(said(&["-F"], Some("service = fos\nprimry = 1\n")), @"
    fos: error parsing lvs.cf on line 2.
    error[BADCOMMAND]: unknown command
     --> lvs.cf:2:1
      |
    2 | primry = 1
      | ^^^^^^
      = hint: did you mean `primary`?
    [1]
    ");
    insta::assert_snapshot!(said(&["--monitor"], Some("service = lvs\nfailover f {\n}\n")), @r#"
    fos: Service type is not "fos" in lvs.cf
    [1]
    "#);
    insta::assert_snapshot!(said(&["--active"], Some("service = fos\nvirtual f {\n}\n")), @"
    fos: No Failover Services defined in lvs.cf.
    [1]
    ");
}

#[test]
fn the_last_of_repeated_options_counts() {
    let folder = Folder::new("the_last_of_repeated_options_counts");
    folder.configure(&ordinary("web", 10));
    let mut fos =
        crate::process::Fos::run(folder.command(&["-ntF", "-c", "/nowhere", "--verbose"]).arg("-F"));
    fos.expect_line("Starting local service 192.0.2.10:80 ...");
    fos.signal(nix::sys::signal::Signal::SIGTERM);
    assert_eq!(fos.ends(), 0);
}
