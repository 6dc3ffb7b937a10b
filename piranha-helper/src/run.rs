//! Running a program to its end: no shell, a clean environment, bounded in time and output.

use std::ffi::OsString;
use std::io;
use std::os::fd::OwnedFd;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// Where programs are looked for.
const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";
/// How long a program may take.
const LIMIT: Duration = Duration::from_secs(60);
/// Bytes of output that are told; the rest is read and dropped.
const LONGEST_OUTPUT: usize = 8 * 1024;
/// How long the rest of the output is waited for when the program has ended: a daemon that it started may hold the pipe.
const REST: Duration = Duration::from_millis(100);
/// How long a program may take to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(1);

/// Runs it. Status 0 is success, with what it printed; else what went wrong, with what it printed.
pub(crate) async fn run(words: &[OsString]) -> Result<String, String> {
    let shown = words.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let (mut child, mut output) = start(words).map_err(|error| format!("cannot execute {shown}: {error}"))?;
    let mut said = Vec::new();
    let ended = timeout(LIMIT, end(&mut child, &mut output, &mut said)).await;
    let Ok(status) = ended else {
        stop(&mut child).await;
        let after = LIMIT.as_secs();
        return Err(told(format!("{shown} did not end within {after} s and was killed"), &said));
    };
    match status {
        Ok(status) if status.success() => Ok(told(format!("{shown}: done"), &said)),
        Ok(status) => Err(told(format!("{shown}: {status}"), &said)),
        Err(error) => Err(format!("cannot wait for {shown}: {error}")),
    }
}

/// The leader of a process group of its own, with standard output and error in one pipe.
fn start(words: &[OsString]) -> io::Result<(Child, pipe::Receiver)> {
    let (program, arguments) = words.split_first().ok_or(io::ErrorKind::NotFound)?;
    let (reader, writer) = io::pipe()?;
    let child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .env("LANG", "C")
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    Ok((child, pipe::Receiver::from_owned_fd(OwnedFd::from(reader))?))
}

async fn end(child: &mut Child, output: &mut pipe::Receiver, said: &mut Vec<u8>) -> io::Result<ExitStatus> {
    let status = tokio::select! {
        status = child.wait() => status?,
        () = collect(output, said) => child.wait().await?,
    };
    let _ = timeout(REST, collect(output, said)).await;
    Ok(status)
}

/// Reads to the end. What was read is kept when this is dropped.
async fn collect(output: &mut pipe::Receiver, said: &mut Vec<u8>) {
    let mut piece = [0; 1024];
    while let Ok(length @ 1..) = output.read(&mut piece).await {
        let room = LONGEST_OUTPUT.saturating_sub(said.len());
        said.extend(piece.iter().take(length.min(room)));
    }
}

/// Ends it and what it started, kindly at first.
async fn stop(child: &mut Child) {
    let group = child.id().and_then(|pid| i32::try_from(pid).ok()).map(Pid::from_raw);
    for (signal, grace) in [(Signal::SIGTERM, GRACE), (Signal::SIGKILL, Duration::ZERO)] {
        if let Some(group) = group {
            let _it_may_have_ended = killpg(group, signal);
        }
        sleep(grace).await;
    }
    let _nothing_is_left_to_be_done = child.wait().await;
}

fn told(what: String, said: &[u8]) -> String {
    let plain = |one: char| if one.is_control() && one != '\n' { ' ' } else { one };
    let said: String = String::from_utf8_lossy(said).chars().map(plain).collect();
    let said = said.trim();
    if said.is_empty() { what } else { format!("{what}\n{said}") }
}

#[cfg(test)]
mod tests {
    use super::run;

    async fn shell(script: &str) -> Result<String, String> {
        run(&["/bin/sh", "-c", script].map(Into::into))
            .await
            .map_err(|reason| reason.replace(script, "SCRIPT"))
    }

    #[tokio::test]
    async fn what_a_program_says_is_told_with_its_end() {
        assert_eq!(shell(":").await.unwrap(), "/bin/sh -c :: done");
        let failed = shell("echo 'one\ttwo'; echo three >&2; exit 7").await.unwrap_err();
        assert_eq!(failed, "/bin/sh -c SCRIPT: exit status: 7\none two\nthree");
        let absent = run(&["/nowhere".into(), "start".into()]).await.unwrap_err();
        assert!(absent.starts_with("cannot execute /nowhere start: No such file"), "{absent}");
    }

    #[tokio::test]
    async fn the_environment_is_clean() {
        let said = shell("env | sort; pwd").await.unwrap();
        let lines: Vec<_> = said.lines().skip(1).filter(|line| !line.starts_with("_=")).collect();
        assert_eq!(lines, ["LANG=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "PWD=/", "/"]);
    }

    #[tokio::test]
    async fn much_output_is_cut_off_and_a_daemon_that_holds_it_is_not_waited_for() {
        let said =
            shell("sleep 30 & while :; do echo 0123456789abcde; i=$((i+1)); [ $i = 9000 ] && exit; done")
                .await
                .unwrap();
        assert!((8000..8400).contains(&said.len()), "{}", said.len());
    }
}
