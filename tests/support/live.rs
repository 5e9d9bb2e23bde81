//! The page's WebSocket, as a client of ours reads it.

use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// What the server says.
#[derive(Debug)]
pub enum Said {
    /// A text frame.
    Json(Value),
    /// A binary frame: one picture.
    Picture {
        /// Whose it is.
        camera: String,
        /// The frame's number.
        seq: u64,
        /// Whether it is the "no signal" picture.
        no_signal: bool,
        /// The JPEG.
        jpeg: Vec<u8>,
    },
}

/// An open connection to `/api/v1/live`.
#[derive(Debug)]
pub struct Live {
    socket: WebSocket<TcpStream>,
}

impl Live {
    /// Connects; the first thing that is said is `hello`.
    #[must_use]
    pub fn open(to: SocketAddr) -> Self {
        Self::on(TcpStream::connect(to).unwrap(), to, None)
    }

    /// Connects with a key.
    #[must_use]
    pub fn with_key(to: SocketAddr, key: &str) -> Self {
        Self::on(TcpStream::connect(to).unwrap(), to, Some(key))
    }

    /// Connects over that connection.
    #[must_use]
    pub fn on(wire: TcpStream, to: SocketAddr, key: Option<&str>) -> Self {
        wire.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut request = format!("ws://{to}/api/v1/live").into_client_request().unwrap();
        if let Some(key) = key {
            request.headers_mut().insert("x-api-key", key.parse().unwrap());
        }
        let (socket, _) = tungstenite::client(request, wire).expect("the server upgrades");
        Self { socket }
    }

    /// Listens until the server closes: the code and the reason that it gives.
    #[track_caller]
    pub fn closed(&mut self) -> (u16, String) {
        loop {
            match self.socket.read() {
                Ok(Message::Close(Some(close))) => {
                    return (close.code.into(), close.reason.as_str().to_owned());
                }
                Ok(_) => {}
                Err(no) => panic!("it ended without a word: {no}"),
            }
        }
    }

    /// Asks for the pictures of `camera`.
    pub fn watch(&mut self, camera: &str, width: u32, fps: u32) {
        self.tell(&json!({"type": "watch", "camera": camera, "width": width, "fps": fps}));
    }

    /// Says something.
    pub fn tell(&mut self, what: &Value) {
        self.socket.send(Message::text(what.to_string())).unwrap();
    }

    /// The next thing that is said.
    #[track_caller]
    pub fn hear(&mut self) -> Said {
        loop {
            match self.socket.read().expect("the server goes on talking") {
                Message::Text(text) => {
                    let said = serde_json::from_str(text.as_str()).unwrap();
                    let known = crate::described().is("LiveMessage", &said);
                    known.unwrap_or_else(|no| panic!("nobody described this message: {no}\n{said:#}"));
                    return Said::Json(said);
                }
                Message::Binary(bytes) => return picture(&bytes),
                _ => {}
            }
        }
    }

    /// By how much frame numbers of `camera`, a fake one, are ahead of those that it puts into its pictures.
    #[track_caller]
    pub fn ahead(&mut self, camera: &str) -> u64 {
        // Asked for larger and faster than the camera is, so that its own bytes come.
        self.watch(camera, 3840, 60);
        loop {
            if let Said::Picture { seq, jpeg, .. } = self.hear()
                && let Some(number) = crate::number_of(&jpeg)
            {
                self.tell(&json!({"type": "unwatch", "camera": camera}));
                return seq - number;
            }
        }
    }

    /// Listens until a text frame of this type comes.
    #[track_caller]
    pub fn hear_of(&mut self, kind: &str, patience: Duration) -> Value {
        let deadline = Instant::now() + patience;
        while Instant::now() < deadline {
            if let Said::Json(said) = self.hear()
                && said["type"] == kind
            {
                return said;
            }
        }
        panic!("nothing of type {kind} came within {patience:?}");
    }
}

/// u8 version, u8 length of the id, u16 flags, u32 reserved, u64 number, f64 time in ms, id, JPEG; little endian.
fn picture(bytes: &[u8]) -> Said {
    assert_eq!(bytes[0], 1, "the version");
    let id = usize::from(bytes[1]);
    Said::Picture {
        camera: String::from_utf8(bytes[24..24 + id].to_vec()).unwrap(),
        seq: u64::from_le_bytes(bytes[8..16].try_into().unwrap()),
        no_signal: bytes[2] & 1 == 1,
        jpeg: bytes[24 + id..].to_vec(),
    }
}
