//! Who may see the web page on port 3636 (specification gui.md 9, 15 and layout.md 4, 5).
//!
//! Nothing here opens a file, a socket or a clock: bytes and values in, values out. A request under `/secure/` passes
//!
//! 1. the rules by address: [`httpd_conf`] and [`htaccess`] read them, [`Levels`] says which count, and
//!    [`Rules::decide`] decides;
//! 2. the [`Slowdown`] of whoever guesses;
//! 3. the password: [`password_file`] finds the line, [`hash`] compares.
//!
//! [`gui_conf`] is the file of our own beside `httpd.conf`, and [`programs`] the rule on what the browser may start.

mod directive;
pub mod gui_conf;
pub mod hash;
mod host;
pub mod htaccess;
pub mod httpd_conf;
mod levels;
pub mod password_file;
pub mod programs;
mod rules;
mod slowdown;
mod unhonoured;

pub use gui_conf::GuiConf;
pub use httpd_conf::{Listen, LogLevel, Settings};
pub use levels::{Effective, Levels};
pub use rules::{Decision, Names, Rules};
pub use slowdown::{Slowdown, Turn};
pub use unhonoured::Unhonoured;

/// The only user who is let in (gui.md 9).
pub const USER: &str = "piranha";

/// The most bytes of any file that is read here; nobody's is a hundredth of it.
pub const MAX_BYTES: usize = 1 << 20;
