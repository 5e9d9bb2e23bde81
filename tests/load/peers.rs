//! Others at the same job: Debian's µStreamer and Motion on the very same camera, in the same run.
//!
//! The camera is the one of `tests/device`: the same JPEGs at the same rate for each program, over V4L2. Each program
//! does what it does by default, but for what would make it do less: Motion's streams are told to be as good and as
//! fast as the camera, and not to be shown without movement only once a second.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use frame::Size;
use tempfile::TempDir;
use tests::{Device, TestApp, pictures, until};

use crate::process;
use crate::viewers::Crowd;

const SIZE: Size = Size::new(1280, 720);
const FPS: u32 = 15;
/// A walk through the picture and the quiet after it, so that there is something to detect.
const FILM: u32 = 12 * FPS;
/// How long each crowd is watched: the film once.
const WATCHED: Duration = Duration::from_secs(12);
/// What viewers of µStreamer and of Nightjar begin with.
const STREAM: &str = "GET /stream HTTP/1.1";
/// Asked in 1.1, Motion cuts its pictures into chunks, which this client does not put together again.
const MOTION_STREAM: &str = "GET / HTTP/1.0";
/// All take turns so often, so that a busy moment of the machine hits each.
const TURNS: usize = 2;
/// Viewers of the one comparison and of the other.
pub(crate) const MANY: usize = 200;
pub(crate) const FEW: usize = 10;

/// What a program does beside streaming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    Streams,
    Detects,
    /// And detects.
    Records,
}

/// What a program used.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Cost {
    cpu: Duration,
    time: Duration,
    /// Delivered, over all viewers.
    pub(crate) frames: usize,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.time += other.time;
        self.frames += other.frames;
    }

    /// Microseconds of CPU a frame that a viewer got.
    pub(crate) fn us_a_delivered_frame(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.frames.max(1) as f64
    }

    /// Milliseconds of CPU a frame that the camera gave.
    pub(crate) fn ms_a_camera_frame(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e3 / (self.time.as_secs_f64() * f64::from(FPS)).max(1.0)
    }
}

/// The whole comparison.
#[derive(Debug)]
pub(crate) struct Peers {
    /// As the programs call themselves.
    pub(crate) versions: [String; 2],
    pub(crate) ustreamer: Cost,
    pub(crate) ours_many: Cost,
    pub(crate) motion: Cost,
    pub(crate) ours_few: Cost,
    /// The same two, which record besides.
    pub(crate) motion_recording: Cost,
    pub(crate) ours_recording: Cost,
}

/// Runs all of them; `None` where one is not installed.
pub(crate) fn compare() -> Option<Peers> {
    let versions = [version("ustreamer", &["--version"])?, version("motion", &["-h"])?];
    let camera = Device::mjpg(SIZE, FPS, &pictures("walker", SIZE, FPS, FILM));
    let mut peers = Peers {
        versions,
        ustreamer: Cost::default(),
        ours_many: Cost::default(),
        motion: Cost::default(),
        ours_few: Cost::default(),
        motion_recording: Cost::default(),
        ours_recording: Cost::default(),
    };
    for _ in 0..TURNS {
        peers.ustreamer.add(Peer::ustreamer(&camera).watch(STREAM, MANY));
        peers.ours_many.add(ours(&camera, Job::Streams, MANY));
        peers.motion.add(Peer::motion(&camera, Job::Detects).watch(MOTION_STREAM, FEW));
        peers.ours_few.add(ours(&camera, Job::Detects, FEW));
        peers.motion_recording.add(Peer::motion(&camera, Job::Records).watch(MOTION_STREAM, FEW));
        peers.ours_recording.add(ours(&camera, Job::Records, FEW));
    }
    eprintln!("{peers:?}");
    Some(peers)
}

/// The first line with a number in it, or `None` if there is no such program.
fn version(program: &str, args: &[&str]) -> Option<String> {
    let said = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let line = text.lines().find(|line| line.contains(|letter: char| letter.is_ascii_digit()))?;
    let number =
        line.split([' ', ',']).find(|word| word.starts_with(|letter: char| letter.is_ascii_digit()))?;
    Some(number.to_owned())
}

