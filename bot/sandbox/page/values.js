// What the inputs of one surface hold, in Slack's shape: values[block_id][action_id] = {type, …}.

const EMPTY = {
  plain_text_input: (e) => ({ value: e.initial_value || null }),
  email_text_input: (e) => ({ value: e.initial_value || null }),
  url_text_input: (e) => ({ value: e.initial_value || null }),
  number_input: (e) => ({ value: e.initial_value || null }),
  static_select: (e) => ({ selected_option: e.initial_option ?? null }),
  radio_buttons: (e) => ({ selected_option: e.initial_option ?? null }),
  checkboxes: (e) => ({ selected_options: e.initial_options ?? [] }),
  datepicker: (e) => ({ selected_date: e.initial_date ?? null }),
  users_select: (e) => ({ selected_user: e.initial_user ?? null }),
};

export function holdsValue(element) {
  return Object.hasOwn(EMPTY, element?.type ?? "");
}

export function initialOf(element) {
  return { type: element.type, ...EMPTY[element.type](element) };
}

export function blockId(block, index) {
  return block.block_id || `block-${index}`;
}

function elementsOf(block) {
  if (block.type === "input") return [block.element];
  if (block.type === "actions") return block.elements ?? [];
  return block.type === "section" && block.accessory ? [block.accessory] : [];
}

/**
 * The values after a view came or changed: what was typed stays only where block_id, action_id and the kind of input
 * are the same, as in Slack; a changed initial_value alone does not show. Hence a new block_id for a new template.
 */
export function carry(blocks, before = {}) {
  const values = {};
  for (const [index, block] of blocks.entries()) {
    for (const element of elementsOf(block).filter(holdsValue)) {
      const id = blockId(block, index);
      const kept = before[id]?.[element.action_id];
      values[id] ??= {};
      values[id][element.action_id] = kept?.type === element.type ? kept : initialOf(element);
    }
  }
  return values;
}
