// The loudspeaker: it knows to the frame what has been heard.

import { RATE } from "./samples.js";

export class Player {
  #context = null;
  #node = null;
  #received = new Map();
  #played = new Map();
  onprogress = () => {};

  // Browsers let sound out only after the user has done something: call it from a click.
  async start() {
    if (this.#context) return this.#context.resume();
    this.#context = new AudioContext({ sampleRate: RATE });
    await this.#context.audioWorklet.addModule("/page/player-worklet.js");
    this.#node = new AudioWorkletNode(this.#context, "player", { numberOfInputs: 0 });
    this.#node.port.onmessage = ({ data }) => this.#heard(data.item, data.played);
    this.#node.connect(this.#context.destination);
    return this.#context.resume();
  }

  play(item, samples) {
    this.#received.set(item, this.received(item) + (samples.length / RATE) * 1000);
    this.#node?.port.postMessage({ item, samples }, [samples.buffer]);
  }

  // Milliseconds of an item that came, and that were heard.
  received(item) {
    return this.#received.get(item) ?? 0;
  }

  heard(item) {
    return this.#played.get(item) ?? 0;
  }

  // Falls silent; gives the items of which something came and was not heard.
  stop() {
    this.#node?.port.postMessage({});
    const cut = [...this.#received.keys()].filter((item) => this.heard(item) + 1 < this.received(item));
    for (const item of cut) this.#received.set(item, this.heard(item));
    return cut;
  }

  // What has left is heard only after the device's own delay.
  #heard(item, samples) {
    const delay = (this.#context.outputLatency || 0) * 1000;
    const left = (samples / RATE) * 1000;
    const whole = left + 1 >= this.received(item);
    this.#played.set(item, Math.max(this.heard(item), whole ? left : left - delay));
    this.onprogress(item);
  }
}
