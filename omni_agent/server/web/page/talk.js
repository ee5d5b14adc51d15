// A conversation with the agent: what each event does to sound and transcript.

import { Line } from "./line.js";
import { Player } from "./player.js";
import { RATE, decoded, encoded } from "./samples.js";
import { toolEvents } from "./tools.js";

// Of these the user need not know: they come of two ends that speak at once.
const QUIET = new Set(["response_cancel_not_active", "conversation_already_has_active_response"]);

export class Talk {
  #line = new Line();
  #player = new Player();
  #transcript;
  #conversation = `page_${crypto.getRandomValues(new Uint32Array(3)).join("_")}`;
  #key = "";
  #dropped = new Set();
  #done = new Set();
  #playing = [];
  #active = false;
  #waiting = false;
  #watching = null;
  onchange = () => {};
  onproblem = () => {};

  constructor(transcript) {
    this.#transcript = transcript;
    this.#player.onprogress = (item) => this.#progressed(item);
    this.#line.onclose = (why) => this.#closed(why);
    this.#listen();
  }

  get open() {
    return this.#line.open;
  }

  // Whether an answer is being made, or is heard.
  get answering() {
    return this.#active || this.#playing.length > 0;
  }

  // Call it from a click: sound may come out only then.
  async start({ model, key }) {
    await this.#player.start();
    if (this.open) return;
    this.#key = key;
    await this.#line.connect({ model, key, conversation: this.#conversation });
    this.#line.send("session.update", {
      session: { type: "realtime", audio: { input: { transcription: { model: "whisper-1" } } } },
    });
    this.#watch();
    this.onchange();
  }

  hear(frame) {
    this.#line.send("input_audio_buffer.append", { audio: encoded(frame) });
  }

  // Nobody speaks any more: a second of silence, so that the server sees the end of what was said.
  hush() {
    const silence = new Float32Array(RATE / 50);
    for (let frame = 0; frame < 50; frame += 1) this.hear(silence);
  }

  write(text) {
    this.interrupt();
    const content = [{ type: "input_text", text }];
    this.#line.send("conversation.item.create", { item: { type: "message", role: "user", content } });
    if (this.#active) this.#waiting = true;
    else this.#ask();
  }

  // Stops the answer: no more sound, no more of it made, and the agent knows what was heard.
  interrupt() {
    if (this.#active) this.#line.send("response.cancel");
    this.#fallSilent();
  }

  close() {
    this.#player.stop();
    this.#line.close();
  }

  #ask() {
    this.#active = true;
    this.#line.send("response.create");
    this.onchange();
  }

  #listen() {
    const on = (type, handler) => this.#line.on(type, handler);
    on("input_audio_buffer.speech_started", (event) => {
      this.#transcript.entry(event.item_id, "user").say("…");
      this.#fallSilent();
    });
    on("conversation.item.added", (event) => this.#added(event.item));
    on("conversation.item.input_audio_transcription.completed", (event) => {
      const entry = this.#transcript.entry(event.item_id, "user");
      entry.say(event.transcript);
      entry.finish();
    });
    on("conversation.item.input_audio_transcription.failed", (event) => {
      this.#transcript.entry(event.item_id, "user").note("not understood");
    });
    on("response.created", () => this.#set(true));
    on("response.done", (event) => this.#over(event.response));
    on("response.output_audio.delta", (event) => this.#sounded(event));
    on("response.output_audio_transcript.delta", (event) => this.#said(event));
    on("response.output_text.delta", (event) => this.#said(event));
    on("response.output_item.done", (event) => this.#finished(event.item));
    on("response.function_call_arguments.done", (event) => {
      this.#tool(event.call_id, event.name, event.arguments).note("for the client; this page has no tools");
    });
    on("error", (event) => {
      if (!QUIET.has(event.error.code)) this.onproblem(event.error.message);
    });
  }

  #added(item) {
    if (item.type !== "message" || item.role !== "user") return;
    const text = item.content.map((part) => part.text ?? part.transcript ?? "").join(" ").trim();
    const entry = this.#transcript.entry(item.id, "user");
    if (!text) return;
    entry.say(text);
    entry.finish();
  }

  #said(event) {
    if (this.#dropped.has(event.item_id)) return;
    this.#transcript.entry(event.item_id, "assistant").add(event.delta);
  }

  #sounded(event) {
    if (this.#dropped.has(event.item_id)) return;
    this.#player.play(event.item_id, decoded(event.delta));
    if (!this.#playing.includes(event.item_id)) this.#playing.push(event.item_id);
    this.onchange();
  }

  #finished(item) {
    if (item.type !== "message") return;
    this.#done.add(item.id);
    if (!this.#player.received(item.id)) this.#transcript.get(item.id)?.finish();
    else this.#progressed(item.id);
  }

  #over(response) {
    this.#active = false;
    const error = response.status_details?.error;
    if (response.status === "failed") this.onproblem(error?.message ?? "the answer failed");
    if (response.status === "incomplete") this.onproblem("the answer was cut: it grew too long");
    if (this.#waiting) {
      this.#waiting = false;
      this.#ask();
    }
    this.onchange();
  }

  // Captions follow the voice: as much of the words as was heard of the sound.
  #progressed(item) {
    const entry = this.#transcript.get(item);
    if (!entry || this.#dropped.has(item)) return;
    const share = this.#player.heard(item) / this.#player.received(item);
    if (this.#done.has(item) && share >= 0.999) {
      entry.finish();
      this.#playing = this.#playing.filter((one) => one !== item);
      this.onchange();
    } else {
      entry.spoken(entry.text.length * share);
    }
  }

  #fallSilent() {
    for (const item of this.#player.stop()) {
      this.#dropped.add(item);
      const heard = Math.max(0, Math.floor(this.#player.heard(item)));
      const cut = { item_id: item, content_index: 0, audio_end_ms: heard };
      this.#line.send("conversation.item.truncate", cut);
      this.#transcript.get(item)?.cut("interrupted");
    }
    this.#playing = [];
    this.onchange();
  }

  #tool(id, name, given) {
    const entry = this.#transcript.entry(id, "tool");
    entry.code(`${name}(${given})`);
    return entry;
  }

  async #watch() {
    this.#watching?.abort();
    this.#watching = new AbortController();
    const about = { key: this.#key, conversation: this.#conversation, signal: this.#watching.signal };
    try {
      for await (const event of toolEvents(about)) this.#ran(event);
    } catch {
      // Without it the conversation goes on; only what tools do is not shown.
    }
  }

  #ran(event) {
    if (event.type === "tool.started") {
      this.#tool(event.id, event.name, JSON.stringify(event.arguments)).note("running");
    } else if (event.type === "tool.finished") {
      this.#transcript.get(event.id)?.note(event.status);
    }
  }

  #set(active) {
    this.#active = active;
    this.onchange();
  }

  #closed(why) {
    this.#watching?.abort();
    this.#player.stop();
    this.#playing = [];
    this.#active = this.#waiting = false;
    if (why) this.onproblem(why);
    this.onchange();
  }
}
