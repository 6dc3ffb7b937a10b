//! The browser's own language: JSON over two pipes, each message followed by a zero byte.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::machine::Machine;

/// What Chromium is called, and how it is told to use descriptors 3 and 4 while its standard output is not its own. One
/// process is enough and starts in three quarters of the time; the lab has one processor, runs as root, shows our own pages only.
const COMMAND: &str = "exec chromium-headless-shell --remote-debugging-pipe --user-data-dir=/run/chromium \
    --no-sandbox --no-zygote --single-process --disable-gpu --disable-dev-shm-usage --hide-scrollbars \
    --disable-background-networking --disable-component-update --no-first-run \
    3<&0 4>&1 </dev/null >/dev/null";

/// One answer may take this long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running browser with one window.
#[derive(Debug)]
pub(super) struct Devtools {
    browser: Child,
    input: ChildStdin,
    heard: Receiver<Value>,
    session: Option<String>,
    calls: u64,
    /// Name and password, once the person knows them.
    answer: Option<(String, String)>,
    /// Requests whose prompt was answered: who is asked twice was wrong.
    answered: HashSet<String>,
}

impl Devtools {
    /// Starts the browser on `machine` and opens a window.
    pub(super) fn start(machine: &Machine) -> Self {
        let complaints = machine.new_output("chromium");
        let mut browser = machine
            .enter()
            .args(["sh", "-c", COMMAND])
            .env("HOME", "/run")
            .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(complaints).expect("file for what Chromium says"))
            .spawn()
            .expect("nsenter, of util-linux");
        let input = browser.stdin.take().expect("piped");
        let heard = listen(BufReader::new(browser.stdout.take().expect("piped")));
        let (session, answer, answered) = (None, None, HashSet::new());
        let mut devtools = Self { browser, input, heard, session, calls: 0, answer, answered };
        devtools.open_window();
        devtools
    }

    fn open_window(&mut self) {
        let window = self.call("Target.createTarget", &json!({"url": "about:blank"}));
        let window = json!({"targetId": window["targetId"], "flatten": true});
        let session = self.call("Target.attachToTarget", &window);
        self.session = session["sessionId"].as_str().map(str::to_owned);
        self.call("Page.enable", &json!({}));
    }

    /// Answers prompts for a password from now on.
    pub(super) fn answer_prompts(&mut self, name: &str, password: &str) {
        self.answer = Some((name.to_owned(), password.to_owned()));
        self.call("Fetch.enable", &json!({"handleAuthRequests": true}));
    }

    /// Tells the browser to do something.
    pub(super) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.try_call(method, parameters).unwrap_or_else(|error| panic!("{method} {parameters}: {error}"))
    }

    /// The same; the error is what the browser says against it.
    pub(super) fn try_call(&mut self, method: &str, parameters: &Value) -> Result<Value, Value> {
        let call = self.say(method, parameters);
        let start = Instant::now();
        loop {
            let rest = PATIENCE.saturating_sub(start.elapsed());
            let message = self.heard.recv_timeout(rest).unwrap_or_else(|error| {
                panic!("Chromium does not answer {method} ({error}, {:?})", self.browser.try_wait())
            });
            if message["id"] == call {
                return if message["error"].is_null() {
                    Ok(message["result"].clone())
                } else {
                    Err(message["error"].clone())
                };
            }
            self.attend(&message);
        }
    }

    fn say(&mut self, method: &str, parameters: &Value) -> u64 {
        self.calls += 1;
        let mut message = json!({"id": self.calls, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.input.write_all(&bytes).expect("Chromium listens");
        self.calls
    }

    /// Requests wait for us while prompts are answered.
    fn attend(&mut self, event: &Value) {
        let request = &event["params"]["requestId"];
        match event["method"].as_str() {
            Some("Fetch.requestPaused") => {
                self.say("Fetch.continueRequest", &json!({"requestId": request}));
            }
            Some("Fetch.authRequired") => {
                let first = self.answered.insert(request.to_string());
                let answer = match self.answer.as_ref().filter(|_| first) {
                    Some((name, password)) => {
                        json!({"response": "ProvideCredentials", "username": name, "password": password})
                    }
                    None => json!({"response": "CancelAuth"}),
                };
                let answer = json!({"requestId": request, "authChallengeResponse": answer});
                self.say("Fetch.continueWithAuth", &answer);
            }
            _ => {}
        }
    }
}

impl Drop for Devtools {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}

/// Messages of the browser as they come, until it ends.
fn listen(mut output: impl BufRead + Send + 'static) -> Receiver<Value> {
    let (send, heard) = mpsc::channel();
    thread::spawn(move || {
        let mut message = Vec::new();
        while output.read_until(0, &mut message).is_ok_and(|length| length > 1) {
            message.pop();
            let Ok(value) = serde_json::from_slice(&message) else { break };
            let Ok(()) = send.send(value) else { break };
            message.clear();
        }
    });
    heard
}
