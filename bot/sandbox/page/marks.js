// What a person has seen, kept by the browser: channel id or mailbox address → the newest ts or count seen.

function load(owner) {
  try {
    return JSON.parse(localStorage.getItem(`seen:${owner}`) ?? "{}");
  } catch {
    return {};
  }
}

export function seen(owner, place) {
  return load(owner)[place] ?? 0;
}

export function markSeen(owner, place, upTo) {
  const all = load(owner);
  if ((all[place] ?? 0) >= upTo) return;
  localStorage.setItem(`seen:${owner}`, JSON.stringify({ ...all, [place]: upTo }));
}
