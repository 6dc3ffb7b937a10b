//! `sync`: makes lvs.cf of the partner the same as the one here, over ssh.

use std::path::{self, Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use control::transfer::{self, Answer, Edition, LONGEST_OUTPUT, Offer, Outcome, Reload, Taken, VERSION};
use lvs_cf::{Config, file};

use crate::inspection::{edition, inspect};
use crate::output::{remark, say};
use crate::shell::quoted;
use crate::ssh::{self, Ssh};
use crate::{partner, printable};

/// What is sent where.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "one per switch of the command line")]
pub(crate) struct Sync {
    /// The partner [default: its public address in the file]
    #[arg(long, value_name = "HOST", value_parser = ssh::host)]
    to: Option<String>,
    /// Who to be there [default: as ssh is configured]
    #[arg(long, value_name = "USER", value_parser = ssh::user)]
    user: Option<String>,
    /// The file, here and there
    #[arg(long, value_name = "FILE", default_value = file::DEFAULT_PATH)]
    file: PathBuf,
    /// Have pulse there read the file again
    #[arg(long)]
    reload: bool,
    /// Have the file checked there, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Replace a newer file (by `serial_no`), too, also on a computer that the file does not name
    #[arg(long)]
    force: bool,
    /// Let ssh ask for a password, or about a host key
    #[arg(long)]
    ask: bool,
    /// The ssh client here
    #[arg(long, value_name = "PROGRAM", default_value = "ssh")]
    ssh: PathBuf,
    /// piranhactl there
    #[arg(long, value_name = "PATH", default_value = "/usr/sbin/piranhactl")]
    piranhactl: String,
}

impl Sync {
    /// Checks the file here, has it checked there, and says what became of it.
    pub(super) async fn run(self, patience: Duration) -> Result<()> {
        let path = path::absolute(&self.file)?;
        let (bytes, config) = checked(&path)?;
        let ssh = Ssh {
            program: self.ssh.clone(),
            user: self.user.clone(),
            host: self.host(&config)?,
            ask: self.ask,
            patience,
        };
        let offer = Offer {
            version: VERSION,
            edition: edition(&bytes),
            length: bytes.len(),
            dry_run: self.dry_run,
            force: self.force,
            reload: self.reload,
        };
        let output =
            ssh.run(&self.command(&path)?, &transfer::write(&offer, &bytes)?, LONGEST_OUTPUT).await?;
        let host = &ssh.host;
        let answer = transfer::read_answer(&output).with_context(|| {
            format!("cannot understand what {host} answers: is its piranhactl of this release?")
        })?;
        match answer {
            Answer::Refused { reason } => {
                bail!("{host} refused the file, nothing was changed: {}", printable::lines(&reason))
            }
            Answer::Taken(taken) => tell(host, &offer.edition, &taken),
        }
    }

    fn host(&self, config: &Config) -> Result<String> {
        match &self.to {
            Some(host) => Ok(host.clone()),
            None => partner::address(config, &partner::local_addresses()?)
                .map(|address| address.to_string())
                .context("cannot tell who the partner is (--to says it)"),
        }
    }

    /// What the login shell there executes.
    fn command(&self, file: &Path) -> Result<String> {
        let quoted = |word| quoted(word).map_err(anyhow::Error::msg);
        let mut command = format!("{} receive", quoted(&self.piranhactl)?);
        if file != Path::new(file::DEFAULT_PATH) {
            let file = file.to_str().with_context(|| format!("the name {} is no text", file.display()))?;
            command = format!("{command} --file {}", quoted(file)?);
        }
        Ok(command)
    }
}

/// The file and what it means, if pulse here would work with it. Warnings are shown.
fn checked(path: &Path) -> Result<(Vec<u8>, Config)> {
    let bytes = file::read(path).map_err(|error| match &error {
        file::ReadError::Open { .. } => anyhow::Error::msg(error.to_string()),
        file::ReadError::Content(_) => anyhow::Error::msg(error.details(path)),
    })?;
    let (config, report) = inspect(&bytes);
    let shown = || printable::lines(&report.render(path));
    match config {
        None => bail!("pulse would refuse the file, nothing was sent:\n{}", shown()),
        Some(config) => {
            if report.has_warnings() {
                remark(&shown());
            }
            Ok((bytes, config))
        }
    }
}

fn tell(host: &str, sent: &Edition, taken: &Taken) -> Result<()> {
    let now = shown(sent);
    let change = match &taken.before {
        Some(before) => format!("{} -> {now}", shown(before)),
        None => format!("none -> {now}"),
    };
    say(&match taken.outcome {
        Outcome::Same => format!("{host} has the same file already: {now}"),
        Outcome::WouldReplace => format!("{host} would take the file: {change}"),
        Outcome::Replaced => format!("{host} has the file now: {change}"),
    })?;
    if let Some(kept) = &taken.kept {
        say(&format!("the one before is kept there as {}", printable::line(kept)))?;
    }
    match (&taken.reload, taken.outcome) {
        (Some(Reload::Asked { pid }), _) => {
            Ok(say(&format!("pulse there reads it again, process {pid}; its log says what came of it"))?)
        }
        (Some(Reload::Failed { reason }), _) => bail!("no reload on {host}: {}", printable::lines(reason)),
        (None, Outcome::Replaced) => Ok(say(
            "next: `piranhactl sync --reload` has pulse there read it, `service pulse reload` the one here",
        )?),
        (None, _) => Ok(()),
    }
}

fn shown(edition: &Edition) -> String {
    format!("serial_no={} fingerprint={}", edition.serial_no, printable::line(&edition.fingerprint))
}
