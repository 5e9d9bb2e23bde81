//! Who passes through the garden: how each is drawn at a moment of its stride.

mod car;
mod fox;
mod hedgehog;
mod limb;
mod person;

use crate::Class;
use crate::canvas::Colour;
use crate::sprite::Sprite;

/// A kind of visitor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Fox,
    Hedgehog,
    /// With the colour of the coat.
    Person(Colour),
    /// With the colour of the paint.
    Car(Colour),
}

/// The moment of a stride.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Gait {
    /// Strides since the start of the way; the fraction is the phase of the legs.
    pub(crate) strides: f32,
    /// 0 stands, 1 is under way.
    pub(crate) vigour: f32,
    /// Seconds, for what moves while standing: a tail, a head.
    pub(crate) seconds: f32,
    /// Whether eyes throw the light back.
    pub(crate) eyeshine: bool,
}

impl Kind {
    pub(crate) fn class(self) -> Class {
        match self {
            Self::Fox | Self::Hedgehog => Class::Animal,
            Self::Person(_) => Class::Person,
            Self::Car(_) => Class::Vehicle,
        }
    }

    /// World units of the local unit (length of animals and cars, height of people) per unit below the horizon.
    pub(crate) fn unit(self) -> f32 {
        match self {
            Self::Fox => 0.88,
            Self::Hedgehog => 0.34,
            Self::Person(_) => 1.05,
            Self::Car(_) => 2.45,
        }
    }

    /// Local units covered in one stride (a turn of the wheels for a car).
    pub(crate) fn stride(self) -> f32 {
        match self {
            Self::Fox => 0.56,
            Self::Hedgehog => 0.42,
            Self::Person(_) => 0.74,
            Self::Car(_) => car::WHEEL * std::f32::consts::TAU,
        }
    }

    /// Local units ahead of, behind and above the feet that it can reach.
    pub(crate) fn reach(self) -> [f32; 3] {
        match self {
            Self::Fox => [0.62, 0.62, 0.52],
            Self::Hedgehog => [0.6, 0.6, 0.6],
            Self::Person(_) => [0.36, 0.36, 1.04],
            Self::Car(_) => [0.54, 0.54, 0.40],
        }
    }

    /// Half extents of its shadow on the ground, local units.
    pub(crate) fn shadow(self) -> [f32; 2] {
        match self {
            Self::Fox => [0.44, 0.055],
            Self::Hedgehog => [0.52, 0.10],
            Self::Person(_) => [0.23, 0.045],
            Self::Car(_) => [0.56, 0.05],
        }
    }

    pub(crate) fn draw(self, sprite: &mut Sprite<'_>, gait: &Gait) {
        match self {
            Self::Fox => fox::draw(sprite, gait),
            Self::Hedgehog => hedgehog::draw(sprite, gait),
            Self::Person(coat) => person::draw(sprite, gait, coat),
            Self::Car(paint) => car::draw(sprite, gait, paint),
        }
    }
}
