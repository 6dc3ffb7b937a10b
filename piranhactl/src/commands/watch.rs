//! `watch`: the status again and again, until somebody ends it.
//!
//! Only the first question has to be answered. An lvsd that goes away later is waited for: pulse starts it again.

use anyhow::Result;
use control::status::{Status, UnixMillis};

use crate::changes::changes;
use crate::lvsd::Lvsd;
use crate::output::{Terminal, say, terminal, write};
use crate::polling::Polling;
use crate::table::{View, draw};
use crate::time;

pub(super) async fn run(lvsd: &Lvsd) -> Result<()> {
    let first = lvsd.status().await?;
    match terminal() {
        Some(terminal) => on_a_terminal(lvsd, first, terminal).await,
        None => into_a_log(lvsd, first).await,
    }
}

async fn on_a_terminal(lvsd: &Lvsd, mut status: Status, mut screen: Terminal) -> Result<()> {
    let (mut polling, mut trouble) = (Polling::new(lvsd), None);
    loop {
        write(&page(&status, trouble.as_deref(), time::now(), screen))?;
        match polling.next().await {
            Ok(next) => (status, trouble) = (next, None),
            Err(error) => trouble = Some(error.to_string()),
        }
        // Somebody may have resized it.
        screen = terminal().unwrap_or(screen);
    }
}

async fn into_a_log(lvsd: &Lvsd, mut status: Status) -> Result<()> {
    let (mut polling, mut answers) = (Polling::new(lvsd), true);
    write(&draw(&status, time::now(), View::default()))?;
    loop {
        let next = polling.next().await;
        if let Err(error) = &next
            && answers
        {
            log(first_line(&error.to_string()))?;
        }
        if next.is_ok() && !answers {
            log("lvsd answers again")?;
        }
        answers = next.is_ok();
        if let Ok(next) = next {
            changes(&status, &next).iter().try_for_each(|line| log(line))?;
            status = next;
        }
    }
}

fn log(line: &str) -> std::io::Result<()> {
    say(&format!("{} {line}", time::stamp(time::now())))
}

/// The text that draws one page over the former one. Where there is little room, real servers that are well make way.
fn page(status: &Status, trouble: Option<&str>, now: UnixMillis, screen: Terminal) -> String {
    // The cursor's line stays free.
    let room = screen.height.saturating_sub(1).max(1);
    let view = View { width: Some(screen.width), colour: screen.colour, only_unusual: false };
    let trouble = trouble.map(|trouble| format!("{} (what follows is old)\n\n", first_line(trouble)));
    let drawn = |view| trouble.clone().unwrap_or_default() + &draw(status, now, view);
    let mut text = drawn(view);
    if text.lines().count() > room {
        text = drawn(View { only_unusual: true, ..view });
    }
    // Lines are cut, not wrapped, by the terminal itself, so that they are as many as were counted.
    format!("\x1b[?7l\x1b[H{}\x1b[J\x1b[?7h", cut(&text, room))
}

/// At most `room` lines, each of which wipes what stood behind it.
fn cut(text: &str, room: usize) -> String {
    let count = text.lines().count();
    let shown = if count > room { room - 1 } else { count };
    let mut lines: Vec<String> = text.lines().take(shown).map(str::to_owned).collect();
    if count > shown {
        lines.push(format!("... {} more lines: piranhactl status", count - shown));
    }
    lines.join("\x1b[K\n") + "\x1b[K\n"
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use control::status::Status;

    use super::page;
    use crate::example::{NOW, one, status};
    use crate::output::Terminal;

    fn shown(status: &Status, height: usize, trouble: Option<&str>) -> String {
        let screen = Terminal { width: 80, height, colour: false };
        page(status, trouble, NOW, screen).replace('\x1b', "^").replace("^[K", "")
    }

    #[test]
    fn real_servers_that_are_well_make_way_on_a_small_screen() {
        let mut status = status();
        let one = one(&mut status).clone();
        status.virtual_servers[0].real_servers.extend(vec![one; 9]);
        let large = shown(&status, 60, None);
        assert_eq!(large.matches("10.0.0.1:80").count(), 10, "{large}");
        let small = shown(&status, 30, None);
        assert!(small.contains("  10 real servers are up as usual\n"), "{small}");
        assert!(!small.contains("more lines"), "{small}");
    }

    #[test]
    fn a_very_small_screen_shows_the_beginning() {
        insta::assert_snapshot!(shown(&status(), 6, Some("lvsd is away\nand so on")), @"
        ^[?7l^[Hlvsd is away (what follows is old)

        lvsd 1.2.3, process 812, started 3d4h ago
        File: /etc/sysconfig/ha/lvs.cf, serial_no 42, read 2h5m ago
        ... 24 more lines: piranhactl status
        ^[J^[?7h
        ");
        insta::assert_snapshot!(shown(&status(), 1, None), @"
        ^[?7l^[H... 26 more lines: piranhactl status
        ^[J^[?7h
        ");
    }
}
