// Plain messages and slash commands. A draft stays with its place and survives a refused command, as in Slack.
import { inWords, send } from "./api.js";
import { el, icon } from "./dom.js";

const drafts = new Map();

/** where = {channel, label, thread?}; app gives world and reader. */
export function composer(app, where) {
  const key = `${app.world.me}/${where.channel}/${where.thread ?? ""}`;
  const name = where.thread ? "composer-thread" : "composer";
  const field = el("textarea", { rows: "1", class: "composer-field", "data-testid": name, "aria-label": where.label,
    placeholder: where.label, "aria-describedby": `${name}-error` });
  const error = el("p", { class: "composer-error", id: `${name}-error`, role: "alert", "data-testid": `${name}-error` });
  const hint = el("button", { type: "button", class: "command-hint", "data-testid": `${name}-hint`, hidden: true });
  const form = el("form", { class: "composer" }, error, hint, el("div", { class: "composer-box" }, field,
    el("button", { type: "submit", class: "bare send", "aria-label": "Send", "data-testid": `${name}-send` }, icon("send"))));
  field.value = drafts.get(key) ?? "";
  const onInput = () => {
    drafts.set(key, field.value);
    suggest(hint, field.value, where.thread ? "" : app.world.command);
    fit(field);
  };
  field.addEventListener("input", onInput);
  hint.addEventListener("click", () => {
    field.value = `${app.world.command} `;
    onInput();
    field.focus();
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    post(app, where, { field, error, onInput });
  });
  return form;
}

function suggest(hint, text, command) {
  hint.hidden = !(command && text.startsWith("/") && command.startsWith(text) && text !== command);
  hint.textContent = `${command} …  the desk's command`;
}

function fit(field) {
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, 180)}px`;
}

async function post(app, where, { field, error, onInput }) {
  const text = field.value.trim();
  error.textContent = "";
  if (!text || field.readOnly) return;
  field.readOnly = true;
  // Who speaks looks at the newest message, where the answer comes.
  const box = field.closest("#main, #side")?.querySelector(".timeline");
  if (box) box.scrollTop = box.scrollHeight;
  const answer = await deliver(app, where, text);
  field.readOnly = false;
  if (answer.ok) {
    field.value = "";
    onInput();
  } else error.textContent = refusal(text, answer.error);
}

async function deliver(app, where, text) {
  const as = app.world.me;
  if (!text.startsWith("/")) {
    return send("say", { as, channel: where.channel, text: spoken(text, app.reader), thread_ts: where.thread });
  }
  // Slack has no slash commands in threads.
  if (where.thread) return { ok: false, error: "Commands do not work in threads. Use the box of the channel." };
  return send("command", { as, channel: where.channel, text: mentions(text, app.reader, (user) => `<@${user.id}|${user.name}>`) });
}

/** What a person types is words, never a live sequence: Slack's client escapes it; only @names become mentions. */
function spoken(text, reader) {
  const escaped = text.replace(/[&<>]/g, (char) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[char]);
  return mentions(escaped, reader, (user) => `<@${user.id}>`);
}

function mentions(text, reader, write) {
  const people = reader.people();
  const find = (name) => people.find((user) => [user.name, user.real_name].some((own) => own.toLowerCase() === name.toLowerCase()));
  return text.replace(/(?<!\S)@([\p{L}]+(?: [\p{L}]+)?)/gu, (whole, name) => {
    const user = find(name);
    if (user) return write(user);
    const [first, ...rest] = name.split(" ");
    const short = find(first);
    return short ? [write(short), ...rest].join(" ") : whole;
  });
}

/** Slack names the bare error word of a command; the words after it are ours. */
function refusal(text, error) {
  if (!text.startsWith("/")) return inWords(error);
  const code = /[a-z]+(_[a-z]+)+$/.exec(error)?.[0] ?? "";
  const explained = code && inWords(code) !== code ? ` ${inWords(code)}` : "";
  if (error.startsWith("/")) return `${error}.${explained}`;
  return code ? `${text.split(/\s/)[0]} failed with the error ${code}.${explained}` : error;
}
