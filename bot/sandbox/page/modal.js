// The stack of views: one window, the top view in it; what was typed in a view below waits there.
import { inWords, send } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { trapFocus } from "./dialog.js";
import { el, icon } from "./dom.js";
import { whileBusy } from "./message.js";
import { plain } from "./text.js";
import { carry } from "./values.js";

const LET_VIEWS_ARRIVE_MS = 1500;

export class Modal {
  constructor(app) {
    this.app = app;
    this.typed = new Map();
    this.errors = {};
    this.banner = "";
    this.shown = "";
    this.before = null;
    this.dialog = el("dialog", { class: "modal", "data-testid": "modal", "aria-labelledby": "modal-title" });
    trapFocus(this.dialog, () => this.close(false));
    document.body.append(this.dialog);
  }

  get view() { return this.app.world.stack.at(-1); }

  /** Call after each change of the stack, and when the person changes. */
  sync() {
    const { stack } = this.app.world;
    const ids = new Set(stack.map((view) => view.id));
    for (const id of this.typed.keys()) if (!ids.has(id)) this.typed.delete(id);
    if (!this.view) return this.hide();
    const version = `${this.app.world.me}/${this.view.id}/${this.view.hash ?? JSON.stringify(this.view.blocks)}`;
    if (version === this.shown) return undefined;
    const other = !this.shown.includes(`/${this.view.id}/`);
    this.shown = version;
    this.errors = {};
    this.banner = "";
    this.arrived?.();
    this.draw(other);
    return undefined;
  }

  hide() {
    this.shown = "";
    this.arrived?.();
    if (!this.dialog.open) return;
    this.dialog.close();
    this.dialog.replaceChildren();
    if (this.before?.isConnected) this.before.focus();
  }

  values() {
    if (!this.typed.has(this.view.id)) this.typed.set(this.view.id, this.view.state?.values ?? {});
    return this.typed.get(this.view.id);
  }

  draw(other) {
    const { view } = this;
    const focus = this.dialog.open && !other ? focusPoint(this.dialog) : null;
    const scroll = this.dialog.querySelector(".modal-scroll")?.scrollTop ?? 0;
    this.typed.set(view.id, carry(view.blocks ?? [], this.values()));
    this.dialog.dataset.viewId = view.id;
    this.dialog.dataset.callbackId = view.callback_id ?? "";
    this.dialog.removeAttribute("aria-busy");
    this.dialog.replaceChildren(this.form(view));
    if (!this.dialog.open) {
      this.before = document.activeElement;
      this.dialog.showModal();
    }
    if (!other) this.dialog.querySelector(".modal-scroll").scrollTop = scroll;
    if (!focus || !restore(this.dialog, focus)) firstPlace(this.dialog).focus();
  }

  form(view) {
    const onSubmit = (event) => {
      event.preventDefault();
      this.submit();
    };
    const surface = {
      get: (block, action) => this.typed.get(view.id)?.[block]?.[action],
      set: (block, action, value) => { (this.typed.get(view.id)[block] ??= {})[action] = value; },
      act: (action, node) => whileBusy(node, () => this.click(view, action)),
      submit: () => { if (view.submit) this.submit(); },
    };
    const back = this.app.world.stack.length > 1;
    return el("form", { class: "modal-form", novalidate: true, on: { submit: onSubmit } },
      el("header", { class: "modal-head" },
        back ? this.closer({ class: "bare", "aria-label": "Back", "data-testid": "modal-back" }, icon("back"), false) : null,
        el("h2", { id: "modal-title" }, plain(view.title)),
        this.closer({ class: "bare", "aria-label": "Close the window", "data-testid": "modal-x" }, icon("close"), true)),
      el("div", { class: "modal-scroll", tabindex: "0", role: "group", "aria-labelledby": "modal-title" },
        this.banner ? el("p", { class: "banner", role: "alert", "data-testid": "modal-banner" }, this.banner) : null,
        renderBlocks(view.blocks ?? [], this.app.reader, surface, this.errors)),
      el("footer", { class: "dialog-foot" },
        this.closer({ class: "button", "data-testid": "modal-close" }, plain(view.close) || (view.submit ? "Cancel" : "Close"), false),
        view.submit ? el("button", { type: "submit", class: "button primary", "data-testid": "modal-submit" }, plain(view.submit)) : null));
  }

