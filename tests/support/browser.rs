//! A real browser, driven over the DevTools protocol: no driver program, no Node.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

use crate::wait::until;

const PROGRAMS: [&str; 4] = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"];
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with a profile of its own.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    url: String,
    /// Must be the last field: the browser writes into it until it has ended.
    _profile: TempDir,
}

impl Browser {
    /// Starts it.
    #[must_use]
    pub fn start() -> Self {
        let profile = TempDir::new().unwrap();
        let mut child = PROGRAMS.iter().find_map(|name| spawn(name, &profile)).expect(
            "no Chromium was found: run `make test`, which installs chromium-headless-shell, or `.ci/setup test`",
        );
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("DevTools listening on ").map(str::to_owned))
            .expect("the browser says where it listens");
        // Its pipe is read on, or the browser would stand still once the pipe is full.
        std::thread::Builder::new().name("browser-log".into()).spawn(move || lines.for_each(drop)).unwrap();
        Self { child, url, _profile: profile }
    }

    /// A page of its own, `width`×`height`, at `url`, loaded.
    #[must_use]
    pub fn page(&self, url: &str, width: u32, height: u32) -> Page {
        let addr = self.url.trim_start_matches("ws://").split('/').next().unwrap();
        let wire = TcpStream::connect(addr).unwrap();
        wire.set_nodelay(true).unwrap();
        wire.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let socket = handshake(&self.url, wire);
        let mut page = Page { socket, session: None, last: 0, events: VecDeque::new() };
        let target = page.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        page.session = page.call("Target.attachToTarget", attach)["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable", "Network.enable"] {
            page.call(domain, json!({}));
        }
        page.resize(width, height);
        page.go(url);
        page
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have gone already; what counts is that nothing is left behind. The group, since Debian's program is a
        // script around the browser, and killing that alone leaves the browser running for ever.
        let _gone = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        drop(self.child.wait());
    }
}

fn spawn(program: &str, profile: &TempDir) -> Option<Child> {
    let mut command = Command::new(program);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-dev-shm-usage",
        "--mute-audio",
        "--disable-background-timer-throttling",
        "--disable-renderer-backgrounding",
        "--force-color-profile=srgb",
        "--remote-debugging-port=0",
    ]);
    command.arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.process_group(0).spawn().ok()
}

fn handshake(url: &str, wire: TcpStream) -> WebSocket<TcpStream> {
    let mut attempt = match tungstenite::client(url, wire) {
        Ok((socket, _)) => return socket,
        Err(tungstenite::HandshakeError::Interrupted(rest)) => rest,
        Err(failed) => panic!("the browser refuses the socket: {failed}"),
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "the browser does not answer");
        attempt = match attempt.handshake() {
            Ok((socket, _)) => return socket,
            Err(tungstenite::HandshakeError::Interrupted(rest)) => rest,
            Err(failed) => panic!("the browser refuses the socket: {failed}"),
        };
    }
}

/// One page.
#[derive(Debug)]
pub struct Page {
    socket: WebSocket<TcpStream>,
    session: Option<String>,
    last: u64,
    events: VecDeque<Value>,
}

