//! The forms of a page: what a browser would send of them.

/// A form with what its fields hold.
#[derive(Debug, Clone, Default)]
pub struct Form {
    /// In small letters; `get` if the form does not say.
    pub method: String,
    pub action: String,
    /// Names and values that would be sent, in the page's order, without buttons.
    pub fields: Vec<(String, String)>,
    /// Names and values.
    pub buttons: Vec<(String, String)>,
}

impl Form {
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().rev().find(|(this, _)| this == name).map(|(_, value)| value.as_str())
    }

    /// The button with this value.
    pub fn button(&self, value: &str) -> Option<&(String, String)> {
        self.buttons.iter().find(|(_, this)| this == value)
    }

    /// With other values in fields, and a button pressed (none if it is empty). A field that is not in the form, as a box
    /// that was not ticked, is added; one with the value `(off)` is a box that is not ticked any more.
    pub fn filled(mut self, button: &str, typed: &[(&str, &str)]) -> Self {
        for (name, value) in typed {
            self.fields.retain(|(this, _)| this != name);
            if *value != "(off)" {
                self.fields.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        if !button.is_empty() {
            self.fields.push(self.button(button).unwrap().clone());
        }
        self
    }
}

/// As `application/x-www-form-urlencoded`.
pub fn encode(fields: &[(&str, &str)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(fields);
    text.finish()
}

/// All forms of a page.
pub fn forms(html: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    let mut form = Form::default();
    let (mut select, mut chosen) = (None, None::<(bool, String)>);
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        let (tag, behind) = tag.split_once('>').unwrap_or((tag, ""));
        rest = behind;
        let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        let attributes = Attributes::parse(attributes);
        let field = |value: String| attributes.get("name").map(|name| (name, value));
        match name {
            "form" => {
                form = Form {
                    method: attributes.get("method").unwrap_or_else(|| "get".to_owned()).to_lowercase(),
                    action: attributes.get("action").unwrap_or_default(),
                    ..Form::default()
                }
            }
            "/form" => forms.push(std::mem::take(&mut form)),
            "input" => match attributes.get("type").as_deref().unwrap_or("text") {
                "checkbox" | "radio" => {
                    let value = attributes.get("value").unwrap_or_else(|| "on".to_owned());
                    form.fields.extend(field(value).filter(|_| attributes.has("checked")));
                }
                "submit" => form.buttons.extend(field(attributes.get("value").unwrap_or_default())),
                _ => form.fields.extend(field(attributes.get("value").unwrap_or_default())),
            },
            "button" => form.buttons.extend(field(attributes.get("value").unwrap_or_default())),
            "textarea" => form.fields.extend(field(decode(behind.split("</textarea").next().unwrap_or("")))),
            "select" => select = attributes.get("name"),
            "option" => {
                let shown = || decode(behind.split('<').next().unwrap_or("").trim());
                let this = (attributes.has("selected"), attributes.get("value").unwrap_or_else(shown));
                // The first one, unless another is marked.
                if this.0 || chosen.is_none() {
                    chosen = Some(this);
                }
            }
            "/select" => {
                let value = chosen.take().map(|(_, value)| value);
                form.fields.extend(select.take().zip(value));
            }
            _ => {}
        }
    }
    forms
}

/// A page without its tags.
pub fn text(html: &str) -> String {
    let pieces = html.split('<').map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text));
    decode(&pieces.collect::<Vec<_>>().join(" ")).split_whitespace().collect::<Vec<_>>().join(" ")
}

struct Attributes(Vec<(String, String)>);

impl Attributes {
    fn parse(mut text: &str) -> Self {
        let mut all = Vec::new();
        loop {
            text = text.trim_start_matches(|character: char| character.is_whitespace() || character == '/');
            if text.is_empty() {
                return Self(all);
            }
            let end = text.find(|character: char| character.is_whitespace() || character == '=');
            let (name, behind) = text.split_at(end.unwrap_or(text.len()));
            let (value, behind) = match behind.strip_prefix("=\"") {
                Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
                None => match behind.strip_prefix('=') {
                    Some(bare) => bare.split_at(bare.find(char::is_whitespace).unwrap_or(bare.len())),
                    None => ("", behind),
                },
            };
            all.push((name.to_lowercase(), decode(value)));
            text = behind;
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        self.0.iter().find(|(this, _)| this == name).map(|(_, value)| value.clone())
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(this, _)| this == name)
    }
}

/// Characters for their escapes.
fn decode(text: &str) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('&') {
        decoded += before;
        let known = escape.split_once(';').and_then(|(name, behind)| Some((character(name)?, behind)));
        let (character, behind) = known.unwrap_or(('&', escape));
        decoded.push(character);
        rest = behind;
    }
    decoded + rest
}

fn character(name: &str) -> Option<char> {
    let number = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "nbsp" => return Some(' '),
        _ => name.strip_prefix('#')?,
    };
    let number =
        number.strip_prefix('x').map_or_else(|| number.parse(), |digits| u32::from_str_radix(digits, 16));
    char::from_u32(number.ok()?)
}
