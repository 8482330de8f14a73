// Who acts, where they can go, and the requesters' mailboxes.
import { avatar, el, icon } from "./dom.js";
import { keyed } from "./keyed.js";
import { seen } from "./marks.js";
import { channelName, messagesIn } from "./world.js";

const ROLES = { staff: "Staff", manager: "Manager", outsider: "Outsider, in no channel" };

export function drawPeople(app, box) {
  const people = app.reader.people();
  keyed(box, people.map((user) => ({ key: user.id, deps: [user, app.person], make: () => person(app, user) })));
}

function person(app, user) {
  const own = user.id === app.person;
  return el("button", { type: "button", class: `person${own ? " own" : ""}`, "data-testid": `person-${user.id}`,
    "aria-pressed": String(own), title: user.title || ROLES[user.role], on: { click: () => app.actAs(user.id) } },
  avatar(user), el("span", { class: "person-name" }, user.real_name, el("span", { class: "note" }, ROLES[user.role] ?? user.title ?? "")));
}

export function unread(app, channel) {
  const last = seen(app.person, channel);
  return messagesIn(app.world, channel).filter((message) => Number(message.ts) > last && message.user !== app.person).length;
}

export function drawPlaces(app, box) {
  const all = [...app.world.channels.values()];
  const rooms = all.filter((channel) => !channel.is_im);
  const direct = all.filter((channel) => channel.is_im);
  const items = [title("Channels"), ...rooms.map((channel) => room(app, channel))];
  if (!rooms.length) items.push(note("This person is in no channel."));
  if (direct.length) items.push(title("Direct messages"), ...direct.map((channel) => room(app, channel)));
  items.push(title("App"), home(app));
  items.push(title("Requesters"), write(app), ...[...app.world.mailboxes.values()].map((mailbox) => post(app, mailbox)));
  keyed(box, items);
}

function title(text) {
  return { key: `title-${text}`, deps: [], make: () => el("h2", { class: "nav-title" }, text) };
}

function note(text) {
  return { key: `note-${text}`, deps: [], make: () => el("p", { class: "nav-note" }, text) };
}

function place(props, mark, label, count, words, here) {
  return el("button", { type: "button", ...props, class: `place${count ? " unread" : ""}`, "aria-current": here ? "page" : null },
    mark, el("span", { class: "place-name" }, label),
    count ? el("span", { class: "count-pill" }, String(count), el("span", { class: "hidden" }, ` ${words}`)) : null);
}

function room(app, channel) {
  const here = app.place.kind === "channel" && app.place.id === channel.id;
  const count = here ? 0 : unread(app, channel.id);
  const name = channelName(app.world, channel);
  const mark = () => (channel.is_im ? el("span", { class: "mark", "aria-hidden": "true" }, "@") : icon("lock"));
  return { key: channel.id, deps: [channel, here, count, name], make: () => place({ "data-testid": `channel-${channel.id}`,
    on: { click: () => app.go({ kind: "channel", id: channel.id }) } }, mark(), name, count, "unread", here) };
}

function post(app, box) {
  const here = app.place.kind === "mail" && app.place.address === box.address;
  const incoming = (app.world.mails.get(box.address) ?? []).filter((mail) => mail.direction === "in").length;
  const count = here ? 0 : Math.max(0, incoming - seen("mail", box.address));
  return { key: box.address, deps: [box.name, here, count], make: () => place({ "data-testid": `mailbox-${box.address}`, title: box.address,
    on: { click: () => app.go({ kind: "mail", address: box.address }) } }, icon("mail"), box.name || box.address, count, "new mails", here) };
}

function home(app) {
  const here = app.place.kind === "home";
  return { key: "home", deps: [here], make: () => place({ "data-testid": "home-tab",
    on: { click: () => app.go({ kind: "home" }) } }, icon("home"), "Home", 0, "", here) };
}

function write(app) {
  const here = app.place.kind === "compose";
  return { key: "write", deps: [here], make: () => el("button", { type: "button", class: "place write", "data-testid": "write-mail",
    "aria-current": here ? "page" : null, on: { click: () => app.go({ kind: "compose" }) } }, icon("pen"), el("span", { class: "place-name" }, "Write a mail")) };
}
