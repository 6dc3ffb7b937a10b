//! What the forms of virtual servers, failover services and real servers have in common: a name, and an address with its
//! device.

use lvs_cf::Place;

use crate::answer::Answer;
use crate::check;
use crate::edit::{Edit, Problems};
use crate::field::Field;
use crate::file::Present;
use crate::form::Parameters;
use crate::input::{Places, value};
use crate::list::name_of;
use crate::notice::Notice;
use crate::page::Page;
use crate::pages::two_words;
use crate::rules;

/// Something that a name stands for, and the field that it was typed into.
pub(crate) type ToLookUp = Vec<(&'static str, String)>;

/// The block of the section or server that a request names by numbers, for looking only.
pub(crate) fn shown(present: &Present, form: &Parameters, fos: bool) -> Option<Place> {
    let index = form.index("selected_host")? - 1;
    let (count, place) = if fos {
        (present.values.failover_services(), Place::Failover(index))
    } else {
        (present.values.virtual_servers(), Place::Virtual(index))
    };
    (index < count).then_some(place)
}

/// Leads on to the page of a section, or to the row of one, by its number from 1.
pub(crate) fn at(page: Page, number: usize) -> Answer {
    Answer::see_with(page, &format!("selected_host={number}"))
}

/// The number of a section in addresses.
pub(crate) fn number(place: Place) -> usize {
    match place {
        Place::File => 0,
        Place::Virtual(index) | Place::Failover(index) | Place::Server(index, _) => index + 1,
    }
}

pub(crate) fn name_field(
    label: &str,
    name: &'static str,
    present: &Present,
    place: Place,
    page: Page,
) -> Field {
    Field::text(label, name, 20, name_of(&present.values, place)).explained(page)
}

/// Renames the block, unless the field is empty or as it was.
pub(crate) fn rename(
    edit: &mut Edit,
    field: &'static str,
    present: &Present,
    places: Places,
    form: &Parameters,
) {
    let before = name_of(&present.values, places.file);
    let typed = form.trimmed(field);
    if typed.is_empty() || typed == before.trim() {
        return;
    }
    let siblings = siblings(present, places.file);
    match rules::name(typed, siblings.iter().map(String::as_str)) {
        Err(problem) => edit.problems.add(field, problem),
        Ok(name) if name == before => {}
        Ok(name) => {
            let change = format!("name: {before} -> {name}");
            edit.make(field, change, |file| file.rename(places.edited, &name));
        }
    }
}

fn siblings(present: &Present, place: Place) -> Vec<String> {
    let values = &present.values;
    let others = |count: usize, own: usize, at: &dyn Fn(usize) -> Place| {
        (0..count).filter(|&index| index != own).map(|index| name_of(values, at(index))).collect()
    };
    match place {
        Place::File => Vec::new(),
        Place::Virtual(own) => others(values.virtual_servers(), own, &Place::Virtual),
        Place::Failover(own) => others(values.failover_services(), own, &Place::Failover),
        Place::Server(section, own) => {
            others(values.real_servers(section), own, &|index| Place::Server(section, index))
        }
    }
}

/// The two words of `address` in a section.
pub(crate) fn address(present: &Present, place: Place) -> (String, String) {
    two_words(&value(present, place, "address").unwrap_or_default())
}

/// Takes over address and device of a section, of which both are needed.
pub(crate) fn edit_address(
    edit: &mut Edit,
    present: &Present,
    places: Places,
    form: &Parameters,
) -> ToLookUp {
    let (address_before, device_before) = address(present, places.file);
    let typed = |name, before: &str| form.get(name).map_or(before, str::trim).to_owned();
    let (address, device) = (typed("address", &address_before), typed("device", &device_before));
    if address == address_before && device == device_before {
        return Vec::new();
    }
    let mut names = Vec::new();
    if address.is_empty() {
        edit.problems.add("address", "an address is needed");
    } else if address != address_before {
        note(edit, "address", check::host(&address));
        names.push(("address", address.clone()));
    }
    if device.is_empty() {
        edit.problems.add("device", "a device is needed, as eth0:1");
    } else if device != device_before {
        note(edit, "device", check::device(&device));
        edit.warnings.extend(check::device_warning(&device, true));
    }
    if edit.problems.of("address").or(edit.problems.of("device")).is_none() {
        let before = format!("{address_before} {device_before}");
        edit.set(places.edited, "address", "address", before.trim(), &[&address, &device]);
    }
    names
}

pub(crate) fn note(edit: &mut Edit, field: &str, checked: Result<(), String>) {
    if let Err(problem) = checked {
        edit.problems.add(field, problem);
    }
}

/// Looks up what was typed as names.
pub(crate) async fn look_up(edit: &mut Edit, names: ToLookUp) {
    let unknown = check::unknown(names.iter().map(|(_, name)| name.clone()).collect()).await;
    for (field, name) in names.into_iter().filter(|(_, name)| unknown.contains(name)) {
        edit.problems.add(field, format!("this machine knows no address of \"{name}\""));
    }
}

/// Puts what the helper says of programs beside their fields: its lines begin with the keyword.
pub(crate) fn refused(problems: &mut Problems, notice: &Notice, fields: &[(&str, &str)]) {
    for line in &notice.lines {
        let its = fields.iter().find(|(keyword, _)| line.starts_with(&format!("{keyword} = ")));
        if let Some((_, field)) = its {
            problems.add(field, line.clone());
        }
    }
}
