//! Names of sections and texts of checks (specification gui.md 8, V1 and V7). Each rule takes what was typed and gives what is
//! written, or what is wrong; what concerns single values is in [`crate::check`].

/// The longest name, in characters (V1).
const LONGEST_NAME: usize = 64;
/// The longest text, in bytes (gui.md 6.14).
pub(crate) const LONGEST_TEXT: usize = 255;

pub(crate) type Checked = Result<String, String>;

/// V1: the name of a section; blanks become `_`. `others` are the names of its siblings.
pub(crate) fn name<'a>(typed: &str, others: impl IntoIterator<Item = &'a str>) -> Checked {
    let name = typed.trim().replace([' ', '\t'], "_");
    let refused = |of: char| of.is_whitespace() || of.is_control() || "\"'{}#=".contains(of);
    if let Some(of) = name.chars().find(|&of| refused(of)) {
        return Err(format!("a name cannot hold {of:?}; nor quotes, braces, # and ="));
    }
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(format!("a name has 1 to {LONGEST_NAME} characters"));
    }
    if others.into_iter().any(|other| other == name) {
        return Err(format!("there is another one called {name}: choose a name that is not taken"));
    }
    Ok(name)
}

/// V7: a text that is sent, expected or run: what the format can hold (lvs-cf.md 12.2).
pub(crate) fn text(typed: &str) -> Checked {
    let blank = typed.find([' ', '\t']);
    if let Some(of) = typed.chars().find(|of| !(' '..='~').contains(of)) {
        Err(format!(
            "only printable ASCII can stand here, not {of:?}; write \\n, \\r, \\t for line ends and tabs"
        ))
    } else if typed.len() > LONGEST_TEXT {
        Err(format!("it has {} characters, and at most {LONGEST_TEXT} are kept", typed.len()))
    } else if typed.ends_with('"') {
        Err("it cannot end in a double quote: the daemons would drop it".to_owned())
    } else if blank.and_then(|blank| typed.get(blank..)).is_some_and(|behind| behind.contains('"')) {
        Err("there can be no double quote behind the first blank: the file has no escape for it".to_owned())
    } else {
        Ok(typed.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names() {
        assert_eq!(name(" web shop ", ["web"]).unwrap(), "web_shop");
        assert_eq!(name("[server_name]", ["web"]).unwrap(), "[server_name]");
        for bad in ["", " ", "a{", "a=b", "#a", "a\"b", "it's", "a\nb", "web", &"x".repeat(65)] {
            assert!(name(bad, ["web"]).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn texts() {
        for good in [r"GET / HTTP/1.0\r\n\r\n", "HTTP", r#"a"b c"#, "it's", "*"] {
            assert_eq!(text(good).unwrap(), good);
        }
        for bad in [r#"HTTP""#, r#"a b"c"#, "a\nb", "é", &"x".repeat(256)] {
            assert!(text(bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        /// What a rule lets pass can be written and is read back as it is.
        #[test]
        fn what_passes_can_be_written(typed in "\\PC{0,20}") {
            let mut document = lvs_cf::Document::new(b"virtual a {\n}\n");
            let place = lvs_cf::Place::Virtual(0);
            if let Ok(value) = text(&typed) {
                document.set(place, "send", &[&value]).unwrap();
                let back = document.value(place, "send");
                prop_assert!(value.is_empty() || back.is_some_and(|words| words == [value.as_str()]));
            }
            if let Ok(name) = name(&typed, []) {
                document.rename(place, &name).unwrap();
            }
        }
    }
}
