// @openai/agents-realtime, as it is. `node agents_js.mjs FOLDER TASK [URL]`, where FOLDER holds node_modules.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const [folder, task, url] = process.argv.slice(2);
const load = createRequire(`${folder}/`);

async function schemas() {
  const events = load(`${folder}/node_modules/@openai/agents-realtime/dist/openaiRealtimeEvents.js`);
  const lines = (await text(process.stdin)).split("\n").filter(Boolean);
  return lines
    .filter((data) => events.parseRealtimeEvent({ data }).isGeneric)
    .map((data) => JSON.parse(data).type);
}

function until(emitter, name, wanted = () => true) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${name}`)), 120_000);
    const listener = (...args) => {
      if (!wanted(...args)) return;
      clearTimeout(timer);
      emitter.off(name, listener);
      resolve(args);
    };
    emitter.on(name, listener);
  });
}

async function talk() {
  const { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } = load("@openai/agents-realtime");
  const sounds = JSON.parse(await text(process.stdin));
  const seen = { errors: [], generic: [], bytes: 0, tool: "", history: [] };
  const weather = tool({
    name: "weather",
    description: "Tell the weather.",
    strict: false,
    parameters: { type: "object", properties: { city: { type: "string" } }, required: [], additionalProperties: true },
    execute: async ({ city }) => `sunny in ${city}`,
  });
  const agent = new RealtimeAgent({ name: "a", instructions: "be brief", tools: [weather] });
  const transport = new OpenAIRealtimeWebSocket({ url, useInsecureApiKey: true });
  const detection = { type: "server_vad", interruptResponse: true };
  const session = new RealtimeSession(agent, { transport, config: { audio: { input: { turnDetection: detection } } } });
  session.on("error", (error) => seen.errors.push(String(error?.error?.message ?? JSON.stringify(error))));
  session.on("audio", (event) => (seen.bytes += event.data.byteLength));
  session.on("agent_tool_end", (context, agent, tool, result) => (seen.tool = String(result)));
  await session.connect({ apiKey: "local", url });

  let ended = until(session, "agent_end");
  session.sendMessage("hello");
  await ended;
  seen.text = seen.bytes;

  const told = until(session, "agent_tool_end");
  session.sendMessage("weather please");
  await told;
  await until(session, "agent_end");

  const speak = (name) => {
    const data = Buffer.from(sounds[name], "base64");
    for (let at = 0; at < data.length; at += 4800) {
      session.sendAudio(Uint8Array.from(data.subarray(at, at + 4800)).buffer);
    }
  };
  ended = until(session, "agent_end");
  speak("evening");
  await ended;

  const sounding = until(session, "audio");
  speak("count");
  await sounding;
  const interrupted = until(session, "audio_interrupted");
  speak("stop");
  await interrupted;
  seen.interrupted = true;
  await new Promise((resolve) => setTimeout(resolve, 500));
  seen.history = session.history
    .filter((item) => item.type === "message")
    .map((item) => [item.role, item.content.map((part) => part.transcript ?? part.text ?? "").join(" ")]);
  session.close();
  return seen;
}

const tasks = { schemas, talk };
try {
  process.stdout.write(JSON.stringify(await tasks[task]()));
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error?.stack ?? error}\n`);
  process.exit(1);
}
