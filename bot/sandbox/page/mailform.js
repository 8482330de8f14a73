// Writing a mail as a requester; the line below the form is what the desk's SMTP server said.
import { send } from "./api.js";
import { el, fill } from "./dom.js";
import { EXAMPLES, PEOPLE } from "./requesters.js";

const OTHER = "other";

/** draft = {from, subject?, body?, mail? (the mail being answered)} */
export function mailForm(app, draft) {
  const parts = fields(app, draft);
  const result = el("p", { class: "mail-result", role: "status", "data-testid": "mail-result" });
  const button = el("button", { type: "submit", class: "button primary", "data-testid": "mail-send" }, "Send");
  const cancel = el("button", { type: "button", class: "button", on: { click: () => app.go({ kind: "mail", address: parts.from() }) } }, "To the mailbox");
  const form = el("form", { class: "mail-form", "data-testid": "mail-compose", "aria-label": draft.mail ? "Reply" : "New mail" },
    el("h2", {}, draft.mail ? "Reply" : "New mail to the desk"), draft.mail ? null : examples(parts),
    parts.nodes, el("div", { class: "mail-buttons" }, button, cancel), result);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    const answer = await send("mail", body(parts, draft));
    button.removeAttribute("aria-busy");
    outcome(app, result, answer, parts);
  });
  return form;
}

function outcome(app, result, answer, parts) {
  result.className = `mail-result ${answer.ok ? "good" : "bad"}`;
  if (!answer.ok) return fill(result, `Refused: ${answer.error}`);
  const address = parts.from();
  parts.body.value = "";
  return fill(result, `Accepted: ${answer.reply}`, " ", el("button", { type: "button", class: "link",
    on: { click: () => app.go({ kind: "mail", address }) } }, "Open the mailbox"));
}

function fields(app, draft) {
  const people = [...PEOPLE];
  for (const box of app.world.mailboxes.values()) {
    if (!people.some((person) => person.address === box.address)) people.push({ name: box.name || "", address: box.address });
  }
  const choice = el("select", { class: "field", id: "mail-from", "data-testid": "mail-from" },
    people.map((person) => el("option", { value: person.address }, person.name ? `${person.name} <${person.address}>` : person.address)),
    el("option", { value: OTHER }, "Somebody else…"));
  choice.value = people.some((person) => person.address === draft.from) ? draft.from : people[0].address;
  const name = el("input", { class: "field", id: "mail-name", "data-testid": "mail-name", autocomplete: "off" });
  const address = el("input", { class: "field", id: "mail-address", type: "email", "data-testid": "mail-address", autocomplete: "off", placeholder: "name@example.org" });
  const own = el("div", { class: "mail-own" }, row("Name", name), row("Address", address));
  const show = () => {
    own.hidden = choice.value !== OTHER;
    address.required = choice.value === OTHER;
  };
  choice.addEventListener("change", show);
  show();
  const to = el("input", { class: "field", id: "mail-to", type: "email", required: true, "data-testid": "mail-to", autocomplete: "off" });
  to.value = draft.mail ? replyTo(draft.mail) : app.world.desk?.address ?? "";
  const subject = el("input", { class: "field", id: "mail-subject", "data-testid": "mail-subject", autocomplete: "off" });
  subject.value = draft.subject ?? "";
  const text = el("textarea", { class: "field", id: "mail-body", rows: "9", required: true, "data-testid": "mail-body" });
  text.value = draft.body ?? "";
  const person = () => people.find((one) => one.address === choice.value);
  return { nodes: [row("From", choice), own, row("To", to), row("Subject", subject), row("Text", text)],
    from: () => (choice.value === OTHER ? address.value.trim() : choice.value),
    name: () => (choice.value === OTHER ? name.value.trim() : person()?.name ?? ""), to, subject, body: text };
}

function row(label, field) {
  return el("div", { class: "mail-row" }, el("label", { for: field.id }, label), field);
}

function examples(parts) {
  const use = (example) => {
    parts.subject.value = example.subject;
    parts.body.value = example.body;
    parts.body.focus();
  };
  return el("div", { class: "examples" }, el("span", { class: "note" }, "Start from:"),
    EXAMPLES.map((example) => el("button", { type: "button", class: "chip", on: { click: () => use(example) } }, example.label)));
}

function body(parts, draft) {
  const wanted = { from: parts.from(), name: parts.name(), to: parts.to.value.trim(), subject: parts.subject.value, body: parts.body.value };
  if (!draft.mail) return wanted;
  const before = header(draft.mail, "References");
  return { ...wanted, in_reply_to: draft.mail.message_id, references: `${before} ${draft.mail.message_id}`.trim(),
    reply_to_address: parts.to.value.trim() };
}

export function header(mail, name) {
  const found = (mail.headers ?? []).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found ? String(found[1]) : "";
}

/** Reply-To before From, as mail programs do. */
export function replyTo(mail) {
  const value = header(mail, "Reply-To") || mail.from || "";
  return /<([^<>]+)>\s*$/.exec(value)?.[1] ?? value.trim();
}

export function replyDraft(mail, address) {
  const subject = /^re:/i.test(mail.subject ?? "") ? mail.subject : `Re: ${mail.subject ?? ""}`;
  const quoted = (mail.text ?? "").trimEnd().split("\n").map((line) => `> ${line}`).join("\n");
  return { from: address, subject, body: `\n\n${quoted}\n`, mail };
}
