//! `receive`: the partner's end of `sync`. It looks at a file as the daemons here would before it replaces anything.

use std::io::{self, BufRead, IsTerminal as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use control::lines::encode;
use control::transfer::{self, Answer, Offer, Outcome, Taken};
use lvs_cf::file::{self, Change};
use lvs_cf::{Config, HeartbeatAuth, MAX_BYTES};
use versions::Versions;

use crate::inspection::{edition, inspect};
use crate::output::write;
use crate::{key_file, partner, printable, reload, time};

/// Where replaced files are kept.
const PREVIOUS: &str = "/var/lib/piranha/previous";

/// Longest reason that is sent, in characters: a file may have many errors.
const LONGEST_REASON: usize = 100_000;

/// Where the file is to go.
#[derive(Debug, clap::Args)]
pub(crate) struct Receive {
    /// The file that is replaced
    #[arg(long, value_name = "FILE", default_value = file::DEFAULT_PATH)]
    file: PathBuf,
    /// Where the replaced one is kept
    #[arg(long, value_name = "FOLDER", default_value = PREVIOUS)]
    previous: PathBuf,
}

impl Receive {
    /// Reads from standard input, answers on standard output.
    pub(super) fn run(&self) -> Result<()> {
        if io::stdin().is_terminal() {
            bail!("`piranhactl sync` of the partner runs this over ssh: run that, there");
        }
        let answer = self.take(&mut io::stdin().lock()).map_or_else(
            |reason| {
                let reason = printable::lines(&format!("{reason:#}"));
                Answer::Refused { reason: reason.chars().take(LONGEST_REASON).collect() }
            },
            Answer::Taken,
        );
        Ok(write(&String::from_utf8_lossy(&encode(&answer)?))?)
    }

    fn take(&self, input: &mut impl BufRead) -> Result<Taken> {
        let (offer, bytes) = transfer::read(input, MAX_BYTES)?;
        if edition(&bytes).fingerprint != offer.edition.fingerprint {
            bail!("the file was changed on its way: try again");
        }
        check(&self.file, &bytes, offer.force)?;
        let mut taken = self.put(&offer, &bytes)?;
        taken.reload = (offer.reload && !offer.dry_run).then(reload::pulse);
        Ok(taken)
    }

    /// In the place of the file that is there, which no editor changes meanwhile.
    fn put(&self, offer: &Offer, bytes: &[u8]) -> Result<Taken> {
        let change = Change::begin(&self.file).map_err(anyhow::Error::msg)?;
        let present = change.document().as_bytes();
        let before = (!present.is_empty()).then(|| edition(present));
        let taken = |outcome, kept| Taken { before: before.clone(), outcome, kept, reload: None };
        if present == bytes {
            return Ok(taken(Outcome::Same, None));
        }
        if let Some(newer) = before.as_ref().filter(|before| before.serial_no > offer.edition.serial_no) {
            refuse_newer(newer.serial_no, offer)?;
        }
        if offer.dry_run {
            return Ok(taken(Outcome::WouldReplace, None));
        }
        let previous = Versions::new(&self.previous, &self.file);
        let keep = || previous.keep(present, None, time::now());
        let kept = before.as_ref().map(|_| keep()).transpose()?;
        change.replace(bytes).map_err(anyhow::Error::msg)?;
        Ok(taken(Outcome::Replaced, kept.map(|kept| kept.display().to_string())))
    }
}

/// Who edits on one router and sends from the other loses the newer work.
fn refuse_newer(serial_no: i32, offer: &Offer) -> Result<()> {
    if offer.force {
        return Ok(());
    }
    bail!(
        "the file there is newer: serial_no={serial_no}, and serial_no={} was sent. Run `piranhactl sync` there if it is \
         the right one; --force replaces it",
        offer.edition.serial_no
    )
}

/// Whether pulse here would work with the file.
fn check(path: &Path, bytes: &[u8], force: bool) -> Result<()> {
    let (config, report) = inspect(bytes);
    let Some(config) = config else { bail!("pulse there would refuse the file:\n{}", report.render(path)) };
    check_key(&config)?;
    if !force && !partner::is_router(&config, &partner::local_addresses()?) {
        bail!(
            "the file names neither of that computer's addresses as `primary` or `backup`: is it the partner? --force says so"
        );
    }
    Ok(())
}

fn check_key(config: &Config) -> Result<()> {
    let authentication = config.heartbeat_auth;
    if authentication == HeartbeatAuth::Off {
        return Ok(());
    }
    let Some(key_file) = &config.heartbeat_key_file else {
        bail!(
            "pulse there would refuse the file: heartbeat_auth = {authentication} needs `#% heartbeat_key_file = PATH`"
        )
    };
    let read = key_file::read(Path::new(&*key_file.to_str_lossy()));
    let refused = || {
        format!(
            "pulse there would refuse the file: heartbeat_auth = {authentication}, but heartbeat_key_file"
        )
    };
    read.with_context(refused).map(|_| ())
}
