//! Every keyword has its entry, and every entry its fields.

use std::collections::BTreeMap;

use lvs_cf::vocabulary;

use crate::complain;
use crate::level::LEVELS;
use crate::page::{Entry, Page};

#[test]
fn every_keyword_stands_once_in_the_section_of_its_level_and_no_other_does() {
    let page = Page::read();
    let mut wrong = Vec::new();
    for (place, section) in LEVELS {
        let entries = page.entries.iter().filter(|it| it.section == section).map(|it| &it.keyword);
        let listed = page.listed.iter().filter(|it| it.section == section).map(|it| &it.keyword);
        let mut told = BTreeMap::<&str, usize>::new();
        for keyword in entries.chain(listed) {
            *told.entry(keyword).or_default() += 1;
        }
        for keyword in vocabulary(place).iter().map(|it| it.name) {
            match told.remove(keyword) {
                Some(1) => {}
                None => wrong.push(format!("{section}: `{keyword}` is missing")),
                Some(times) => wrong.push(format!("{section}: `{keyword}` stands there {times} times")),
            }
        }
        wrong.extend(told.keys().map(|keyword| format!("{section}: the reader knows no `{keyword}` here")));
    }
    complain(&wrong);
}

#[test]
fn a_keyword_that_is_only_named_in_one_kind_of_section_has_its_entry_in_the_other() {
    let page = Page::read();
    assert!(!page.listed.is_empty());
    let other =
        |section: &str| if section == "VIRTUAL SERVERS" { "FAILOVER SERVICES" } else { "VIRTUAL SERVERS" };
    let lost = page.listed.iter().filter(|it| page.entry(other(&it.section), &it.keyword).is_none());
    complain(
        &lost.map(|it| format!("{}: `{}` has no entry anywhere", it.section, it.keyword)).collect::<Vec<_>>(),
    );
}

#[test]
fn extensions_are_marked_and_nothing_else_is() {
    let page = Page::read();
    let entries = page.entries.iter().map(|it| (&it.section, &it.keyword, it.extension));
    let listed = page.listed.iter().map(|it| (&it.section, &it.keyword, it.extension));
    let mut wrong = Vec::new();
    for (section, keyword, marked) in entries.chain(listed) {
        let known =
            LEVELS.iter().filter(|(_, title)| title == section).flat_map(|(place, _)| vocabulary(*place));
        let extension = known.into_iter().any(|it| it.name == keyword && it.extension);
        if extension != marked {
            wrong.push(format!(
                "{section}: `{keyword}` is an extension: {extension}; marked as one: {marked}"
            ));
        }
    }
    complain(&wrong);
}

#[test]
fn every_entry_has_its_fields_in_order_and_a_meaning() {
    const FIELDS: [&str; 5] = ["Type", "Default", "Example", "Extended", "Piranha"];
    let mut wrong = Vec::new();
    for Entry { section, keyword, fields, meaning, .. } in &Page::read().entries {
        let has: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        let expected: Vec<&str> = FIELDS
            .into_iter()
            .enumerate()
            .filter(|(at, name)| *at < 3 || has.contains(name))
            .map(|it| it.1)
            .collect();
        if has != expected {
            wrong.push(format!("{section}: `{keyword}` has the fields {has:?} in place of {expected:?}"));
        }
        if fields.iter().any(|(_, lines)| lines.is_empty()) || !meaning.iter().any(|line| line != ".Pp") {
            wrong.push(format!("{section}: `{keyword}` has an empty field, or nothing is said of it"));
        }
    }
    complain(&wrong);
}
