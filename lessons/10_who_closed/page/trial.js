// One connection of this lesson, and what its page tells the server of its end.

const ADDRESSES = {
  cross: "/ws/ended/crosses",
  "hangs-up": "/ws/ended/hangs-up",
  specimen: "/ws/ended/specimen",
};
const AGAIN = 250; // ms between two tries, while the server is down
const TRIES = 80;

/** A new WebSocket; its address says for what, and by which name its end will be told. */
export function open(way) {
  const id = crypto.getRandomValues(new Uint32Array(1))[0].toString(16);
  const url = new URL(`${ADDRESSES[way] ?? "/ws/ended"}?way=${way}&id=${id}`, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return { id, socket: new WebSocket(url) };
}

/** Tell the server what this page was told; while it is down, try again. */
export async function tell(said) {
  for (let tries = 0; tries < TRIES; tries += 1) {
    try {
      const answer = await fetch(`/ended/told?${new URLSearchParams(said)}`, { method: "POST" });
      if (answer.ok) return true;
    } catch {
      // nobody is there
    }
    await new Promise((done) => setTimeout(done, AGAIN));
  }
  return false;
}
