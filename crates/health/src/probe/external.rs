//! A check by a program: specification nanny.md 4 and 13, rows 1 to 3.

use tracing::debug;

use super::Attempt;
use crate::expect::Expect;
use crate::failure::{Cause, Ran, errno, shown};
use crate::program::Program;
use crate::running::{End, run};

pub(super) async fn check(attempt: &Attempt<'_>, program: &Program) -> Result<(), Cause> {
    let name = program.name.to_string_lossy().into_owned();
    match run(program, attempt.left()).await {
        Err(error) => Err(Cause::NotStarted { program: name, errno: errno(&error) }),
        Ok(End::Overtime) => Err(Cause::Overtime { program: name }),
        Ok(End::Ended { status, output }) => {
            let text = without_line_end(&output);
            debug!("Got result ({}) from command sent to ({})", shown(text), attempt.real_server);
            judge(attempt.expect, Ran { program: name, status, output: text.to_vec() })
        }
    }
}

/// A program that expects an answer is judged by that alone, one that does not by its exit status.
fn judge(expect: &Expect, ran: Ran) -> Result<(), Cause> {
    let good = match expect {
        Expect::Nothing => ran.status.success(),
        Expect::Anything => !ran.output.is_empty(),
        Expect::Prefix(text) => ran.output == *text,
        Expect::Match(expression) => expression.is_match(&ran.output),
        Expect::Impossible(reason) => return Err(Cause::Expression(reason.clone())),
    };
    match (expect, ran.status.code()) {
        (_, None) => Err(Cause::Abnormal(ran)),
        _ if good => Ok(()),
        (Expect::Nothing, _) => Err(Cause::Abnormal(ran)),
        _ if ran.output.is_empty() => Err(Cause::Silent(ran)),
        _ => Err(Cause::Unexpected(ran)),
    }
}

fn without_line_end(output: &[u8]) -> &[u8] {
    let text = output.strip_suffix(b"\n").unwrap_or(output);
    text.strip_suffix(b"\r").filter(|_| text.len() < output.len()).unwrap_or(text)
}
