//! The blocks of `httpd.conf`, and the access rules in those that are about the pages.

use std::path::{Component, Path, PathBuf};

use crate::directive::Directive;
use crate::rules::Rules;

/// What lines mean at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// Settings of the server.
    Server,
    /// The inside of a block for a directory or a URL.
    Rules,
    /// The inside of another block.
    Foreign,
    /// A condition that does not hold.
    Skipped,
}

/// What a block is about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// `<Directory PATH>`, normalised.
    Directory(PathBuf),
    /// `<Location PATH>`, normalised.
    Location(PathBuf),
    /// Patterns: what begins so, perhaps.
    SomeDirectories(String),
    SomeLocations(String),
}

/// A block that has begun.
enum Open {
    /// The number of its rules.
    Place(usize),
    /// Counts as absent.
    Absent,
    /// Within the block of a place: rules in it are not understood.
    Odd,
    Foreign,
    Skipped,
}

struct Block {
    place: Place,
    begin: (usize, String),
    rules: Rules,
}

/// All blocks up to here.
#[derive(Default)]
pub(super) struct Blocks {
    open: Vec<(String, Open)>,
    all: Vec<Block>,
    /// Begins and ends that do not fit, so that nobody can tell what is in which block.
    torn: Option<(usize, String)>,
}

/// httpd takes no such file; deeper ones are somebody's joke.
const DEEPEST: usize = 64;

impl Blocks {
    pub(super) fn scope(&self) -> Scope {
        let mut scope = Scope::Server;
        for (_, open) in &self.open {
            match open {
                Open::Skipped => return Scope::Skipped,
                Open::Foreign => scope = Scope::Foreign,
                Open::Place(_) => scope = Scope::Rules,
                Open::Absent | Open::Odd => {}
            }
        }
        scope
    }

    pub(super) fn begin(&mut self, directive: Directive) {
        if self.open.len() == DEEPEST {
            self.tear(&directive);
            return;
        }
        let negated = directive.first_word().is_some_and(|word| word.starts_with('!'));
        let open = match directive.name.as_str() {
            "limit" | "virtualhost" => Open::Absent,
            "directory" | "directorymatch" | "location" | "locationmatch" if self.scope() != Scope::Rules => {
                self.place(&directive)
            }
            _ if self.scope() == Scope::Rules => Open::Odd,
            "ifmodule" if !negated => Open::Absent,
            "ifdefine" if negated => Open::Absent,
            "ifmodule" | "ifdefine" => Open::Skipped,
            _ => Open::Foreign,
        };
        self.open.push((directive.name, open));
    }

    pub(super) fn end(&mut self, directive: &Directive) {
        match self.open.pop() {
            Some((name, _)) if name == directive.name => {}
            _ => self.tear(directive),
        }
    }

    /// A line of a block for a place; handed back if it is not about access.
    pub(super) fn take(&mut self, directive: Directive) -> Result<(), Directive> {
        let odd = self.open.iter().any(|(_, open)| matches!(open, Open::Odd));
        if directive.name == "satisfy" || odd && Rules::default().take(directive.clone()).is_ok() {
            self.fault(&directive);
            return Ok(());
        }
        match self.rules_here() {
            Some(rules) => rules.take(directive),
            None => Err(directive),
        }
    }

    pub(super) fn fault(&mut self, directive: &Directive) {
        if let Some(rules) = self.rules_here() {
            rules.fault(directive.line, &directive.text);
        }
    }

    fn rules_here(&mut self) -> Option<&mut Rules> {
        let number = self.open.iter().rev().find_map(|(_, open)| match open {
            Open::Place(number) => Some(*number),
            _ => None,
        })?;
        self.all.get_mut(number).map(|block| &mut block.rules)
    }

    fn place(&mut self, directive: &Directive) -> Open {
        let Some(place) = Place::of(directive) else {
            self.tear(directive);
            return Open::Foreign;
        };
        let begin = (directive.line, directive.text.clone());
        self.all.push(Block { place, begin, rules: Rules::default() });
        Open::Place(self.all.len() - 1)
    }

    /// Nobody can tell any more what is in which block.
    pub(super) fn tear(&mut self, directive: &Directive) {
        self.torn.get_or_insert_with(|| (directive.line, directive.text.clone()));
    }

    /// The rules of `web` and of `web/secure`.
    pub(super) fn rules(mut self, root: &Path) -> (Rules, Rules) {
        if !self.open.is_empty() {
            let last = self.all.last().map(|block| block.begin.clone());
            self.torn = self.torn.or(last).or(Some((1, "a block without an end".to_owned())));
        }
        let roots = [root, Path::new("/etc/sysconfig/ha/web")];
        let mut web = self.web(roots);
        let mut secure = self.secure(roots);
        if let Some((line, text)) = &self.torn {
            web.fault(*line, text);
            secure.fault(*line, text);
        }
        (web, secure)
    }

