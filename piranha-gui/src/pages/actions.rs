//! What can be done under CONTROL (specification gui.md 11).

use control::helper::{Able, Command};

use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::base::Base;
use crate::confirm::Confirm;
use crate::file::Present;
use crate::frame::Frame;
use crate::lvsd::Difference;
use crate::notice::{Notice, Tone};
use crate::page::Page;
use crate::saving;
use crate::site::Site;

/// Changes of the kernel's table that a question lists; the others are counted.
const LISTED: usize = 100;

/// A button under CONTROL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Reload,
    Restart,
    Start,
    Stop,
    CopyToBackup,
}

/// What CONTROL shows of all this: `templates/actions.html`.
#[derive(Debug, Clone)]
pub(crate) struct Actions {
    /// The words on each button, and whether it can be pressed.
    pub(crate) buttons: Vec<(&'static str, bool)>,
    /// Why some cannot: their words, and the reason.
    pub(crate) obstacles: Vec<(String, String)>,
    /// One reason for all of them: there is no helper.
    pub(crate) none: Option<String>,
    /// The command that copies the file to the backup router.
    pub(crate) copy: Option<String>,
}

impl Action {
    const ALL: [Self; 5] = [Self::Reload, Self::Restart, Self::Start, Self::Stop, Self::CopyToBackup];

    /// The value of `control_action`.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Reload => "RELOAD",
            Self::Restart => "RESTART",
            Self::Start => "START",
            Self::Stop => "STOP",
            Self::CopyToBackup => "COPY TO BACKUP",
        }
    }

    /// What is asked of the helper.
    fn command(self, asked: &Asked) -> Command {
        let client = asked.client.address;
        match self {
            Self::Reload => Command::Reload { client },
            Self::Restart => Command::Restart { client },
            Self::Start => Command::Start { client },
            Self::Stop => Command::Stop { client },
            Self::CopyToBackup => Command::CopyToBackup { client },
        }
    }

    fn obstacle(self, able: &Able) -> Option<&String> {
        match self {
            Self::Reload => able.reload.as_ref(),
            Self::Restart => able.restart.as_ref(),
            Self::Start => able.start.as_ref(),
            Self::Stop => able.stop.as_ref(),
            Self::CopyToBackup => able.copy_to_backup.as_ref(),
        }
    }
}

/// What is to be shown.
pub(crate) async fn shown(site: &Site, present: Option<&Present>) -> Actions {
    let able = site.helper.able().await.unwrap_or_else(|| saving::nothing("piranha-helper says nothing"));
    let none =
        able.save.clone().filter(|_| Action::ALL.iter().all(|action| action.obstacle(&able).is_some()));
    let button = |action: Action| (action.words(), action.obstacle(&able).is_none());
    Actions {
        buttons: if none.is_some() { Vec::new() } else { Action::ALL.map(button).to_vec() },
        obstacles: obstacles(&able),
        none,
        copy: present.and_then(copy_command),
    }
}

/// Each reason once, with all buttons that it keeps from being pressed.
fn obstacles(able: &Able) -> Vec<(String, String)> {
    let mut obstacles: Vec<(String, String)> = Vec::new();
    for action in Action::ALL {
        let Some(reason) = action.obstacle(able) else { continue };
        match obstacles.iter_mut().find(|(_, known)| known == reason) {
            Some((words, _)) => *words = format!("{words}, {}", action.words()),
            None => obstacles.push((action.words().to_owned(), reason.clone())),
        }
    }
    obstacles
}

/// Answers a `control_action` of this module; `None` if it is another one.
pub(crate) async fn answer(site: &Site, asked: &Asked) -> Option<Answer> {
    let pressed = asked.parameters.trimmed("control_action");
    let action = Action::ALL.into_iter().find(|action| action.words() == pressed)?;
    let confirmed = asked.method == Method::Post && asked.parameters.has("confirmed");
    Some(match action {
        Action::Start | Action::CopyToBackup if asked.method == Method::Post => {
            act(site, asked, action).await
        }
        _ if confirmed => act(site, asked, action).await,
        _ => question(site, asked, action).await,
    })
}

