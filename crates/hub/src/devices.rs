//! The machines that send events: what they say of themselves, and what people are shown of them.

use axum::Json;
use axum::extract::{Path, Request, State};
use http::StatusCode;
use jiff::Timestamp;
use store::parcel::Beat;
use web::Problem;

use crate::app::Hub;
use crate::device::Device;
use crate::problem::unreadable;
use crate::wire::{
    BeatAnswerWire, BeatWire, DeviceWire, DevicesWire, HubStorageWire, HubWire, is_online, time,
};

/// Says how a device is: once a minute, and when it has sent all that it had.
#[utoipa::path(put, path = "/api/v1/ingest/device", tag = "ingest", request_body = BeatWire,
    responses(
        (status = 200, body = BeatAnswerWire),
        (status = 415, description = "The body is not sent as JSON."),
        (status = 422, description = "What is said cannot be; `detail` says what was found and what is allowed."),
    ))]
pub(crate) async fn beat(
    State(hub): State<Hub>,
    device: Device,
    request: Request,
) -> Result<Json<BeatAnswerWire>, Problem> {
    let beat = web::json::<Beat>(request).await?;
    store::parcel::check_beat(&beat).map_err(|why| unreadable(format!("{why}.")))?;
    let seen = device.seen(Some(beat));
    hub.ask(move |store| store.seen(&seen)).await?;
    Ok(Json(BeatAnswerWire { now: time(now(&hub)) }))
}

fn now(hub: &Hub) -> Timestamp {
    Timestamp::try_from(hub.now()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn shown(hub: &Hub, device: store::devices::Device) -> DeviceWire {
    let keys = hub.keys.known();
    let has_key = keys.iter().any(|key| key.id == device.key);
    let of = Device::of(&device.key, &device.name, &keys);
    DeviceWire::of(device, now(hub), has_key, |own| of.camera(own))
}

/// Every device that was heard of and not forgotten.
#[utoipa::path(get, path = "/api/v1/devices", tag = "devices", responses((status = 200, body = DevicesWire)))]
pub(crate) async fn list(State(hub): State<Hub>) -> Result<Json<DevicesWire>, Problem> {
    let devices = hub.ask(store::Store::devices).await?;
    Ok(Json(DevicesWire { devices: devices.into_iter().map(|device| shown(&hub, device)).collect() }))
}

/// One device.
#[utoipa::path(get, path = "/api/v1/devices/{device}", tag = "devices",
    params(("device" = String, Path, description = "The public part of its key.")),
    responses((status = 200, body = DeviceWire), (status = 404, description = "There is no such device.")))]
pub(crate) async fn one(State(hub): State<Hub>, Path(id): Path<String>) -> Result<Json<DeviceWire>, Problem> {
    let found =
        if store::parcel::is_device(&id) { hub.ask(move |store| store.device(&id)).await? } else { None };
    found.map(|device| Json(shown(&hub, device))).ok_or_else(no_device)
}

/// Forgets a device; its events stay, and if its key is still good it comes back when it sends something.
#[utoipa::path(delete, path = "/api/v1/devices/{device}", tag = "devices",
    params(("device" = String, Path, description = "The public part of its key.")),
    responses(
        (status = 204, description = "It is forgotten."),
        (status = 404, description = "There is no such device."),
        (status = 507, description = "The disk is read-only."),
    ))]
pub(crate) async fn forget(State(hub): State<Hub>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let is_one = store::parcel::is_device(&id) && hub.ask(move |store| store.forget_device(&id)).await?;
    if is_one { Ok(StatusCode::NO_CONTENT) } else { Err(no_device()) }
}

fn no_device() -> Problem {
    Problem::not_found("There is no such device; GET /api/v1/devices lists those that were heard of.")
}

/// What the hub is, and how much it keeps.
#[utoipa::path(get, path = "/api/v1/hub", tag = "devices", responses((status = 200, body = HubWire)))]
pub(crate) async fn about(State(hub): State<Hub>) -> Result<Json<HubWire>, Problem> {
    let (devices, storage) = hub.ask(|store| Ok((store.devices()?, store.storage()))).await?;
    let now = now(&hub);
    Ok(Json(HubWire {
        name: hub.settings.get().name.clone(),
        version: hub.version,
        now: time(now),
        uptime_s: hub.uptime().as_secs(),
        devices: devices.len() as u64,
        online: devices.iter().filter(|device| is_online(device.last_seen, now)).count() as u64,
        incoming: hub.pending.count() as u64,
        max_event_bytes: hub.settings.get().max_event,
        storage: HubStorageWire::of(&storage),
    }))
}
