//! `/etc/sysconfig/ha/conf/gui.conf`: what the web page knows and httpd never did. Lines `key = value`, `#` comments.

use std::path::{Path, PathBuf};

use crate::unhonoured::{Collection, Unhonoured};
use crate::{MAX_BYTES, USER, programs};

/// What the file says. One that is missing says [`GuiConf::default`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuiConf {
    /// `program_directories`: where programs are that the browser may have started, absolute and normalised. None at all
    /// if the line is empty.
    pub program_directories: Vec<PathBuf>,
    /// `allow_scripted_post`: whether a POST without a token is taken (gui.md 5, R6).
    pub allow_scripted_post: bool,
    /// `copy_to_backup`: whether the button that copies lvs.cf to the backup is there.
    pub copy_to_backup: bool,
    /// `reader`: a user of `piranha.passwd` who may read `/metrics` and `/api/v1/status`, and nothing else.
    pub reader: Option<String>,
}

impl Default for GuiConf {
    fn default() -> Self {
        Self {
            program_directories: vec![PathBuf::from("/etc/sysconfig/ha/scripts")],
            allow_scripted_post: false,
            copy_to_backup: false,
            reader: None,
        }
    }
}

/// The file is longer than [`MAX_BYTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is longer than {MAX_BYTES} bytes")]
pub struct TooLong;

impl GuiConf {
    /// Reads the file; the last of several lines with one key counts. Unknown keys and values that are not understood are
    /// handed back, and the default stays.
    ///
    /// # Errors
    /// If it is too long.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Vec<Unhonoured>), TooLong> {
        if bytes.len() > MAX_BYTES {
            return Err(TooLong);
        }
        let (mut conf, mut unhonoured) = (Self::default(), Collection::default());
        for (index, line) in String::from_utf8_lossy(bytes).lines().enumerate() {
            let line = line.trim();
            let (key, value) = line.split_once('=').map_or((line, None), |(key, value)| (key, Some(value)));
            let (key, value) = (key.trim_end(), value.map(str::trim));
            let is_none = line.is_empty() || line.starts_with('#');
            if !is_none && value.and_then(|value| conf.take(key, value)).is_none() {
                unhonoured.add(key, index + 1, line);
            }
        }
        Ok((conf, unhonoured.into_lines()))
    }

    fn take(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "program_directories" => self.program_directories = directories(value)?,
            "allow_scripted_post" => self.allow_scripted_post = flag(value)?,
            "copy_to_backup" => self.copy_to_backup = flag(value)?,
            // An empty value is nobody.
            "reader" if value.is_empty() => self.reader = None,
            "reader" if is_reader(value) => self.reader = Some(value.to_owned()),
            _ => return None,
        }
        Some(())
    }
}

/// All or none: with one that is not understood left out, the rest would not be what somebody wanted.
fn directories(value: &str) -> Option<Vec<PathBuf>> {
    let directory = |word: &str| {
        let word = word.strip_suffix('/').unwrap_or(word);
        programs::is_plain_path(word.as_bytes()).then(|| Path::new(word).to_owned())
    };
    value.split_whitespace().map(directory).collect()
}

fn flag(value: &str) -> Option<bool> {
    match value {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// The user who may do everything is not made one who may only read.
fn is_reader(value: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@".contains(&byte);
    value != USER && value.len() <= 64 && value.bytes().all(sound)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::{GuiConf, TooLong};
    use crate::{MAX_BYTES, Unhonoured};

    #[test]
    fn every_key() {
        let text = "# ours\n program_directories = /opt/checks/ /etc/sysconfig/ha/scripts\r\nallow_scripted_post=1\n\
                    copy_to_backup = 0\ncopy_to_backup = 1\nreader = prometheus\n";
        let (conf, unhonoured) = GuiConf::parse(text.as_bytes()).unwrap();
        let directories = ["/opt/checks", "/etc/sysconfig/ha/scripts"].map(PathBuf::from).to_vec();
        let reader = Some("prometheus".to_owned());
        let meant = GuiConf {
            program_directories: directories,
            allow_scripted_post: true,
            copy_to_backup: true,
            reader,
        };
        assert_eq!((conf, unhonoured), (meant, Vec::new()));
    }

    #[test]
    fn what_is_not_understood_is_told_once_and_changes_nothing() {
        let text = "colour = red\nallow_scripted_post = yes\ncopy_to_backup\ncolour = blue\nreader = piranha\n\
                    program_directories = /opt scripts\n= 1\n";
        let (conf, unhonoured) = GuiConf::parse(text.as_bytes()).unwrap();
        assert_eq!(conf, GuiConf::default());
        let told: Vec<_> =
            unhonoured.iter().map(|Unhonoured { line, text }| (*line, text.as_str())).collect();
        assert_eq!(
            told,
            [
                (1, "colour = red"),
                (2, "allow_scripted_post = yes"),
                (3, "copy_to_backup"),
                (5, "reader = piranha"),
                (6, "program_directories = /opt scripts"),
                (7, "= 1"),
            ]
        );
    }

    #[test]
    fn an_empty_line_of_directories_means_none() {
        let (conf, _) = GuiConf::parse(b"program_directories =\nreader=\n").unwrap();
        assert_eq!(conf, GuiConf { program_directories: Vec::new(), ..GuiConf::default() });
        for words in ["/opt/../etc", "/", "//opt", "opt", "/opt/./x"] {
            let (conf, told) = GuiConf::parse(format!("program_directories = {words}").as_bytes()).unwrap();
            assert_eq!((conf, told.len()), (GuiConf::default(), 1), "{words}");
        }
    }

    #[test]
    fn too_long_is_refused() {
        assert_eq!(GuiConf::parse(&vec![b'#'; MAX_BYTES + 1]), Err(TooLong));
    }
}
