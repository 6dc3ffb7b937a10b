//! VERSIONS OF LVS.CF: what the file was, compared with what it is, and restored (specification gui.md 15).

use std::path::Path;

use askama::Template;
use lvs_cf::Document;
use versions::{Stamp, Version, Versions};

use crate::accept;
use crate::answer::Answer;
use crate::asked::{Asked, Method};
use crate::comparison::{self, Line};
use crate::edit::Edit;
use crate::file::Present;
use crate::frame::Frame;
use crate::notice::{Notice, Tone};
use crate::page::Page;
use crate::pages::trouble;
use crate::site::Site;

#[derive(Template)]
#[template(path = "versions.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    folder: String,
}

#[derive(Debug)]
struct Row {
    stamp: String,
    time: String,
    serial_no: i32,
    client: String,
    what: String,
    /// Nothing if it is the file as it is.
    difference: Option<String>,
}

#[derive(Template)]
#[template(path = "version.html")]
struct Comparison {
    frame: Frame,
    stamp: String,
    time: String,
    serial_no: i32,
    present: i32,
    fingerprint: String,
    lines: Vec<Line>,
}

pub(crate) async fn answer(site: &Site, asked: &Asked) -> Answer {
    // Also a file that the daemons refuse: an older one may be the way out.
    let present = match site.file.present() {
        Ok(present) => present,
        Err(error) => return trouble::unreadable(site, asked, &error),
    };
    let versions = Versions::new(&site.places.state.join("versions"), site.file.path());
    let Some(wanted) = asked.parameters.get("version") else {
        return list(site, asked, &present, versions).await;
    };
    let kept = wanted.parse::<Stamp>().ok().and_then(|stamp| Some((stamp, versions.read(stamp).ok()?)));
    let Some((stamp, bytes)) = kept else {
        let line = "this version is not kept (any more): the newest twenty are".to_owned();
        site.notices.leave(&asked.client.notices(), Notice::new(Tone::Warning, line));
        return Answer::see(Page::Versions);
    };
    let restore = asked.parameters.get("versions_action") == Some("RESTORE");
    let mut frame = Frame::of(site, asked);
    match (asked.method, restore) {
        (Method::Post, true) => match self::restore(site, asked, &present, stamp, &bytes).await {
            Ok(notice) => {
                site.notices.leave(&asked.client.notices(), notice);
                return Answer::see(Page::Versions);
            }
            Err(notice) => frame.notices.push(notice),
        },
        (Method::Get, true) => {
            frame.tell(Tone::Warning, "nothing has been restored yet; press RESTORE to go on");
        }
        _ => {}
    }
    Answer::page(&Comparison {
        frame,
        stamp: stamp.to_string(),
        time: time(stamp),
        serial_no: Document::new(&bytes).serial_no(),
        present: present.serial_no(),
        fingerprint: present.fingerprint.clone(),
        lines: comparison::compare(present.document().as_bytes(), &bytes),
    })
}

/// Saved like any other change, with a new serial number; only over the file that the comparison was shown with.
async fn restore(
    site: &Site,
    asked: &Asked,
    present: &Present,
    stamp: Stamp,
    bytes: &[u8],
) -> Result<Notice, Notice> {
    if asked.parameters.get("file") != Some(&present.fingerprint) {
        let line = "nothing was restored yet: the file was changed meanwhile. This is the difference to the file as it is now; \
                    press RESTORE to go on";
        return Err(Notice::new(Tone::Warning, line));
    }
    let mut edit = Edit::of(present);
    if comparison::first_difference(bytes, present.document().as_bytes()).is_some() {
        edit.document = Document::new(bytes);
        let serial_no = edit.document.serial_no();
        edit.changes.push(format!("restored: the file of {}, serial number {serial_no}", time(stamp)));
    }
    accept::save(site, asked, present, edit, "an older version restored").await
}

async fn list(site: &Site, asked: &Asked, present: &std::sync::Arc<Present>, versions: Versions) -> Answer {
    let folder = site.places.state.join("versions");
    let now = std::sync::Arc::clone(present);
    let rows = tokio::task::spawn_blocking(move || rows(&versions, &now)).await;
    let rows = match rows {
        Ok(Ok(rows)) => rows,
        Ok(Err(error)) => return trouble::failed(site, asked, error.to_string()),
        Err(error) => return trouble::failed(site, asked, error.to_string()),
    };
    Answer::page(&List { frame: Frame::of(site, asked), rows, folder: shown(&folder) })
}

fn rows(versions: &Versions, present: &Present) -> Result<Vec<Row>, versions::Error> {
    Ok(versions.list()?.into_iter().map(|version| row(versions, version, present)).collect())
}

fn row(versions: &Versions, version: Version, present: &Present) -> Row {
    let bytes = versions.read(version.stamp);
    let difference = match &bytes {
        Ok(bytes) => comparison::first_difference(bytes, present.document().as_bytes()),
        Err(error) => Some(error.to_string()),
    };
    let serial_no = bytes.map_or(0, |bytes| Document::new(&bytes).serial_no());
    let (client, what) = version.made.map_or_else(
        || ("-".to_owned(), "(not by these pages)".to_owned()),
        |made| (made.client.map_or_else(|| "-".to_owned(), |client| client.to_string()), made.what),
    );
    Row { stamp: version.stamp.to_string(), time: time(version.stamp), serial_no, client, what, difference }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// `2026-03-01 12:00:00 UTC`.
fn time(stamp: Stamp) -> String {
    let text = stamp.to_string();
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let date = [part(0, 4), part(4, 6), part(6, 8)].join("-");
    format!("{date} {} UTC", [part(9, 11), part(11, 13), part(13, 15)].join(":"))
}
