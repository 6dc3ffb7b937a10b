//! Options of the administrator's own, from `~/.popt`.

use std::fs;
use std::path::PathBuf;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use crate::process::nanny;

/// A home directory; gone with its test.
struct Home(PathBuf);

impl Home {
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("nanny-home-{test}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn popt(&self) -> PathBuf {
        self.0.join(".popt")
    }

    /// What nanny says to these words on standard error.
    fn refusal(&self, words: &[&str]) -> String {
        let output = nanny(words).env("HOME", &self.0).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // It lies among temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn an_alias_stands_for_its_words() {
    let home = Home::new("alias");
    let text = "\
nanny alias --never --lvs \\
    -t 0
lvs alias --never -n
nanny alias --ever --never
nanny alias --round --about
nanny alias --about --round
";
    fs::write(home.popt(), text).unwrap();
    let never = "nanny: bad interval -- 0 is less than 1 second\n";
    assert_eq!(home.refusal(&["-h", "10.1.1.2", "--never"]), never);
    assert_eq!(home.refusal(&["--ever", "-h", "10.1.1.2"]), never);
    assert_eq!(home.refusal(&["-h", "--never"]), "nanny: bad IP address -- --never\n", "a value is no alias");
    assert_eq!(home.refusal(&["--round"]), "nanny: aliases nested too deeply\n");
    assert_eq!(home.refusal(&["--other"]), "nanny: bad argument --other: unknown option\n");
}

#[test]
fn what_is_no_alias_file_does_no_harm() {
    let home = Home::new("none");
    let unknown = "nanny: bad argument --never: unknown option\n";
    assert_eq!(home.refusal(&["--never"]), unknown, "there is none");

    fs::write(home.popt(), format!("nanny alias --never -t 0\n{}", "#".repeat(100_000))).unwrap();
    assert_eq!(home.refusal(&["--never"]), unknown, "it is too long");

    fs::write(home.popt(), b"\xff\0 alias\nnanny alias --never -s 'open\n").unwrap();
    assert_eq!(home.refusal(&["--never"]), unknown, "it is nonsense");

    fs::remove_file(home.popt()).unwrap();
    mkfifo(&home.popt(), Mode::S_IRWXU).unwrap();
    assert_eq!(home.refusal(&["--never"]), unknown, "nobody writes to it");
}
