// The desk's clock: shown always, moved only where the sandbox allows it.
import { inWords, send } from "./api.js";
import { el, fill, icon } from "./dom.js";
import { fromLocal, stamp, toLocalInput } from "./dates.js";
import { now } from "./world.js";

const DAY_MS = 86_400_000;
const STEPS = [["1h", "+1 hour", 3600], ["1d", "+1 day", 86_400], ["1w", "+1 week", 604_800]];

export class DeskClock {
  constructor(app, box) {
    this.app = app;
    this.time = el("time", { class: "clock-now", "data-testid": "clock-now" });
    const steps = STEPS.map(([name, label, seconds]) => el("button", { type: "button", class: "button small",
      "data-testid": `clock-plus-${name}`, on: { click: (event) => this.move({ seconds }, event.currentTarget) } }, label));
    const morning = el("button", { type: "button", class: "button small", title: "To the next 09:01, when reminders and the digest go out",
      "data-testid": "clock-next-morning", on: { click: (event) => this.move({ to: this.morning() }, event.currentTarget) } }, "Next morning");
    this.tools = el("div", { class: "clock-tools", role: "group", "aria-label": "Move the desk's clock" }, steps, morning, this.jump());
    fill(box, el("span", { class: "clock-face" }, icon("clock"), el("span", { class: "hidden" }, "The desk's time: "), this.time), this.tools);
    setInterval(() => this.tick(), 1000);
  }

  /** Shortly after nine, of today when that is still to come. */
  morning() {
    const { tz } = this.app.reader;
    const ms = now(this.app.world);
    const at = (day) => fromLocal(`${toLocalInput(day, tz).slice(0, 10)}T09:01`, tz);
    return new Date(at(ms) > ms ? at(ms) : at(ms + DAY_MS)).toISOString();
  }

  jump() {
    const field = el("input", { type: "datetime-local", class: "field", "data-testid": "clock-date", "aria-label": "Date and time" });
    const form = el("form", { class: "jump", popover: "auto", id: "clock-jump" }, el("label", {}, "Go to ", field),
      el("button", { type: "submit", class: "button small primary", "data-testid": "clock-go" }, "Go"));
    const opener = el("button", { type: "button", class: "button small", popovertarget: "clock-jump", "data-testid": "clock-to-date" }, "To date…");
    // "toggle" comes a task later, when somebody may have typed already
    form.addEventListener("beforetoggle", (event) => {
      if (event.newState === "open") field.value = toLocalInput(now(this.app.world), this.app.reader.tz);
    });
    form.addEventListener("toggle", (event) => {
      if (event.newState !== "open") return;
      const from = opener.getBoundingClientRect();
      form.style.top = `${from.bottom + 6}px`;
      form.style.left = `${Math.max(8, Math.min(from.left, window.innerWidth - form.offsetWidth - 8))}px`;
      field.focus();
    });
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!field.value) return;
      const to = new Date(fromLocal(field.value.slice(0, 16), this.app.reader.tz)).toISOString();
      if (await this.move({ to }, event.submitter)) form.hidePopover();
    });
    return [opener, form];
  }

  async move(step, button) {
    button?.setAttribute("aria-busy", "true");
    const answer = await send("clock", step);
    button?.removeAttribute("aria-busy");
    if (answer.ok === false || answer.error) this.app.toast(inWords(answer.error));
    else this.app.apply({ type: "clock", clock: answer.clock ?? answer });
    return !answer.error;
  }

  tick() {
    if (!this.app.world.clock) return;
    const ms = now(this.app.world);
    const text = stamp(ms, this.app.reader.tz);
    this.tools.hidden = !this.app.world.clock.moves;
    if (this.time.textContent === text) return;
    this.time.textContent = text;
    this.time.dateTime = new Date(ms).toISOString();
  }
}
