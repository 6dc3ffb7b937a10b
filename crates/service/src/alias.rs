//! popt's alias files, which give a program options of the administrator's own: `/etc/popt` and `~/.popt` (popt(3),
//! ALIASES; specification lvsd.md 1).
//!
//! A line `nanny alias --patient -t 60 -a 600` makes `--patient` of nanny stand for the words behind it. A backslash
//! before the line's end joins the next line; `#` begins a comment. Lines of other programs, lines that are none, and
//! `exec` lines, which would run a program in place of this one, mean nothing.

mod expansion;
mod words;

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::libc::O_NONBLOCK;
use nix::unistd::{Uid, geteuid};

pub use self::expansion::{TooDeep, Valued};

/// The aliases of everybody.
const SYSTEM: &str = "/etc/popt";
/// A person's own aliases, in the home directory.
const OWN: &str = ".popt";
/// Longest alias file, in bytes. A longer one is taken for something else.
const LONGEST_FILE: u64 = 64 * 1024;
/// Words that describe an alias in popt's `--help`, in front of what it stands for.
const DESCRIPTIONS: [&[u8]; 2] = [b"--POPTdesc=", b"--POPTargs="];

/// The aliases of one program. Of two with the same name the later counts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Aliases(Vec<Alias>);

/// An option that stands for words.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Alias {
    name: Name,
    words: Vec<OsString>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    /// Without its dashes.
    Long(Vec<u8>),
    Short(u8),
}

impl Aliases {
    /// What the alias files of this computer and this user say. A file that is missing or cannot be read says nothing.
    pub fn of(program: &str) -> Self {
        // Whoever starts a program with the rights of another must not choose its options.
        let own = std::env::var_os("HOME").filter(|_| geteuid() == Uid::current());
        let own = own.map(|home| PathBuf::from(home).join(OWN));
        let files = [Some(PathBuf::from(SYSTEM)), own];
        let texts = files.iter().flatten().filter_map(|file| read(file).ok());
        Self(texts.flat_map(|text| Self::parse(&text, program).0).collect())
    }

    /// The aliases of a program in the text of an alias file.
    pub fn parse(text: &[u8], program: &str) -> Self {
        let joined = words::without_continuations(text);
        Self(joined.split(|byte| *byte == b'\n').filter_map(|line| Alias::parse(line, program)).collect())
    }
}

impl Alias {
    fn parse(line: &[u8], program: &str) -> Option<Self> {
        let mut words = words::split(line)?.into_iter();
        if words.next()? != program.as_bytes() || words.next()? != b"alias" {
            return None;
        }
        let name = match words.next()?.as_slice() {
            [b'-', b'-', name @ ..] if !name.is_empty() => Name::Long(name.to_vec()),
            [b'-', letter] if *letter != b'-' => Name::Short(*letter),
            _ => return None,
        };
        let words = words.skip_while(|word| DESCRIPTIONS.iter().any(|prefix| word.starts_with(prefix)));
        let words: Vec<OsString> = words.map(OsString::from_vec).collect();
        (!words.is_empty()).then_some(Self { name, words })
    }
}

/// Reads a whole alias file, without waiting for anybody.
fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path)?;
    let about = file.metadata()?;
    if !about.is_file() || about.len() > LONGEST_FILE {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut text = Vec::new();
    file.take(LONGEST_FILE).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::{Alias, Aliases, Name};

    fn parsed(text: &str) -> Vec<String> {
        let shown = |alias: &Alias| {
            let name = match &alias.name {
                Name::Long(name) => format!("--{}", name.escape_ascii()),
                Name::Short(letter) => format!("-{}", letter.escape_ascii()),
            };
            format!("{name} = {:?}", alias.words)
        };
        Aliases::parse(text.as_bytes(), "nanny").0.iter().map(shown).collect()
    }

    #[test]
    fn lines_of_this_program_make_aliases() {
        let text = "\
# nanny alias --comment -v
nanny alias --patient -t 60 -a 600
  nanny\talias\t-W   -p 80
lvs alias --other -v
nannyx alias --other -v
nanny exec --run /bin/true
nanny alias --quoted -s 'a \"b\" \\'' -x \"c \\d\" e\\ f
nanny alias --joined -s \\
  text
nanny alias --described --POPTdesc=$\"wait long\" --POPTargs=$\"none\" -t 60
nanny alias --last -v";
        insta::assert_snapshot!(parsed(text).join("\n"), @r#"
        --patient = ["-t", "60", "-a", "600"]
        -W = ["-p", "80"]
        --quoted = ["-s", "a \"b\" '", "-x", "c \\d", "e f"]
        --joined = ["-s", "text"]
        --described = ["-t", "60"]
        --last = ["-v"]
        "#);
    }

    #[test]
    fn lines_that_are_none_mean_nothing() {
        for line in [
            "nanny",
            "nanny alias",
            "nanny alias ",
            "nanny alias --empty",
            "nanny alias --",
            "nanny alias -- -v",
            "nanny alias - -v",
            "nanny alias -ab -v",
            "nanny alias word -v",
            "nanny aliases --a -v",
            "nanny alias --open -s 'text",
            "nanny alias --open -s \"text",
            "nanny --a -v",
            "\0\u{ff}\\",
        ] {
            assert_eq!(parsed(line), [""; 0], "{line}");
        }
    }
}
