//! The command line.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

use anyhow::Result;
use zeroize::Zeroizing;

use crate::input::{self, Password};
use crate::say;

const AFTERWARDS: &str = "\
Without PASSWORD it is asked for twice, without echo; two lines of a pipe do as well. The page takes the new password
from the next request on.

Exit status: 0 done, 1 failed (the file is as it was), 2 wrong use, 4 not root, 6 no user piranha or no directory for
the file.";

/// What can be asked of piranha-passwd.
#[derive(Debug, clap::Parser)]
#[command(version, about = "Sets the password of user piranha of the web page on port 3636", after_help = AFTERWARDS)]
#[command(override_usage = "piranha-passwd [OPTIONS] [PASSWORD]")]
pub(crate) struct Options {
    /// The password, which every user of this machine can then see; what follows it is ignored
    #[arg(value_name = "PASSWORD", trailing_var_arg = true, conflicts_with = "stdin")]
    words: Vec<OsString>,
    /// Read one line of standard input, without prompts
    #[arg(long)]
    stdin: bool,
    /// Tell whether this is the password, and change nothing
    #[arg(long, conflicts_with = "bcrypt")]
    pub(crate) check: bool,
    /// Store it as bcrypt ($2y$), which the httpd of RHEL 6 cannot read, in place of SHA-512 crypt ($6$)
    #[arg(long)]
    pub(crate) bcrypt: bool,
    /// Another file
    #[arg(long, hide = true, value_name = "PATH", default_value = "/etc/sysconfig/ha/conf/piranha.passwd")]
    pub(crate) file: PathBuf,
    /// Another owner of the file
    #[arg(long, hide = true, value_name = "USER", default_value = access::USER)]
    pub(crate) owner: String,
}

impl Options {
    /// The password, from where the command line says; `prompted` asks for it.
    pub(crate) fn password(self, prompted: fn() -> Result<Password>) -> Result<Password> {
        if let Some(word) = self.words.into_iter().next() {
            say("Warning: sensitive information entered on command line.");
            return Ok(Zeroizing::new(word.into_vec()));
        }
        if self.stdin { input::line() } else { prompted() }
    }
}
