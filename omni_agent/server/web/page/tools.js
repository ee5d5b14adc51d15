// The agent's own tools run inside the server; what they do is told by /api/events.

export async function* toolEvents({ key, conversation, signal }) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const query = new URLSearchParams({ session: conversation });
  const answer = await fetch(`/api/events?${query}`, { headers, signal });
  if (!answer.ok || !answer.body) return;
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").find((line) => line.startsWith("data: "));
      if (data) yield JSON.parse(data.slice(6)).event ?? {};
    }
  }
}
