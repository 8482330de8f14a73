// Puts the parts together: one world, one place shown, redrawn after each word of the sandbox.
import { inWords, send } from "./api.js";
import { DeskClock } from "./clock.js";
import { composer } from "./composer.js";
import { el, fill, icon } from "./dom.js";
import { drawHome, openHome } from "./home.js";
import { connect } from "./live.js";
import { drawCompose, drawMailbox } from "./mailbox.js";
import { markSeen } from "./marks.js";
import { authorOf } from "./message.js";
import { Modal } from "./modal.js";
import { drawPeople, drawPlaces, unread } from "./sidebar.js";
import { summary } from "./text.js";
import { drawThread, drawTimeline } from "./timeline.js";
import { announce, toast, whisper } from "./toast.js";
import { apply, channelName, messagesIn, newWorld, reader } from "./world.js";

const FIRST_PERSON = "U01ANA";
const part = (id) => document.getElementById(id);

class App {
  constructor() {
    this.world = newWorld();
    this.reader = reader(this.world);
    this.earlier = new Set();
    this.toast = toast;
    const wanted = new URLSearchParams(location.hash.slice(1));
    this.person = wanted.get("as") || FIRST_PERSON;
    this.place = placeOf(wanted);
    this.modal = new Modal(this);
    this.clock = new DeskClock(this, part("clock"));
    this.frame();
    this.actAs(this.person, this.place);
  }

