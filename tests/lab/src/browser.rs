//! A web browser as a person uses it: Chromium on a machine of the lab, its window, its mouse and its keyboard.
//!
//! What is pressed is found by the words that a person reads: the label beside a field, the text on a button. A press is one
//! of the mouse at the place where the thing is, so that what is covered or outside of the page cannot be pressed.

mod devtools;

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::machine::Machine;
use devtools::Devtools;

/// Longest time for a page to come.
const PATIENCE: Duration = Duration::from_secs(60);
/// Pause between two looks at a page.
const PAUSE: Duration = Duration::from_millis(30);
/// Finds things on a page by what is read beside them.
const FINDER: &str = include_str!("browser/finder.js");
/// The longest page that a picture shows whole, in pixels.
const LONGEST_PICTURE: f64 = 2400.0;

/// How much of a page is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Whether it is a telephone.
    pub mobile: bool,
}

impl Window {
    /// On a desk.
    pub const DESKTOP: Self = Self { width: 1280, height: 900, mobile: false };
    /// In a hand.
    pub const PHONE: Self = Self { width: 390, height: 844, mobile: true };
}

/// Which colours the person has chosen for all pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colours {
    /// Dark letters on light ground.
    Light,
    /// Light letters on dark ground.
    Dark,
}

/// An open window of Chromium.
#[derive(Debug)]
pub struct Browser {
    devtools: Devtools,
}

impl Machine {
    /// Starts Chromium with an empty window.
    ///
    /// # Panics
    ///
    /// If it is not installed or does not start.
    pub fn browser(&self) -> Browser {
        let mut browser = Browser { devtools: Devtools::start(self) };
        browser.look_through(Window::DESKTOP, Colours::Light);
        browser
    }
}

impl Browser {
    /// From now on the prompt for a password gets this answer.
    pub fn answer_prompts(&mut self, name: &str, password: &str) {
        self.devtools.answer_prompts(name, password);
    }

    /// Goes to an address and waits until the page is there.
    ///
    /// # Panics
    ///
    /// If no page comes.
    pub fn open(&mut self, address: &str) {
        let answer = self.leave(|browser| browser.devtools.call("Page.navigate", &json!({"url": address})));
        assert!(answer["errorText"].is_null(), "{address}: {}", answer["errorText"]);
    }

    /// Presses the button or follows the link with this text and waits for the next page.
    ///
    /// # Panics
    ///
    /// If there is no such button where the mouse can reach it, or no page comes.
    pub fn press(&mut self, text: &str) {
        self.leave(|browser| browser.click(&format!("pressable({})", json!(text)), text));
    }

