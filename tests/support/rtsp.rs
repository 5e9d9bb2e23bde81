//! An RTSP camera: an `ffmpeg` child encodes a test picture into RTP, and this hands its packets to whoever plays.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait::{pause, until};

const SDP: &str = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n\
                   a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n";
const REALM: &str = "Digest realm=\"camera\", nonce=\"0a1b2c3d\"";

/// Where a viewer's packets go.
#[derive(Debug)]
enum Sink {
    Tcp(TcpStream),
    Udp(UdpSocket, SocketAddr),
}

impl Sink {
    fn send(&mut self, packet: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Tcp(wire) => {
                let length = u16::try_from(packet.len()).unwrap().to_be_bytes();
                wire.write_all(&[&[b'$', 0, length[0], length[1]], packet].concat())
            }
            Self::Udp(socket, to) => socket.send_to(packet, *to).map(drop),
        }
    }
}

#[derive(Debug)]
struct Shared {
    login: (String, String),
    on: AtomicBool,
    over: AtomicBool,
    sinks: Mutex<Vec<Sink>>,
}

/// A camera on a port of its own that wants digest credentials.
#[derive(Debug)]
pub struct RtspCamera {
    shared: Arc<Shared>,
    addr: SocketAddr,
    encoder: Child,
}

impl RtspCamera {
    /// Sends 320×240 pixels at 15 frames a second to whoever knows user and password.
    #[must_use]
    pub fn start(user: &str, password: &str) -> Self {
        let packets = UdpSocket::bind("127.0.0.1:0").unwrap();
        packets.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let to = format!("rtp://{}?pkt_size=1200", packets.local_addr().unwrap());
        let line = "-v error -re -f lavfi -i testsrc2=size=320x240:rate=15 -c:v libx264 -preset ultrafast -tune zerolatency \
                    -g 8 -pix_fmt yuv420p -f rtp";
        let mut encoder = Command::new("ffmpeg");
        encoder.args(line.split_whitespace()).arg(to).stdin(Stdio::null()).stdout(Stdio::null());
        let encoder = encoder.spawn().expect("ffmpeg is there");
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            login: (user.to_owned(), password.to_owned()),
            on: AtomicBool::new(true),
            over: AtomicBool::new(false),
            sinks: Mutex::default(),
        });
        let camera = Self { shared: Arc::clone(&shared), addr, encoder };
        std::thread::Builder::new().name("rtp".into()).spawn(move || relay(&packets, &shared)).unwrap();
        camera.listen(listener);
        camera
    }

    /// Its address, without credentials.
    #[must_use]
    pub fn url(&self) -> String {
        format!("rtsp://{}/stream1", self.addr)
    }

    /// Switches it off, with everything that is open, or on again.
    pub fn power(&self, on: bool) {
        if self.shared.on.swap(on, Ordering::SeqCst) == on {
            return;
        }
        if on {
            let free = || TcpListener::bind(self.addr).ok();
            self.listen(until("the port is free again", Duration::from_secs(60), free));
        } else {
            for sink in self.shared.sinks.lock().unwrap().drain(..) {
                if let Sink::Tcp(wire) = sink {
                    // The other end may have closed it already.
                    drop(wire.shutdown(std::net::Shutdown::Both));
                }
            }
        }
    }

    /// Stops it sending with everything still open, or lets it go on.
    pub fn stall(&self, is_stalled: bool) {
        let signal = if is_stalled { Signal::STOP } else { Signal::CONT };
        kill_process(Pid::from_child(&self.encoder), signal).unwrap();
    }

    fn listen(&self, listener: TcpListener) {
        listener.set_nonblocking(true).unwrap();
        let shared = Arc::clone(&self.shared);
        let accept = move || {
            while shared.on.load(Ordering::SeqCst) {
                let Ok((wire, _)) = listener.accept() else {
                    pause(Duration::from_millis(10));
                    continue;
                };
                let shared = Arc::clone(&shared);
                // The other side closing is the ordinary end.
                let talk = move || converse(wire, &shared).unwrap_or_default();
                std::thread::Builder::new().name("rtsp".into()).spawn(talk).unwrap();
            }
        };
        std::thread::Builder::new().name("rtsp-accept".into()).spawn(accept).unwrap();
    }
}

