// The WebSocket: one per acting person; comes back by itself and then gets the whole state anew.

export function connect(person, onEvent, onLink) {
  let socket;
  let timer;
  let wait = 250;
  let ended = false;
  const open = () => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    socket = new WebSocket(`${scheme}://${location.host}/live?as=${encodeURIComponent(person)}`);
    socket.addEventListener("message", (event) => {
      wait = 250;
      if (!ended) onEvent(JSON.parse(event.data));
    });
    socket.addEventListener("open", () => { if (!ended) onLink(true); });
    socket.addEventListener("close", () => {
      if (ended) return;
      onLink(false);
      timer = setTimeout(open, wait);
      wait = Math.min(wait * 2, 4000);
    });
  };
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    socket.close();
  };
}
