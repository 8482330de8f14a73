// Buttons, overflow menus and selects. where = {reader, surface, block, dispatch, label?, describedBy?};
// surface = {get(block, action), set(block, action, value), act(action, node)}.
import { el, icon } from "./dom.js";
import { confirmAction } from "./dialog.js";
import { attachMenu, selectButton } from "./menu.js";
import { plain } from "./text.js";

export function hooks(element, where) {
  return { "data-action-id": element.action_id, "data-block": where.block };
}

/** Names for assistive technology: the input block's label and hint, or what the element says of itself. */
export function named(element, where) {
  return { "aria-labelledby": where.label, "aria-describedby": where.describedBy,
    "aria-label": where.label ? null : element.accessibility_label || plain(element.placeholder) || null };
}

export async function act(element, where, node, values) {
  const action = { type: element.type, action_id: element.action_id, block_id: where.block, ...values };
  await where.surface.act(action, node);
}

/** Keeps a new value after the element's confirm question, then tells the desk where the block asks for that. */
export async function change(element, where, node, value) {
  if (element.confirm && !(await confirmAction(element.confirm))) return false;
  where.surface.set(where.block, element.action_id, { type: element.type, ...value });
  if (where.dispatch) await act(element, where, node, value);
  return true;
}

export function button(element, where) {
  const label = plain(element.text);
  const node = el("button", {
    type: "button", class: `button ${element.style ?? ""}`, ...hooks(element, where),
    "aria-label": element.accessibility_label, title: element.url ?? null,
    on: { click: () => press(element, where, node) },
  }, label);
  return node;
}

async function press(element, where, node) {
  if (node.getAttribute("aria-disabled") === "true") return;
  if (element.confirm && !(await confirmAction(element.confirm))) return;
  if (/^https?:\/\//i.test(element.url ?? "")) window.open(element.url, "_blank", "noopener,noreferrer");
  await act(element, where, node, { text: element.text, value: element.value ?? "", style: element.style });
}

export function overflow(element, where) {
  const node = el("button", { type: "button", class: "button more", ...hooks(element, where),
    "aria-label": element.accessibility_label || "More actions" }, icon("more"));
  attachMenu(node, () => rows(element.options), async (item) => {
    if (element.confirm && !(await confirmAction(element.confirm))) return;
    await act(element, where, node, { selected_option: item.option });
  });
  return node;
}

function rows(options, group, chosen) {
  return (options ?? []).map((option) => ({ label: plain(option.text), description: plain(option.description),
    value: option.value, option, group, selected: option.value === chosen }));
}

export function staticSelect(element, where) {
  const current = () => where.surface.get(where.block, element.action_id)?.selected_option;
  const items = () => {
    const groups = element.option_groups ?? [{ options: element.options }];
    return groups.flatMap((group) => rows(group.options, plain(group.label), current()?.value));
  };
  return choice(element, where, { items, shown: () => plain(current()?.text), value: (item) => ({ selected_option: item.option }) });
}

export function usersSelect(element, where) {
  const current = () => where.surface.get(where.block, element.action_id)?.selected_user;
  const name = (id) => where.reader.user(id)?.real_name ?? id;
  const items = () => where.reader.people().map((user) => ({ label: user.real_name, description: user.title,
    value: user.id, selected: user.id === current() }));
  return choice(element, where, { items, shown: () => (current() ? name(current()) : ""),
    value: (item) => ({ selected_user: item.value }) });
}

function choice(element, where, { items, shown, value }) {
  const empty = plain(element.placeholder) || "Choose";
  const valueId = `${where.block}-${element.action_id}-value`;
  const node = selectButton({ ...hooks(element, where), ...named(element, where) }, shown() || empty);
  const label = node.querySelector(".select-label");
  label.id = valueId;
  // A button named by its block's label would not say what is chosen; so it is named by both.
  if (where.label) node.setAttribute("aria-labelledby", `${where.label} ${valueId}`);
  const show = () => {
    label.textContent = shown() || empty;
    node.classList.toggle("unset", !shown());
  };
  show();
  attachMenu(node, items, async (item) => {
    await change(element, where, node, value(item));
    show();
  }, "listbox");
  return node;
}