impl Drop for RtspCamera {
    fn drop(&mut self) {
        self.power(false);
        self.shared.over.store(true, Ordering::SeqCst);
        drop(self.encoder.kill());
        drop(self.encoder.wait());
    }
}

fn relay(packets: &UdpSocket, shared: &Shared) {
    let mut packet = [0; 2048];
    while !shared.over.load(Ordering::SeqCst) {
        if let Ok(length) = packets.recv(&mut packet) {
            shared.sinks.lock().unwrap().retain_mut(|sink| sink.send(&packet[..length]).is_ok());
        }
    }
}

/// One request's first line and headers.
struct Asked {
    method: String,
    url: String,
    headers: Vec<(String, String)>,
}

impl Asked {
    fn read(wire: &mut BufReader<TcpStream>) -> Option<Self> {
        let mut line = || {
            let mut line = String::new();
            (wire.read_line(&mut line).ok()? > 0).then(|| line.trim_end().to_owned())
        };
        let first = line()?;
        let mut words = first.split(' ').map(str::to_owned);
        let (method, url) = (words.next()?, words.next()?);
        let mut headers = Vec::new();
        loop {
            let header = line()?;
            if header.is_empty() {
                return Some(Self { method, url, headers });
            }
            let (name, value) = header.split_once(':')?;
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }

    fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// Whether the credentials are those of the camera, worked out for this very request.
    fn is_allowed(&self, (user, password): &(String, String)) -> bool {
        let mut challenge = digest_auth::parse(REALM).unwrap();
        let method = digest_auth::HttpMethod::from(self.method.as_str());
        let context =
            digest_auth::AuthContext::new_with_method(user, password, &self.url, None::<&[u8]>, method);
        let expected = challenge.respond(&context).unwrap().response;
        self.header("authorization").contains(&format!("response=\"{expected}\""))
    }
}

fn converse(wire: TcpStream, shared: &Shared) -> Option<()> {
    wire.set_nonblocking(false).ok()?;
    wire.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let mut reading = BufReader::new(wire.try_clone().ok()?);
    let mut sink = None;
    while let Some(asked) = Asked::read(&mut reading).filter(|_| shared.on.load(Ordering::SeqCst)) {
        let number = asked.header("cseq").to_owned();
        let answer = |status: &str, rest: &str| {
            (&wire).write_all(format!("RTSP/1.0 {status}\r\nCSeq: {number}\r\n{rest}\r\n").as_bytes()).ok()
        };
        if asked.method != "OPTIONS" && !asked.is_allowed(&shared.login) {
            answer("401 Unauthorized", &format!("WWW-Authenticate: {REALM}\r\n"))?;
            continue;
        }
        match asked.method.as_str() {
            "DESCRIBE" if !asked.url.ends_with("/stream1") => answer("404 Stream Not Found", "")?,
            "DESCRIBE" => {
                let length = SDP.len();
                answer(
                    "200 OK",
                    // Its last line's end is the one that stands behind every answer.
                    &format!(
                        "Content-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{}",
                        SDP.trim_end()
                    ),
                )?;
            }
            "SETUP" => {
                let (found, said) = set_up(asked.header("transport"), &wire)?;
                sink = Some(found);
                answer("200 OK", &format!("Transport: {said}\r\nSession: 7\r\n"))?;
            }
            "PLAY" => {
                answer("200 OK", "Session: 7\r\n")?;
                shared.sinks.lock().unwrap().extend(sink.take());
            }
            _ => answer("200 OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\nSession: 7\r\n")?,
        }
    }
    // Nothing more is asked: what is switched off closes its connections.
    wire.shutdown(std::net::Shutdown::Both).ok()
}

/// Where packets are to go, by the transport that was asked for, and the answer's own words on it.
fn set_up(transport: &str, wire: &TcpStream) -> Option<(Sink, String)> {
    if transport.contains("TCP") {
        return Some((Sink::Tcp(wire.try_clone().ok()?), transport.to_owned()));
    }
    let ports = transport.split("client_port=").nth(1)?;
    let port = ports.split(['-', ';']).next()?.parse().ok()?;
    let socket = UdpSocket::bind("127.0.0.1:0").ok()?;
    let ours = socket.local_addr().ok()?.port();
    let said = format!("{transport};server_port={ours}-{}", ours + 1);
    Some((Sink::Udp(socket, (wire.peer_addr().ok()?.ip(), port).into()), said))
}
