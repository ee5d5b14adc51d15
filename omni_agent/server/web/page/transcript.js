// The conversation as it is shown: who said what, how far it has been spoken, and which tools ran.

const WHO = { user: "You", assistant: "Agent", tool: "Tool" };

export class Transcript {
  #list;
  #entries = new Map();

  constructor(list) {
    this.#list = list;
  }

  // The entry of an item; made where there is none.
  entry(id, role) {
    if (!this.#entries.has(id)) this.#entries.set(id, new Entry(this.#list, role));
    return this.#entries.get(id);
  }

  has(id) {
    return this.#entries.has(id);
  }

  get(id) {
    return this.#entries.get(id);
  }
}

class Entry {
  #row = document.createElement("li");
  #said = document.createElement("span");
  #ahead = document.createElement("span");
  #note = document.createElement("span");
  #list;
  #whole = "";
  #shown = 0;
  #over = false;

  constructor(list, role) {
    const who = document.createElement("span");
    who.className = "who";
    who.textContent = WHO[role];
    this.#ahead.className = "ahead";
    this.#note.className = "note";
    this.#row.className = role;
    // Read out once it is whole, and not word by word over the voice.
    this.#row.setAttribute("aria-busy", "true");
    this.#row.append(who, this.#said, this.#ahead, this.#note);
    this.#list = list;
    this.#keepingDown(() => list.append(this.#row));
  }

  get text() {
    return this.#whole;
  }

  add(text) {
    if (!this.#over) this.#set(this.#whole + text);
  }

  say(text) {
    if (!this.#over) this.#set(text);
  }

  // As far as it was spoken, in letters; words that are begun are shown whole.
  spoken(letters) {
    if (this.#over || letters <= this.#shown) return;
    const end = this.#whole.slice(Math.round(letters)).search(/\s/);
    this.#shown = end < 0 ? this.#whole.length : Math.round(letters) + end;
    this.#draw();
  }

  // All of it stands.
  finish() {
    this.spoken(this.#whole.length);
    this.#row.setAttribute("aria-busy", "false");
  }

  // What was not spoken is gone, and said to be.
  cut(note) {
    if (this.#over) return;
    this.#over = true;
    this.#whole = this.#whole.slice(0, this.#shown);
    this.note(note);
    this.#draw();
  }

  note(text) {
    this.#note.textContent = text ? ` (${text})` : "";
    this.#row.setAttribute("aria-busy", "false");
  }

  code(text) {
    const code = document.createElement("code");
    code.textContent = text;
    this.#said.replaceChildren(code);
  }

  #set(text) {
    this.#whole = text;
    this.#draw();
  }

  #draw() {
    this.#keepingDown(() => {
      this.#said.textContent = this.#whole.slice(0, this.#shown);
      this.#ahead.textContent = this.#whole.slice(this.#shown);
    });
  }

  // Whoever has scrolled up to read stays there.
  #keepingDown(change) {
    const list = this.#list;
    const down = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    change();
    if (down) list.scrollTop = list.scrollHeight;
  }
}
