// Sound as the wire has it: signed 16-bit little-endian samples in base64.

export const RATE = 24000;

export function encoded(samples) {
  const bytes = new Uint8Array(samples.length * 2);
  const view = new DataView(bytes.buffer);
  samples.forEach((value, place) => {
    view.setInt16(place * 2, Math.max(-1, Math.min(1, value)) * 32767, true);
  });
  return btoa(String.fromCharCode(...bytes));
}

export function decoded(text) {
  const raw = atob(text);
  const view = new DataView(Uint8Array.from(raw, (letter) => letter.charCodeAt(0)).buffer);
  const samples = new Float32Array(view.byteLength >> 1);
  for (let place = 0; place < samples.length; place += 1) {
    samples[place] = view.getInt16(place * 2, true) / 32768;
  }
  return samples;
}
