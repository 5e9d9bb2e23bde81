// Where a picture lies in its frame, as `object-fit` puts it: the one place where shares of a picture become pixels of the page.

/** The rectangle of a `picture` of w × h in a `frame` of w × h under `fit` ("cover" or "contain"). */
export function fitted(frame, picture, fit) {
  if (!(picture.w > 0 && picture.h > 0)) return { x: 0, y: 0, w: frame.w, h: frame.h };
  const scales = [frame.w / picture.w, frame.h / picture.h];
  const scale = fit === "cover" ? Math.max(...scales) : Math.min(...scales);
  const w = picture.w * scale;
  const h = picture.h * scale;
  return { x: (frame.w - w) / 2, y: (frame.h - h) / 2, w, h };
}

/** A box in shares as a rectangle in pixels of the frame. */
export function placed([x, y, w, h], at) {
  return { x: at.x + x * at.w, y: at.y + y * at.h, w: w * at.w, h: h * at.h };
}

/** The area two rectangles share, in square pixels. */
export function overlap(a, b) {
  const w = Math.min(a.x + a.w, b.x + b.w) - Math.max(a.x, b.x);
  const h = Math.min(a.y + a.h, b.y + b.h) - Math.max(a.y, b.y);
  return w > 0 && h > 0 ? w * h : 0;
}
