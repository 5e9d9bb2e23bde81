//! A camera on the network that does what cameras do: play, fall silent, vanish, answer nonsense, come back.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use frame::{I420, Size};
use scene::Scene;

use crate::wait::pause;

/// Pixels of a film; large enough for the detector to see a fox, small enough for a debug build.
const FILM: Size = Size::new(640, 360);
const SEED: u64 = 7;

/// What moves in the film of [`FakeCamera::film`] at scene time `at`: boxes `[x, y, w, h]` as shares of the picture.
#[must_use]
pub fn truth(name: &str, at: Duration) -> Vec<[f64; 4]> {
    let scene = Scene::named(name, FILM, SEED).unwrap();
    let share = |pixels: u32, of: u32| f64::from(pixels) / f64::from(of);
    let boxed = |r: frame::Rect| {
        [share(r.x, FILM.width), share(r.y, FILM.height), share(r.w, FILM.width), share(r.h, FILM.height)]
    };
    scene.truth(at).into_iter().filter(|actor| actor.moving).map(|actor| boxed(actor.rect)).collect()
}

/// What the camera does with whoever connects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Sends frame after frame.
    Play,
    /// Keeps connections, sends nothing.
    Silent,
    /// Closes everything and listens no more.
    Gone,
    /// A web page instead of pictures.
    Html,
    /// 503, as a relay whose camera is away.
    Busy,
    /// 401.
    Unauthorized,
    /// 302 to somewhere else.
    Redirect,
    /// Parts whose bytes are no pictures.
    Garbage,
    /// Every second part is cut off in the middle.
    Truncated,
}

#[derive(Debug)]
struct Shared {
    mode: Mutex<Mode>,
    pictures: Vec<Vec<u8>>,
    sent: AtomicU64,
    interval: Duration,
}

/// A camera on a port of its own.
#[derive(Debug)]
pub struct FakeCamera {
    shared: Arc<Shared>,
    addr: SocketAddr,
}

impl FakeCamera {
    /// Plays four seconds of the scene `name` again and again, at 640×360 and `fps` frames a second.
    #[must_use]
    pub fn scene(name: &str, fps: u32) -> Self {
        Self::film(name, fps, Duration::ZERO, 4 * fps)
    }

    /// Plays `count` frames of the scene `name` from `start` on: frame `n` shows `start + n / fps`.
    #[must_use]
    pub fn film(name: &str, fps: u32, start: Duration, count: u32) -> Self {
        let mut scene = Scene::named(name, FILM, SEED).unwrap();
        let pictures =
            (0..count).map(|n| picture(&mut scene, FILM, start + Duration::from_secs(1) * n / fps)).collect();
        Self::playing(pictures, fps)
    }

    /// Plays these JPEGs again and again, each numbered anew.
    #[must_use]
    pub fn playing(pictures: Vec<Vec<u8>>, fps: u32) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let interval = Duration::from_secs(1) / fps;
        let shared = Shared { mode: Mutex::new(Mode::Play), pictures, sent: AtomicU64::new(0), interval };
        let camera = Self { shared: Arc::new(shared), addr };
        camera.listen(listener);
        camera
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/video", self.addr)
    }

    /// Changes what it does, for connections that are open as well.
    pub fn set(&self, mode: Mode) {
        let was = std::mem::replace(&mut *self.shared.mode.lock().unwrap(), mode);
        if was == Mode::Gone && mode != Mode::Gone {
            let again = crate::until("the port is free again", Duration::from_secs(60), || {
                TcpListener::bind(self.addr).ok()
            });
            self.listen(again);
        }
    }

    /// How many frames went out so far.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }

    /// The very bytes of frame `number`.
    #[must_use]
    pub fn frame(&self, number: u64) -> Vec<u8> {
        self.shared.frame(number)
    }

    fn listen(&self, listener: TcpListener) {
        let shared = Arc::clone(&self.shared);
        listener.set_nonblocking(true).unwrap();
        let accept = move || {
            while shared.mode() != Mode::Gone {
                match listener.accept() {
                    Ok((wire, _)) => serve_on_a_thread(&shared, wire),
                    Err(_) => pause(Duration::from_millis(10)),
                }
            }
        };
        std::thread::Builder::new().name("fake-camera".into()).spawn(accept).unwrap();
    }
}

