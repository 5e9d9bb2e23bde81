// The Timeline place: one day on all cameras, and the visits of that day as posters.

import { el, keyed, text } from "../dom.js";
import { events } from "../events/model.js";
import * as said from "../events/words.js";
import * as words from "../words.js";
import { addressOf } from "../router.js";

export class TimelinePlace {
  name = "timeline";
  heading = null; // it has one of its own
  stays = true;
  title = "Timeline";
  #title = el("h1", { class: "voice" });
  #list = el("div", { class: "posters" });
  node = el("div", {}, this.#title, this.#list);

  async enter(day, query) {
    const start = day ? new Date(`${day}T00:00`) : new Date().setHours(0, 0, 0, 0);
    text(this.#title, said.dayName(start));
    events.follow();
    const { events: found } = await events.list({ from: new Date(start).toISOString() });
    keyed(
      this.#list,
      found,
      ({ id }) => id,
      () => el("a", { class: "poster" }),
      (link, event) => {
        link.href = addressOf("event", event.id);
        text(link, `${words.labelName(event.label)}, ${said.timeOf(event)}. ${said.deedOf(event)}`);
      },
    );
  }

  leave() {}
}
