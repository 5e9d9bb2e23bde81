use super::*;
use bytes::Bytes;
use std::time::Duration;

fn shot(scene: &mut scene::Scene, at: Duration) -> Picture {
    let mut planes = Vec::new();
    scene.render(at, &mut planes);
    let raw = I420::new(scene.size(), Bytes::from(planes)).unwrap();
    let jpeg = crate::Encoder::new(80).unwrap().i420(&raw).unwrap();
    Picture::Jpeg(crate::scan(jpeg).unwrap())
}

#[test]
fn look() {
    let mut work = Workspace::new().unwrap();
    for info in scene::Scene::names() {
        let mut scene = scene::Scene::named(info.name, Size::new(1280, 720), 1).unwrap();
        let mut moving: Vec<(Duration, Rect)> = Vec::new();
        for i in 0..info.duration.as_millis() as u64 / 200 {
            let at = Duration::from_millis(i * 200);
            if let Some(actor) = scene.truth(at).iter().find(|a| a.moving && a.rect.area() > 400) {
                if let Some(last) = moving.last()
                    && at - last.0 > Duration::from_secs(2)
                {
                    if moving.len() > 8 {
                        break;
                    }
                    moving.clear();
                }
                moving.push((at, actor.rect));
            }
        }
        if moving.len() < 5 {
            continue;
        }
        let first = moving[0].0.saturating_sub(Duration::from_secs(3));
        let base = shot(&mut scene, first);
        let step = (moving.len() / 8).max(1);
        let shots: Vec<(Picture, Rect)> =
            moving.iter().step_by(step).map(|(at, r)| (shot(&mut scene, *at), *r)).collect();
        let refs: Vec<(&Picture, Rect)> = shots.iter().map(|(p, r)| (p, *r)).collect();
        let t = std::time::Instant::now();
        let jpeg = trail_jpeg(&base, &refs, 1280, 85, &mut work).unwrap();
        println!("{} {} pasted {:?} {} bytes", info.name, refs.len(), t.elapsed(), jpeg.len());
        std::fs::write(format!("/tmp/nj/v4/C/trail-{}.jpg", info.name), &jpeg).unwrap();
        let thumb =
            crate::crop_jpeg(refs[refs.len() / 2].0, refs[refs.len() / 2].1, 320, 80, &mut work).unwrap();
        std::fs::write(format!("/tmp/nj/v4/C/thumb-{}.jpg", info.name), &thumb).unwrap();
        println!(
            "  sharp {}",
            crate::sharpness(refs[refs.len() / 2].0, refs[refs.len() / 2].1, &mut work).unwrap()
        );
    }
}