    /// Presses Enter in the field with this label and waits for the next page.
    ///
    /// # Panics
    ///
    /// If there is no such field, or no page comes.
    pub fn enter(&mut self, label: &str) {
        self.focus(label);
        self.leave(|browser| {
            for kind in ["keyDown", "keyUp"] {
                let key = json!({"type": kind, "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13});
                browser.devtools.call("Input.dispatchKeyEvent", &key);
            }
        });
    }

    /// Types into the field with this label, in place of what it holds.
    ///
    /// # Panics
    ///
    /// If there is no such field.
    pub fn fill(&mut self, label: &str, text: &str) {
        self.focus(label);
        self.ask("document.activeElement.select()");
        if text.is_empty() {
            for kind in ["keyDown", "keyUp"] {
                let key =
                    json!({"type": kind, "key": "Delete", "code": "Delete", "windowsVirtualKeyCode": 46});
                self.devtools.call("Input.dispatchKeyEvent", &key);
            }
        } else {
            self.devtools.call("Input.insertText", &json!({"text": text}));
        }
        assert_eq!(self.value(label), text, "what stands in {label} after typing");
    }

    /// Chooses from the drop-down with this label.
    ///
    /// # Panics
    ///
    /// If it does not offer this.
    pub fn select(&mut self, label: &str, choice: &str) {
        let chosen = self.ask(&format!("choose(field({}), {})", json!(label), json!(choice)));
        assert_eq!(chosen, json!(true), "{label} does not offer {choice}");
    }

    /// Ticks the box or the radio button with this label, if it is not ticked.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn tick(&mut self, label: &str) {
        if self.ask(&format!("field({}).checked", json!(label))) != json!(true) {
            self.click(&format!("field({})", json!(label)), label);
        }
        assert_eq!(self.ask(&format!("field({}).checked", json!(label))), json!(true), "{label} is ticked");
    }

    /// Ticks the radio button of the table's row that has this text in a cell.
    ///
    /// # Panics
    ///
    /// If there is none.
    pub fn tick_row(&mut self, cell: &str) {
        self.click(&format!("radio({})", json!(cell)), cell);
        assert_eq!(self.ask(&format!("radio({}).checked", json!(cell))), json!(true), "{cell} is ticked");
    }

    /// What stands in the field with this label.
    ///
    /// # Panics
    ///
    /// If there is no such field.
    pub fn value(&mut self, label: &str) -> String {
        let value = self.ask(&format!("field({}).value", json!(label)));
        value.as_str().unwrap_or_else(|| panic!("no field {label:?} in\n{}", self.text())).to_owned()
    }

    /// The page's words as they are seen, one block a line, cells of a table with a tab between them.
    pub fn text(&mut self) -> String {
        self.ask("document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Title of the page.
    pub fn title(&mut self) -> String {
        self.ask("document.title").as_str().unwrap_or_default().to_owned()
    }

    /// Where the page is from.
    pub fn address(&mut self) -> String {
        self.ask("location.href").as_str().unwrap_or_default().to_owned()
    }

    /// Loads the page again, and again, until `wanted` is so of its words.
    ///
    /// # Panics
    ///
    /// If it is not so after `limit`.
    pub fn reload_until(&mut self, what: &str, limit: Duration, wanted: impl Fn(&str) -> bool) {
        let start = Instant::now();
        loop {
            let text = self.text();
            if wanted(&text) {
                return;
            }
            assert!(start.elapsed() < limit, "waited {limit:?} in vain for: {what}; the page says\n{text}");
            self.leave(|browser| browser.devtools.call("Page.reload", &json!({})));
        }
    }

    /// Checks that the page says this.
    ///
    /// # Panics
    ///
    /// If it does not.
    pub fn expect(&mut self, words: &str) {
        let text = self.text();
        assert!(text.contains(words), "no {words:?} on {}:\n{text}", self.address());
    }

    /// Looks at pages through another window or with other colours.
    pub fn look_through(&mut self, window: Window, colours: Colours) {
        let Window { width, height, mobile } = window;
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile});
        self.devtools.call("Emulation.setDeviceMetricsOverride", &size);
        let scheme = if colours == Colours::Dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools.call("Emulation.setEmulatedMedia", &media);
    }

    /// How much wider the page is than its window, in pixels: it should never have to be moved sideways.
    pub fn overhang(&mut self) -> u64 {
        let overhang =
            self.ask("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        overhang.as_u64().unwrap_or_default()
    }

    /// Takes a picture of the page, PNG, at least as high as the window.
    ///
    /// # Panics
    ///
    /// If the file cannot be written.
    pub fn picture(&mut self, file: &Path) {
        let size = self.devtools.call("Page.getLayoutMetrics", &json!({}));
        let size = |box_: &str, side: &str| size[box_][side].as_f64().unwrap_or_default();
        let height = size("cssContentSize", "height")
            .clamp(size("cssLayoutViewport", "clientHeight"), LONGEST_PICTURE);
        let clip = json!({"x": 0, "y": 0, "width": size("cssLayoutViewport", "clientWidth"), "height": height, "scale": 1});
        let wish = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let picture = self.devtools.call("Page.captureScreenshot", &wish);
        let picture = STANDARD.decode(picture["data"].as_str().unwrap_or_default()).expect("base 64");
        fs::write(file, picture).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    fn focus(&mut self, label: &str) {
        let script = format!("field({}).focus(), true", json!(label));
        assert_eq!(self.ask(&script), json!(true), "no field {label:?} in\n{}", self.text());
    }

    /// Presses the mouse in the middle of a thing.
    fn click(&mut self, thing: &str, name: &str) {
        let place = self.ask(&format!("place({thing})"));
        let (Some(x), Some(y)) = (place["x"].as_f64(), place["y"].as_f64()) else {
            panic!("cannot press {name:?} ({place}) on {}:\n{}", self.address(), self.text());
        };
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1});
            self.devtools.call("Input.dispatchMouseEvent", &event);
        }
    }

    /// Does something that leads to another page, and waits for that.
    fn leave<T>(&mut self, something: impl FnOnce(&mut Self) -> T) -> T {
        self.ask("document.left = true");
        let done = something(self);
        let start = Instant::now();
        while self.ask("!document.left && document.readyState === 'complete'") != json!(true) {
            assert!(start.elapsed() < PATIENCE, "no other page after {PATIENCE:?}:\n{}", self.text());
            sleep(PAUSE);
        }
        done
    }

    /// The value of an expression on the page; null while there is none.
    fn ask(&mut self, expression: &str) -> Value {
        let script = format!("(() => {{ {FINDER}; return {expression}; }})()");
        let answer =
            self.devtools.try_call("Runtime.evaluate", &json!({"expression": script, "returnByValue": true}));
        // A page that is being left has no value for anything.
        answer.map_or(Value::Null, |answer| answer["result"]["value"].clone())
    }
}
