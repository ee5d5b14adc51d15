// Plays samples in order and tells how many of each item have left.

const TOLD_EVERY = 512;

class Player extends AudioWorkletProcessor {
  #queue = [];
  #offset = 0;
  #played = 0;
  #item = null;
  #since = 0;

  constructor() {
    super();
    this.port.onmessage = ({ data }) => {
      if (data.samples) this.#queue.push(data);
      else this.#queue = [];
      if (!data.samples) this.#offset = 0;
    };
  }

  process(inputs, [[output]]) {
    let filled = 0;
    while (filled < output.length && this.#queue.length) {
      const { item, samples } = this.#queue[0];
      if (item !== this.#item) {
        this.#tell();
        this.#item = item;
        this.#played = 0;
      }
      const part = samples.subarray(this.#offset, this.#offset + output.length - filled);
      output.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
      this.#played += part.length;
      if (this.#offset >= samples.length) {
        this.#queue.shift();
        this.#offset = 0;
        if (!this.#queue.length) this.#tell();
      }
    }
    this.#since += filled;
    if (this.#since >= TOLD_EVERY) this.#tell();
    return true;
  }

  #tell() {
    if (!this.#item) return;
    this.port.postMessage({ item: this.#item, played: this.#played });
    this.#since = 0;
  }
}

registerProcessor("player", Player);
