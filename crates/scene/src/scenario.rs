//! What each scenario is made of: its light, its wind and weather, its camera's faults, and who comes when.

use crate::actors::Kind;
use crate::camera::{Gain, Lens};
use crate::canvas::Plane;
use crate::light::Hour;
use crate::random::Rng;
use crate::sway::Wind;
use crate::visit::{Stop, Visit};
use crate::weather::Weather;

/// The light of an instant: between two of the scenario's hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mix {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) share: f32,
}

/// How the light changes over the loop: at these seconds it is all of that hour's, in between it drifts.
pub(crate) type Sun = &'static [(f32, usize)];

/// Everything that sets one scenario apart.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) hours: &'static [Hour],
    pub(crate) sun: Sun,
    pub(crate) wind: Wind,
    pub(crate) weather: Weather,
    pub(crate) lens: Lens,
    pub(crate) visits: Vec<Visit>,
}

const STILL: Wind = Wind { reach: 0.0, gusts: 0.0, haste: 1.0 };
const BREEZE: Wind = Wind { reach: 1.7, gusts: 0.6, haste: 0.7 };
const STORM: Wind = Wind { reach: 14.0, gusts: 0.7, haste: 1.5 };

const COATS: [[f32; 3]; 4] =
    [[52.0, 82.0, 136.0], [150.0, 58.0, 46.0], [196.0, 158.0, 62.0], [70.0, 104.0, 92.0]];
const PAINTS: [[f32; 3]; 4] =
    [[168.0, 40.0, 36.0], [206.0, 208.0, 210.0], [44.0, 86.0, 140.0], [214.0, 168.0, 52.0]];

/// The loop of `calm`, 120 s: afternoon, evening, dusk, and back.
const A_DAY: Sun = &[(0.0, 0), (14.0, 0), (40.0, 1), (66.0, 2), (88.0, 2), (106.0, 1), (120.0, 0)];
/// On at once and off at once, as lamps go.
const SWITCHED: Sun = &[
    (0.0, 0),
    (6.0, 0),
    (6.05, 1),
    (12.0, 1),
    (12.05, 0),
    (16.0, 0),
    (16.05, 1),
    (18.0, 1),
    (18.05, 0),
    (22.0, 0),
    (22.05, 1),
    (26.0, 1),
    (26.05, 0),
    (30.0, 0),
];

impl Scenario {
    /// The scenario of a known name; `seed` decides on colours and small delays.
    pub(crate) fn named(name: &str, seed: u64) -> Self {
        let mut cast = Cast { rng: Rng::new(seed, 0x6361_7374) };
        let mut scenario = Self {
            hours: &[Hour::Day],
            sun: &[(0.0, 0)],
            wind: STILL,
            weather: Weather::Clear,
            lens: Lens::default(),
            visits: cast.visits(name),
        };
        scenario.set_light_and_air(name);
        scenario.set_lens(name);
        scenario
    }

    fn set_light_and_air(&mut self, name: &str) {
        match name {
            "calm" => {
                (self.hours, self.sun) = (&[Hour::Day, Hour::Evening, Hour::Dusk], A_DAY);
                self.wind = BREEZE;
            }
            "lamp" => (self.hours, self.sun) = (&[Hour::Dusk, Hour::Lamp], SWITCHED),
            "noise" | "flicker" | "two" => self.hours = &[Hour::Dusk],
            "night" => self.hours = &[Hour::Infrared],
            "fox" | "stop-and-go" | "edge" => self.hours = &[Hour::Evening],
            "rain" => (self.hours, self.weather) = (&[Hour::Gray], Weather::Rain),
            "snow" => (self.hours, self.weather) = (&[Hour::Gray], Weather::Snow),
            "clouds" => self.weather = Weather::Clouds,
            "insects" => (self.hours, self.weather) = (&[Hour::Evening], Weather::Insects),
            _ => {}
        }
        match name {
            "wind" => self.wind = STORM,
            "walker" | "fox" | "car" | "two" | "rain" | "snow" => self.wind = BREEZE,
            _ => {}
        }
    }

    fn set_lens(&mut self, name: &str) {
        match name {
            "noise" => self.lens.noise = 11.0,
            "night" => self.lens.noise = 7.0,
            "ramp" => self.lens.gain = Gain::Ramp,
            "exposure" => self.lens.gain = Gain::Hunting,
            "flicker" => self.lens.gain = Gain::Mains,
            "shake" => self.lens.shakes = true,
            _ => {}
        }
    }

