// The microphone: 20 ms frames at 24 kHz, and how loud each is.

import { RATE } from "./samples.js";

const WANTED = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

export class Microphone {
  #stream = null;
  #context = null;
  onframe = () => {};
  onlevel = () => {};

  // Asks for leave; rejects where there is no microphone or no leave.
  async start() {
    if (!navigator.mediaDevices) throw new Error("a microphone needs https, or this machine itself");
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: WANTED });
    try {
      const [context, source] = this.#source();
      this.#context = context;
      await context.audioWorklet.addModule("/page/microphone-worklet.js");
      const frames = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
      frames.port.onmessage = ({ data }) => this.#heard(data);
      source.connect(frames);
      await context.resume();
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  // Muted, it goes on with silence, so that the server sees the end of what was said.
  mute(muted) {
    for (const track of this.#stream?.getAudioTracks() ?? []) track.enabled = !muted;
  }

  stop() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#context?.close();
    this.#stream = this.#context = null;
    this.onlevel(0);
  }

  // Firefox connects a microphone only at its own rate; the worklet resamples then.
  #source() {
    for (const options of [{ sampleRate: RATE }, {}]) {
      const context = new AudioContext(options);
      try {
        return [context, context.createMediaStreamSource(this.#stream)];
      } catch {
        context.close();
      }
    }
    throw new Error("this browser does not hand over its microphone");
  }

  #heard(frame) {
    if (!this.#stream) return;
    this.onframe(frame);
    this.onlevel(Math.sqrt(frame.reduce((sum, value) => sum + value * value, 0) / frame.length));
  }
}
