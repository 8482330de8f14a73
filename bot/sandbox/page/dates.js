// Dates as the acting person reads them: in their zone, "today" measured by the desk's clock and not the computer's.

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
  "November", "December"];
const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const formats = new Map();

function partsFormat(tz) {
  if (!formats.has(tz)) {
    const options = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
      second: "2-digit", hourCycle: "h23", timeZone: tz };
    formats.set(tz, new Intl.DateTimeFormat("en-GB", options));
  }
  return formats.get(tz);
}

/** The wall clock of `tz` at `ms`: {year, month (1-12), day, hour, minute, second, weekday (0 = Sunday)}. */
export function local(ms, tz) {
  const found = Object.fromEntries(partsFormat(tz || "UTC").formatToParts(ms).map((part) => [part.type, part.value]));
  const day = { year: +found.year, month: +found.month, day: +found.day };
  const weekday = new Date(Date.UTC(day.year, day.month - 1, day.day)).getUTCDay();
  return { ...day, hour: found.hour, minute: found.minute, second: found.second, weekday };
}

const dayNumber = (at) => Date.UTC(at.year, at.month - 1, at.day) / 86_400_000;
const two = (number) => String(number).padStart(2, "0");

function ordinal(day) {
  if (day >= 11 && day <= 13) return `${day}th`;
  return `${day}${{ 1: "st", 2: "nd", 3: "rd" }[day % 10] ?? "th"}`;
}

function relativeDay(at, today) {
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[dayNumber(at) - dayNumber(today)];
}

function ago(ms, now) {
  const minutes = Math.round(Math.abs(now - ms) / 60_000);
  const sizes = [[1440, "day"], [60, "hour"], [1, "minute"]];
  const [size, word] = sizes.find(([least]) => minutes >= least) ?? [1, "minute"];
  const count = Math.floor(minutes / size);
  if (count === 0) return "just now";
  const amount = `${count} ${word}${count === 1 ? "" : "s"}`;
  return ms > now ? `in ${amount}` : `${amount} ago`;
}

function tokens(ms, tz, now) {
  const at = local(ms, tz);
  const today = local(now, tz);
  const near = relativeDay(at, today);
  const month = MONTHS[at.month - 1];
  const date = `${month} ${ordinal(at.day)}, ${at.year}`;
  const short = `${month.slice(0, 3)} ${at.day}, ${at.year}`;
  const long = `${DAYS[at.weekday]}, ${date}`;
  const thisYear = at.year === today.year ? `${DAYS[at.weekday]}, ${month} ${ordinal(at.day)}` : long;
  return {
    date_num: `${at.year}-${two(at.month)}-${two(at.day)}`,
    date_slash: `${two(at.day)}/${two(at.month)}/${at.year}`,
    date, date_short: short, date_long: long, date_long_full: `${month} ${at.day}, ${at.year}`,
    date_pretty: near ?? date, date_short_pretty: near ?? short, date_long_pretty: near ?? long,
    day_divider_pretty: near ?? thisYear,
    time: `${at.hour}:${at.minute}`, time_secs: `${at.hour}:${at.minute}:${at.second}`,
    ago: ago(ms, now),
  };
}

/** A Slack date template filled in, or null when a token is unknown or the time is no number (show the fallback). */
export function slackDate(seconds, template, tz, now) {
  if (!Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12) return null;
  const known = tokens(seconds * 1000, tz, now);
  let unknown = false;
  const text = template.replace(/\{([a-z_]+)\}/g, (whole, name, position) => {
    if (!Object.hasOwn(known, name)) unknown = true;
    const word = known[name] ?? whole;
    return position === 0 ? word.charAt(0).toUpperCase() + word.slice(1) : word;
  });
  return unknown ? null : text;
}

export function clockTime(ms, tz) {
  const at = local(ms, tz);
  return `${at.hour}:${at.minute}`;
}

export function dayLabel(ms, tz, now) {
  const words = tokens(ms, tz, now);
  const near = words.day_divider_pretty;
  return near.charAt(0).toUpperCase() + near.slice(1);
}

export function sameDay(a, b, tz) {
  return dayNumber(local(a, tz)) === dayNumber(local(b, tz));
}

/** "Tue 1 Dec 2026, 09:14": the desk's own clock and the mails' times. */
export function stamp(ms, tz) {
  const at = local(ms, tz);
  const day = `${DAYS[at.weekday].slice(0, 3)} ${at.day} ${MONTHS[at.month - 1].slice(0, 3)} ${at.year}`;
  return `${day}, ${at.hour}:${at.minute}`;
}

/** A "2026-12-24T09:00" of a wall clock in `tz` as ms; an hour that does not exist moves on, as clocks do. */
export function fromLocal(text, tz) {
  const wanted = Date.parse(`${text}:00Z`);
  const offset = (ms) => {
    const at = local(ms, tz);
    return Date.UTC(at.year, at.month - 1, at.day, at.hour, at.minute) - Math.floor(ms / 60_000) * 60_000;
  };
  const first = wanted - offset(wanted);
  return wanted - offset(first);
}

export function toLocalInput(ms, tz) {
  const at = local(ms, tz);
  return `${at.year}-${two(at.month)}-${two(at.day)}T${at.hour}:${at.minute}`;
}
