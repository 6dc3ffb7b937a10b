//! `--check`: what is wrong with the file, for a person.

use crate::configuration;
use crate::options::Options;

/// Prints every diagnostic. The exit status is 1 where pulse would refuse the file, and with `--strict` where there is
/// a warning.
pub(crate) fn run(options: &Options) -> u8 {
    match configuration::check(&options.file) {
        Ok(report) => {
            print!("{}", report.render(&options.file));
            u8::from(report.is_refused() || (options.strict && report.has_warnings()))
        }
        Err(refusal) => {
            print!("{refusal}");
            1
        }
    }
}
