// Text, date, radio and checkbox inputs.
import { el, uniqueId } from "./dom.js";
import { change, hooks, named } from "./controls.js";
import { plain, textNodes } from "./text.js";

const KINDS = { email_text_input: "email", url_text_input: "url", number_input: "text" };

export function textInput(element, where) {
  const many = element.multiline === true;
  const props = { ...hooks(element, where), ...named(element, where), class: "field", autocomplete: "off",
    placeholder: plain(element.placeholder) || null, maxlength: element.max_length,
    type: many ? null : KINDS[element.type] ?? "text", };
  const node = el(many ? "textarea" : "input", props);
  node.value = where.surface.get(where.block, element.action_id)?.value ?? "";
  if (many) node.rows = Math.min(14, Math.max(6, lines(node.value)));
  const count = element.max_length ? el("div", { class: "count", "aria-hidden": "true" }) : null;
  const tally = () => count && (count.textContent = `${node.value.length} / ${element.max_length}`);
  tally();
  node.addEventListener("input", () => {
    where.surface.set(where.block, element.action_id, { type: element.type, value: node.value || null });
    tally();
    if (where.dispatch && triggers(element).includes("on_character_entered")) tell(element, where, node);
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || many || event.isComposing) return;
    event.preventDefault();
    if (where.dispatch && triggers(element).includes("on_enter_pressed")) tell(element, where, node);
    else where.surface.submit?.();
  });
  return count ? el("div", { class: "counted" }, node, count) : node;
}

const LINE = 66;

/** How many lines a text takes in a window. */
function lines(text) {
  return text.split("\n").reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / LINE)), 1);
}

function triggers(element) {
  return element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
}

function tell(element, where, node) {
  return change({ ...element, confirm: null }, where, node, { value: node.value || null });
}

export function datePicker(element, where) {
  const current = () => where.surface.get(where.block, element.action_id)?.selected_date ?? "";
  const node = el("input", { type: "date", class: "field date-field", ...hooks(element, where), ...named(element, where) });
  node.value = current();
  node.addEventListener("change", async () => {
    const kept = await change(element, where, node, { selected_date: node.value || null });
    if (!kept) node.value = current();
  });
  return node;
}

export function radios(element, where) {
  const chosen = () => where.surface.get(where.block, element.action_id)?.selected_option?.value;
  const pick = (option) => ({ selected_option: option });
  return choices(element, where, { type: "radio", isOn: (option) => option.value === chosen(), pick });
}

export function checkboxes(element, where) {
  const chosen = () => where.surface.get(where.block, element.action_id)?.selected_options ?? [];
  const isOn = (option) => chosen().some((other) => other.value === option.value);
  const pick = (option, on) => ({ selected_options: element.options.filter((other) =>
    (other.value === option.value ? on : isOn(other))) });
  return choices(element, where, { type: "checkbox", isOn, pick });
}

function choices(element, where, { type, isOn, pick }) {
  const name = uniqueId("choice");
  const boxes = element.options.map((option) => {
    const box = el("input", { type, name, "data-value": option.value });
    box.checked = isOn(option);
    return { box, option };
  });
  const group = el("div", { class: "choices", role: type === "radio" ? "radiogroup" : "group", tabindex: null,
    ...hooks(element, where), ...named(element, where) });
  for (const { box, option } of boxes) {
    box.addEventListener("change", async () => {
      const kept = await change(element, where, group, pick(option, box.checked));
      if (!kept) for (const other of boxes) other.box.checked = isOn(other.option);
    });
    const words = el("span", { class: "choice-text" }, el("span", { class: "text" }, textNodes(option.text, where.reader)),
      option.description ? el("span", { class: "note" }, textNodes(option.description, where.reader)) : null);
    group.append(el("label", { class: "choice" }, box, words));
  }
  return group;
}
