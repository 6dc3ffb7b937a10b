//! Command lines in the manner of popt, read by clap.
//!
//! What administrators' scripts rely on: bundled short options (`-nv`), `--name=value` and `--name value`, the last of
//! repeated options counts, no abbreviations, values may begin with a dash, `-?` is help (`-h` is free for nanny's
//! server), messages `PROGRAM: bad argument OPTION: REASON` with exit status 1, and aliases.

use std::ffi::OsString;
use std::fmt::Write as _;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::alias::{Aliases, Valued};

/// Why a program ends before it has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// For standard output.
    pub output: String,
    /// For standard error.
    pub error: String,
    /// Exit status.
    pub status: u8,
}

impl Exit {
    /// Prints the texts and gives the status.
    pub fn print(&self) -> u8 {
        use std::io::Write;
        // Nobody is left to be told if the terminal is gone.
        let _ = std::io::stdout().write_all(self.output.as_bytes());
        let _ = std::io::stderr().write_all(self.error.as_bytes());
        self.status
    }
}

/// Words that belong to no option are collected, so that a mistake in an option is reported first, as popt does.
const LEFT_OVER: &str = "left over";

/// How a program names itself where Piranha's did.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// In messages, alias files and the first line of `--version` (`lvs` for lvsd).
    pub name: &'static str,
    /// Its own version.
    pub version: &'static str,
}

/// Reads the command line of this process, with the aliases of this computer and this user. `O` as for [`read`].
///
/// # Errors
///
/// As for [`read`], and if aliases are nested too deeply.
pub fn command_line<O: clap::Args>(program: Program) -> Result<O, Exit> {
    command_line_of(program, std::env::args_os())
}

/// The same with other words, the first of which is the program's own path.
///
/// # Errors
///
/// As above.
pub fn command_line_of<O: clap::Args>(
    program: Program,
    words: impl IntoIterator<Item = OsString>,
) -> Result<O, Exit> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    // The first word is the program's own path.
    let typed = words.split_off(words.len().min(1));
    let meant = Aliases::of(program.name).expand(typed, &Valued::of(&command::<O>(program)));
    words.extend(meant.map_err(|reason| {
        let error = format!("{}: {reason}\n", program.name);
        Exit { output: String::new(), error, status: 1 }
    })?);
    read(program, words)
}

/// Reads a command line, its first word being the program's own path. `O` must not declare `help`, `usage` or
/// `version`; they are added here.
///
/// # Errors
///
/// The texts and the status to end with: help, usage and version with status 0, mistakes with status 1.
pub fn read<O: clap::Args>(program: Program, words: impl IntoIterator<Item = OsString>) -> Result<O, Exit> {
    let words: Vec<OsString> = words.into_iter().collect();
    let mut command = command::<O>(program);
    let matches =
        command.try_get_matches_from_mut(&words).map_err(|error| refusal(program, &words, &error))?;
    if let Some(output) = answer(program, &mut command, &matches) {
        return Err(Exit { output, error: String::new(), status: 0 });
    }
    if matches.contains_id(LEFT_OVER) {
        let error = format!("{}: unexpected arguments\n", program.name);
        return Err(Exit { output: String::new(), error, status: 1 });
    }
    O::from_arg_matches(&matches).map_err(|error| refusal(program, &words, &error))
}

/// The command as clap sees it, with what all programs have in common.
pub fn command<O: clap::Args>(program: Program) -> Command {
    O::augment_args(Command::new(program.name).bin_name(program.name))
        .no_binary_name(false)
        .disable_help_flag(true)
        .disable_version_flag(true)
        .args_override_self(true)
        .infer_long_args(false)
        .mut_args(|arg| if arg.get_action().takes_values() { arg.allow_hyphen_values(true) } else { arg })
        .arg(Arg::new(LEFT_OVER).num_args(0..).hide(true))
        .arg(flag("version").help("Print the version"))
        .arg(flag("help").short('?').help("Print this help"))
        .arg(flag("usage").help("Print the options in brief"))
}

