// Frames of 20 ms at 24 kHz, whatever rate the browser records at.

const RATE = 24000;
const FRAME = RATE / 50;

class Microphone extends AudioWorkletProcessor {
  #frame = new Float32Array(FRAME);
  #filled = 0;
  #place = 0;
  #sum = 0;
  #count = 0;

  process([input]) {
    const samples = input[0];
    if (!samples) return true;
    for (const sample of samples) this.#take(sample);
    return true;
  }

  // The mean of the samples that fall into one of ours; at 24 kHz that is each sample itself.
  #take(sample) {
    this.#sum += sample;
    this.#count += 1;
    this.#place += RATE / sampleRate;
    while (this.#place >= 1) {
      this.#put(this.#count ? this.#sum / this.#count : sample);
      this.#place -= 1;
      this.#sum = 0;
      this.#count = 0;
    }
  }

  #put(value) {
    this.#frame[this.#filled] = value;
    this.#filled += 1;
    if (this.#filled === FRAME) {
      this.port.postMessage(this.#frame);
      this.#frame = new Float32Array(FRAME);
      this.#filled = 0;
    }
  }
}

registerProcessor("microphone", Microphone);
