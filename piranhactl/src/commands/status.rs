//! `status`: everything that lvsd knows, once.

use anyhow::Result;

use crate::lvsd::Lvsd;
use crate::output::{say, terminal, write};
use crate::table::{View, draw};
use crate::time;

pub(super) async fn run(lvsd: &Lvsd, json: bool) -> Result<()> {
    if json {
        return Ok(say(&lvsd.status_as_json().await?)?);
    }
    let status = lvsd.status().await?;
    let view = terminal().map_or(View::default(), |terminal| View {
        width: Some(terminal.width),
        colour: terminal.colour,
        only_unusual: false,
    });
    Ok(write(&draw(&status, time::now(), view))?)
}
