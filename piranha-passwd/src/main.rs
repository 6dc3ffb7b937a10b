//! piranha-passwd: sets the password of the one user of the web page (layout.md 5).
//!
//! [`input`] gets the password, without echo where it is typed; `access` makes the hash; [`file`] replaces the file.

mod file;
mod input;
mod options;
mod terminal;

use std::io::{self, Write as _};
use std::process::ExitCode;

use access::USER;
use access::hash::{self, Kind};
use access::password_file::{self, Change};
use anyhow::{Context as _, Result, anyhow, bail};
use clap::Parser as _;
use nix::sys::resource::{Resource, setrlimit};

use crate::file::PasswordFile;
use crate::input::Password;
use crate::options::Options;

/// Anything failed; the file is as it was. Wrong use is 2, which clap says.
const FAILED: u8 = 1;
const NOT_ROOT: u8 = 4;
const NOT_CONFIGURED: u8 = 6;

/// Shorter passwords are set, with a warning.
const LONG_ENOUGH: usize = 12;

fn main() -> ExitCode {
    let options = Options::parse();
    if !nix::unistd::geteuid().is_root() {
        say("piranha-passwd: only root may read and set the password of the web page");
        return ExitCode::from(NOT_ROOT);
    }
    // No password is left behind in a core file.
    let _nothing_to_do_about_it = setrlimit(Resource::RLIMIT_CORE, 0, 0);
    let file = match PasswordFile::find(&options.file, &options.owner) {
        Ok(file) => file,
        Err(error) => return failed(&error, NOT_CONFIGURED),
    };
    let done = if options.check { check(options, &file) } else { set(options, &file) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error, FAILED),
    }
}

fn failed(error: &anyhow::Error, status: u8) -> ExitCode {
    if error.is::<input::Mismatch>() {
        // As Piranha's said it.
        say(&error.to_string());
    } else {
        say(&format!("piranha-passwd: {error:#}"));
    }
    ExitCode::from(status)
}

fn set(options: Options, file: &PasswordFile) -> Result<()> {
    let bcrypt = options.bcrypt;
    let password = options.password(input::new_password)?;
    let hash = if bcrypt { hash::bcrypt(&password, random()?) } else { hash::sha512(&password, random()?) }?;
    warn_if_short(&password);
    let locked = file.lock()?;
    let (bytes, change) = password_file::with_hash(&locked.read()?, USER, &hash)?;
    locked.replace(&bytes)?;
    say(match change {
        Change::Added => "Adding password for user piranha",
        Change::Updated => "Updating password for user piranha",
    });
    Ok(())
}

fn check(options: Options, file: &PasswordFile) -> Result<()> {
    let password = options.password(input::password)?;
    let bytes = file.read()?;
    let Some(stored) = password_file::hash_of(&bytes, USER) else {
        bail!(
            "{} has no line of user {USER}: nobody can log in before piranha-passwd has set a password",
            file.name()
        );
    };
    let explained = || format!("nobody can log in by the line of user {USER} in {}", file.name());
    if !hash::verify(&password, stored).with_context(explained)? {
        bail!("this is not the password of user {USER}");
    }
    say("this is the password of user piranha");
    if let Some(kind) = Kind::of(stored).ok().filter(|kind| kind.is_weak()) {
        say(&format!("Warning: it is stored as {kind}, which is weak{}: set it again", length(kind)));
    }
    Ok(())
}

fn length(kind: Kind) -> &'static str {
    if kind == Kind::Des { ", and only its first 8 characters count" } else { "" }
}

fn warn_if_short(password: &Password) {
    let length = String::from_utf8_lossy(password).chars().count();
    if length < LONG_ENOUGH {
        say(&format!("Warning: the password has less than {LONG_ENOUGH} characters and may be guessed."));
    }
}

/// The salt.
fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the system gives no random numbers: {error}"))?;
    Ok(bytes)
}

/// A line for people; nobody is left to be told if it cannot be written.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