impl Drop for FakeCamera {
    fn drop(&mut self) {
        *self.shared.mode.lock().unwrap() = Mode::Gone;
    }
}

impl Shared {
    fn mode(&self) -> Mode {
        *self.mode.lock().unwrap()
    }

    fn frame(&self, number: u64) -> Vec<u8> {
        let at = usize::try_from(number).unwrap() % self.pictures.len();
        numbered(&self.pictures[at], number)
    }

    fn part(&self, mode: Mode) -> Vec<u8> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let mut body = match mode {
            Mode::Garbage => vec![u8::try_from(number % 251).unwrap(); 3000],
            _ => self.frame(number),
        };
        if mode == Mode::Truncated && number % 2 == 1 {
            body.truncate(body.len() / 2);
        }
        let mut part =
            format!("--camera\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", body.len())
                .into_bytes();
        part.append(&mut body);
        part.extend_from_slice(b"\r\n");
        part
    }
}

fn serve_on_a_thread(shared: &Arc<Shared>, wire: TcpStream) {
    let shared = Arc::clone(shared);
    let serve = move || {
        // The other side closing is the ordinary end.
        drop(serve(&shared, wire));
    };
    std::thread::Builder::new().name("fake-viewer".into()).spawn(serve).unwrap();
}

fn serve(shared: &Shared, mut wire: TcpStream) -> std::io::Result<()> {
    wire.set_nonblocking(false)?;
    wire.set_nodelay(true)?;
    let mut request = [0; 4096];
    let asked = wire.read(&mut request)?;
    if asked == 0 {
        return Ok(());
    }
    let plain = |head: &str, body: &str| {
        format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    };
    let answer = match shared.mode() {
        Mode::Html => plain("200 OK\r\nContent-Type: text/html", "<html><body>Please log in</body></html>"),
        Mode::Busy => plain("503 Service Unavailable", ""),
        Mode::Unauthorized => plain("401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"camera\"", ""),
        Mode::Redirect => plain("302 Found\r\nLocation: http://127.0.0.1:1/", ""),
        _ => "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=camera\r\nConnection: close\r\n\r\n".into(),
    };
    wire.write_all(answer.as_bytes())?;
    loop {
        match shared.mode() {
            mode @ (Mode::Play | Mode::Garbage | Mode::Truncated) => wire.write_all(&shared.part(mode))?,
            Mode::Silent => {}
            Mode::Gone | Mode::Busy | Mode::Html | Mode::Unauthorized | Mode::Redirect => return Ok(()),
        }
        pause(shared.interval);
    }
}

/// One picture of `scene` as a JPEG.
fn picture(scene: &mut Scene, size: Size, at: Duration) -> Vec<u8> {
    let mut planes = Vec::new();
    scene.render(at, &mut planes);
    let raw = I420::new(size, planes.into()).expect("the scene fills its planes");
    codec::Encoder::new(80).unwrap().i420(&raw).unwrap().to_vec()
}

/// A JPEG of the scene `name` at its beginning.
#[must_use]
pub fn still(name: &str, size: Size) -> Vec<u8> {
    picture(&mut Scene::named(name, size, SEED).unwrap(), size, Duration::from_secs(1))
}

/// The JPEG with a comment behind its SOI that carries a number: the same picture in other bytes.
#[must_use]
pub fn numbered(jpeg: &[u8], number: u64) -> Vec<u8> {
    let mut marked = Vec::with_capacity(jpeg.len() + 14);
    marked.extend_from_slice(&jpeg[..2]);
    marked.extend_from_slice(&[0xff, 0xfe, 0, 12, b'n', b'o']);
    marked.extend_from_slice(&number.to_be_bytes());
    marked.extend_from_slice(&jpeg[2..]);
    marked
}

/// The number that [`numbered`] put in.
#[must_use]
pub fn number_of(jpeg: &[u8]) -> Option<u64> {
    let mark = jpeg.get(2..16)?;
    (mark[..6] == [0xff, 0xfe, 0, 12, b'n', b'o']).then(|| u64::from_be_bytes(mark[6..].try_into().unwrap()))
}
