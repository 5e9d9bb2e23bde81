use std::time::SystemTime;

use frame::{I420, NewFrame, Picture, Ring, RingLimits, RingWriter, SimClock, Size, Stamp};
use scene::Scene;

use super::super::board::Board;
use super::*;

fn looked_at(camera_fps: u32, fps: u32) -> usize {
    let mut rhythm = Rhythm::default();
    let second = Duration::from_secs(1);
    (0..camera_fps * 10).filter(|n| rhythm.is_due(second * *n / camera_fps, fps)).count()
}

#[test]
fn the_mean_rate_is_kept_whatever_the_camera_gives() {
    for (camera, fps, wanted) in [(15, 10, 100), (30, 10, 100), (25, 10, 100), (5, 10, 50), (10, 10, 100)] {
        let n = looked_at(camera, fps);
        assert!(n.abs_diff(wanted) <= 2, "{camera} fps, {fps} wanted: {n} in ten seconds");
    }
}

#[test]
fn after_a_gap_nothing_is_made_up_for() {
    let mut rhythm = Rhythm::default();
    assert!(rhythm.is_due(Duration::ZERO, 10));
    assert!(rhythm.is_due(Duration::from_secs(60), 10));
    assert!(!rhythm.is_due(Duration::from_millis(60_050), 10));
    assert!(rhythm.is_due(Duration::from_millis(60_100), 10));
    assert!(rhythm.is_due(Duration::from_millis(50), 10), "a clock that went back begins anew");
    assert!(!rhythm.is_due(Duration::from_millis(100), 10));
    assert!(rhythm.is_due(Duration::from_millis(150), 10));
}

/// A camera that shows a scene ten times a second, its detect thread's work done by hand.
struct Rig {
    scene: Scene,
    writer: RingWriter,
    ring: Ring,
    rules: Arc<ArcSwap<Rules>>,
    board: Arc<Board>,
    watch: Watch,
    frames: u32,
}

const SIZE: Size = Size::new(320, 240);

fn stamp(at: Duration) -> Stamp {
    Stamp { mono: at, wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000) + at }
}

impl Rig {
    fn showing(scene: &str) -> Self {
        let (writer, ring) = Ring::new(RingLimits { bytes: 4 << 20, span: Duration::from_secs(5) });
        let rules = Arc::new(ArcSwap::from_pointee(Rules {
            motion: Settings::default(),
            analysis_fps: 10,
            by_media: false,
        }));
        let board = Arc::new(Board::new());
        let tallies = Tallies::new(&Metrics::default(), "garden");
        let beat = Arc::new(Beat::new(Arc::new(SimClock::at(SystemTime::UNIX_EPOCH))));
        let watch =
            Watch::new(ring.reader(), rules.clone(), Publisher::new(board.clone()), None, tallies, beat)
                .unwrap();
        let scene = Scene::named(scene, SIZE, 1).unwrap();
        Self { scene, writer, ring, rules, board, watch, frames: 0 }
    }

    fn step(&mut self) {
        let at = Duration::from_millis(100) * self.frames;
        self.frames += 1;
        let mut planes = Vec::new();
        self.scene.render(at, &mut planes);
        let picture = Picture::Raw(I420::new(SIZE, planes.into()).unwrap());
        self.writer.push(NewFrame { stamp: stamp(at), media_time: at, picture });
        self.watch.take(&self.ring.latest().unwrap());
    }

    fn until_moving(&mut self) {
        while !self.board.view().detected {
            assert!(self.frames < 600, "nothing was seen in a minute");
            self.step();
        }
    }

    fn visits(&self) -> Vec<server::Visit> {
        self.board.hour(stamp(Duration::from_millis(100) * self.frames)).visits
    }
}

#[test]
fn a_visit_is_published_with_its_picture_and_its_history() {
    let mut rig = Rig::showing("walker");
    rig.until_moving();
    let view = rig.board.view();
    assert_eq!((view.size, view.seq), (SIZE, u64::from(rig.frames)));
    assert!(!view.regions.is_empty() && !view.history.is_empty());
    let open = rig.visits().remove(0);
    assert!(open.end.is_none() && open.has_picture);
    let version = view.activity_version;
    while rig.visits()[0].end.is_none() {
        assert!(rig.frames < 600, "the visit does not end");
        rig.step();
    }
    let over = rig.visits().remove(0);
    assert!(over.duration > Duration::from_secs(1), "{over:?}");
    assert!(over.end.unwrap() > over.start && rig.board.view().activity_version > version);
    let picture = codec::scan(rig.board.picture(over.id).unwrap()).unwrap();
    assert_eq!(picture.size, SIZE);
    assert!(rig.board.view().history.len() <= 50);
}

#[test]
fn switched_off_it_ends_the_visit_and_looks_at_nothing_more() {
    let mut rig = Rig::showing("walker");
    rig.until_moving();
    for _ in 0..20 {
        rig.step();
    }
    let motion = Settings { enabled: false, ..Settings::default() };
    rig.rules.store(Arc::new(Rules { motion, analysis_fps: 10, by_media: false }));
    rig.step();
    assert!(!rig.board.view().detected && rig.visits()[0].end.is_some());
    let (judged, seq) = (rig.watch.tallies.judged.get(), rig.board.view().seq);
    for _ in 0..10 {
        rig.step();
    }
    assert_eq!((rig.watch.tallies.judged.get(), rig.board.view().seq), (judged, seq));
    rig.rules.store(Arc::new(Rules { motion: Settings::default(), analysis_fps: 10, by_media: false }));
    rig.step();
    assert_eq!(rig.watch.tallies.judged.get(), judged + 1);
}

#[test]
fn when_the_ring_closes_the_open_visit_ends() {
    let mut rig = Rig::showing("walker");
    rig.until_moving();
    for _ in 0..20 {
        rig.step();
    }
    let Rig { writer, watch, board, .. } = rig;
    drop(writer);
    watch.run();
    let visits = board.hour(stamp(Duration::from_secs(60))).visits;
    assert!(visits.iter().all(|visit| visit.end.is_some()), "{visits:?}");
}
