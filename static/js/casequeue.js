/** Says on the queue that cases were opened or decided meanwhile; the page stays as it is until asked. */

const AGAIN_MS = 5000;
const news = document.querySelector("[data-case-news]");

connect();

function connect() {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(`${scheme}//${location.host}/ws/gallery/`);
  socket.addEventListener("message", read);
  socket.addEventListener("close", () => setTimeout(connect, AGAIN_MS));
}

/** @param {MessageEvent<string>} event */
function read(event) {
  const { type } = JSON.parse(event.data);
  if (type === "moderation.case_opened" || type === "moderation.case_decided") news.hidden = false;
}