  closer(props, label, clear) {
    return el("button", { type: "button", ...props, on: { click: () => this.close(clear) } }, label);
  }

  async click(view, action) {
    const answer = await send("click", { as: this.app.world.me, view_id: view.id, action, values: this.typed.get(view.id) });
    if (!answer.ok) this.complain(view, answer.error);
  }

  async submit() {
    const { view } = this;
    if (!view || this.dialog.getAttribute("aria-busy") === "true") return;
    this.working(true);
    const moved = this.nextViews();
    const answer = await send("submit", { as: this.app.world.me, view_id: view.id, values: this.values() });
    if (answer.ok) await moved;
    this.arrived = null;
    this.working(false);
    if (answer.errors && this.view?.id === view.id) this.mark(answer.errors);
    else if (!answer.ok) this.complain(view, answer.error);
  }

  /** The answer and the new stack come on two ways: the window stays locked until both are here, or the stack is late. */
  nextViews() {
    const { promise, resolve } = Promise.withResolvers();
    this.arrived = resolve;
    setTimeout(resolve, LET_VIEWS_ARRIVE_MS);
    return promise;
  }

  mark(errors) {
    this.errors = errors;
    this.banner = "";
    this.draw(false);
    const wrong = this.dialog.querySelector(".wrong");
    wrong?.querySelector("input, textarea, .select")?.focus({ preventScroll: true });
    wrong?.scrollIntoView({ block: "center" });
  }

  complain(view, error) {
    if (this.view?.id !== view.id) {
      this.app.toast(inWords(error));
      return;
    }
    this.banner = inWords(error);
    this.draw(false);
  }

  working(on) {
    this.dialog.toggleAttribute("aria-busy", on);
    if (on) this.dialog.setAttribute("aria-busy", "true");
    const button = this.dialog.querySelector("[data-testid=modal-submit]");
    if (!button) return;
    if (on) button.setAttribute("aria-busy", "true");
    else button.removeAttribute("aria-busy");
  }

  async close(clear) {
    if (!this.view) return;
    const answer = await send("close", { as: this.app.world.me, view_id: this.view.id, clear });
    if (answer.ok) return;
    this.app.toast(inWords(answer.error));
    // A window the sandbox no longer knows (it was started anew) can only be put away.
    if (answer.error !== "not_found" && answer.error !== "no_answer") return;
    this.app.world.stack = [];
    this.sync();
  }
}

function focusPoint(dialog) {
  const node = document.activeElement;
  if (!dialog.contains(node)) return null;
  const holder = node.closest("[data-action-id]");
  return { block: holder?.dataset.block, action: holder?.dataset.actionId, value: node.dataset.value,
    testid: node.dataset.testid, start: node.selectionStart, end: node.selectionEnd };
}

function restore(dialog, focus) {
  const find = (name, value) => `[${name}="${CSS.escape(value)}"]`;
  let node = null;
  if (focus.action) node = dialog.querySelector(find("data-block", focus.block) + find("data-action-id", focus.action));
  else if (focus.testid) node = dialog.querySelector(find("data-testid", focus.testid));
  if (node && focus.value !== undefined) node = node.querySelector(find("data-value", focus.value)) ?? node;
  if (!node) return false;
  node.focus();
  if (typeof focus.start === "number" && node.setSelectionRange) node.setSelectionRange(focus.start, focus.end);
  return document.activeElement === node;
}

function firstPlace(dialog) {
  return dialog.querySelector(".modal-scroll :is(input, textarea, .select)") ?? dialog.querySelector("[data-testid=modal-submit]")
    // Only something to read: the arrow keys scroll it at once.
    ?? dialog.querySelector(".modal-scroll");
}