    /// URLs before directories, as in httpd, then the directories above, the nearest first.
    fn web(&self, roots: [&Path; 2]) -> Rules {
        let mut rules = self.joined(|place| place.is_location(["/", "/piranha"]));
        rules.fall_back_to(self.joined(|place| roots.iter().any(|root| place.is_directory(root))));
        for above in roots.iter().flat_map(|root| root.ancestors().skip(1)) {
            rules.fall_back_to(self.joined(|place| place.is_directory(above)));
        }
        self.add_doubtful(&mut rules, |place| {
            roots.iter().any(|root| place.may_be_directory(root)) || place.may_be_location("/")
        });
        rules
    }

    fn secure(&self, roots: [&Path; 2]) -> Rules {
        let directories = roots.map(|root| root.join("secure"));
        let urls = ["/secure", "/piranha/secure"];
        let mut rules = self.joined(|place| place.is_location(urls));
        rules.fall_back_to(self.joined(|place| directories.iter().any(|path| place.is_directory(path))));
        self.add_doubtful(&mut rules, |place| {
            place.is_within(&directories, urls)
                || directories.iter().any(|directory| place.may_be_directory(directory))
                || urls.iter().any(|url| place.may_be_location(url))
        });
        rules
    }

    fn joined(&self, is_here: impl Fn(&Place) -> bool) -> Rules {
        let mut joined = Rules::default();
        for block in self.all.iter().filter(|block| is_here(&block.place)) {
            joined.join(block.rules.clone());
        }
        joined
    }

    /// Patterns, and places below: which pages their rules are for cannot be told here, so only loopback is let in.
    fn add_doubtful(&self, rules: &mut Rules, may_be_here: impl Fn(&Place) -> bool) {
        let has_rule = |block: &&Block| block.rules.has_access_rule() && may_be_here(&block.place);
        for block in self.all.iter().filter(has_rule) {
            rules.fault(block.begin.0, &block.begin.1);
        }
    }
}

impl Place {
    /// `None` if it names nothing.
    fn of(directive: &Directive) -> Option<Self> {
        let is_url = directive.name.starts_with("location");
        let by_name = directive.name.ends_with("match");
        let (pattern, path) = match directive.words.as_slice() {
            [path] => (by_name, path),
            [tilde, path] if tilde == "~" => (true, path),
            _ => return None,
        };
        let literal = if pattern { 0 } else { path.find(['*', '?', '[']).unwrap_or(path.len()) };
        let begin = path
            .get(..literal)
            .filter(|_| literal < path.len())
            .map(|begin| normalised(begin).to_string_lossy().into_owned());
        Some(match (begin, is_url) {
            (None, false) => Self::Directory(normalised(path)),
            (None, true) => Self::Location(normalised(path)),
            (Some(begin), false) => Self::SomeDirectories(begin),
            (Some(begin), true) => Self::SomeLocations(begin),
        })
    }

    fn is_location(&self, urls: [&str; 2]) -> bool {
        matches!(self, Self::Location(path) if urls.iter().any(|url| path == Path::new(url)))
    }

    fn is_directory(&self, directory: &Path) -> bool {
        matches!(self, Self::Directory(path) if path == directory)
    }

    /// Below one of these, perhaps, and none of them.
    fn is_within(&self, directories: &[PathBuf], urls: [&str; 2]) -> bool {
        match self {
            Self::Directory(path) => directories.iter().any(|whole| path != whole && path.starts_with(whole)),
            Self::Location(path) => {
                urls.map(Path::new).iter().any(|whole| path != whole && path.starts_with(whole))
            }
            Self::SomeDirectories(begin) => {
                directories.iter().any(|whole| Path::new(begin).starts_with(whole))
            }
            Self::SomeLocations(begin) => urls.iter().any(|whole| Path::new(begin).starts_with(whole)),
        }
    }

    fn may_be_directory(&self, directory: &Path) -> bool {
        matches!(self, Self::SomeDirectories(begin) if directory.to_string_lossy().starts_with(begin))
    }

    fn may_be_location(&self, url: &str) -> bool {
        matches!(self, Self::SomeLocations(begin) if url.starts_with(begin))
    }
}

/// Absolute, without a slash at the end, `.` and doubled slashes; `..` goes up.
fn normalised(path: &str) -> PathBuf {
    let mut normalised = PathBuf::from("/");
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => normalised.push(name),
            Component::ParentDir => {
                normalised.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    normalised
}
