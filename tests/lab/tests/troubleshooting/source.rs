//! What the sources of the daemons log.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, ImplItem, Item, Lit};

/// A text in a source, with the place where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// `pulse/src/router.rs::Router`: the file and the type or function in it.
    pub(crate) place: String,
    /// `info` and so on, as the document names it; nothing for what is no log call.
    pub(crate) level: Option<&'static str>,
    /// The format string.
    pub(crate) format: String,
}

/// The macros of `tracing`, and what the document calls their levels.
const LEVELS: [(&str, &str); 5] =
    [("error", "error"), ("warn", "warning"), ("info", "info"), ("debug", "debug"), ("trace", "trace")];

/// Every text of the programs and crates, but not of their tests.
pub(crate) fn read(root: &Path, folders: &[&str]) -> Vec<Said> {
    let mut said = Vec::new();
    for folder in folders {
        let mut files = Vec::new();
        collect(&root.join(folder), &mut files);
        files.sort();
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            let name = file.strip_prefix(root).unwrap().display().to_string();
            let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            items(&name, &parsed.items, &mut said);
        }
    }
    said
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
}

fn items(file: &str, all: &[Item], said: &mut Vec<Said>) {
    for item in all {
        match item {
            Item::Mod(module) if !is_for_tests(&module.attrs) => {
                items(file, module.content.as_ref().map_or(&[], |(_, inside)| inside), said);
            }
            Item::Impl(block) if !is_for_tests(&block.attrs) => {
                let name = block.self_ty.to_token_stream().to_string();
                let name = name.split(' ').next().unwrap_or_default();
                for inside in &block.items {
                    if let ImplItem::Fn(function) = inside {
                        let function_name = function.sig.ident.to_string();
                        let place = format!("{file}::{name}::{function_name}");
                        scan(&place, function.block.to_token_stream(), said);
                    }
                }
            }
            Item::Fn(function) if !is_for_tests(&function.attrs) => {
                scan(&format!("{file}::{}", function.sig.ident), function.block.to_token_stream(), said);
            }
            Item::Enum(item) => scan(&format!("{file}::{}", item.ident), item.to_token_stream(), said),
            Item::Struct(item) => scan(&format!("{file}::{}", item.ident), item.to_token_stream(), said),
            Item::Const(item) => scan(&format!("{file}::{}", item.ident), item.to_token_stream(), said),
            Item::Static(item) => scan(&format!("{file}::{}", item.ident), item.to_token_stream(), said),
            _ => {}
        }
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.to_token_stream().to_string().contains("cfg (test)"))
}

/// Log calls as such; every other literal as a text that may be logged.
fn scan(place: &str, tokens: TokenStream, said: &mut Vec<Said>) {
    let mut say = |level, format| said.push(Said { place: place.to_owned(), level, format });
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut tokens = tokens.as_slice();
    let mut inside = Vec::new();
    while let [token, behind @ ..] = tokens {
        tokens = behind;
        match (token, behind) {
            (TokenTree::Ident(name), [TokenTree::Punct(mark), TokenTree::Group(call), behind @ ..])
                if mark.as_char() == '!' && level(name).is_some() =>
            {
                let format = message(call.stream());
                say(level(name), format.unwrap_or_else(|| panic!("{place}: a log call without a message")));
                tokens = behind;
            }
            (TokenTree::Group(group), _) if !is_documentation(group) => inside.push(group.stream()),
            (TokenTree::Literal(_), _) => text(token).into_iter().for_each(|text| say(None, text)),
            _ => {}
        }
    }
    for group in inside {
        scan(place, group, said);
    }
}

fn level(name: &Ident) -> Option<&'static str> {
    LEVELS.iter().find(|(level, _)| name == level).map(|(_, level)| *level)
}

/// That is no text of the program, as `#[error("...")]` is.
fn is_documentation(group: &Group) -> bool {
    group.delimiter() == Delimiter::Bracket && group.to_string().starts_with("[doc")
}

/// The first argument that is one literal and nothing else.
fn message(arguments: TokenStream) -> Option<String> {
    let arguments: Vec<TokenTree> = arguments.into_iter().collect();
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
    arguments.split(is_comma).find_map(|argument| match argument {
        [one] => text(one),
        _ => None,
    })
}

fn text(token: &TokenTree) -> Option<String> {
    match syn::parse2(token.to_token_stream()) {
        Ok(Lit::Str(literal)) => Some(literal.value()),
        _ => None,
    }
}