fn flag(name: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue)
}

fn answer(program: Program, command: &mut Command, matches: &ArgMatches) -> Option<String> {
    if matches.get_flag("help") {
        Some(command.render_help().to_string())
    } else if matches.get_flag("usage") {
        Some(format!("{}\n", usage(command)))
    } else if matches.get_flag("version") {
        Some(version(program))
    } else {
        None
    }
}

/// All options on one line, as popt's `--usage`.
fn usage(command: &Command) -> String {
    let mut line = format!("Usage: {}", command.get_name());
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let names = [
            arg.get_short().map(|short| format!("-{short}")),
            arg.get_long().map(|long| format!("--{long}")),
        ];
        let names = names.into_iter().flatten().collect::<Vec<_>>().join("|");
        let value = arg.get_value_names().filter(|_| arg.get_action().takes_values());
        let value = value.and_then(<[_]>::first).map(|name| format!(" {name}")).unwrap_or_default();
        let _ = write!(line, " [{names}{value}]");
    }
    line
}

/// Piranha's three lines (specification pulse.md 3, lvsd.md 1).
fn version(program: Program) -> String {
    format!(
        "Program Version:\t{} {}\nBuilt:\t\t\t{}\nA component of:\t\tpiranha-{}\n",
        program.name,
        program.version,
        env!("PIRANHA_BUILT"),
        env!("CARGO_PKG_VERSION"),
    )
}

/// popt's words for clap's findings.
fn refusal(program: Program, words: &[OsString], error: &clap::Error) -> Exit {
    let subject = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    let name = program.name;
    let text = match error.kind() {
        ErrorKind::UnknownArgument => {
            format!("{name}: bad argument {}: unknown option", as_typed(words, &subject))
        }
        ErrorKind::ValueValidation => format!(
            "{name}: bad argument {}: invalid numeric value",
            match error.get(ContextKind::InvalidValue) {
                Some(ContextValue::String(value)) => as_typed(words, value),
                _ => subject,
            }
        ),
        // A value can only be missing behind the last word.
        ErrorKind::InvalidValue | ErrorKind::NoEquals => {
            let last = words.last().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
            format!("{name}: bad argument {last}: missing argument")
        }
        ErrorKind::TooManyValues => {
            format!("{name}: bad argument {}: option takes no value", as_typed(words, &subject))
        }
        _ => format!("{name}: {error}"),
    };
    Exit { output: String::new(), error: format!("{text}\n"), status: 1 }
}

/// The word as it was typed: popt names `-nz` where clap names `-z`, and `--port=x` where clap names `x`.
fn as_typed(words: &[OsString], subject: &str) -> String {
    let letter = subject.strip_prefix('-').filter(|rest| rest.chars().count() == 1);
    let typed = words.iter().skip(1).map(|word| word.to_string_lossy()).find(|word| {
        let bundle = word.starts_with('-') && !word.starts_with("--");
        *word == subject
            || letter.is_some_and(|letter| bundle && word.contains(letter))
            || word.strip_suffix(subject).is_some_and(|before| before.ends_with('='))
    });
    typed.map_or_else(|| subject.to_owned(), std::borrow::Cow::into_owned)
}

