// The socket to /v1/realtime: JSON events in and out.

const KEY = "openai-insecure-api-key.";

export class Line {
  #socket = null;
  #handlers = new Map();
  #count = 0;
  onclose = () => {};

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  // A handler for one type of event; "*" for every event.
  on(type, handler) {
    this.#handlers.set(type, handler);
  }

  // Resolves when the server has greeted, rejects with its words where it does not.
  connect({ model, key, conversation }) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const query = new URLSearchParams({ conversation });
    if (model) query.set("model", model);
    const offers = ["realtime", ...(key ? [KEY + key] : [])];
    const socket = new WebSocket(`${scheme}//${location.host}/v1/realtime?${query}`, offers);
    this.#socket = socket;
    return new Promise((resolve, reject) => {
      let refused = "";
      socket.onmessage = (message) => {
        const event = JSON.parse(message.data);
        if (event.type === "session.created") resolve(event);
        if (event.type === "error") refused = event.error.message;
        if (this.#socket === socket) this.#handle(event);
      };
      socket.onclose = (closed) => {
        reject(new Error(refused || closed.reason || "the server does not answer"));
        if (this.#socket === socket) this.onclose(refused || closed.reason);
      };
    });
  }

  send(type, fields = {}) {
    if (!this.open) return "";
    this.#count += 1;
    const name = `page_${this.#count}`;
    this.#socket.send(JSON.stringify({ type, event_id: name, ...fields }));
    return name;
  }

  close() {
    this.#socket?.close(1000);
  }

  #handle(event) {
    this.#handlers.get(event.type)?.(event);
    this.#handlers.get("*")?.(event);
  }
}
