// The settings of a camera: what each is called, what it may be, and when it holds.

const KINDS_WITH_CHILD = new Set(["rtsp", "file", "command"]);

/**
 * `key` as PATCH takes it (`motion.` is a group of its own there); `from(info)` reads what holds now. `control`: text, number, range,
 * switch, choice. Numbers have `least`, `most`, `unit`.
 */
export const GROUPS = [
  {
    name: "What counts",
    when: () => "Holds at once.",
    fields: [
      { key: "motion.enabled", label: "Watch for motion", control: "switch", from: ({ motion }) => motion.enabled },
      {
        key: "motion.threshold",
        label: "Sensitivity",
        control: "range",
        least: 5,
        most: 100,
        from: ({ motion }) => 105 - motion.threshold,
        to: (value) => 105 - value,
        hint: (value) => `Right notices more. ${value} is threshold ${105 - value}.`,
      },
      {
        key: "motion.min_area",
        label: "Smallest mover",
        control: "number",
        least: 100,
        most: 10_000,
        unit: "px² of 640×480",
        from: ({ motion }) => motion.min_area,
      },
      {
        key: "motion.min_frames",
        label: "Seen at least",
        control: "number",
        least: 1,
        most: 60,
        unit: "times",
        from: ({ settings }) => settings?.min_frames,
      },
      {
        key: "motion.event_gap_s",
        label: "A visit ends after",
        control: "number",
        least: 0.5,
        most: 300,
        step: 0.5,
        unit: "s of quiet",
        from: ({ settings }) => settings?.event_gap_s,
      },
      {
        key: "motion.analysis_fps",
        label: "Pictures looked at",
        control: "number",
        least: 1,
        most: 60,
        unit: "a second",
        from: ({ settings }) => settings?.analysis_fps,
      },
    ],
  },
  {
    name: "On the picture",
    when: () => "Holds at once, for all who watch.",
    fields: [
      { key: "name", label: "Name", control: "text", from: ({ name, id }) => name || id },
      {
        key: "show_timestamp",
        label: "Write the time",
        control: "switch",
        from: ({ settings }) => settings?.show_timestamp,
      },
      {
        key: "timestamp_position",
        label: "Place of the time",
        control: "choice",
        choices: [
          ["top-left", "Top left"],
          ["top-right", "Top right"],
          ["bottom-left", "Bottom left"],
          ["bottom-right", "Bottom right"],
        ],
        from: ({ settings }) => settings?.timestamp_position,
      },
      {
        key: "highlight_motion",
        label: "Boxes in the stream",
        control: "switch",
        from: ({ settings }) => settings?.highlight_motion,
      },
    ],
  },
  {
    name: "The camera itself",
    when: ({ source }) =>
      KINDS_WITH_CHILD.has(source.kind)
        ? "Kept at once, but waits for a restart of Nightjar."
        : "The camera is opened again for these; viewers stay.",
    fields: [
      {
        key: "rotation",
        label: "Turned",
        control: "choice",
        choices: [
          [0, "Not turned"],
          [90, "90° clockwise"],
          [180, "Upside down"],
          [270, "90° anticlockwise"],
        ],
        from: ({ settings }) => settings?.rotation,
      },
      {
        key: "width",
        label: "Width",
        control: "number",
        least: 1,
        most: 3840,
        unit: "px",
        from: ({ settings }) => settings?.width,
      },
      {
        key: "height",
        label: "Height",
        control: "number",
        least: 1,
        most: 2160,
        unit: "px",
        from: ({ settings }) => settings?.height,
      },
      {
        key: "frame_rate",
        label: "Pictures",
        control: "number",
        least: 1,
        most: 120,
        unit: "a second",
        from: ({ settings }) => settings?.frame_rate,
      },
    ],
  },
];

/** What is wrong with a number, or null. */
export function wrongNumber({ least, most, step = 1 }, value) {
  if (String(value).trim() === "" || !Number.isFinite(Number(value)))
    return `A number from ${least} to ${most} stands here.`;
  const number = Number(value);
  if (number < least) return `${number} is too few. ${least} to ${most} are allowed.`;
  if (number > most) return `${number} is too many. ${least} to ${most} are allowed.`;
  if (step === 1 && !Number.isInteger(number)) return `${number} is no whole number.`;
  return null;
}

/** Why a setting cannot be changed here. */
export const locked = (by) => `Set by ${by}, which wins over a change here. Take it away there first.`;

/** "Apply 2 changes". */
export const apply = (n) => (n === 0 ? "Apply" : n === 1 ? "Apply 1 change" : `Apply ${n} changes`);

/** After a change. */
export const applied = (restart) =>
  restart
    ? "Saved. What the camera itself must be opened for waits for a restart of Nightjar."
    : "Saved, and it holds from now on.";

/** Something waits for a restart. */
export const PENDING = "Some settings are saved but wait for a restart of Nightjar.";
