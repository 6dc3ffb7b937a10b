//! Pictures of the last hour as inline SVG, made here: no script, no request to elsewhere. Pure.
//!
//! Colours come from the page (`currentColor` and the classes `plot-line`, `plot-bar`, `plot-quiet`), so they follow its light and dark
//! mode; presentation attributes make them readable without a style sheet, and nothing is said by colour alone. Each has a
//! title and a description, which a text browser shows before its labels, each on a line; a table with the same numbers belongs beside it.

mod rates;
mod scale;
mod shares;

use std::fmt::Write as _;

pub(crate) use rates::{Measure, Summary, rates};
pub(crate) use scale::short;
pub(crate) use shares::{Share, percent, shares};

/// The beginning of each picture: `number` is its own on this page.
fn begin(number: usize, height: usize, title: &str, description: &str) -> String {
    format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-labelledby=\"t{number}\" \
         aria-describedby=\"d{number}\" fill=\"currentColor\" font-size=\"11\" font-family=\"Helvetica,Arial,sans-serif\">\
         <title id=\"t{number}\">{}</title><desc id=\"d{number}\">{}</desc>\n",
        escaped(title),
        escaped(description)
    )
}

/// Units of a picture's own, which the page makes as wide as it likes.
const WIDTH: usize = 330;

/// Text that is nothing but text in HTML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '<' | '>' | '&' | '"' | '\'' => {
                // Writing to a string cannot fail.
                let _ = write!(safe, "&#{};", u32::from(one));
            }
            one if one.is_control() => safe.push('\u{fffd}'),
            one => safe.push(one),
        }
    }
    safe
}

/// At most so many characters, with a sign where some are missing.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('\u{2026}');
    short
}

#[cfg(test)]
mod tests;
