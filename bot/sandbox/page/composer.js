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
  const answer = await deliver(app, where, text);
  field.readOnly = false;
  if (answer.ok) {
    field.value = "";
    onInput();
  } else error.textContent = refusal(text, answer.error);
}

async function deliver(app, where, text) {
  const as = app.world.me;
  if (!text.startsWith("/")) return send("say", { as, channel: where.channel, text, thread_ts: where.thread });
  // Slack has no slash commands in threads.
  if (where.thread) return { ok: false, error: "Commands do not work in threads. Use the box of the channel." };
  return send("command", { as, channel: where.channel, text });
}

function refusal(text, error) {
  if (!text.startsWith("/")) return inWords(error);
  const words = inWords(error);
  return words === error && /^[a-z_]+$/.test(error) ? `${text.split(/\s/)[0]} failed with the error “${error}”`
    : `${text.split(/\s/)[0]} failed: ${words}${words === error ? "" : ` (${error})`}`;
}