impl Page {
    /// Calls a method of the protocol and returns its result.
    #[track_caller]
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        self.last += 1;
        let id = self.last;
        let mut call = json!({"id": id, "method": method, "params": params});
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(call.to_string())).unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "the browser does not answer {method}");
            let Some(said) = self.hear() else { continue };
            if said["id"] == json!(id) {
                assert!(said.get("error").is_none(), "{method}: {}", said["error"]);
                return said["result"].clone();
            }
            self.events.push_back(said);
        }
    }

    fn hear(&mut self) -> Option<Value> {
        match self.socket.read() {
            Ok(Message::Text(text)) => serde_json::from_str(text.as_str()).ok(),
            Ok(_) => None,
            Err(tungstenite::Error::Io(late))
                if matches!(late.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                None
            }
            Err(failed) => panic!("the browser has gone: {failed}"),
        }
    }

    /// Goes to `url` and waits for the load event's state.
    #[track_caller]
    pub fn go(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": url}));
        until("the page is loaded", PATIENCE, || {
            (self.eval("document.readyState === 'complete' && location.href !== 'about:blank'")
                == json!(true))
            .then_some(())
        });
    }

    /// Sets the size of what is seen, in CSS pixels.
    pub fn resize(&mut self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Prefers `dark` or `light`.
    pub fn prefer(&mut self, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// Runs JavaScript in the page and returns its value; promises are awaited.
    #[track_caller]
    pub fn eval(&mut self, script: &str) -> Value {
        let done = self.call(
            "Runtime.evaluate",
            json!({"expression": script, "returnByValue": true, "awaitPromise": true, "userGesture": true}),
        );
        assert!(done.get("exceptionDetails").is_none(), "{script}: {}", done["exceptionDetails"]);
        done["result"]["value"].clone()
    }

    /// Waits until `script` answers something true, and returns it.
    #[track_caller]
    pub fn wait(&mut self, what: &str, patience: Duration, script: &str) -> Value {
        until(what, patience, || Some(self.eval(script)).filter(truthy))
    }

    /// A picture (PNG) of the page, or of the box `[x, y, width, height]` in CSS pixels.
    pub fn screenshot(&mut self, of: Option<[f64; 4]>) -> Vec<u8> {
        let mut how = json!({"format": "png"});
        if let Some([x, y, width, height]) = of {
            how["clip"] = json!({"x": x, "y": y, "width": width, "height": height, "scale": 1});
        }
        let taken = self.call("Page.captureScreenshot", how);
        base64::engine::general_purpose::STANDARD.decode(taken["data"].as_str().unwrap()).unwrap()
    }

    /// Presses a key as a keyboard would, for example `Tab`.
    pub fn press(&mut self, key: &str, code: u32) {
        self.press_with(key, code, 0);
    }

    /// The same with the modifiers of the protocol: 1 Alt, 2 Control, 8 Shift.
    pub fn press_with(&mut self, key: &str, code: u32, modifiers: u32) {
        let text = match key {
            "Enter" => Some("\r"),
            _ if key.len() == 1 && modifiers == 0 => Some(key),
            _ => None,
        };
        for kind in [if text.is_some() { "keyDown" } else { "rawKeyDown" }, "keyUp"] {
            let mut event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "modifiers": modifiers});
            if let (Some(text), "keyDown") = (text, kind) {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// Types a text where the focus is.
    pub fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Drags with the mouse from one place to another, in CSS pixels.
    pub fn drag(&mut self, from: [f64; 2], to: [f64; 2]) {
        let middle = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0];
        for (kind, [x, y], buttons) in [
            ("mouseMoved", from, 0),
            ("mousePressed", from, 1),
            ("mouseMoved", middle, 1),
            ("mouseMoved", to, 1),
            ("mouseReleased", to, 0),
        ] {
            let button = if kind == "mouseMoved" && buttons == 0 { "none" } else { "left" };
            let event =
                json!({"type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1});
            self.call("Input.dispatchMouseEvent", event);
        }
    }

    /// Clicks the middle of what `script` answers (an element), wherever it is on the page.
    #[track_caller]
    pub fn click(&mut self, script: &str) {
        let at = self.eval(&format!(
            "(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})({script})"
        ));
        let at: [f64; 2] = std::array::from_fn(|i| at[i].as_f64().expect("it is on the page"));
        self.drag(at, at);
    }

    /// Hides the page, or shows it again, as another tab in front of it would.
    pub fn hide(&mut self, yes: bool) {
        self.eval(&format!(
            "Object.defineProperty(document, 'hidden', {{configurable: true, get: () => {yes}}}); \
             document.dispatchEvent(new Event('visibilitychange'))"
        ));
    }

    /// Runs `source` in every document from now on, before anything of its own.
    pub fn before_all(&mut self, source: &str) {
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source }));
    }

    /// How many WebSockets were opened so far.
    pub fn sockets(&mut self) -> usize {
        self.eval("0");
        self.events.iter().filter(|event| event["method"] == "Network.webSocketCreated").count()
    }

    /// How many pictures came over WebSockets so far.
    pub fn pictures(&mut self) -> usize {
        self.eval("0");
        let binary = |event: &&Value| {
            event["method"] == "Network.webSocketFrameReceived" && event["params"]["response"]["opcode"] == 2
        };
        self.events.iter().filter(binary).count()
    }

    /// Errors so far: exceptions, `console.error`, and what the browser itself logged as one (a blocked script, a 404).
    pub fn complaints(&mut self) -> Vec<String> {
        // Events come before the answer to this call.
        self.eval("0");
        let bad = |event: &Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => event["params"]["type"] == "error",
            Some("Log.entryAdded") => event["params"]["entry"]["level"] == "error",
            _ => false,
        };
        self.events.iter().filter(|event| bad(event)).map(|event| event["params"].to_string()).collect()
    }

    /// The URLs that the page asked for.
    pub fn requests(&mut self) -> Vec<String> {
        self.eval("0");
        let asked = self.events.iter().filter(|e| e["method"] == "Network.requestWillBeSent");
        asked.filter_map(|e| e["params"]["request"]["url"].as_str().map(str::to_owned)).collect()
    }
}

fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}
