//! Who the server is once it listens: the user and group of `httpd.conf`, and never root again (specification layout.md 1).

use std::ffi::CString;
use std::path::Path;

use access::Settings;
use anyhow::{Context as _, ensure};
use nix::sys::prctl::set_no_new_privs;
use nix::unistd::{
    Gid, Group, Uid, User, geteuid, getresgid, getresuid, initgroups, setgroups, setresgid, setresuid,
};

use crate::start::{NOT_CONFIGURED, Refusal};

/// How to make the usual one (layout.md 1).
const MAKE: &str = "make it with\n  groupadd -r -g 60 piranha\n  useradd -r -u 60 -g piranha -d /etc/sysconfig/ha -s \
                    /sbin/nologin piranha\nor without `-g 60` and `-u 60` if these numbers are taken";

/// A user who is not root.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) user: Uid,
    pub(crate) group: Gid,
    /// To find the further groups of a user who has a name.
    name: Option<String>,
}

impl Identity {
    /// Who to become; `None` if this is not root, who stays who he is.
    ///
    /// # Errors
    ///
    /// There is no such user or group, or it is root.
    pub(crate) fn find(settings: &Settings, httpd_conf: &Path) -> Result<Option<Self>, Refusal> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        let refuse = |reason: String| Refusal::new(NOT_CONFIGURED, reason);
        let missing = |what: &str, name: &str| {
            let hint = if name == access::USER { MAKE } else { "make it, or name another one there" };
            refuse(format!(
                "there is no {what} {name}, as which the page runs ({}): {hint}",
                httpd_conf.display(),
            ))
        };
        let (user, name) = user(&settings.user).ok_or_else(|| missing("User", &settings.user))?;
        let group = group(&settings.group).ok_or_else(|| missing("Group", &settings.group))?;
        if user.is_root() || group.as_raw() == 0 {
            return Err(refuse(format!(
                "{} wants the page to run as User {} and Group {}; it never runs with rights of root",
                httpd_conf.display(),
                settings.user,
                settings.group
            )));
        }
        Ok(Some(Self { user, group, name }))
    }

    /// Becomes this user for good. There must be one thread only.
    ///
    /// # Errors
    ///
    /// The system refuses, or there is a way back.
    pub(crate) fn take(&self) -> anyhow::Result<()> {
        match &self.name {
            Some(name) => initgroups(&CString::new(name.as_str())?, self.group),
            None => setgroups(&[self.group]),
        }
        .context("cannot give up the groups of root")?;
        setresgid(self.group, self.group, self.group).context("cannot change the group")?;
        setresuid(self.user, self.user, self.user).context("cannot change the user")?;
        // No program that is executed from here on gets more, whatever its mode says.
        set_no_new_privs().context("cannot forbid new rights")?;
        let (users, groups) = (getresuid()?, getresgid()?);
        ensure!(
            [users.real, users.effective, users.saved] == [self.user; 3]
                && [groups.real, groups.effective, groups.saved] == [self.group; 3]
                && setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_err(),
            "the rights of root did not go"
        );
        Ok(())
    }
}

/// `piranha`, or `#60`.
fn user(word: &str) -> Option<(Uid, Option<String>)> {
    if let Some(number) = word.strip_prefix('#') {
        return Some((Uid::from_raw(number.parse().ok()?), None));
    }
    let user = User::from_name(word).ok()??;
    Some((user.uid, Some(user.name)))
}

fn group(word: &str) -> Option<Gid> {
    match word.strip_prefix('#') {
        Some(number) => Some(Gid::from_raw(number.parse().ok()?)),
        None => Some(Group::from_name(word).ok()??.gid),
    }
}
