//! Through the front door: requests over a socket, as cameras and people send them.

mod devices;
mod ingest;
mod interrupted;
mod links;
mod matrix;
mod refused;