async fn act(site: &Site, asked: &Asked, action: Action) -> Answer {
    let notice = match site.helper.done(action.command(asked)).await {
        Ok(message) => of_lines(Tone::Done, action, &message),
        Err(reason) => of_lines(Tone::Refused, action, &reason),
    };
    site.notices.leave(&asked.client.notices(), notice);
    Answer::see(Page::Control)
}

fn of_lines(tone: Tone, action: Action, text: &str) -> Notice {
    let mut lines = text.lines();
    let notice = Notice::new(tone, format!("{}: {}", action.words(), lines.next().unwrap_or_default()));
    lines.fold(notice, Notice::and)
}

/// Says what will happen before it does.
async fn question(site: &Site, asked: &Asked, action: Action) -> Answer {
    let lines = match action {
        Action::Reload => difference(site).await,
        Action::Restart => [
            "Restart pulse on this router?",
            "If this is the active router its partner takes over while it restarts; connections that are not synchronised \
             may be interrupted. Restart the standby router first, then this one.",
        ]
        .map(ToOwned::to_owned)
        .to_vec(),
        Action::Stop => [
            "Stop pulse on this router?",
            "If this is the active router its partner takes over. Without a partner that runs, the services behind it can no \
             longer be reached.",
        ]
        .map(ToOwned::to_owned)
        .to_vec(),
        Action::Start => vec!["Start pulse on this router?".to_owned()],
        Action::CopyToBackup => vec![
            "Copy lvs.cf to the backup router? It is checked there before it replaces anything, and the file that is there \
             is kept."
                .to_owned(),
        ],
    };
    let confirm = Confirm {
        frame: Frame::of(site, asked),
        base: Base::default(),
        lines,
        button: ("control_action", action.words()),
        hidden: Vec::new(),
        back: Page::Control.link(),
    };
    confirm.ask()
}

/// What a reload would change in the kernel's table.
async fn difference(site: &Site) -> Vec<String> {
    let mut lines = vec!["Reload: the daemons read lvs.cf again, and change only what differs.".to_owned()];
    match site.lvsd.difference().await {
        Ok(Difference::Operations(operations, remarks)) => {
            lines.push(match operations.len() {
                0 => "In the kernel's table it changes nothing.".to_owned(),
                1 => "In the kernel's table it makes this change (in ipvsadm's words):".to_owned(),
                count => {
                    format!("In the kernel's table it makes these {count} changes (in ipvsadm's words):")
                }
            });
            let more = operations.len().saturating_sub(LISTED);
            lines.extend(operations.into_iter().take(LISTED));
            lines.extend((more > 0).then(|| format!("and {more} more")));
            lines.extend(remarks);
        }
        Ok(Difference::Refused(reason)) => {
            lines.push("lvsd would refuse the file, and go on as it is:".to_owned());
            lines.extend(reason.lines().map(ToOwned::to_owned));
        }
        Err(reason) => {
            lines.push(format!(
                "What it changes in the kernel's table of this router is not known: {reason}."
            ));
        }
    }
    lines
}

/// As the manuals have it, by ssh.
fn copy_command(present: &Present) -> Option<String> {
    let config = present.config.as_ref().ok()?;
    let backup = config.backup.address.filter(|address| config.backup_active && !address.is_unspecified())?;
    let host = if backup.is_ipv6() { format!("[{backup}]") } else { backup.to_string() };
    let name = config.backup.name.as_ref().map_or(host, ToString::to_string);
    Some(format!("scp {0} {name}:{0}", lvs_cf::file::DEFAULT_PATH))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "primary = 192.0.2.1\nbackup_active = 1\nbackup = 192.0.2.2\n";

    #[test]
    fn the_command_for_the_backup() {
        let of = |text: &str| copy_command(&Present::of(text.as_bytes()));
        let expected = "scp /etc/sysconfig/ha/lvs.cf 192.0.2.2:/etc/sysconfig/ha/lvs.cf";
        assert_eq!(of(FILE).as_deref(), Some(expected));
        assert_eq!(of(&FILE.replace("192.0.2.2", "0.0.0.0")), None);
        assert_eq!(of(&FILE.replace("active = 1", "active = 0")), None);
    }
}
