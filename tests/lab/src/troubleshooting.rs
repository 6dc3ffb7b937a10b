//! `docs/troubleshooting.md` as patterns: what our programs may log.

use std::sync::LazyLock;

use regex::Regex;

use crate::log::Line;

const TEXT: &str = include_str!("../../../docs/troubleshooting.md");

/// As the titles of the document name them, and as they name themselves in the log.
const PROGRAMS: [(&str, &str); 7] = [
    ("pulse", "pulse"),
    ("lvsd", "lvsd"),
    ("nanny", "nanny"),
    ("fos", "fos"),
    ("piranha_gui", "piranha-gui"),
    ("piranha-helper", "piranha-helper"),
    ("send_arp", "send_arp"),
];
/// The title above the lines of all programs.
const ALL: &str = "Every daemon";
/// What may stand behind the words: facts as ` name=value`, and further lines of what a program said.
const BEHIND: &str = r"(?: *\\n.*)?(?: [a-z_]+=.*)?";
/// The place of an error in lvs.cf, drawn in the lines below it.
const PICTURE: &str = r"^ *(?:-->|[0-9]* ?\||= hint:)";

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(read);
static PICTURES: LazyLock<Regex> = LazyLock::new(|| Regex::new(PICTURE).expect("a regular expression"));

/// A line of the log as the document has it.
#[derive(Debug)]
pub struct Entry {
    /// Who logs it, as they name themselves in the log.
    pub programs: Vec<&'static str>,
    /// With words in capitals for what varies.
    pub line: String,
    /// `info`, `error` and so on.
    pub severities: Vec<String>,
    /// Piranha has the same words.
    of_piranha: bool,
    pattern: Regex,
}

impl Entry {
    /// Whether it is this line that it tells of.
    pub fn describes(&self, line: &Line) -> bool {
        self.programs.contains(&line.ident.as_str()) && (self.is_logged_as(line) || self.is_said_as(line))
    }

    fn is_logged_as(&self, line: &Line) -> bool {
        self.severities().any(|severity| severity == line.severity) && self.pattern.is_match(&line.text)
    }

    /// What systemd took from standard error names the program once more, and has no severity of its own.
    fn is_said_as(&self, line: &Line) -> bool {
        let said = line.text.strip_prefix(&line.ident).and_then(|text| text.strip_prefix(": "));
        said.is_some_and(|said| self.pattern.is_match(said))
    }

    /// As they are in the log. Piranha, on the other router perhaps, knows only `info`.
    fn severities(&self) -> impl Iterator<Item = &str> {
        let own = self.severities.iter().map(|severity| in_the_log(severity));
        own.chain(self.of_piranha.then_some("info"))
    }
}

/// Debug lines go out as `info`.
fn in_the_log(severity: &str) -> &str {
    match severity {
        "error" => "err",
        "debug" => "info",
        same => same,
    }
}

/// Every entry of the document.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// The lines of our programs that the document does not tell of.
pub fn unexplained(log: &[Line]) -> impl Iterator<Item = &Line> {
    let ours = |line: &&Line| PROGRAMS.iter().any(|(_, ident)| line.ident == *ident);
    log.iter().filter(ours).filter(|line| !is_explained(line))
}

fn is_explained(line: &Line) -> bool {
    let is_picture = line.severity == "err" && PICTURES.is_match(&line.text);
    is_picture || ENTRIES.iter().any(|entry| entry.describes(line))
}

fn read() -> Vec<Entry> {
    let variable = variables();
    let mut programs = Vec::new();
    let mut entries = Vec::new();
    for row in TEXT.lines() {
        if let Some(title) = row.strip_prefix("## ") {
            programs = programs_of(title);
        }
        let cells = row.strip_prefix("| ").and_then(|row| row.strip_suffix(" |"));
        let cells: Vec<_> = cells.map(|row| row.split(" | ").collect()).unwrap_or_default();
        if let ([code, severities, of_piranha @ ("yes" | "no"), _, _], false) =
            (cells.as_slice(), programs.is_empty())
        {
            let line = unquoted(code);
            let pattern = pattern(&line, &variable);
            let severities = severities.split(", ").map(str::to_owned).collect();
            let (programs, of_piranha) = (programs.clone(), *of_piranha == "yes");
            entries.push(Entry { programs, line, severities, of_piranha, pattern });
        }
    }
    entries
}

fn programs_of(title: &str) -> Vec<&'static str> {
    let those = title.split(':').next().unwrap_or_default();
    let named = |name: &str| those == ALL || those.split([' ', ',']).any(|word| word == name);
    PROGRAMS.iter().filter(|(name, _)| named(name)).map(|(_, ident)| *ident).collect()
}

/// A piece of code in Markdown: two backquotes and a blank on each side, if there is one in it.
fn unquoted(code: &str) -> String {
    let inside = code.strip_prefix("`` ").and_then(|code| code.strip_suffix(" ``"));
    inside.unwrap_or_else(|| code.trim_matches('`')).to_owned()
}

/// The words in capitals that the document says stand for something else.
fn variables() -> Regex {
    let legend = TEXT.split("\n\n").find(|paragraph| paragraph.starts_with("In capitals"));
    let words = legend.expect("a paragraph on words in capitals").split('`').skip(1).step_by(2);
    let words: Vec<_> = words.filter(|word| word.chars().all(|it| it.is_ascii_uppercase())).collect();
    Regex::new(&format!(r"(?-u:\b)(?:{})(?-u:\b)", words.join("|"))).expect("words")
}

fn pattern(line: &str, variable: &Regex) -> Regex {
    let words: Vec<_> = variable.split(line).map(regex::escape).collect();
    Regex::new(&format!("^(?s:{}){BEHIND}$", words.join(".*"))).expect("escaped words")
}

#[cfg(test)]
mod tests {
    use super::{Line, entries, unexplained};
    use crate::traffic::Moment;

    fn line(ident: &str, severity: &str, text: &str) -> Line {
        let (at, facility) = (Moment::from_microseconds(0), "daemon".to_owned());
        let (ident, severity, text) = (ident.to_owned(), severity.to_owned(), text.to_owned());
        Line { at, facility, severity, ident, pid: None, text }
    }

    #[test]
    fn lines_are_known_by_program_severity_and_words() {
        assert!(entries().len() > 300, "{} entries", entries().len());
        let known = [
            line("pulse", "info", "partner dead: activating lvs"),
            line("pulse", "info", "Skipping death of unknown child 7 command=active_cmd status=0"),
            line("nanny", "info", "DEBUG -- READ returned 4 virtual_server=10.0.0.1:80"),
            line("fos", "info", "Shutting down local service 192.0.2.1:80 "),
            line("lvsd", "err", "  --> /etc/sysconfig/ha/lvs.cf:3:11"),
            line("cron", "info", "not ours"),
            line("pulse", "warning", "partner active"),
            line("pulse", "info", "partner active"),
        ];
        assert_eq!(unexplained(&known).count(), 0);
        let unknown = [
            line("lvsd", "info", "partner dead: activating lvs"),
            line("pulse", "err", "partner dead: activating lvs"),
            line("pulse", "info", "partner dead: activating lvs and more"),
            line("pulse", "info", "  --> of nothing"),
        ];
        assert_eq!(unexplained(&unknown).count(), unknown.len());
    }
}