/// A C integer as popt reads it: decimal, `0x` hexadecimal or, with a leading 0, octal; a sign is allowed.
///
/// # Errors
///
/// If the word is none, or does not fit 32 bits.
pub fn integer(word: &str) -> Result<i32, &'static str> {
    let (negative, digits) = match word.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let magnitude = if let Some(hexadecimal) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"))
    {
        i64::from_str_radix(hexadecimal, 16)
    } else if digits.len() > 1 && digits.starts_with('0') {
        i64::from_str_radix(digits, 8)
    } else {
        digits.parse()
    };
    let magnitude = magnitude.ok().filter(|_| digits.starts_with(|first: char| first.is_ascii_digit()));
    let number = magnitude.map(|magnitude| if negative { -magnitude } else { magnitude });
    number.and_then(|number| i32::try_from(number).ok()).ok_or("invalid numeric value")
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::{Exit, Program, integer, read};

    #[derive(Debug, clap::Args)]
    struct Options {
        /// File to read
        #[arg(short = 'c', long = "configfile", value_name = "FILE", default_value = "/etc/lvs.cf")]
        file: String,
        /// Stay in the foreground
        #[arg(short = 'n', long = "nodaemon")]
        nodaemon: bool,
        /// Debug lines
        #[arg(short = 'v', long = "verbose")]
        verbose: bool,
        /// Port
        #[arg(short = 'p', long = "port", value_name = "PORT", default_value = "80", value_parser = integer)]
        port: i32,
    }

    fn run(words: &[&str]) -> Result<Options, Exit> {
        let words = std::iter::once("pulse").chain(words.iter().copied()).map(OsString::from);
        read(Program { name: "pulse", version: "1.0" }, words)
    }

    fn refused(words: &[&str]) -> String {
        let exit = run(words).unwrap_err();
        assert_eq!((exit.status, exit.output.as_str()), (1, ""));
        exit.error
    }

    #[test]
    fn options_as_popt_takes_them() {
        let options = run(&["-nv", "--configfile=a", "-c", "-b", "-p", "0x10"]).unwrap();
        assert!(options.nodaemon && options.verbose);
        assert_eq!((options.file.as_str(), options.port), ("-b", 16));
        assert_eq!(run(&["-n", "-n", "-p-1"]).unwrap().port, -1);
        assert_eq!(run(&["-cb"]).unwrap().file, "b");
    }

    #[test]
    fn mistakes_as_popt_names_them() {
        insta::assert_snapshot!(refused(&["--foo"]), @"pulse: bad argument --foo: unknown option");
        insta::assert_snapshot!(refused(&["--config", "x"]), @"pulse: bad argument --config: unknown option");
        insta::assert_snapshot!(refused(&["-nz"]), @"pulse: bad argument -nz: unknown option");
        insta::assert_snapshot!(refused(&["-n", "-c"]), @"pulse: bad argument -c: missing argument");
        insta::assert_snapshot!(refused(&["-nc"]), @"pulse: bad argument -nc: missing argument");
        insta::assert_snapshot!(refused(&["--configfile"]), @"pulse: bad argument --configfile: missing argument");
        insta::assert_snapshot!(refused(&["-p", "x"]), @"pulse: bad argument x: invalid numeric value");
        insta::assert_snapshot!(refused(&["--port=x"]), @"pulse: bad argument --port=x: invalid numeric value");
        insta::assert_snapshot!(refused(&["stray"]), @"pulse: unexpected arguments");
        insta::assert_snapshot!(refused(&["--", "-n"]), @"pulse: unexpected arguments");
        insta::assert_snapshot!(refused(&["--nodaemon=1"]), @"pulse: bad argument --nodaemon: option takes no value");
    }

    #[test]
    fn help_usage_and_version_end_with_status_0() {
        let usage = run(&["--usage"]).unwrap_err();
        assert_eq!(usage.status, 0);
        insta::assert_snapshot!(usage.output, @"Usage: pulse [-c|--configfile FILE] [-n|--nodaemon] [-v|--verbose] [-p|--port PORT] [--version] [-?|--help] [--usage]");
        let version = run(&["--version"]).unwrap_err();
        assert!(
            version.output.starts_with("Program Version:\tpulse 1.0\nBuilt:\t\t\t"),
            "{}",
            version.output
        );
        let help = run(&["-?"]).unwrap_err();
        assert!(help.output.contains("--configfile <FILE>"), "{}", help.output);
    }

    #[test]
    fn integers_as_c_reads_them() {
        for (word, number) in [("0", 0), ("010", 8), ("0x1F", 31), ("-0x1f", -31), ("+7", 7)] {
            assert_eq!(integer(word), Ok(number), "{word}");
        }
        for word in ["", "x", "08", "0x", "1.5", "9999999999", "--1", "-+1", "7 "] {
            integer(word).unwrap_err();
        }
    }
}
