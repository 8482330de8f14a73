// Native <dialog>: the rest of the page is inert behind it; Tab is kept inside, Escape means "close".
import { el } from "./dom.js";
import { plain } from "./text.js";

const FOCUSABLE = "button, [href], input, textarea, select, summary, [tabindex]:not([tabindex='-1'])";

export function trapFocus(dialog, onEscape) {
  dialog.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if (event.key === "Escape") {
      // Handled here and not by "cancel", which a browser lets a page refuse only once.
      event.preventDefault();
      event.stopPropagation();
      onEscape();
    } else if (event.key === "Tab") wrap(event, dialog);
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    onEscape();
  });
}

function wrap(event, dialog) {
  const all = [...dialog.querySelectorAll(FOCUSABLE)].filter((node) => !node.disabled && node.checkVisibility());
  const edge = event.shiftKey ? all[0] : all.at(-1);
  if (document.activeElement !== edge && dialog.contains(document.activeElement)) return;
  event.preventDefault();
  (event.shiftKey ? all.at(-1) : all[0])?.focus();
}

/** Asks as Slack's confirm object says; resolves true or false. The harmless answer has the focus. */
export function confirmAction(confirm) {
  const { promise, resolve } = Promise.withResolvers();
  const before = document.activeElement;
  const done = (answer) => {
    dialog.close();
    dialog.remove();
    before?.focus?.();
    resolve(answer);
  };
  const style = confirm.style === "danger" ? "danger" : "primary";
  const deny = el("button", { type: "button", class: "button", "data-testid": "confirm-no",
    on: { click: () => done(false) } }, plain(confirm.deny) || "Cancel");
  const dialog = el("dialog", { class: "confirm", role: "alertdialog", "data-testid": "confirm",
    "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
  el("h2", { id: "confirm-title" }, plain(confirm.title) || "Are you sure?"),
  el("p", { id: "confirm-text", class: "text" }, plain(confirm.text)),
  el("div", { class: "dialog-foot" }, deny,
    el("button", { type: "button", class: `button ${style}`, "data-testid": "confirm-yes",
      on: { click: () => done(true) } }, plain(confirm.confirm) || "Yes")));
  trapFocus(dialog, () => done(false));
  document.body.append(dialog);
  dialog.showModal();
  deny.focus();
  return promise;
}