    /// The light `seconds` into the loop.
    pub(crate) fn light(&self, seconds: f32) -> Mix {
        let mut mix = Mix { from: self.sun[0].1, to: self.sun[0].1, share: 0.0 };
        for pair in self.sun.windows(2) {
            let ((start, from), (end, to)) = (pair[0], pair[1]);
            if seconds >= start {
                let t = ((seconds - start) / (end - start)).clamp(0.0, 1.0);
                mix = Mix { from, to, share: if from == to { 0.0 } else { t * t * (3.0 - 2.0 * t) } };
            }
        }
        mix
    }
}

/// Hands out visitors whose looks depend on the seed.
struct Cast {
    rng: Rng,
}

impl Cast {
    fn one_of(&mut self, colours: &[[f32; 3]; 4]) -> [f32; 3] {
        colours[(self.rng.next() % 4) as usize]
    }

    fn fox(&mut self, way: &[Stop]) -> Visit {
        self.late(Kind::Fox, way)
    }

    fn person(&mut self, way: &[Stop]) -> Visit {
        let coat = self.one_of(&COATS);
        self.late(Kind::Person(coat), way)
    }

    fn car(&mut self, way: &[Stop]) -> Visit {
        let paint = self.one_of(&PAINTS);
        self.late(Kind::Car(paint), way)
    }

    /// Up to half a second late and a few units aside, by the seed.
    fn late(&mut self, kind: Kind, way: &[Stop]) -> Visit {
        let (late, aside) = (self.rng.within(0.0, 0.5), self.rng.within(-5.0, 5.0));
        let way: Vec<Stop> = way.iter().map(|&[t, x, y]| [t + late, x, y + aside]).collect();
        Visit::new(kind, &way)
    }

    fn visits(&mut self, name: &str) -> Vec<Visit> {
        match name {
            "calm" => self.calm(),
            "night" => vec![self.fox(&[[12.0, -260.0, 610.0], [21.5, 1880.0, 650.0]])],
            "walker" => vec![
                self.person(&[[3.4, -120.0, 580.0], [12.0, 1720.0, 600.0]]),
                self.person(&[[15.0, 1720.0, 560.0], [24.0, -120.0, 620.0]]),
            ],
            "fox" => vec![
                self.fox(&[[3.4, -240.0, 600.0], [11.5, 1860.0, 645.0]]),
                self.fox(&[[15.0, 1860.0, 660.0], [24.0, -240.0, 585.0]]),
            ],
            "car" => vec![
                self.car(&[[3.4, -240.0, 478.0], [8.6, 1840.0, 478.0]]),
                self.car(&[[15.0, 1840.0, 484.0], [20.6, -240.0, 484.0]]),
            ],
            "two" => vec![
                self.person(&[[3.4, -120.0, 560.0], [13.4, 1720.0, 575.0]]),
                self.fox(&[[4.2, 1860.0, 655.0], [13.0, -240.0, 655.0]]),
            ],
            "slow" => vec![Visit::new(
                Kind::Hedgehog,
                &[[3.0, 1412.0, 640.0], [4.0, 1412.0, 640.0], [53.0, 170.0, 612.0]],
            )],
            "stop-and-go" => vec![self.fox(&[
                [3.4, -240.0, 610.0],
                [7.4, 560.0, 620.0],
                [12.4, 560.0, 620.0],
                [14.9, 1080.0, 632.0],
                [20.9, 1080.0, 632.0],
                [24.6, 1860.0, 650.0],
            ])],
            "far" => vec![
                Visit::new(Kind::Person(COATS[1]), &[[4.0, 436.0, 351.0], [28.0, 1056.0, 351.0]])
                    .far_off(36.0),
            ],
            "edge" => vec![self.fox(&[
                [3.4, 1860.0, 650.0],
                [5.4, 1612.0, 650.0],
                [12.0, 1606.0, 650.0],
                [12.6, 1588.0, 650.0],
                [15.4, 1588.0, 650.0],
                [18.4, 1880.0, 650.0],
            ])],
            _ => Vec::new(),
        }
    }

    fn calm(&mut self) -> Vec<Visit> {
        vec![
            self.fox(&[
                [3.2, -180.0, 604.0],
                [7.2, 760.0, 618.0],
                [9.6, 760.0, 618.0],
                [14.0, 1860.0, 646.0],
            ]),
            self.car(&[[29.0, 1840.0, 482.0], [34.4, -240.0, 482.0]]),
            self.person(&[[50.0, 1720.0, 566.0], [60.0, -120.0, 610.0]]),
            self.fox(&[[76.0, 1860.0, 662.0], [84.6, -240.0, 590.0]]),
            self.person(&[[96.0, -100.0, 476.0], [111.0, 1700.0, 476.0]]),
        ]
    }
}

impl Visit {
    /// Whether the fence and the bushes beside it can hide it.
    pub(crate) fn beyond_the_fence(&self) -> bool {
        self.behind == Plane::Middle
    }
}
