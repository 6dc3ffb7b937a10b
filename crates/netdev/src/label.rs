//! Device names as lvs.cf writes them: `eth0`, or `eth0:1` with a label behind the colon.

use std::fmt;

/// Longest name of a device or label in bytes (`IFNAMSIZ` less its final zero, `linux/if.h`).
pub const LONGEST_NAME: usize = 15;

/// Where a floating address is put: a device, and the label that `ifconfig` shows the address under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label(String);

/// Text that names no device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Longer than the kernel takes.
    #[error(
        "\"{0}\" is longer than {LONGEST_NAME} bytes, the longest device name or label that the kernel takes"
    )]
    TooLong(String),
    /// Nothing before the colon, or a character that no device name has.
    #[error("\"{0}\" is no device name; one looks like eth0, one with a label like eth0:1")]
    NotADevice(String),
}

impl Label {
    /// Takes `text` as lvs.cf has it.
    ///
    /// # Errors
    ///
    /// [`LabelError`] if the kernel would refuse it.
    pub fn new(text: &str) -> Result<Label, LabelError> {
        if text.len() > LONGEST_NAME {
            return Err(LabelError::TooLong(text.to_owned()));
        }
        let unusable = |c: char| c == '/' || c.is_whitespace() || c.is_control();
        if base_device(text).is_empty() || text.contains(unusable) {
            return Err(LabelError::NotADevice(text.to_owned()));
        }
        Ok(Label(text.to_owned()))
    }

    /// The device: the name up to the colon.
    pub fn device(&self) -> &str {
        base_device(&self.0)
    }

    /// The whole label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `name` up to its first colon: the device that an alias such as `eth0:1` stands on.
pub fn base_device(name: &str) -> &str {
    name.split_once(':').map_or(name, |(device, _)| device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_stands_on_a_device() {
        for (text, device) in [
            ("eth0:1", "eth0"),
            ("eth0", "eth0"),
            ("bond0.120:web", "bond0.120"),
            ("a:b:c", "a"),
            ("fifteen_bytes:1", "fifteen_bytes"),
        ] {
            let label = Label::new(text).unwrap();
            assert_eq!((label.device(), label.as_str()), (device, text));
        }
    }

    #[test]
    fn what_the_kernel_would_refuse() {
        assert_eq!(Label::new("sixteen_bytes_:1"), Err(LabelError::TooLong("sixteen_bytes_:1".into())));
        for text in ["", ":1", "eth 0", "eth/0", "eth0:\n", "eth\u{0}"] {
            assert_eq!(Label::new(text), Err(LabelError::NotADevice(text.into())));
        }
    }
}
