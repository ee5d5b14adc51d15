// What the user can press, and what he is told.

import { Microphone } from "./microphone.js";
import { Talk } from "./talk.js";
import { Transcript } from "./transcript.js";

const at = (id) => document.getElementById(id);
const [talkButton, muteButton, stopButton] = [at("talk"), at("mute"), at("stop")];
const microphone = new Microphone();
const talk = new Talk(new Transcript(at("conversation")));
let key = "";
let listening = false;
let muted = false;

async function agents() {
  const answer = await fetch("/v1/models", { headers: key ? { Authorization: `Bearer ${key}` } : {} });
  at("key-form").hidden = answer.status !== 401;
  at("hint").hidden = answer.status === 401;
  if (answer.status === 401) {
    at("key").focus();
    if (key) tell("The server does not know this key.");
    key = "";
    return;
  }
  if (!answer.ok) return;
  const { data } = await answer.json();
  at("agent").replaceChildren(...data.map(({ id }) => new Option(id, id)));
  at("choice").hidden = data.length < 2;
}

function tell(problem) {
  at("problem").textContent = problem;
  at("problem").hidden = !problem;
}

function show() {
  const state = !talk.open ? "Not connected"
    : talk.answering ? "Answering"
    : !listening ? "Connected"
    : muted ? "Muted" : "Listening";
  if (at("status").textContent !== state) at("status").textContent = state;
  talkButton.textContent = listening ? "Stop talking" : "Talk";
  talkButton.classList.toggle("on", listening);
  muteButton.disabled = !listening;
  muteButton.setAttribute("aria-pressed", String(muted));
  stopButton.disabled = !talk.answering;
  at("agent").disabled = talk.open;
}

async function connected() {
  tell("");
  try {
    await talk.start({ model: at("agent").value, key });
    return true;
  } catch (error) {
    tell(`Not connected: ${error.message}`);
    return false;
  } finally {
    at("hint").hidden = talk.open;
    show();
  }
}

async function listen() {
  if (!(await connected())) return;
  try {
    await microphone.start();
    listening = true;
  } catch (error) {
    const denied = error.name === "NotAllowedError";
    tell(denied ? "The browser does not allow the microphone here. You can write instead." : `No microphone: ${error.message}`);
  }
  show();
}

function unlisten() {
  microphone.stop();
  talk.hush();
  listening = muted = false;
  show();
}

microphone.onframe = (frame) => talk.hear(frame);
microphone.onlevel = (level) => {
  at("level").value = Math.min(1, level * 4);
};
talk.onproblem = (problem) => tell(problem);
talk.onchange = () => {
  if (!talk.open && listening) unlisten();
  show();
};

talkButton.addEventListener("click", () => (listening ? unlisten() : listen()));
muteButton.addEventListener("click", () => {
  muted = !muted;
  microphone.mute(muted);
  show();
});
stopButton.addEventListener("click", () => talk.interrupt());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") talk.interrupt();
});
at("write").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = at("text").value.trim();
  if (!text || !(await connected())) return;
  at("text").value = "";
  talk.write(text);
});
at("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = at("key").value.trim();
  at("key").value = "";
  tell("");
  agents();
});
addEventListener("pagehide", () => talk.close());

agents();
show();
