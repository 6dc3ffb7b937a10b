//! From an edit that a form asks for to a saved file, or to what the form is told instead.

use lvs_cf::{Config, Document};

use crate::after_save;
use crate::asked::Asked;
use crate::base::{self, Part};
use crate::edit::Edit;
use crate::file::{AnyName, Present};
use crate::notice::{Notice, Tone};
use crate::own;
use crate::page::Page;
use crate::saving::Saving;
use crate::site::Site;

/// Saves an edit of `part` that was asked for with `what` (for the log: `global settings`), and leaves a notice of it for
/// the next page of the client. Without a change nothing is saved.
///
/// # Errors
///
/// Nothing was saved: the notice for the form, which is shown again with what was typed.
pub(crate) async fn accept(
    site: &Site,
    asked: &Asked,
    present: &Present,
    part: &Part,
    edit: Edit,
    what: &str,
) -> Result<(), Notice> {
    if !edit.problems.is_empty() {
        let general = edit.problems.of("").unwrap_or("see what is said at the fields below");
        return Err(Notice::new(Tone::Refused, format!("nothing was saved: {general}")));
    }
    if base::check(present, &asked.parameters, part).is_err() {
        let line = "nothing was saved yet: somebody else has changed what this form shows. What the file says now stands \
                    beside each field; press ACCEPT to save yours";
        return Err(Notice::new(Tone::Warning, line));
    }
    let notice = save(site, asked, present, edit, what).await?;
    site.notices.leave(&asked.client.notices(), notice);
    Ok(())
}

/// Saves an edit without looking whether its form is still good.
///
/// # Errors
///
/// As [`accept`].
pub(crate) async fn save(
    site: &Site,
    asked: &Asked,
    present: &Present,
    edit: Edit,
    what: &str,
) -> Result<Notice, Notice> {
    if !edit.is_needed() {
        return Ok(Notice::new(Tone::Done, "nothing was changed, so nothing was saved"));
    }
    let Edit { document, changes, warnings, .. } = edit;
    let edited = document.clone();
    match site.helper.save(present, document, what, asked).await {
        Saving::Saved { serial_no } => {
            let mut notice = Notice::new(Tone::Done, format!("saved as serial number {serial_no}"));
            notice.lines.extend(changes);
            notice.lines.extend(warnings.into_iter().map(|warning| format!("Note: {warning}")));
            let before = present.document().clone();
            // A file of 40,000 real servers takes a while, in which others are answered.
            let told = tokio::task::spawn_blocking(move || told(&before, edited)).await;
            notice.lines.extend(told.unwrap_or_default());
            Ok(notice.link(Page::Control.link(), "CONTROL/MONITORING"))
        }
        Saving::Changed => Err(Notice::new(
            Tone::Warning,
            "nothing was saved yet: the file was changed meanwhile; try again",
        )),
        Saving::Refused(lines) | Saving::Failed(lines) => {
            let mut notice = Notice::new(Tone::Refused, "nothing was saved:");
            notice.lines.extend(lines.lines().map(ToOwned::to_owned));
            Err(notice)
        }
    }
}

/// What is newly odd in a saved file, and what brings it in force.
fn told(before: &Document, after: Document) -> Vec<String> {
    let new = after_save::new_warnings(before.as_bytes(), after.as_bytes());
    let mut lines: Vec<String> = new.into_iter().map(|warning| format!("Note: {warning}")).collect();
    let config = |document| Config::of(document, &AnyName).ok().map(|parsed| parsed.config);
    if let Some(after) = config(after) {
        let before = config(before.clone());
        lines.extend(after_save::after_save(before.as_ref(), &after, &own::addresses()).lines);
    }
    lines
}

/// Saves an edit whose form needs no look, and says what came of it.
pub(crate) async fn accept_anyway(
    site: &Site,
    asked: &Asked,
    present: &Present,
    edit: Edit,
    what: &str,
) -> Notice {
    if let Some(problem) = edit.problems.of("") {
        return Notice::new(Tone::Refused, format!("nothing was saved: {problem}"));
    }
    save(site, asked, present, edit, what).await.unwrap_or_else(|refused| refused)
}
