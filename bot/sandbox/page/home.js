// The app's Home tab: one view a person, asked for anew each time it is opened.
import { inWords, send } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { el, fill } from "./dom.js";
import { whileBusy } from "./message.js";
import { toast } from "./toast.js";
import { carry } from "./values.js";

const EMPTY = "Nothing yet: the desk draws this page when it hears that it was opened.";
let held = {};

/** Tell the desk that this person opened the tab. */
export async function openHome(app) {
  const answer = await send("home", { as: app.world.me });
  if (!answer.ok) toast(inWords(answer.error));
}

function surface(app, view) {
  held = carry(view.blocks ?? [], held);
  return {
    get: (block, action) => held[block]?.[action],
    set: (block, action, value) => { (held[block] ??= {})[action] = value; },
    act: (action, node) => whileBusy(node, async () => {
      const answer = await send("click", { as: app.world.me, view_id: view.id, action, values: held });
      if (!answer.ok) toast(inWords(answer.error));
    }),
  };
}

export function drawHome(app, main, frame) {
  const view = app.world.home;
  const version = `${frame}/${app.world.me}/${view?.hash ?? ""}`;
  if (main.dataset.frame === version) return;
  const scroll = main.querySelector(".home")?.scrollTop ?? 0;
  const focus = document.activeElement?.closest?.("[data-action-id]");
  main.dataset.frame = version;
  const blocks = view ? renderBlocks(view.blocks, app.reader, surface(app, view)) : el("p", { class: "empty" }, EMPTY);
  fill(main, el("header", { class: "place-head" }, el("h1", {}, "Privacy desk"), el("p", { class: "note" }, "Home: only this person sees it")),
    el("div", { class: "timeline home", "data-testid": "home", tabindex: "0" }, el("div", { class: "blocks" }, blocks)));
  main.querySelector(".home").scrollTop = scroll;
  if (focus) main.querySelector(`[data-action-id="${CSS.escape(focus.dataset.actionId)}"]`)?.focus({ preventScroll: true });
}