fn ours(camera: &Device, job: Job, viewers: usize) -> Cost {
    let (detects, records) = (job != Job::Streams, job == Job::Records);
    let more = format!(
        "width = {}\nheight = {}\nframe_rate = {FPS}\n[camera.motion]\nenabled = {detects}\n\
         [camera.recording]\nenabled = {records}\n",
        SIZE.width, SIZE.height
    );
    let app: TestApp = camera.setup(&more).with("[server]\nmax_clients = 1000\n").start();
    app.wait_for("garden", "live", Duration::from_secs(10));
    cost(app.addr, app.pid().as_raw_nonzero().get(), STREAM, viewers)
}

fn cost(addr: SocketAddr, pid: i32, line: &str, viewers: usize) -> Cost {
    let mut crowd = Crowd::asking(addr, line, viewers);
    // Connections are made, buffers grow, a detector gets to know the scene.
    crowd.count(Duration::from_secs(4));
    let (begun, before) = (Instant::now(), process::cpu(pid, |_| true));
    let frames = crowd.count(WATCHED);
    Cost { cpu: process::cpu(pid, |_| true).saturating_sub(before), time: begun.elapsed(), frames }
}

/// A program of somebody else's, ended when dropped.
struct Peer {
    child: Child,
    addr: SocketAddr,
    _folder: TempDir,
}

impl Peer {
    fn ustreamer(camera: &Device) -> Self {
        let (folder, addr, node) = Self::place(camera);
        let mut command = Command::new("ustreamer");
        let size = format!("{}x{}", SIZE.width, SIZE.height);
        // The camera's own pictures are handed on as they are, as Nightjar does.
        command.args(["--format", "JPEG", "--encoder", "HW", "--resolution", &size]);
        command.args(["--desired-fps", &FPS.to_string(), "--host", "127.0.0.1"]);
        command.args(["--port", &addr.port().to_string(), "--device"]).arg(node);
        Self::start(command, camera, addr, folder)
    }

    fn motion(camera: &Device, job: Job) -> Self {
        let (folder, addr, node) = Self::place(camera);
        let config = folder.path().join("motion.conf");
        let movies = if job == Job::Records { "on\nmovie_codec mp4" } else { "off" };
        // Palette 8 is MJPG.
        let lines = format!(
            "daemon off\nvideodevice {}\nv4l2_palette 8\nwidth {}\nheight {}\nframerate {FPS}\nstream_port {}\n\
             stream_localhost on\nstream_maxrate {FPS}\nstream_quality 80\nmovie_output {movies}\npicture_output off\n\
             webcontrol_port 0\ntarget_dir {}\n",
            node.display(),
            SIZE.width,
            SIZE.height,
            addr.port(),
            folder.path().display()
        );
        std::fs::write(&config, lines).unwrap();
        let mut command = Command::new("motion");
        command.arg("-n").arg("-c").arg(config);
        Self::start(command, camera, addr, folder)
    }

    fn place(camera: &Device) -> (TempDir, SocketAddr, PathBuf) {
        // Bound and let go: neither program says which port the system chose.
        let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        (TempDir::new().unwrap(), addr, camera.node())
    }

    fn start(mut command: Command, camera: &Device, addr: SocketAddr, folder: TempDir) -> Self {
        command.envs(camera.env()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        Self { child, addr, _folder: folder }
    }

    fn watch(self, line: &str, viewers: usize) -> Cost {
        // Motion listens before it has a picture, and ends a stream that is asked for by then.
        until("its first picture", Duration::from_secs(20), || first_picture(self.addr, line).ok());
        cost(self.addr, i32::try_from(self.child.id()).unwrap(), line, viewers)
    }
}

fn first_picture(addr: SocketAddr, line: &str) -> std::io::Result<()> {
    let mut wire = TcpStream::connect(addr)?;
    wire.set_read_timeout(Some(Duration::from_secs(1)))?;
    wire.write_all(format!("{line}\r\nHost: 127.0.0.1\r\n\r\n").as_bytes())?;
    // More than any head.
    wire.read_exact(&mut [0; 16 << 10])
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
