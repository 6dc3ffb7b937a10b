//! The loop: what is asked is done beside it, so that nobody waits for somebody else's restart.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use control::helper::{Able, Answer, Command};
use nix::unistd::{AccessFlags, access};
use service::control_socket::{Asked, ControlSocket};
use service::signals::Signals;
use tokio::sync::{Mutex, oneshot};
use tokio::task::spawn_blocking;
use versions::Versions;

use crate::options::Options;
use crate::saving::{Save, Saving};
use crate::{pulse, run, settings};

/// What everything that is asked needs.
#[derive(Debug)]
struct Work {
    options: Options,
    saving: Saving,
    /// Whoever starts, stops or copies; one at a time.
    busy: Mutex<()>,
}

/// Works until a signal, or until `end` is heard or lost.
pub(crate) async fn serve(
    options: Options,
    mut socket: ControlSocket<Command>,
    mut signals: Signals,
    mut end: oneshot::Receiver<()>,
) {
    let versions = Versions::new(&options.state, &options.lvs_cf);
    let versions = options.group.into_iter().fold(versions, Versions::read_by);
    let (lvs_cf, gui_conf) = (options.lvs_cf.clone(), options.gui_conf.clone());
    let work =
        Arc::new(Work { options, saving: Saving { lvs_cf, gui_conf, versions }, busy: Mutex::default() });
    loop {
        tokio::select! {
            signal = signals.next() => if signal.ends() {
                tracing::info!("ending due to signal {signal}");
                return;
            },
            _ = &mut end => return,
            asked = socket.next() => match asked {
                Some(asked) => drop(tokio::spawn(answer(Arc::clone(&work), asked))),
                None => return,
            },
        }
    }
}

async fn answer(work: Arc<Work>, Asked { command, answer, .. }: Asked<Command>) {
    let said = match command {
        Command::Save { file, expected, client, what } => {
            let save = Save { file, expected, client, what };
            let saving = work.saving.clone();
            let saved = spawn_blocking(move || saving.save(save)).await;
            saved.unwrap_or_else(|error| Answer::Refused { reason: format!("the save broke off: {error}") })
        }
        Command::Able => {
            let looked = spawn_blocking(move || work.able()).await;
            Answer::Able(looked.unwrap_or_default())
        }
        Command::Reload { client } => told("reload", client, pulse::reload(&work.options.pid_file)),
        Command::Restart { client } => work.service("restart", client).await,
        Command::Start { client } => work.service("start", client).await,
        Command::Stop { client } => work.service("stop", client).await,
        Command::CopyToBackup { client } => work.copy(client).await,
    };
    let _it_may_be_gone = answer.send(said);
}

impl Work {
    /// What is possible now.
    fn able(&self) -> Able {
        let service = |verb| pulse::command(verb, self.options.service.as_ref()).err();
        Able {
            save: self.cannot_save(),
            reload: pulse::running(&self.options.pid_file).err(),
            restart: service("restart"),
            start: service("start"),
            stop: service("stop"),
            copy_to_backup: self.cannot_copy(),
        }
    }

    fn cannot_save(&self) -> Option<String> {
        let file =
            std::fs::canonicalize(&self.options.lvs_cf).unwrap_or_else(|_| self.options.lvs_cf.clone());
        let directory = file.parent().unwrap_or(Path::new("/"));
        let refused = |error| format!("cannot write in {}: {error}", directory.display());
        access(directory, AccessFlags::W_OK).map_err(refused).err()
    }

    fn cannot_copy(&self) -> Option<String> {
        let Options { gui_conf, piranhactl, .. } = &self.options;
        if !settings::read(gui_conf, &mut Vec::new()).copy_to_backup {
            return Some(format!("copy_to_backup = 1 is not set in {}", gui_conf.display()));
        }
        (!piranhactl.exists()).then(|| format!("there is no {}", piranhactl.display()))
    }

    async fn service(&self, verb: &str, client: IpAddr) -> Answer {
        let done = match pulse::command(verb, self.options.service.as_ref()) {
            Ok(words) => self.execute(&words).await,
            Err(reason) => Err(reason),
        };
        told(verb, client, done)
    }

    async fn copy(&self, client: IpAddr) -> Answer {
        let Options { piranhactl, lvs_cf, .. } = &self.options;
        let words = [piranhactl.as_os_str(), "sync".as_ref(), "--file".as_ref(), lvs_cf.as_os_str()];
        let done = match self.cannot_copy() {
            None => self.execute(&words.map(ToOwned::to_owned)).await,
            Some(reason) => Err(reason),
        };
        told("copy to the backup", client, done)
    }

    async fn execute(&self, words: &[std::ffi::OsString]) -> Result<String, String> {
        let Ok(_turn) = self.busy.try_lock() else {
            return Err("something else is being done: try again when that has ended".to_owned());
        };
        run::run(words).await
    }
}

/// For the client, and for the log.
fn told(what: &str, client: IpAddr, done: Result<String, String>) -> Answer {
    match done {
        Ok(message) => {
            tracing::info!(%client, "{what}: {message}");
            Answer::Done { message }
        }
        Err(reason) => {
            tracing::warn!(%client, "{what}: {reason}");
            Answer::Refused { reason }
        }
    }
}
