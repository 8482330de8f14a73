// The names our cards and people use most; any other :name: stays as typed, as in a workspace without that emoji.
const NAMES = {
  alarm_clock: "⏰", arrow_right: "➡️", baby: "👶", balance_scale: "⚖️", bell: "🔔", black_circle: "⚫", blue_circle: "🔵",
  bulb: "💡", double_vertical_bar: "⏸️", calendar: "📅", child: "🧒", clipboard: "📋", email: "📧", envelope: "✉️", eyes: "👀", file_folder: "📁",
  green_circle: "🟢", grey_question: "❔", heavy_check_mark: "✔️", hourglass: "⌛", hourglass_flowing_sand: "⏳",
  inbox_tray: "📥", incoming_envelope: "📨", information_source: "ℹ️", key: "🔑", large_blue_circle: "🔵",
  large_green_circle: "🟢", large_orange_circle: "🟠", large_red_circle: "🔴", large_yellow_circle: "🟡", link: "🔗",
  lock: "🔒", mag: "🔍", mailbox: "📫", mailbox_with_mail: "📬", memo: "📝", no_bell: "🔕", no_entry: "⛔", no_entry_sign: "🚫", orange_circle: "🟠",
  outbox_tray: "📤", page_facing_up: "📄", paperclip: "📎", pencil: "📝", pencil2: "✏️", pushpin: "📌", question: "❓",
  raised_hand: "✋", red_circle: "🔴", repeat: "🔁", rotating_light: "🚨", scales: "⚖️", shield: "🛡️", smile: "😄",
  spiral_calendar_pad: "🗓️", tada: "🎉", thumbsup: "👍", "+1": "👍", "-1": "👎", unlock: "🔓", warning: "⚠️", wastebasket: "🗑️",
  wave: "👋", white_check_mark: "✅", white_circle: "⚪", x: "❌", yellow_circle: "🟡", zap: "⚡", pray: "🙏", eye: "👁️",
  bar_chart: "📊", family: "👪", busts_in_silhouette: "👥", bust_in_silhouette: "👤", speech_balloon: "💬", hand: "✋",
};

export function emojiOf(name) {
  return Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
}

export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emojiOf(name) ?? whole);
}
