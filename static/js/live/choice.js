// Which camera is the large one. Pure: everything it weighs is given.

const DWELL_MS = 5_000; // a picture that has just become large stays for a look

/**
 * `order`: ids as configured; `moving`: id → since when it moves; `large`: the one now, shown since `since`;
 * `pinned`: chosen by the user; `busy`: the user is at the controls of the large one. Returns an id, or null without cameras.
 */
export function chooseLarge({ order, moving, large, since, pinned, busy, now }) {
  if (order.includes(pinned)) return pinned;
  const current = order.includes(large) ? large : null;
  if (current !== null && (busy || moving.has(current) || now - since < DWELL_MS)) return current;
  const movers = order.filter((id) => moving.has(id)).sort((a, b) => moving.get(a) - moving.get(b));
  return movers[0] ?? current ?? order[0] ?? null;
}
