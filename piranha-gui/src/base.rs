//! What a form was made from, so that nobody overwrites what he has not seen (specification gui.md 10, F6).
//!
//! A form carries the fingerprint of the whole file, the names of the block that it edits, and a fingerprint of just the
//! part of the file that it shows. If the file has changed meanwhile but this part has not, the form is still good.

use lvs_cf::{Place, Word};

use crate::file::{Present, fingerprint};
use crate::form::Parameters;

/// The part of the file that a form edits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// These keywords at the top of the file.
    Settings(Vec<&'static str>),
    /// A section or server with all of its keywords, without the servers in it.
    Block(Place),
    /// A section with all in it.
    Whole(Place),
}

/// Hidden fields of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Base(Vec<(&'static str, String)>);

/// Why a form is not good any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stale {
    /// The block is not in the file any more, or the form does not say which.
    Gone,
    /// What the form shows has been changed by somebody else.
    Changed,
}

impl Base {
    pub(crate) fn of(present: &Present, part: &Part) -> Self {
        let mut fields = vec![("file", present.fingerprint.clone()), ("part", part.fingerprint(present))];
        let name = |place| present.values.name(place).map(|name| name.to_str_lossy().into_owned());
        match part {
            Part::Settings(_) => {}
            Part::Block(place) | Part::Whole(place) => {
                if let Place::Server(section, _) = *place {
                    fields.push(("block", name(Place::Virtual(section)).unwrap_or_default()));
                    fields.push(("server", name(*place).unwrap_or_default()));
                } else {
                    fields.push(("block", name(*place).unwrap_or_default()));
                }
            }
        }
        Self(fields)
    }

    /// Names and values for the form.
    pub(crate) fn fields(&self) -> &[(&'static str, String)] {
        &self.0
    }
}

/// Whether what a form was made from is still in the file; `part` as it is found there now.
///
/// # Errors
///
/// It is not, and how.
pub(crate) fn check(present: &Present, form: &Parameters, part: &Part) -> Result<(), Stale> {
    if form.get("file") == Some(&present.fingerprint) || form.get("part") == Some(&part.fingerprint(present))
    {
        Ok(())
    } else {
        Err(Stale::Changed)
    }
}

/// Where the section is now that a form names, whatever its number was then.
///
/// # Errors
///
/// [`Stale::Gone`].
pub(crate) fn section(
    present: &Present,
    form: &Parameters,
    kind: fn(usize) -> Place,
) -> Result<Place, Stale> {
    let number = form.index("selected_host").map(|number| number - 1);
    let count = present.values.virtual_servers().max(present.values.failover_services());
    named(present, form.get("block"), number, count, kind)
}

/// The same for a server of a section.
///
/// # Errors
///
/// [`Stale::Gone`].
pub(crate) fn server(present: &Present, form: &Parameters) -> Result<Place, Stale> {
    let Place::Virtual(section) = section(present, form, Place::Virtual)? else { return Err(Stale::Gone) };
    let number = form.index("selected").map(|number| number - 1);
    let kind = |index| Place::Server(section, index);
    named(present, form.get("server"), number, present.values.real_servers(section), kind)
}

/// The block with this number if it has the name, else the only one that has it.
fn named(
    present: &Present,
    name: Option<&str>,
    number: Option<usize>,
    count: usize,
    kind: impl Fn(usize) -> Place,
) -> Result<Place, Stale> {
    let name = name.ok_or(Stale::Gone)?;
    let is_it =
        |index: &usize| present.values.name(kind(*index)).is_some_and(|found| found.to_str_lossy() == name);
    if let Some(number) = number.filter(&is_it) {
        return Ok(kind(number));
    }
    let mut found = (0..count).filter(is_it);
    match (found.next(), found.next()) {
        (Some(index), None) => Ok(kind(index)),
        _ => Err(Stale::Gone),
    }
}

impl Part {
    fn fingerprint(&self, present: &Present) -> String {
        let mut text = Vec::new();
        match self {
            Self::Settings(keywords) => append(&mut text, present, Place::File, keywords.iter().copied()),
            Self::Block(place) => append_block(&mut text, present, *place),
            Self::Whole(place) => {
                append_block(&mut text, present, *place);
                if let Place::Virtual(section) = *place {
                    for server in 0..present.values.real_servers(section) {
                        append_block(&mut text, present, Place::Server(section, server));
                    }
                }
            }
        }
        fingerprint(&text)
    }
}

fn append_block(text: &mut Vec<u8>, present: &Present, place: Place) {
    text.extend(present.values.name(place).unwrap_or_default().as_bytes());
    text.push(b'{');
    append(text, present, place, lvs_cf::vocabulary(place).iter().map(|entry| entry.name));
}

fn append<'a>(text: &mut Vec<u8>, present: &Present, place: Place, keywords: impl Iterator<Item = &'a str>) {
    for keyword in keywords {
        if let Some(words) = present.values.get(place, keyword) {
            text.extend(keyword.as_bytes());
            for word in words {
                text.push(b' ');
                text.extend(Word::as_bytes(&word));
            }
            text.push(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "primary = 10.0.0.1\nvirtual a {\n     port = 80\n}\nvirtual b {\n     port = 81\n     server x {\n         weight = 1\n     }\n}\n";

    fn form(base: &Base, more: &str) -> Parameters {
        let mut text: Vec<_> = base.fields().iter().map(|(name, value)| format!("{name}={value}")).collect();
        text.push(more.to_owned());
        Parameters::parse(text.join("&").as_bytes())
    }

    #[test]
    fn a_form_is_good_while_its_part_is_as_it_was() {
        let before = Present::of(FILE.as_bytes());
        let part = Part::Block(Place::Virtual(1));
        let form = form(&Base::of(&before, &part), "selected_host=2");
        assert_eq!(check(&before, &form, &part), Ok(()));
        let elsewhere = Present::of(FILE.replace("port = 80", "port = 90").as_bytes());
        assert_eq!(check(&elsewhere, &form, &part), Ok(()));
        let server = Present::of(FILE.replace("weight = 1", "weight = 2").as_bytes());
        assert_eq!(check(&server, &form, &part), Ok(()));
        let here = Present::of(FILE.replace("port = 81", "port = 82").as_bytes());
        assert_eq!(check(&here, &form, &part), Err(Stale::Changed));
    }

    #[test]
    fn a_block_is_found_by_its_name_when_numbers_have_moved() {
        let before = Present::of(FILE.as_bytes());
        let form = form(&Base::of(&before, &Part::Block(Place::Server(1, 0))), "selected_host=2&selected=1");
        assert_eq!(server(&before, &form), Ok(Place::Server(1, 0)));
        let after = Present::of(FILE.replace("virtual a {\n     port = 80\n}\n", "").as_bytes());
        assert_eq!(section(&after, &form, Place::Virtual), Ok(Place::Virtual(0)));
        assert_eq!(server(&after, &form), Ok(Place::Server(0, 0)));
        let gone = Present::of(FILE.replace("virtual b", "virtual c").as_bytes());
        assert_eq!(server(&gone, &form), Err(Stale::Gone));
    }
}