  frame() {
    part("drawer-open").append(icon("menu"));
    part("drawer-open").addEventListener("click", () => this.drawer(!document.body.classList.contains("drawer")));
    part("scrim").addEventListener("click", () => this.drawer(false));
    part("help-open").append(icon("help"));
    part("help-open").addEventListener("click", () => this.help(part("help").hidden));
    part("help-close").append(icon("close"));
    part("help-close").addEventListener("click", () => this.help(false));
    part("away").addEventListener("click", () => this.away(!this.world.desk?.away));
    part("help").hidden = localStorage.getItem("help") === "off";
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
      if (document.body.classList.contains("drawer")) this.drawer(false);
      else if (this.place.thread) this.go({ ...this.place, thread: undefined });
    });
    window.addEventListener("focus", () => this.draw());
  }

  drawer(on) {
    document.body.classList.toggle("drawer", on);
    part("drawer-open").setAttribute("aria-expanded", String(on));
    if (on) part("people").querySelector("button")?.focus();
  }

  help(on) {
    part("help").hidden = !on;
    localStorage.setItem("help", on ? "on" : "off");
    (on ? part("help-close") : part("help-open")).focus();
  }

  async away(on) {
    const answer = await send("away", { away: on });
    if (!answer.ok) this.toast(inWords(answer.error));
  }

  actAs(person, place = this.place.kind === "home" ? this.place : { kind: "channel", id: this.place.id }) {
    this.leave?.();
    this.person = person;
    this.place = place;
    this.leave = connect(person, (event) => this.apply(event), (up) => { part("offline").hidden = up; });
    this.drawer(false);
  }

  go(place) {
    this.place = place;
    this.drawer(false);
    this.draw();
    if (place.kind === "home") openHome(this);
    // On a touch screen focus would bring up the keyboard over the messages.
    if (place.kind !== "channel" || !matchMedia("(hover: hover)").matches) return;
    const box = place.thread ? "composer-thread" : "composer";
    document.querySelector(`[data-testid=${box}]`)?.focus({ preventScroll: true });
  }

  apply(event) {
    const { channels } = this.world;
    if (event.type === "channel" && !channels.has(event.channel.id) && event.channel.members?.includes(this.world.me)) {
      // Newly let in: what was said before comes with the whole state.
      return this.actAs(this.person, this.place);
    }
    const known = event.type === "message" && this.world.messages.get(event.channel)?.has(event.message.ts);
    apply(this.world, event);
    if (event.type === "message" && !known) this.tell(event);
    if (event.type === "state" && this.place.kind === "home") openHome(this);
    this.draw();
    if (event.type === "state" || event.type === "views") this.modal.sync();
    return undefined;
  }

  tell({ channel, message }) {
    if (message.user === this.person) return;
    const where = channelName(this.world, this.world.channels.get(channel));
    const words = summary(message.text, this.reader);
    if (message.ephemeral && !this.atEnd(channel)) whisper(words);
    announce(`${message.ephemeral ? "Only for you, in" : "New in"} ${where}, ${authorOf(this, message).real_name}: ${words}`);
  }

  /** Is the newest message of this channel on the screen? */
  atEnd(channel) {
    const box = part("main").querySelector(".timeline");
    if (this.place.kind !== "channel" || this.place.id !== channel || !box) return true;
    return box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  }

  draw() {
    if (!this.world.clock) return;
    this.settle();
    const hash = hashOf(this.person, this.place);
    if (location.hash !== hash) history.replaceState(null, "", hash);
    this.clock.tick();
    this.drawMain();
    this.seen();
    drawPeople(this, part("people"));
    drawPlaces(this, part("places"));
    this.drawDesk();
  }

  /** A place the person may not see becomes their first channel. */
  settle() {
    if (this.place.kind === "channel" && !this.world.channels.has(this.place.id)) {
      this.place = { kind: "channel", id: this.world.channels.keys().next().value };
    }
  }

  drawMain() {
    const main = part("main");
    const { kind, id, thread } = this.place;
    const frame = kind === "channel" ? `channel/${this.world.me}/${id}` : JSON.stringify(this.place);
    if (kind === "home") drawHome(this, main, frame);
    else if (kind !== "channel") this.drawPost(main, frame);
    else if (!id) this.drawNowhere(main, frame);
    else this.drawRoom(main, frame, id);
    this.drawSide(kind === "channel" ? thread : undefined);
  }

  drawRoom(main, frame, id) {
    const channel = this.world.channels.get(id);
    const name = channelName(this.world, channel);
    if (main.dataset.frame !== frame) {
      main.dataset.frame = frame;
      const label = channel.is_im ? `Message ${name}` : `Message #${name}`;
      fill(main, el("header", { class: "place-head" }, el("h1", {}, channel.is_im ? null : icon("lock"), name), el("p", { class: "note members" })),
        el("div", { class: "timeline", "data-testid": "timeline", tabindex: "0", role: "log", "aria-live": "off", "aria-label": `Messages in ${name}` }),
        composer(this, { channel: id, label: `${label}, or ${this.world.command}` }));
    }
    main.querySelector(".members").textContent = channel.is_im ? "Direct message" : names(this.world, channel.members);
    drawTimeline(this, main.querySelector(".timeline"), id);
  }

  drawNowhere(main, frame) {
    if (main.dataset.frame === frame) return;
    main.dataset.frame = frame;
    const who = this.world.users.get(this.world.me)?.real_name ?? "This person";
    fill(main, el("header", { class: "place-head" }, el("h1", {}, "No channel")),
      el("div", { class: "timeline" }, el("p", { class: "empty" }, `${who} is in no channel and sees no cards. `
        + `Try ${this.world.command} below to see how the desk treats somebody without a role.`)),
      composer(this, { channel: "", label: `Try ${this.world.command}` }));
  }

  /** A form being filled in is not drawn again when news comes. */
  drawPost(main, frame) {
    const { kind, address, id } = this.place;
    if (kind === "compose" && main.dataset.frame === frame) return;
    const mails = this.world.mails.get(address) ?? [];
    const version = kind === "mail" ? `${frame}/${mails.length}/${this.reader.tz}` : frame;
    if (main.dataset.frame === version) return;
    const scroll = main.querySelector(".mail-list")?.scrollTop ?? 0;
    main.dataset.frame = version;
    if (kind === "compose") return void fill(main, drawCompose(this, this.place)).querySelector("[data-testid=mail-body]").focus();
    const box = this.world.mailboxes.get(address);
    fill(main, el("header", { class: "place-head" }, el("h1", {}, box?.name || address), el("p", { class: "note" }, address),
      el("button", { type: "button", class: "button", "data-testid": "mail-new", on: { click: () => this.go({ kind: "compose", from: address }) } }, icon("pen"), "Write a mail")),
    drawMailbox(this, address, id));
    main.querySelector(".mail-list").scrollTop = scroll;
    main.querySelector(".mail-line.open")?.focus({ preventScroll: true });
  }

  drawSide(thread) {
    const side = part("side");
    side.hidden = !thread;
    if (!thread) {
      side.dataset.frame = "";
      return void side.replaceChildren();
    }
    const { id } = this.place;
    const frame = `${this.world.me}/${id}/${thread}`;
    if (side.dataset.frame !== frame) {
      side.dataset.frame = frame;
      const close = () => this.go({ ...this.place, thread: undefined });
      fill(side, el("header", { class: "place-head" }, el("h2", {}, "Thread"),
        el("button", { type: "button", class: "bare", "aria-label": "Close the thread", "data-testid": "thread-close", on: { click: close } }, icon("close"))),
      el("div", { class: "timeline", "data-testid": "thread", tabindex: "0", role: "log", "aria-live": "off", "aria-label": "Thread" }),
      composer(this, { channel: id, label: "Reply", thread }));
    }
    drawThread(this, side.querySelector(".timeline"), id, thread);
  }

  seen() {
    const { kind, id, address } = this.place;
    if (!document.hasFocus() && document.visibilityState === "hidden") return;
    if (kind === "channel" && id) markSeen(this.person, id, Math.max(0, ...messagesIn(this.world, id).map((message) => Number(message.ts))));
    if (kind === "mail") markSeen("mail", address, (this.world.mails.get(address) ?? []).filter((mail) => mail.direction === "in").length);
  }

  drawDesk() {
    const { desk } = this.world;
    const pill = part("desk");
    const up = Boolean(desk?.connected);
    pill.dataset.connected = String(up);
    const text = up ? "Desk connected" : "Desk not connected";
    if (pill.textContent !== text) pill.textContent = text;
    pill.title = `${desk?.address ?? ""}, mail to ${desk?.smtp ?? ""}, clicks by ${desk?.delivery === "http" ? "signed HTTP" : "Socket Mode"}`;
    part("away").setAttribute("aria-checked", String(Boolean(desk?.away)));
    part("slack-gone").hidden = !desk?.away;
    const waiting = [...this.world.channels.keys()].reduce((sum, id) => sum + unread(this, id), 0);
    document.title = waiting ? `(${waiting}) Desk sandbox` : "Desk sandbox";
  }
}

function names(world, members) {
  return (members ?? []).map((id) => world.users.get(id)?.real_name ?? id).join(", ");
}

function placeOf(wanted) {
  if (wanted.has("home")) return { kind: "home" };
  if (wanted.has("mail")) return { kind: "mail", address: wanted.get("mail"), id: wanted.get("open") ?? undefined };
  return { kind: "channel", id: wanted.get("in") ?? undefined, thread: wanted.get("thread") ?? undefined };
}

function hashOf(person, place) {
  const words = { as: person, home: place.kind === "home" ? "1" : undefined, in: place.kind === "channel" ? place.id : undefined, thread: place.thread,
    mail: place.kind === "mail" ? place.address : undefined, open: place.kind === "mail" ? place.id : undefined };
  return `#${new URLSearchParams(Object.entries(words).filter(([, value]) => value))}`;
}

new App();
